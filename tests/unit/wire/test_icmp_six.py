"""ICMPv6 errors as bytes, beside scapy's."""

from __future__ import annotations

import pytest

from tcpcore.wire.icmp import TOO_BIG_6, UNREACHABLE_6, IcmpError, encode_icmp
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
