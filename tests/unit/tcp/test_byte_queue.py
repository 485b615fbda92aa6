"""Bytes come at one end and go at the other, and what has gone takes no room."""

from __future__ import annotations

import sys

from hypothesis import given
from hypothesis import strategies as st

from tcpcore.tcp.byte_queue import ByteQueue

STEPS = st.lists(st.tuples(st.sampled_from(("add", "drop", "clear")), st.integers(0, 300)))


@given(STEPS, st.integers(0, 400), st.integers(0, 400))
def test_it_is_the_row_that_a_plain_one_would_be(steps, at, size):
    queue, row = ByteQueue(), b""
    for number, (what, count) in enumerate(steps):
        if what == "add":
            data = bytes([number & 0xFF]) * count
            queue.add(data)
            row += data
        elif what == "drop":
            queue.drop(min(count, len(row)))
            row = row[count:]
        else:
            queue.clear()
            row = b""
        assert len(queue) == len(row)
        assert queue.piece(at, size) == row[at : at + size]


def test_what_has_gone_takes_no_room():
    queue, data = ByteQueue(), bytes(10_000)
    queue.add(data * 5)
    for _ in range(1000):
        queue.add(data)
        queue.drop(len(data))
    assert len(queue) == 5 * len(data)
    assert sys.getsizeof(queue._bytes) < 4 * len(queue)


def test_a_row_that_is_empty_again_takes_none():
    queue = ByteQueue()
    queue.add(bytes(100_000))
    queue.drop(100_000)
    assert sys.getsizeof(queue._bytes) < 1000
