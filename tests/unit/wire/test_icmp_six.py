"""ICMPv6 errors as bytes, beside scapy's."""

from __future__ import annotations

import pytest

from tcpcore.wire.icmp import (
    FRAG_NEEDED,
    TOO_BIG_6,
    UNREACHABLE,
    UNREACHABLE_6,
    IcmpError,
    decode_any,
    echo_reply,
    encode_icmp,
)
from tcpcore.wire.segment import ACK, Segment

LOCAL, REMOTE = "2001:db8::1", "2001:db8::2"
ABOUT = Segment(LOCAL, 80, REMOTE, 4000, ACK, 7, payload=bytes(1440))


def test_it_is_what_scapy_reads():
    inet6 = pytest.importorskip("scapy.layers.inet6")
    raw = encode_icmp(IcmpError(REMOTE, LOCAL, TOO_BIG_6, 0, ABOUT, 1280))
    packet = inet6.IPv6(raw)
    assert (packet.src, packet.dst, packet.plen) == (REMOTE, LOCAL, len(raw) - 40)
    error = packet[inet6.ICMPv6PacketTooBig]
    assert error.mtu == 1280
    found = error.cksum
    del error.cksum
    assert inet6.IPv6(bytes(packet))[inet6.ICMPv6PacketTooBig].cksum == found


def test_it_quotes_as_much_as_fits_in_1280_bytes():
    error = IcmpError(REMOTE, LOCAL, UNREACHABLE_6, 4, ABOUT)
    assert len(encode_icmp(error)) == error.size == 1280
    assert error.name == "port unreachable"


@pytest.mark.parametrize(
    ("kind", "code", "mtu", "name"),
    [(TOO_BIG_6, 0, 1280, "packet too big, MTU 1280"), (UNREACHABLE_6, 1, 0, "admin prohibited")],
)
def test_what_was_encoded_is_decoded(kind: int, code: int, mtu: int, name: str):
    error = decode_any(encode_icmp(IcmpError(REMOTE, LOCAL, kind, code, ABOUT, mtu)))
    assert error is not None
    assert (error.src, error.dst, error.name, error.mtu) == (REMOTE, LOCAL, name, mtu)
    assert (error.quoted.sport, error.quoted.seq) == (80, 7)


def test_the_version_of_the_packet_says_which_icmp_it_is():
    about = Segment("10.0.0.1", 80, "10.0.0.2", 4000, ACK, 7)
    error = decode_any(encode_icmp(IcmpError("10.0.0.9", "10.0.0.1", UNREACHABLE, FRAG_NEEDED,
                                             about, 1300)))  # fmt: skip
    assert error is not None
    assert error.name == "fragmentation needed, MTU 1300"


@pytest.mark.parametrize("size", [0, 1, 39, 47, 60])
def test_what_is_cut_is_no_error(size: int):
    assert decode_any(encode_icmp(IcmpError(REMOTE, LOCAL, TOO_BIG_6, 0, ABOUT))[:size]) is None


def test_a_ping_is_answered_and_a_damaged_one_is_not():
    inet6 = pytest.importorskip("scapy.layers.inet6")
    ping = bytes(inet6.IPv6(src=LOCAL, dst=REMOTE) / inet6.ICMPv6EchoRequest(id=7, data=b"abc"))
    answer = echo_reply(ping)
    assert answer is not None
    packet = inet6.IPv6(answer)
    reply = packet[inet6.ICMPv6EchoReply]
    assert (packet.src, packet.dst, reply.id, reply.data) == (REMOTE, LOCAL, 7, b"abc")
    found = reply.cksum
    del reply.cksum
    assert inet6.IPv6(bytes(packet))[inet6.ICMPv6EchoReply].cksum == found
    assert echo_reply(ping[:-1] + b"X") is None
    assert echo_reply(answer) is None
