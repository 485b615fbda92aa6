"""Sequence numbers around the circle (RFC 9293 §3.4)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tcpcore.seqnum import HALF, MASK, add, distance, geq, gt, leq, lt, within

number = st.one_of(st.integers(0, MASK), st.sampled_from([0, 1, HALF - 1, HALF, MASK]))
near = st.integers(1, HALF - 1)


@given(number, near)
def test_what_lies_less_than_half_the_space_ahead_comes_after(start: int, count: int):
    later = add(start, count)
    assert lt(start, later)
    assert leq(start, later)
    assert gt(later, start)
    assert geq(later, start)
    assert not lt(later, start)
    assert not gt(start, later)
    assert distance(start, later) == count
    assert distance(later, start) == -count


@given(number)
def test_a_number_neither_precedes_nor_follows_itself(n: int):
    assert not lt(n, n)
    assert not gt(n, n)
    assert leq(n, n)
    assert geq(n, n)
    assert distance(n, n) == 0


@given(number, st.integers(-MASK, MASK))
def test_add_stays_in_the_space_and_can_be_undone(n: int, count: int):
    assert 0 <= add(n, count) <= MASK
    assert add(add(n, count), -count) == n


@given(number, near, st.integers(0, MASK))
def test_within_is_the_half_open_interval(low: int, size: int, ahead: int):
    assert within(low, add(low, ahead), add(low, size)) == (ahead < size)


def test_the_space_wraps():
    assert add(MASK, 1) == 0
    assert lt(MASK, 0)
    assert distance(MASK, 1) == 2
    assert within(MASK, 0, 5)
