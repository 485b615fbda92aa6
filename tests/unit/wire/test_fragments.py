"""Fragments of IP packets, put together as RFC 791 and RFC 8200 say."""

from __future__ import annotations

import random
import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpcore.wire import codec
from tcpcore.wire.codec import WireError
from tcpcore.wire.fragments import TIMEOUT, Reassembly
from tcpcore.wire.segment import ACK, Segment

FOUR = codec.encode(Segment("10.0.0.1", 1, "10.0.0.2", 2, ACK, 9, 9, payload=bytes(range(200))))
SIX = codec.encode(Segment("fd00::1", 1, "fd00::2", 2, ACK, 9, 9, payload=bytes(range(200))))


def four(size: int, number: int = 7) -> list[bytes]:
    """`FOUR` in pieces of `size` bytes."""
    found = []
    for at in range(20, len(FOUR), size):
        part = FOUR[at : at + size]
        place = (at - 20) // 8 | 0x2000 * (at + size < len(FOUR))
        head = FOUR[:2] + struct.pack("!HHH", 20 + len(part), number, place) + FOUR[8:20]
        found.append(head + part)
    return found


def six(size: int, between: bytes = b"") -> list[bytes]:
    """`SIX` in pieces, with a hop-by-hop header before them where `between` is one."""
    found = []
    for at in range(40, len(SIX), size):
        part = SIX[at : at + size]
        place = at - 40 | (at + size < len(SIX))
        piece = struct.pack("!BBHI", 6, 0, place, 99) + part
        first = 0 if between else 44
        head = SIX[:4] + struct.pack("!HB", len(between) + len(piece), first) + SIX[7:40]
        found.append(head + between + piece)
    return found


@pytest.mark.parametrize("size", [8, 16, 104, 216])
def test_fragments_of_either_version_are_put_together_in_any_order(size: int) -> None:
    for whole, made in ((FOUR, four(size)), (SIX, six(size))):
        random.Random(size).shuffle(made)
        fragments = Reassembly()
        *waiting, last = [fragments.take(one, 0) for one in made]
        assert waiting == [None] * (len(made) - 1)
        assert last is not None
        assert codec.checksums_ok(last)
        assert codec.decode(last).payload == codec.decode(whole).payload
        assert fragments.waiting == 0


def test_extension_headers_before_the_fragments_stay() -> None:
    fragments = Reassembly()
    *_, last = [fragments.take(one, 0) for one in six(64, bytes.fromhex("2c00 010400000000"))]
    assert last is not None
    assert codec.decode(last).payload == bytes(range(200))


def test_a_packet_that_is_no_fragment_of_tcp_comes_back_as_it_is() -> None:
    ping = FOUR[:9] + b"\x01" + FOUR[10:]
    piece_of_udp = four(8)[0][:9] + b"\x11" + four(8)[0][10:]
    for packet in (FOUR, SIX, ping, piece_of_udp, b"", b"\x45"):
        assert Reassembly().take(packet, 0) == packet


def test_an_atomic_fragment_is_whole() -> None:
    (only,) = six(400)
    assert Reassembly().take(only, 0) == only
    assert codec.decode(only).payload == bytes(range(200))


def test_the_same_fragment_twice_does_no_harm() -> None:
    fragments, made = Reassembly(), four(64)
    assert [fragments.take(made[0], 0), fragments.take(made[0], 0)] == [None, None]
    assert fragments.take(made[2], 0) is None
    assert fragments.waiting == 2


def test_fragments_that_overlap_are_given_up_with_all_others() -> None:
    fragments = Reassembly()
    fragments.take(four(64)[0], 0)
    with pytest.raises(WireError, match="overlap"):
        fragments.take(four(56)[1], 0)
    assert fragments.waiting == 0


def test_what_begins_after_the_end_or_ends_twice_is_given_up() -> None:
    for first, second in ((four(216)[-1], four(216)[0]), (four(72)[-1], four(64)[-1])):
        fragments = Reassembly()
        fragments.take(first[:6] + b"\0\1" + first[8:], 0)
        with pytest.raises(WireError):
            fragments.take(second[:6] + b"\x20\x50" + second[8:], 0)


@pytest.mark.parametrize(("late", "whole"), [(TIMEOUT, True), (TIMEOUT + 1, False)])
def test_fragments_wait_thirty_seconds_for_the_others(late: int, whole: bool) -> None:
    fragments, (first, second) = Reassembly(), four(112)
    fragments.take(first, 0)
    assert (fragments.take(second, late) is not None) == whole


def test_packets_with_another_number_are_other_packets() -> None:
    fragments = Reassembly()
    assert fragments.take(four(112, 7)[0], 0) is None
    assert fragments.take(four(112, 8)[1], 0) is None


def test_a_fragment_that_a_capture_cut_is_an_error() -> None:
    for one in (four(64)[0], six(64)[0]):
        with pytest.raises(WireError, match="cut"):
            Reassembly().take(one[:-1], 0)


def test_a_flood_of_beginnings_takes_no_more_room_than_a_thousand() -> None:
    fragments = Reassembly()
    for number in range(5000):
        fragments.take(four(112, number)[0], 0)
    assert fragments.waiting == 1024


@given(st.lists(st.binary(max_size=60), max_size=20), st.sampled_from([FOUR[:20], SIX[:48]]))
def test_noise_is_a_packet_or_a_wire_error(noise: list[bytes], head: bytes) -> None:
    fragments = Reassembly()
    for one in noise:
        with suppress(WireError):
            fragments.take(one, 0)
            fragments.take(one[:8] + head[8:] + one, 0)
