"""Our bytes and scapy's: the same, both ways."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import assume, given

from tcpcore.wire.codec import NotTcp, WireError, decode, encode
from tcpcore.wire.options import MALFORMED
from tcpcore.wire.scapy_bridge import from_scapy, to_scapy
from tcpcore.wire.segment import ACK, SYN, Segment
from tests.unit.wire.segments import common_option, segments

scapy_inet = pytest.importorskip("scapy.layers.inet")
scapy_inet6 = pytest.importorskip("scapy.layers.inet6")
IP, TCP, IPv6 = scapy_inet.IP, scapy_inet.TCP, scapy_inet6.IPv6

MAC = "02:00:00:00:00:01"
OPTIONS = ((2, 1460), (4,), (8, 1, 0), (1,), (3, 10))


@given(segments())
def test_scapy_builds_the_same_bytes_checksums_included(segment: Segment) -> None:
    assert bytes(to_scapy(segment)) == encode(segment)


@given(segments())
def test_a_segment_survives_scapy(segment: Segment) -> None:
    assert from_scapy(to_scapy(segment)) == segment


@given(segments(one=common_option))
def test_scapy_dissects_our_bytes_to_the_same_fields(segment: Segment) -> None:
    six = ":" in segment.src
    packet = (IPv6 if six else IP)(encode(segment))
    tcp = packet[TCP]
    assert (packet.src, packet.dst) == (segment.src, segment.dst)
    assert (packet.tc, packet.hlim) == (segment.tos, segment.ttl) if six else True
    assert six or (packet.tos, packet.ttl, packet.id, packet.flags) == (
        segment.tos,
        segment.ttl,
        segment.ip_id,
        "DF",
    )
    assert (tcp.sport, tcp.dport, tcp.seq, tcp.ack) == (
        segment.sport,
        segment.dport,
        segment.seq,
        segment.ack,
    )
    assert (int(tcp.flags), tcp.window, tcp.urgptr) == (
        segment.flags,
        segment.window,
        segment.urgent,
    )
    options = [option for option in tcp.options if option[0] != "EOL"]  # scapy shows the padding
    assert options == to_scapy(segment)[TCP].options
    assert bytes(tcp.payload) == segment.payload


@given(segments())
def test_scapy_finds_our_checksums_right(segment: Segment) -> None:
    wire = encode(segment)
    packet = (IPv6 if ":" in segment.src else IP)(wire)
    ours = packet[TCP].chksum
    del packet[TCP].chksum
    if IP in packet:
        del packet[IP].chksum
    again = bytes(packet)
    headers = 40 if IP in packet else 60
    assume(again[headers:] == wire[headers:])  # an option of an odd length it writes otherwise
    assert type(packet)(again)[TCP].chksum == ours
    assert bytes(packet) == encode(segment)


def test_a_packet_written_by_hand_in_scapy_becomes_the_segment_it_describes() -> None:
    packet = IP(src="10.0.0.1", dst="10.0.0.2", flags="DF", id=0) / TCP(
        sport=40000, dport=80, flags="S", seq=7, window=64240, options=[("MSS", 1460)]
    )
    assert from_scapy(packet) == Segment(
        "10.0.0.1", 40000, "10.0.0.2", 80, SYN, 7, 0, 64240, ((2, 1460),)
    )


def test_fields_of_the_scapy_packet_can_be_changed_and_its_checksum_follows() -> None:
    packet = to_scapy(Segment("10.0.0.1", 1, "10.0.0.2", 2, ACK, 5, 6, 7, OPTIONS, b"hello"))
    packet[TCP].seq = 6
    assert decode(bytes(packet)) == Segment(
        "10.0.0.1", 1, "10.0.0.2", 2, ACK, 6, 6, 7, OPTIONS, b"hello"
    )


def test_the_segment_is_found_inside_a_frame_and_a_tunnel() -> None:
    from scapy.layers.l2 import Dot1Q, Ether

    segment = Segment("10.0.0.1", 1, "10.0.0.2", 2, ACK, 5, 6, 7, payload=b"hello")
    frame = (
        Ether(src=MAC, dst=MAC)
        / Dot1Q(vlan=3)
        / IP(src="192.0.2.1", dst="192.0.2.2")
        / to_scapy(segment)
    )
    assert from_scapy(frame) == segment
    assert from_scapy(Ether(bytes(frame))) == segment


def test_broken_options_reach_scapy_as_our_bytes() -> None:
    segment = Segment("10.0.0.1", 1, "10.0.0.2", 2, SYN, 5, options=((MALFORMED, b"\2\0\0\0"),))
    assert bytes(to_scapy(segment)) == encode(segment)
    assert from_scapy(to_scapy(segment)) == segment


def test_a_packet_without_tcp_is_refused() -> None:
    with pytest.raises(NotTcp, match="no TCP layer"):
        from_scapy(IP(dst="10.0.0.1"))
    with pytest.raises(NotTcp, match="no TCP layer"):
        from_scapy(TCP())


def test_a_packet_that_scapy_cannot_build_is_a_wire_error() -> None:
    with pytest.raises(WireError, match="cannot build"):
        from_scapy(IP(src="10.0.0.1", dst="10.0.0.2") / TCP(seq=-1))


def test_importing_the_bridge_does_not_import_scapy() -> None:
    code = "import sys, tcpcore.wire.scapy_bridge; sys.exit('scapy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
