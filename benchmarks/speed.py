"""Speed: the engine's segments a second as a ratio to the floor's, and a few times.

A ratio is taken in one process, the two sides one after the other again and again, so that a slow
or busy machine slows both; what is told is the median over the rounds.
"""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from statistics import median
from time import perf_counter, process_time
from typing import NamedTuple

from benchmarks import floor, transfer
from tcpcore.scenarios import registry

CLASSROOM = 100
"""Segments: what people look at one by one."""
_SHORT = 1000
"""Segments of the floor that take about as long as a scenario."""


def cost(work: Callable[[], object]) -> float:
    """Processor time of `work`, in seconds, garbage of before collected first."""
    gc.collect()
    start = process_time()
    work()
    return process_time() - start


def ratios(size: int, rounds: int) -> dict[str, float]:
    """``{"floor": segments/s, "untraced": ratio, "traced": ratio}`` for transfers of `size`."""
    segments = -(-size // floor.MSS)
    rates: list[float] = []
    untraced: list[float] = []
    traced: list[float] = []
    for _ in range(rounds):
        least = cost(lambda: floor.transfer(size))
        rates.append(segments / least)
        untraced.append(least / cost(lambda: transfer.run(size, traced=False)))
        traced.append(least / cost(lambda: transfer.run(size, traced=True)))
    return {"floor": median(rates), "untraced": median(untraced), "traced": median(traced)}


def import_time(rounds: int = 9) -> float:
    """Seconds that ``import tcpcore`` adds to the start of Python."""

    def seconds(code: str) -> float:
        start = perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return perf_counter() - start

    seconds("import tcpcore")  # compiled from now on
    pairs = [(seconds("import tcpcore"), seconds("pass")) for _ in range(rounds)]
    return median(with_it - without for with_it, without in pairs)


def of_classroom() -> list[str]:
    """The names of the scenarios of at most `CLASSROOM` segments; each has run once then."""
    return [name for name in registry.names() if len(registry.run(name).segments) <= CLASSROOM]


class Run(NamedTuple):
    """What a run of a scenario takes: `seconds`, and in `segments` of the floor just before it."""

    name: str
    seconds: float
    segments: float


def classroom(rounds: int = 7) -> Run:
    """The slowest scenario of at most 100 segments."""
    return max((of_scenario(name, rounds) for name in of_classroom()), key=lambda run: run.segments)


def of_scenario(name: str, rounds: int) -> Run:
    """Medians over so many runs."""
    times, ratios = [], []
    for _ in range(rounds):
        segment = cost(partial(floor.transfer, _SHORT * floor.MSS)) / _SHORT
        times.append(cost(partial(registry.run, name)))
        ratios.append(times[-1] / segment)
    return Run(name, median(times), median(ratios))
