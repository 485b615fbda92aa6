"""What lies around IP packets in captures."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpcore.observe.link_layer import LINK_TYPES, UnknownLinkType, ip_packet
from tcpcore.wire.codec import NotTcp, WireError, encode
from tcpcore.wire.segment import SYN, Segment

FOUR = encode(Segment("10.0.0.1", 1, "10.0.0.2", 2, SYN, 0))
SIX = encode(Segment("::1", 1, "::2", 2, SYN, 0))
MACS = bytes(12)
LLC = bytes.fromhex("aaaa03 000000 0800")


def framed(text: str, packet: bytes) -> bytes:
    return bytes.fromhex(text) + packet


@pytest.mark.parametrize(
    ("link_type", "frame", "packet"),
    [
        (1, MACS + framed("0800", FOUR), FOUR),
        (1, MACS + framed("86dd", SIX), SIX),
        (1, MACS + framed("8100 0003 0800", FOUR), FOUR),
        (1, MACS + framed("88a8 0002 8100 0003 86dd", SIX), SIX),
        (1, MACS + framed("9100 0002 9100 0002 8100 0003 0800", FOUR), FOUR),
        (1, MACS + framed("8864 1100 0001 0042 0021", FOUR), FOUR),
        (1, MACS + framed("0048 aaaa03 000000 0800", FOUR), FOUR),
        (113, framed("0000 0001 0006 000000000000 0000 0800", FOUR), FOUR),
        (113, framed("0000 0304 0006 000000000000 0000 8100 0003 0800", FOUR), FOUR),
        (276, framed("86dd 0000 00000001 0001 00 06 0000000000000000", SIX), SIX),
        (101, FOUR, FOUR),
        (101, SIX, SIX),
        (12, FOUR, FOUR),
        (228, FOUR, FOUR),
        (229, SIX, SIX),
        (0, framed("02000000", FOUR), FOUR),
        (0, framed("0000001e", SIX), SIX),
        (108, framed("00000018", SIX), SIX),
        (9, framed("ff03 0021", FOUR), FOUR),
        (9, framed("0057", SIX), SIX),
        (1, MACS + framed("8847 00010040 00020140", FOUR), FOUR),
        (1, MACS + framed("8848 00020140", SIX), SIX),
        (105, framed("0801 0000" + "00" * 20 + "aaaa03 000000 0800", FOUR), FOUR),
        (105, framed("8803 0000" + "00" * 20 + "00" * 6 + "0000 aaaa03000000 86dd", SIX), SIX),
        (105, framed("8881 0000" + "00" * 20 + "0000 00000000 aaaa03000000 0800", FOUR), FOUR),
        (127, framed("0000 0c00 00000000 00000000 0802 0000" + "00" * 20, LLC + FOUR), FOUR),
        (239, framed("0200 0000 0800 0100 00000000 0500 0a00 41 000000 2c00 0900", FOUR), FOUR),
    ],
)
def test_the_ip_packet_is_found(link_type: int, frame: bytes, packet: bytes) -> None:
    assert ip_packet(link_type, frame) == packet


@pytest.mark.parametrize(
    ("link_type", "frame", "reason"),
    [
        (1, MACS + framed("0806", bytes(28)), "ARP, not IP"),
        (1, MACS + framed("88b5", bytes(28)), "EtherType 0x88b5, not IP"),
        (1, MACS + framed("0026 4242 03", bytes(35)), "IEEE 802.3"),
        (1, MACS + framed("8864 1100 0001 0042 c021", bytes(8)), "PPP protocol 0xc021"),
        (113, framed("0004 0001 0006 000000000000 0000 0806", bytes(28)), "ARP"),
        (0, framed("07000000", FOUR), "address family 7"),
        (1, MACS + framed("8847 00020140", bytes(28)), "MPLS without IP"),
        (105, framed("8000 0000", bytes(40)), "without data"),
        (105, framed("0841 0000", bytes(40)), "encrypted"),
        (105, framed("0801 0000", bytes(40)), "Wi-Fi frame without IP"),
    ],
)
def test_other_protocols_are_named(link_type: int, frame: bytes, reason: str) -> None:
    with pytest.raises(NotTcp, match=reason):
        ip_packet(link_type, frame)


@pytest.mark.parametrize("link_type", sorted(set(LINK_TYPES) - {12, 14, 101, 228, 229}))
def test_a_frame_shorter_than_its_header_is_an_error(link_type: int) -> None:
    with pytest.raises(WireError, match="the frame ends after 1 of"):
        ip_packet(link_type, b"\0")


def test_a_frame_that_ends_in_its_vlan_tag_is_an_error() -> None:
    with pytest.raises(WireError, match="VLAN"):
        ip_packet(1, MACS + b"\x81\x00\x00")


def test_a_network_that_we_cannot_read_is_named() -> None:
    with pytest.raises(UnknownLinkType, match=r"119 \(Wi-Fi with Prism header\)"):
        ip_packet(119, FOUR)
    with pytest.raises(UnknownLinkType, match="link type 9999,"):
        ip_packet(9999, FOUR)


@given(st.sampled_from(sorted(LINK_TYPES)), st.binary(max_size=60))
def test_noise_is_a_packet_or_a_wire_error(link_type: int, noise: bytes) -> None:
    with suppress(WireError):
        assert noise.endswith(ip_packet(link_type, noise))
