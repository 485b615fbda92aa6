"""Packets in packets."""

from __future__ import annotations

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpcore.observe.tunnels import innermost
from tcpcore.wire.codec import NotTcp, WireError, encode
from tcpcore.wire.segment import SYN, Segment

FOUR = encode(Segment("10.0.0.1", 1, "10.0.0.2", 2, SYN, 0))
SIX = encode(Segment("::1", 1, "::2", 2, SYN, 0))
FRAME = bytes(12) + b"\x08\x00" + FOUR


def outer(protocol: int, inner: bytes, *, fragment: int = 0) -> bytes:
    """An IPv4 packet around something."""
    length = 20 + len(inner)
    ends = bytes(8)
    return struct.pack("!BBHHHBBH", 69, 0, length, 0, fragment, 64, protocol, 0) + ends + inner


def outer_6(following: int, inner: bytes) -> bytes:
    return struct.pack("!IHBB32x", 6 << 28, len(inner), following, 64) + inner


def udp(port: int, inner: bytes) -> bytes:
    return struct.pack("!HHHH", 5555, port, 8 + len(inner), 0) + inner


@pytest.mark.parametrize(
    ("packet", "inner"),
    [
        (FOUR, FOUR),
        (SIX, SIX),
        (outer(4, FOUR), FOUR),
        (outer(41, SIX), SIX),
        (outer_6(4, FOUR), FOUR),
        (outer_6(41, SIX), SIX),
        (outer(4, outer(41, SIX)), SIX),
        (outer(47, bytes.fromhex("0000 0800") + FOUR), FOUR),
        (outer(47, bytes.fromhex("b000 86dd") + bytes(12) + SIX), SIX),
        (outer(47, bytes.fromhex("0000 6558") + FRAME), FOUR),
        (outer(17, udp(4789, bytes.fromhex("08000000 00000400") + FRAME)), FOUR),
        (outer(17, udp(6081, bytes.fromhex("01000800 00000400 00000000") + FOUR)), FOUR),
    ],
)
def test_the_innermost_packet_is_found(packet: bytes, inner: bytes) -> None:
    assert innermost(packet) == inner


@pytest.mark.parametrize(
    "packet",
    [
        outer(50, FOUR),
        outer(4, FOUR, fragment=1),
        outer(17, udp(53, bytes.fromhex("08000000 00000400") + FRAME)),
        outer(47, bytes.fromhex("0001 880b") + FOUR),
    ],
    ids=["encrypted", "fragment", "other UDP", "PPTP"],
)
def test_what_is_no_open_tunnel_stays_as_it_is(packet: bytes) -> None:
    assert innermost(packet) == packet


def test_a_tunnel_that_carries_something_else_is_said() -> None:
    with pytest.raises(NotTcp, match="ARP"):
        innermost(outer(47, bytes.fromhex("0000 0806") + bytes(28)))
    with pytest.raises(WireError, match="Ethernet"):
        innermost(outer(47, bytes.fromhex("0000 6558") + bytes(8)))


@given(st.sampled_from([4, 17, 41, 47]), st.binary(max_size=80))
def test_noise_is_a_packet_or_a_wire_error(protocol: int, noise: bytes) -> None:
    with suppress(WireError):
        assert outer(protocol, noise).endswith(innermost(outer(protocol, noise)))
