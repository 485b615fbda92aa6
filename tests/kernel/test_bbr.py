"""BBR beside the kernel's: the same modes, and estimates and rates within five percent.

Both send over the same emulated path (`tests.bottleneck`), the kernel in real time.  With which
phase of its cycle PROBE_BW begins is drawn at random: of each mode medians are compared.
"""

from __future__ import annotations

from itertools import groupby
from statistics import median

import pytest

from tcpcore.units import ms, seconds
from tests.bottleneck import Path, Sample, watch_engine, watch_kernel

pytestmark = pytest.mark.kernel

ATTEMPTS = 3
"""A busy machine may hold up the path, and then that is what both measure."""
TOLERANCE = 0.05
TIME = ms(60)
WINDOWS = ("tcpi_snd_cwnd", "tcpi_unacked")
"""In segments: two more or less are no difference, because targets are even numbers."""

PATHS = {
    "ten-seconds-and-probe-rtt": (Path(5_000_000, ms(100)), seconds(13)),
    "a-fast-and-short-path": (Path(20_000_000, ms(40)), seconds(4)),
    "one-loss-in-a-hundred": (Path(5_000_000, ms(80), lose=lambda n: n % 100 == 60), seconds(5)),
    "a-path-that-becomes-slower": (
        Path(8_000_000, ms(50), rates=((seconds(3), 4_000_000),)),
        seconds(5),
    ),
    "a-pause-of-the-program": (
        Path(5_000_000, ms(60), pauses=((seconds(2), seconds(3)),)),
        seconds(5),
    ),
}


def steps(found: list[Sample]) -> list[tuple[str, int]]:
    """Each mode, and when it was first seen; from the first ACK of data on."""
    seen = [(one.mode, one.at) for one in found if one.bw]
    return [(mode, next(group)[1]) for mode, group in groupby(seen, key=lambda one: one[0])]


def figures(found: list[Sample]) -> dict[tuple[str, str], float]:
    """The median of each variable in each mode."""
    values: dict[tuple[str, str], list[float]] = {}
    for one in found:
        if not one.bw:
            continue
        shown = {name: one.info[name] for name in ("tcpi_pacing_rate", *WINDOWS)}
        shown |= {"bw": one.bw, "min_rtt": one.min_rtt}
        for name, value in shown.items():
            values.setdefault((one.mode, name), []).append(value)
    return {key: median(several) for key, several in values.items()}


def differences(engine: list[Sample], kernel: list[Sample]) -> list[str]:
    """What is not alike, as sentences."""
    ours, theirs = steps(engine), steps(kernel)
    if [mode for mode, _ in ours] != [mode for mode, _ in theirs]:
        return [f"the engine's modes are {ours}, the kernel's {theirs}"]
    found = [
        f"{mode} began at {at} us, the kernel's at {its} us"
        for (mode, at), (_, its) in zip(ours, theirs, strict=True)
        if abs(at - its) > TIME
    ]
    mine, its_own = figures(engine), figures(kernel)
    for key, value in mine.items():
        other, window = its_own[key], key[1] in WINDOWS
        if abs(value - other) > max(TOLERANCE * other, 2 * window):
            found.append(f"{key[1]} in {key[0]} is {value:.0f}, the kernel's {other:.0f}")
    return found


@pytest.mark.parametrize("name", PATHS)
def test_modes_and_rates_are_the_kernels(name: str):
    path, until = PATHS[name]
    engine = watch_engine(path, until)
    found: list[str] = []
    for _ in range(ATTEMPTS):
        found = differences(engine, watch_kernel(path, until))
        if not found:
            return
    pytest.fail("\n".join(found))
