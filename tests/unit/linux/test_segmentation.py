"""A large packet is cut as a network card cuts it, and a capture on the host sees it whole."""

from __future__ import annotations

from typing import Any

import pytest

from tcpcore.linux import segmentation
from tcpcore.observe.offload import merged
from tcpcore.view.evidence import engine, kernel
from tcpcore.wire import codec
from tcpcore.wire.segment import ACK, FIN, PSH, Segment

SIDES = pytest.mark.parametrize("side", [engine, kernel], ids=["engine", "kernel"])
FILTERED = "tcpdump -nt 'src host 10.0.0.1 and greater 100'"


def segment(seq: int, size: int, flags: int = ACK) -> Segment:
    return Segment("10.0.0.1", 5000, "10.0.0.2", 80, flags, seq, 1, 500, (), bytes(size))


def cut(large: Segment, size: int) -> list[Segment]:
    header = segmentation.HEADER.pack(1, 1 if size else 0, 40, size, 20, 16)
    handed, pieces = segmentation.cut(header + codec.encode(large))
    assert handed == codec.encode(large)
    assert all(codec.checksums_ok(piece) for piece in pieces)
    return [codec.decode(piece) for piece in pieces]


def test_pieces_have_the_given_size_and_only_the_last_has_psh_and_fin() -> None:
    pieces = cut(segment(2**32 - 1000, 2500, ACK | PSH | FIN), 1000)
    assert [(one.seq, len(one.payload), one.flags) for one in pieces] == [
        (2**32 - 1000, 1000, ACK),
        (0, 1000, ACK),
        (1000, 500, ACK | PSH | FIN),
    ]


def test_a_packet_that_fits_stays_whole() -> None:
    assert cut(segment(1, 1000), 0) == [segment(1, 1000)]


def test_what_was_cut_is_put_together_again() -> None:
    large = segment(1, 2500, ACK | PSH)
    assert merged([(0, piece) for piece in cut(large, 1000)]) == [(0, large)]


@pytest.mark.parametrize(
    "second",
    [segment(1002, 10), segment(1001, 1001), segment(1001, 0)],
    ids=["a gap", "larger than the first", "no data"],
)
def test_segments_of_different_packets_stay_apart(second: Segment) -> None:
    assert len(merged([(0, segment(1, 1000)), (0, second)])) == 2


def test_after_psh_or_later_another_packet_begins() -> None:
    assert len(merged([(0, segment(1, 1000, ACK | PSH)), (0, segment(1001, 1000))])) == 2
    assert len(merged([(0, segment(1, 1000)), (1, segment(1001, 1000))])) == 2


@SIDES
def test_a_capture_above_the_card_shows_bursts_and_the_wire_carries_segments(side: Any) -> None:
    lines = side("large-packets").printed(FILTERED).splitlines()
    lengths = [int(line.rpartition(" ")[2]) for line in lines]
    assert lengths == [2896] * 6 + [2624]
    assert max(one.length for one in side("large-packets").segments) == 1448


@SIDES
def test_without_offload_both_are_the_same(side: Any) -> None:
    run = side("large-packets", offload=False)
    assert len(run.printed(FILTERED).splitlines()) == len(run.data("client"))
