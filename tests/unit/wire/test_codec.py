"""Bytes of segments: ours, scapy's, and broken ones."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpcore.wire.codec import NotTcp, WireError, checksums_ok, decode, decode_cut, encode
from tcpcore.wire.segment import ACK, AE, PSH, SYN, Segment
from tests.unit.wire.segments import segments

SYN_PACKET = bytes.fromhex(
    "4500003c000040004006 26ba 0a000001 0a000002"
    "9c40 0050 000004d2 00000000 a002 faf0 97a6 0000"
    "0204 05b4 0402 080a 00000001 00000000 01 03030a"
)


def syn() -> Segment:
    options = ((2, 1460), (4,), (8, 1, 0), (1,), (3, 10))
    return Segment("10.0.0.1", 40000, "10.0.0.2", 80, SYN, 1234, 0, 64240, options)


def data(payload: bytes = b"hello") -> Segment:
    return Segment("10.0.0.1", 1, "10.0.0.2", 2, PSH | ACK, 5, 6, 7, payload=payload)


def test_a_syn_has_these_bytes() -> None:
    assert encode(syn()).hex() == SYN_PACKET.hex()


def test_those_bytes_are_read_as_that_syn() -> None:
    assert decode(SYN_PACKET) == syn()


@given(segments())
def test_decoding_what_was_encoded_gives_the_same_segment(segment: Segment) -> None:
    assert decode(encode(segment)) == segment


@given(segments())
def test_checksums_hold_and_one_changed_bit_breaks_them(segment: Segment) -> None:
    packet = bytearray(encode(segment))
    assert checksums_ok(bytes(packet))
    packet[-1] ^= 0x10
    assert not checksums_ok(bytes(packet))


def test_a_changed_ipv4_header_is_seen_by_its_own_checksum() -> None:
    packet = bytearray(SYN_PACKET)
    packet[8] -= 1  # TTL, which TCP's checksum does not cover
    assert not checksums_ok(bytes(packet))


def test_ipv4_packets_have_dont_fragment_set() -> None:
    assert encode(syn())[6] == 0x40


def test_bytes_after_the_packet_are_ignored_as_ethernet_padding_is() -> None:
    assert decode(encode(data(b"")) + bytes(6)) == data(b"")


@given(segments(), st.data())
def test_every_cut_packet_is_an_error_with_a_reason(segment: Segment, draw: st.DataObject) -> None:
    packet = encode(segment)
    cut = draw.draw(st.integers(0, len(packet) - 1))
    with pytest.raises(WireError, match=r"\w+ \w+"):
        decode(packet[:cut])


def test_a_cut_payload_can_be_read_with_zeros_in_its_place() -> None:
    packet = encode(data(b"hello"))
    segment, missing = decode_cut(packet[:-3])
    assert (segment.payload, missing) == (b"he\0\0\0", 3)


@given(st.binary(max_size=120))
def test_random_bytes_are_a_segment_or_a_wire_error(noise: bytes) -> None:
    with suppress(WireError):
        decode(noise)


@given(segments(), st.data())
def test_damaged_packets_are_a_segment_or_a_wire_error(
    segment: Segment, draw: st.DataObject
) -> None:
    packet = bytearray(encode(segment))
    for _ in range(draw.draw(st.integers(1, 4))):
        packet[draw.draw(st.integers(0, len(packet) - 1))] = draw.draw(st.integers(0, 255))
    try:
        again = decode(bytes(packet))
    except WireError:
        return
    assert decode(encode(again)) == again


def change(packet: bytes, at: int, value: int) -> bytes:
    return packet[:at] + bytes((value,)) + packet[at + 1 :]


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (b"", "empty"),
        (b"\x50" + bytes(60), "version 5"),
        (SYN_PACKET[:12], "12 of 20 bytes of IPv4 header"),
        (change(SYN_PACKET, 0, 0x44), "16 bytes long, less than 20"),
        (change(SYN_PACKET, 3, 10), "less than its header"),
        (change(SYN_PACKET, 9, 17), "UDP, not TCP"),
        (change(SYN_PACKET, 7, 5), "fragment of an IP packet"),
        (change(SYN_PACKET, 6, 0x20), "fragment of an IP packet"),
        (change(SYN_PACKET, 3, 30), "10 bytes for a TCP header"),
        (SYN_PACKET[:30], "10 of 20 bytes of TCP header"),
        (change(SYN_PACKET, 32, 0x40), "16 bytes long, less than 20"),
        (change(SYN_PACKET, 32, 0xF0), "60 bytes long; the packet has 40"),
        (SYN_PACKET[:50], "30 of 40 bytes of header"),
        (encode(data())[:-1], "last 1 bytes are missing"),
    ],
)
def test_each_broken_packet_says_what_is_wrong(packet: bytes, reason: str) -> None:
    with pytest.raises(WireError, match=reason):
        decode(packet)


def test_a_packet_of_another_protocol_is_told_from_a_broken_one() -> None:
    with pytest.raises(NotTcp):
        decode(change(SYN_PACKET, 9, 17))


def test_an_ipv4_length_of_zero_means_all_there_is_as_on_a_sending_host() -> None:
    packet = encode(data(b"large"))
    assert decode(packet[:2] + b"\0\0" + packet[4:]).payload == b"large"


def test_ipv4_options_are_stepped_over() -> None:
    packet = encode(data())
    longer = b"\x46" + packet[1:2] + (len(packet) + 4).to_bytes(2, "big") + packet[4:20]
    assert decode(longer + b"\x01\x01\x01\x00" + packet[20:]) == data()


def six(payload: bytes = b"hi") -> Segment:
    return Segment("2001:db8::1", 1, "2001:db8::2", 2, ACK, 5, 6, 7, payload=payload)


def with_extensions(*headers: tuple[int, bytes]) -> bytes:
    """The packet of `six`, with extension headers whose first byte (next header) we fill in."""
    packet = encode(six())
    following = [kind for kind, _ in headers[1:]] + [6]
    body = b"".join(
        bytes((after,)) + rest for (_, rest), after in zip(headers, following, strict=True)
    )
    length = len(packet) - 40 + len(body)
    return (
        packet[:4]
        + length.to_bytes(2, "big")
        + bytes((headers[0][0],))
        + packet[7:40]
        + (body + packet[40:])
    )


@pytest.mark.parametrize(
    "headers",
    [
        [(0, b"\x00" + bytes(6))],
        [(43, b"\x01" + bytes(14))],
        [(0, b"\x00" + bytes(6)), (60, b"\x00" + bytes(6))],
        [(51, b"\x01" + bytes(10))],
        [(44, b"\x00\x00\x00\x00\x00\x00\x07")],
    ],
)
def test_ipv6_extension_headers_are_stepped_over(headers: list[tuple[int, bytes]]) -> None:
    assert decode(with_extensions(*headers)) == six()


def test_an_ipv6_fragment_is_not_taken_for_a_segment() -> None:
    with pytest.raises(NotTcp, match="fragment"):
        decode(with_extensions((44, b"\x00\x00\x01\x00\x00\x00\x07")))


def test_an_ipv6_extension_header_past_the_end_is_an_error() -> None:
    with pytest.raises(WireError, match="past the end"):
        decode(with_extensions((0, b"\xff" + bytes(6))))


def test_another_protocol_over_ipv6_is_not_tcp() -> None:
    with pytest.raises(NotTcp, match="UDP"):
        decode(change(encode(six()), 6, 17))


@pytest.mark.parametrize(
    ("segment", "reason"),
    [
        (Segment("10.0.0.1", 1, "::1", 2, SYN, 0), "different IP versions"),
        (Segment("nowhere", 1, "::1", 2, SYN, 0), "nowhere"),
        (Segment("10.0.0.1", 70000, "10.0.0.2", 2, SYN, 0), "TCP header cannot carry"),
        (Segment("10.0.0.1", 1, "10.0.0.2", 2, SYN, -1), "TCP header cannot carry"),
        (Segment("10.0.0.1", 1, "10.0.0.2", 2, 0x200, 0), "nine bits"),
        (Segment("10.0.0.1", 1, "10.0.0.2", 2, SYN, 0, ttl=256), "IP header cannot carry"),
        (Segment("::1", 1, "::2", 2, SYN, 0, ttl=256), "IP header cannot carry"),
        (data(bytes(65516)), "does not fit in an IP packet"),
        (Segment("10.0.0.1", 1, "10.0.0.2", 2, SYN, 0, options=((8, 0, 0),) * 5), "do not fit"),
    ],
)
def test_a_segment_that_no_packet_can_carry_says_why(segment: Segment, reason: str) -> None:
    with pytest.raises(WireError, match=reason):
        encode(segment)


def test_the_ae_flag_survives_though_it_stands_in_another_byte() -> None:
    segment = Segment("10.0.0.1", 1, "10.0.0.2", 2, SYN | AE, 0)
    assert decode(encode(segment)).flags == SYN | AE
