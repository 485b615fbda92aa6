"""``python -m benchmarks.peers``: engine and peers in turn, as ratios to the floor.

Each peer is installed from PyPI into an environment of its own under ``_build/peers``, at the
version named here: both call their package ``ns``, and none of them is a dependency of ours.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import venv
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import floor, speed, transfer

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parent.parent / "_build" / "peers"
PEERS = {"ns-3 (C++)": ("ns3==3.44.post0", "ns3_transfer.py"),
         "ns.py (Python)": ("ns.py==0.4.3", "nspy_transfer.py")}  # fmt: skip


def python_of(requirement: str) -> Path:
    """The Python of the peer's environment, made now if there is none."""
    folder = FOLDER / requirement.replace("==", "-")
    python = folder / "bin" / "python"
    if not (folder / "installed").exists():
        print(f"• Installing {requirement} ...", file=sys.stderr, flush=True)
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "-q", requirement], check=True)
        (folder / "installed").touch()
    return python


def run(name: str, megabytes: int) -> dict[str, Any]:
    """What the peer's script says of one run."""
    requirement, script = PEERS[name]
    command = [str(python_of(requirement)), str(HERE / script), str(megabytes)]
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    told: dict[str, Any] = json.loads(out.splitlines()[-1])
    if told["bytes"] < megabytes * 1_000_000:
        raise SystemExit(f"{name} carried {told['bytes']} bytes only.")
    return told


def measure(megabytes: int, rounds: int) -> list[tuple[str, str]]:
    """Rows of the table: what, and the ratio to the floor measured right before it."""
    size = megabytes * 1_000_000
    ratios: dict[str, list[float]] = {}
    for _ in range(rounds):
        for traced, name in ((False, "tcpcore, no trace"), (True, "tcpcore, full trace")):
            least = speed.cost(lambda: floor.transfer(size))
            ours = speed.cost(partial(transfer.run, size, traced=traced))
            ratios.setdefault(name, []).append(least / ours)
        for name in PEERS:
            least = speed.cost(lambda: floor.transfer(size))
            ratios.setdefault(name, []).append(least / run(name, megabytes)["seconds"])
    return [(name, f"{median(found):.3f} × floor") for name, found in ratios.items()]


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--megabytes", type=int, default=100, help="size of the transfer")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured")
    chosen = parser.parse_args()
    print("| simulator | result |\n|---|---|")
    for name, result in measure(chosen.megabytes, chosen.rounds):
        print(f"| {name} | {result} |", flush=True)


if __name__ == "__main__":
    main()
