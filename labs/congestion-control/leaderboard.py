"""Who fills the path with the shortest queue: a table of everybody's `Best`.

    python leaderboard.py SUBMISSIONS/ [-o board.csv] [--jobs N]

Each answer runs in a sandboxed child, alone on three paths and beside Linux's CUBIC on a fourth.
Its score is the mean of (share of the path used) x (least round trip / median round trip), which is
Kleinrock's power, times the fairness beside CUBIC; 100 would be a full path and an empty queue.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "support"), str(HERE.parents[1])]

from labs.grading.submissions import collect  # noqa: E402
from labs.kit import Wrong, open_lab  # noqa: E402
from labs.kit.remote import Limits, Remote  # noqa: E402
from tcpcore.errors import UsageError  # noqa: E402
from tcpcore.files import write_whole  # noqa: E402

PATHS = ((8.0, 40, 100), (20.0, 100, 60), (4.0, 20, 200))
"""Mbit/s, ms, packets of queue: of those who run alone."""
SHARED = (10.0, 40, 80)
LASTS = 10


def score(thing: Any, world: Any) -> dict[str, float]:
    """What an algorithm is worth: `make` gives a fresh object of it for each path."""
    power = []
    for rate, rtt, queue in PATHS:
        path = world.Path(rate, rtt, queue)
        [flow] = world.run(path, [thing("Best")], lasts=LASTS)
        power.append(_power(flow, path))
    path = world.Path(*SHARED, early=True)
    flows = world.run(path, [thing("Best"), "cubic"], lasts=LASTS)
    fair = world.jain([flow.delivered for flow in flows])
    mean = sum(power) / len(power)
    return {
        "power": round(mean, 3),
        "fairness": round(fair, 3),
        "score": round(100 * mean * fair, 1),
    }


def _power(flow: Any, path: Any) -> float:
    used = flow.delivered * 8 / (path.rate * 1e6 * LASTS)
    late = sorted(flow.rtts)
    return float(used * path.rtt * 1000 / late[len(late) // 2]) if late else 0.0


def judged(task: dict[str, str]) -> dict[str, Any]:
    """One row of the table."""
    row: dict[str, Any] = {"student": task["student"], "score": 0.0, "note": task["problem"]}
    if task["problem"]:
        return row
    lab = open_lab(HERE.name)
    answer = Remote(task["source"], task["file"], lab.imports, None, Limits(seconds=60))
    try:
        answer.load()
        row |= score(answer.object, lab.load("world.py"))
    except Wrong as error:
        row["note"] = error.message
    finally:
        answer.close()
    return row


def table(rows: list[dict[str, Any]]) -> str:
    """The rows as CSV, best first."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["place", "student", "score", "power", "fairness", "note"])
    ranked = sorted(rows, key=lambda row: (-row["score"], row["student"]))
    for place, row in enumerate(ranked, 1):
        writer.writerow([place, *(row.get(name, "") for name in
                        ("student", "score", "power", "fairness", "note"))])  # fmt: skip
    return out.getvalue()


def main(words: list[str]) -> int:
    """Run the command; the exit code."""
    parser = argparse.ArgumentParser(prog="leaderboard.py", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="SUBMISSIONS")
    parser.add_argument("-o", "--output", metavar="FILE", help="write the CSV there")
    parser.add_argument("--jobs", type=int, metavar="N", help="at once (default: one a processor)")
    given = parser.parse_args(words)
    try:
        tasks = [
            {"student": one.student.id, "file": one.file, "source": one.source,
             "problem": one.problem}
            for one in collect(given.folder, [])
        ]  # fmt: skip
        with ProcessPoolExecutor(given.jobs) as pool:
            text = table(list(pool.map(judged, tasks)))
        if given.output:
            write_whole(given.output, text.encode())
    except UsageError as error:
        print(f"leaderboard: {error}", file=sys.stderr)
        return 2
    print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
