"""``python -m benchmarks``: measure, print a table, and with ``--write`` put it into README.md."""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import tcpcore
from benchmarks import flows, memory, speed
from tools import fast

README = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- results -->\n", "<!-- end of results -->\n"


def measure(megabytes: int, rounds: int) -> list[tuple[str, str, str]]:
    """The rows of the table: what, result, goal."""
    rates = speed.ratios(megabytes * 1_000_000, rounds)
    slowest = speed.classroom()
    lossy = median(flows.lossy_ratio(megabytes * 1_000_000) for _ in range(rounds))
    costs = [flows.cost_of_a_segment(count, 40 * count) * 1e6 for count in (10, 100, 1000)]
    many = ", ".join(f"{cost:.0f}" for cost in costs)
    floor = f"{rates['floor']:,.0f} segments/s"
    return [
        ("the floor itself", floor, ""),
        *_transfers(rates, ""),
        *(
            _transfers(compiled(megabytes, rounds), ", compiled")
            if fast.is_built() and not fast.in_use()
            else []
        ),
        ("with 1 % loss, against none", f"{lossy:.2f}", "≥ 0.7"),
        ("a segment among 10, 100, 1,000 flows", f"{many} μs", "the same"),
        ("`import tcpcore`", f"{speed.import_time() * 1000:.0f} ms", "≤ 50 ms"),
        (
            f"slowest classroom scenario (`{slowest.name}`)",
            f"{slowest.seconds * 1000:.1f} ms",
            "≤ 5 ms",
        ),
        ("the same, in segments of the floor", f"{slowest.segments:,.0f}", "≤ 1,710"),
        ("an idle connection, one end", f"{memory.idle_connection():,.0f} bytes", "≤ 8,192"),
        ("a record of a trace", f"{memory.trace_record():,.0f} bytes", "≤ 300"),
    ]


def compiled(megabytes: int, rounds: int) -> dict[str, float]:
    """The ratios of what `make fast` built, measured in a process of its own."""
    ratios = f"speed.ratios({megabytes} * 1_000_000, {rounds})"
    code = f"import json; from benchmarks import speed; print(json.dumps({ratios}))"
    command = [str(fast.FOLDER / "python"), "-c", code]
    found = subprocess.run(
        command, check=True, capture_output=True, text=True, cwd=README.parent.parent
    )
    rates: dict[str, float] = json.loads(found.stdout)
    return rates


def _transfers(rates: dict[str, float], how: str) -> list[tuple[str, str, str]]:
    return [
        (f"transfer, no trace{how}", f"{rates['untraced']:.3f} × floor", "≥ 0.32"),
        (f"transfer, full trace{how}", f"{rates['traced']:.3f} × floor", "≥ 0.19"),
    ]


def processor() -> str:
    """What the processor calls itself."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(names)} × {names[0]}" if names else platform.machine()


def report(rows: list[tuple[str, str, str]], megabytes: int, rounds: int) -> str:
    """The table, and below it where and how it was measured."""
    table = ["| what | result | goal |", "|---|---|---|"]
    table += [f"| {what} | {result} | {goal} |" for what, result, goal in rows]
    day = datetime.now(UTC).date().isoformat()
    system = f"{platform.python_implementation()} {platform.python_version()}, {platform.system()}"
    return "\n".join(
        [
            *table,
            "",
            f"{day}, tcpcore {tcpcore.__version__}, {system} {platform.release()}, {processor()};",
            f"median of {rounds} rounds of {megabytes} MB.",
            "",
        ]
    )


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--megabytes", type=int, default=20, help="size of the transfer")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured")
    parser.add_argument("--write", action="store_true", help="put the table into README.md")
    chosen = parser.parse_args()
    text = report(measure(chosen.megabytes, chosen.rounds), chosen.megabytes, chosen.rounds)
    print(text, end="")
    if chosen.write:
        before, _, rest = README.read_text().partition(BEGIN)
        README.write_text(before + BEGIN + text + END + rest.partition(END)[2])


if __name__ == "__main__":
    main()
