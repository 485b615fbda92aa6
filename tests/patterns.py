"""Loss, delay and reordering that senders meet: the patterns, and what a kernel did in each.

    python -m tests.patterns            # record all of them on this machine's kernel, as root
    python -m tests.patterns -v NAME    # engine beside kernel, line by line

The records lie in `tests/unit/tcp/flights`, one file for each pattern and algorithm.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from tests.flight import Line, Pattern, ack, acks, holes, look, on_engine, on_kernel, whole, write

FOLDER = Path(__file__).parent / "unit" / "tcp" / "flights"
ALGORITHMS = ("reno", "cubic")
LATE = 14_000
"""us that a kernel with HZ=250 may be late beside an eighth of what it waits."""
TRIES = 2


def _pattern(segments: int, *steps: object, sack: bool = True, ecn: bool = False) -> Pattern:
    flat: list[object] = []
    for step in steps:
        flat.extend(step if isinstance(step, list) else [step])
    return Pattern(segments, tuple(flat), sack, ecn)  # type: ignore[arg-type]


_HALF = acks(100, 5, 1, 10)

PATTERNS: dict[str, Pattern] = {
    "growth": _pattern(60, acks(100, 5, 1, 10), acks(55, 5, 11, 30)),
    "first-lost": _pattern(40, holes(100, 5, 0, 2, 10), ack(90, 10), ack(10, 14), ack(50, 20)),
    "middle-lost": _pattern(40, ack(100, 5), holes(5, 5, 5, 7, 10), ack(100, 15), ack(50, 18)),
    "last-lost": _pattern(10, ack(100, 9), look(500), ack(10, 10)),
    "last-lost-data-waits": _pattern(
        10, ack(100, 9), write(170, 1), look(60), ack(30, 9, (11, 11)), look(400), ack(50, 11)
    ),
    "last-lost-and-probed": _pattern(10, ack(100, 9), look(350), write(10, 5), ack(60, 15)),
    "two-holes": _pattern(
        40,
        ack(100, 0, (2, 2)),
        ack(5, 0, (2, 4)),
        ack(5, 0, (6, 6), (2, 4)),
        ack(5, 0, (6, 8), (2, 4)),
        ack(5, 0, (6, 10), (2, 4)),
        ack(100, 4, (6, 10)),
        ack(5, 10),
        ack(100, 13),
    ),
    "two-holes-side-by-side": _pattern(
        40, holes(100, 5, 3, 6, 10), ack(80, 4, (6, 10)), ack(5, 12), ack(60, 16)
    ),
    "half-the-flight-lost": _pattern(
        40,
        ack(100, 0, (2, 2)),
        ack(5, 0, (4, 4), (2, 2)),
        ack(5, 0, (6, 6), (4, 4), (2, 2)),
        ack(5, 0, (8, 8), (6, 6), (4, 4)),
        ack(5, 0, (10, 10), (8, 8), (6, 6)),
        ack(90, 2, (4, 4), (6, 6), (8, 8)),
        ack(5, 4, (6, 6), (8, 8), (10, 10)),
        ack(5, 8, (10, 10)),
        ack(5, 11),
        ack(90, 14),
    ),
    "retransmission-lost": _pattern(
        40, holes(100, 5, 0, 2, 10), ack(100, 0, (2, 12)), ack(10, 0, (2, 14)), ack(100, 14)
    ),
    "all-lost": _pattern(20, look(570), ack(10, 1), ack(100, 3), ack(100, 7), ack(100, 10)),
    "all-lost-twice": _pattern(12, look(570), look(720), ack(10, 1), ack(100, 3), ack(100, 12)),
    "spurious-time-out": _pattern(40, look(430), ack(10, 2), ack(10, 5), ack(10, 10), ack(100, 15)),
    "spurious-time-out-by-sack": _pattern(
        40, look(430), ack(10, 0, (2, 2)), ack(5, 0, (2, 5)), ack(20, 10), ack(100, 13)
    ),
    "reordered-by-3": _pattern(40, holes(100, 5, 0, 2, 4), ack(5, 4), ack(5, 10), ack(100, 16)),
    "reordered-by-10": _pattern(
        60, ack(100, 10), holes(100, 5, 10, 12, 20), ack(5, 20), ack(60, 21, (11, 11)), ack(40, 24)
    ),
    "reordered-often": _pattern(
        60,
        holes(100, 5, 0, 2, 5),
        ack(5, 5),
        ack(60, 10),
        holes(60, 3, 10, 12, 17),
        ack(3, 17),
        ack(80, 22),
    ),
    "half-of-the-acks-lost": _pattern(40, ack(100, 10), ack(100, 30)),
    "acks-lost-in-recovery": _pattern(40, ack(100, 0, (2, 5)), ack(20, 0, (2, 10)), ack(95, 13)),
    "marked": _pattern(
        60,
        acks(100, 5, 1, 10),
        [ack(55, 11, echo=True), *(ack(5, n, echo=True) for n in range(12, 16))],
        acks(5, 5, 16, 24),
        ack(100, 30),
        ecn=True,
    ),
    "marked-and-lost": _pattern(
        60,
        ack(100, 10),
        ack(100, 14, echo=True),
        holes(5, 5, 14, 16, 20),
        ack(90, 20),
        ack(60, 26),
        ecn=True,
    ),
    "idle": _pattern(30, ack(100, 10), ack(100, 30), write(2000, 40), ack(100, 35), ack(100, 40)),
    "idle-after-a-loss": _pattern(
        20,
        holes(100, 5, 0, 2, 10),
        ack(90, 14),
        ack(60, 17),
        ack(100, 20),
        write(1500, 30),
        ack(100, 24),
    ),
    "application-limited": _pattern(
        10, ack(100, 10), *[step for n in range(12, 22, 2) for step in (write(50, 2), ack(100, n))]
    ),
    "newreno": _pattern(
        40,
        ack(100, 0),
        *[ack(5, 0) for _ in range(5)],
        ack(100, 4),
        ack(100, 10),
        ack(100, 12),
        sack=False,
    ),
    "newreno-all-lost": _pattern(20, look(570), ack(10, 1), ack(100, 3), ack(100, 12), sack=False),
    "late-loss": _pattern(
        60,
        acks(100, 5, 1, 10),
        acks(55, 5, 11, 12),
        holes(5, 5, 12, 14, 30),
        ack(60, 32),
        acks(60, 5, 33, 40),
    ),
    "avoidance": _pattern(
        40,
        holes(100, 5, 0, 2, 10),
        ack(90, 12),
        write(10, 40),
        ack(50, 16),
        ack(100, 21),
        ack(100, 27),
        ack(100, 34),
        ack(100, 41),
        ack(100, 49),
    ),
}
"""By name; each asks for reno and for cubic."""

CASES = [(name, algorithm) for name in PATTERNS for algorithm in ALGORITHMS]


def read(name: str, algorithm: str) -> list[Line]:
    """The record."""
    rows = (FOLDER / f"{name}-{algorithm}.txt").read_text().splitlines()
    return [Line(int(at), text) for at, text in (row.split(" ", 1) for row in rows)]


def record(name: str, algorithm: str) -> None:
    """Write down what the kernel does more often than anything else."""
    runs = [on_kernel(PATTERNS[name], algorithm) for _ in range(TRIES)]
    texts = ["\n".join(line.text for line in run) for run in runs]
    usual, count = Counter(texts).most_common(1)[0]
    print(f"{name}-{algorithm}: {count} of {TRIES} runs alike", flush=True)
    run = runs[texts.index(usual)]
    FOLDER.mkdir(exist_ok=True)
    rows = "".join(f"{line.at} {line.text}\n" for line in run)
    (FOLDER / f"{name}-{algorithm}.txt").write_text(rows)


def main(arguments: list[str]) -> None:
    """Record, or show."""
    show, names = "-v" in arguments, [one for one in arguments if one != "-v"]
    for name, algorithm in CASES:
        if names and not any(one in f"{name}-{algorithm}" for one in names):
            continue
        if show:
            ours = on_engine(PATTERNS[name], algorithm)
            theirs = on_kernel(PATTERNS[name], algorithm)
            print(f"{name}-{algorithm}\n{whole(ours, theirs)}")
        else:
            record(name, algorithm)


if __name__ == "__main__":
    main(sys.argv[1:])
