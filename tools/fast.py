"""Compile the modules that every segment passes through: `make fast` (optional).

mypyc, which comes with mypy, turns them into C; the rest of the package stays as it is.  The result
lies in `_build/fast`, beside the source and never in its place:

    PYTHONPATH=_build/fast .venv/bin/python program.py

What it prints is the same, to the byte; it only takes less time.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools.progress import ROOT, step, stop

FOLDER = ROOT / "_build" / "fast"
STAMP = "compiled"
MODULES = (
    "seqnum.py", "why.py", "trace.py", "wire/segment.py", "wire/options.py",
    "wire/option_codec.py", "tcp/*.py", "host/stack.py", "host/machine.py", "host/process.py",
    "host/sockets.py", "host/transfer.py", "host/snapshot.py",
    "net/network.py", "net/wires.py", "net/link.py", "net/packet.py",
)  # fmt: skip
"""Not congestion controls, from which people derive their own, nor the counters, a kind of dict."""


def sources(package: Path) -> list[Path]:
    """The modules to compile, in order."""
    found = [path for pattern in MODULES for path in sorted(package.glob(pattern))]
    return [path for path in found if path.name != "__init__.py"]


def fingerprint(package: Path) -> str:
    """Changes whenever something has to be compiled again."""
    digest = hashlib.sha256(f"{sys.version} {MODULES}".encode())
    for path in sorted(package.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def missing() -> str | None:
    """What this machine lacks, as a sentence; None: nothing."""
    if not any(shutil.which(name) for name in ("cc", "gcc", "clang")):
        return "no C compiler was found; on Debian or Ubuntu run `sudo apt-get install gcc`"
    if importlib.util.find_spec("mypyc") is None:
        return "mypyc is missing; it comes with the PyPI package mypy, which `make env` installs"
    if importlib.util.find_spec("setuptools") is None:
        return "mypyc needs the PyPI package setuptools, which `make env` installs"
    return None


def is_built(folder: Path = FOLDER) -> bool:
    """Whether the folder holds what these sources compile to."""
    stamp = folder / STAMP
    return stamp.is_file() and stamp.read_text() == fingerprint(ROOT / "tcpcore")


def build(folder: Path = FOLDER, level: int = 3) -> None:
    """Copy the package to `folder`, and compile there; `level` is the C compiler's -O."""
    shutil.rmtree(folder, ignore_errors=True)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "tcpcore", folder / "tcpcore", ignore=ignored)
    paths = [str(path.relative_to(folder)) for path in sources(folder / "tcpcore")]
    result = subprocess.run(
        [sys.executable, "-m", "mypyc", *paths],
        cwd=folder,
        env={**os.environ, "MYPYC_OPT_LEVEL": str(level), "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        print(*result.stdout.splitlines()[-20:], result.stderr, sep="\n", file=sys.stderr)
        stop("mypyc could not compile the package; its words stand above.")
    shutil.rmtree(folder / "build", ignore_errors=True)
    (folder / STAMP).write_text(fingerprint(ROOT / "tcpcore"))


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(prog="python -m tools.fast", description=__doc__)
    parser.add_argument("--level", type=int, default=3, help="the C compiler's -O")
    chosen = parser.parse_args()
    if (reason := missing()) is not None:
        stop(f"{reason}, then try again.")
    if is_built():
        print("Nothing has changed since the last time.")
    else:
        with step("Compiling the engine (some minutes)"):
            build(level=chosen.level)
    print("Use it with PYTHONPATH=_build/fast; `make bench` measures it, too.")


if __name__ == "__main__":
    main()
