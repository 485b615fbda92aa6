"""Sequence numbers: arithmetic and order modulo 2**32 (RFC 9293 §3.4).

A sequence number is a plain `int` in ``0 <= n < 2**32``.  Order is only defined between numbers
less than half the space apart, which a window never exceeds.
"""

from __future__ import annotations

MASK = 0xFFFF_FFFF
HALF = 0x8000_0000


def add(number: int, count: int) -> int:
    """`number` moved on by `count` bytes (or back, when negative)."""
    return (number + count) & MASK


def distance(start: int, end: int) -> int:
    """How far `end` lies ahead of `start`; negative when it lies behind."""
    ahead = (end - start) & MASK
    return ahead - (MASK + 1) if ahead & HALF else ahead


def lt(a: int, b: int) -> bool:
    """`a` comes before `b`."""
    return bool((a - b) & HALF)


def leq(a: int, b: int) -> bool:
    """`a` comes before `b`, or is `b`."""
    return not (b - a) & HALF


def gt(a: int, b: int) -> bool:
    """`a` comes after `b`."""
    return bool((b - a) & HALF)


def geq(a: int, b: int) -> bool:
    """`a` comes after `b`, or is `b`."""
    return not (a - b) & HALF


def within(low: int, number: int, high: int) -> bool:
    """``low <= number < high``, around the circle."""
    return ((number - low) & MASK) < ((high - low) & MASK)
