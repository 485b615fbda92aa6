"""Units: time in integer microseconds, rates in bits per second, sizes in bytes.

Here are the few functions that make quantities out of plain numbers, and the one that prints
a time.  Nothing here knows about TCP.
"""

from __future__ import annotations

MICROSECOND = 1
MILLISECOND = 1_000
SECOND = 1_000_000


def us(value: float) -> int:
    """`value` microseconds, as integer microseconds."""
    return round(value)


def ms(value: float) -> int:
    """`value` milliseconds, in microseconds."""
    return round(value * MILLISECOND)


def seconds(value: float) -> int:
    """`value` seconds, in microseconds."""
    return round(value * SECOND)


def minutes(value: float) -> int:
    """`value` minutes, in microseconds."""
    return round(value * 60 * SECOND)


def kbit(value: float) -> int:
    """`value` kilobits per second, in bits per second."""
    return round(value * 1_000)


def mbit(value: float) -> int:
    """`value` megabits per second, in bits per second."""
    return round(value * 1_000_000)


def gbit(value: float) -> int:
    """`value` gigabits per second, in bits per second."""
    return round(value * 1_000_000_000)


def format_seconds(microseconds: int) -> str:
    """A time as seconds with the fewest digits that lose nothing: ``0.05``, ``131``, ``0.0002``."""
    sign = "-" if microseconds < 0 else ""
    whole, rest = divmod(abs(microseconds), SECOND)
    if not rest:
        return f"{sign}{whole}"
    return f"{sign}{whole}.{rest:06d}".rstrip("0")


def span(duration: int) -> str:
    """A duration for people: ``200 ms``, ``1 s``, ``1.5 s``."""
    if duration < SECOND:
        return f"{duration / MILLISECOND:g} ms"
    return f"{format_seconds(duration)} s"
