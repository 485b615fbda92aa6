"""Capture files, whole and damaged."""

from __future__ import annotations

import gzip
import io
import struct
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tcpcore.errors import UsageError
from tcpcore.observe.capture import Capture
from tcpcore.observe.explain import explain
from tcpcore.observe.explain_text import format_text
from tcpcore.wire.codec import encode
from tcpcore.wire.icmp import PROHIBITED_6, UNREACHABLE_6, IcmpError, encode_icmp
from tcpcore.wire.segment import SYN, Segment
from tests.unit.observe.captures import (
    HANDSHAKE,
    block,
    enhanced,
    interface,
    pcap,
    section,
    segments,
)

SEGMENTS = segments(HANDSHAKE)
RAW = [encode(segment) for segment in SEGMENTS]
ETHERNET = [bytes(12) + b"\x08\x00" + packet for packet in RAW]
WHOLE = pcap(101, RAW)
SECOND = 1_000_000_000


def read(path: Path, data: bytes) -> tuple[list[Segment], Capture]:
    path.write_bytes(data)
    capture = Capture(path)
    return [packet.segment for packet in capture.segments()], capture


def pcapng(endian: str = "<") -> bytes:
    packets = b"".join(
        enhanced(packet, SECOND + number * 1000, 0, endian) for number, packet in enumerate(RAW)
    )
    return section(endian) + interface(101, endian) + packets


@pytest.mark.parametrize(
    "data",
    [
        WHOLE,
        pcap(101, RAW, endian=">"),
        pcap(101, RAW, nano=True),
        pcap(101, RAW, endian=">", nano=True),
        pcap(1, ETHERNET),
        pcapng("<"),
        pcapng(">"),
        gzip.compress(WHOLE, mtime=0),
        gzip.compress(pcapng()),
    ],
    ids=["pcap", "big-endian", "ns", "big-endian-ns", "ethernet", "ng", "big-ng", "gz", "ng-gz"],
)
def test_every_kind_of_file_gives_the_same_segments_and_times(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a").write_bytes(data)
    capture = Capture(tmp_path / "a")
    packets = list(capture.segments())
    assert [packet.segment for packet in packets] == SEGMENTS
    assert [packet.time for packet in packets] == [SECOND + n * 1000 for n in range(3)]
    assert [packet.number for packet in packets] == [1, 2, 3]
    assert (capture.packets, capture.left_out, capture.trouble) == (3, {}, "")


def test_times_of_a_finer_pcapng_clock_are_converted(tmp_path: Path) -> None:
    nanoseconds = struct.pack("<HHB3x", 9, 1, 9) + bytes(4)
    data = section() + interface(101, options=nanoseconds) + enhanced(RAW[0], 5_000_000_123)
    (tmp_path / "a").write_bytes(data)
    assert [packet.time for packet in Capture(tmp_path / "a").segments()] == [5_000_000]


def test_a_packet_without_time_takes_the_time_before_it(tmp_path: Path) -> None:
    simple = block(3, struct.pack("<I", len(RAW[1])) + RAW[1])
    data = section() + interface(101) + enhanced(RAW[0], 7) + simple
    (tmp_path / "a").write_bytes(data)
    assert [packet.time for packet in Capture(tmp_path / "a").segments()] == [7, 7]


def test_two_sections_each_with_its_own_interface_are_read(tmp_path: Path) -> None:
    first = section() + interface(101) + enhanced(RAW[0], 1)
    second = section() + interface(1) + enhanced(ETHERNET[1], 2)
    assert read(tmp_path / "a", first + second)[0] == SEGMENTS[:2]


def test_two_interfaces_of_different_link_types_are_read(tmp_path: Path) -> None:
    data = section() + interface(101) + interface(1)
    data += enhanced(ETHERNET[0], 1, number=1) + enhanced(RAW[1], 2, number=0)
    assert read(tmp_path / "a", data)[0] == SEGMENTS[:2]


def test_packets_that_are_no_tcp_are_counted_by_reason(tmp_path: Path) -> None:
    arp = bytes(12) + b"\x08\x06" + bytes(28)
    udp = ETHERNET[0][:23] + b"\x11" + ETHERNET[0][24:]
    nameless = ETHERNET[0][:23] + b"\xfd" + ETHERNET[0][24:]
    fragment = ETHERNET[0][:20] + b"\x00\x05" + ETHERNET[0][22:]
    found, capture = read(tmp_path / "a", pcap(1, [arp, ETHERNET[0], udp, arp, nameless, fragment]))
    assert found == SEGMENTS[:1]
    assert capture.left_out == {
        "ARP, not IP": 2,
        "UDP, not TCP": 1,
        "IP protocol 253, not TCP": 1,
        "fragment of an IP packet whose other fragments are not there": 1,
    }


def pieces(packet: bytes, size: int) -> list[bytes]:
    """The fragments of an IPv4 packet, `size` bytes each."""
    found = []
    for at in range(20, len(packet), size):
        part = packet[at : at + size]
        place = (at - 20) // 8 | 0x2000 * (at + size < len(packet))
        head = packet[:2] + struct.pack("!HHH", 20 + len(part), 77, place) + packet[8:20]
        found.append(head + part)
    return found


@pytest.mark.parametrize("turn", [1, -1])
def test_fragments_are_put_together_and_count_where_the_last_one_comes(
    tmp_path: Path, turn: int
) -> None:
    (tmp_path / "a").write_bytes(pcap(101, [RAW[0], *pieces(RAW[1], 8)[::turn], RAW[2]]))
    capture = Capture(tmp_path / "a")
    packets = list(capture.segments())
    assert [one.segment.flags for one in packets] == [one.flags for one in SEGMENTS]
    assert [one.number for one in packets] == [1, 5, 6]
    assert capture.left_out == {}


def test_the_bytes_inside_tunnels_are_found(tmp_path: Path) -> None:
    over = struct.pack("!BBHHHBBH4s4s", 69, 0, 0, 0, 0, 64, 4, 0, bytes(4), bytes(4))
    found, _ = read(tmp_path / "a", pcap(101, [over + RAW[0], over + over + RAW[1]]))
    assert found == SEGMENTS[:2]


def test_a_snap_length_cuts_the_payload_and_not_its_length(tmp_path: Path) -> None:
    whole = Segment("10.0.0.1", 1, "10.0.0.2", 2, 0x10, 1, 1, 1, payload=b"x" * 100)
    frame = encode(whole)[:60]
    record = struct.pack("<IIII", 0, 0, len(frame), 140) + frame
    (tmp_path / "a").write_bytes(pcap(101, []) + record)
    (packet,) = Capture(tmp_path / "a").segments()
    assert (len(packet.segment.payload), packet.missing, packet.data) == (100, 80, frame)


def test_a_snap_length_inside_the_headers_leaves_the_packet_out(tmp_path: Path) -> None:
    found, capture = read(tmp_path / "a", pcap(101, [RAW[0][:30], RAW[1]]))
    assert found == SEGMENTS[1:2]
    assert capture.left_out == {"broken or cut headers": 1}


@pytest.mark.parametrize(
    ("cut", "count", "trouble"),
    [
        (len(WHOLE), 3, ""),
        (len(WHOLE) - len(RAW[2]) - 16, 2, ""),
        (len(WHOLE) - len(RAW[2]) - 10, 2, "cut off or damaged after packet 2"),
        (len(WHOLE) - 30, 2, "in the middle of packet 3"),
    ],
)
def test_a_truncated_pcap_gives_what_is_whole_and_says_where_it_ends(
    tmp_path: Path, cut: int, count: int, trouble: str
) -> None:
    found, capture = read(tmp_path / "a", WHOLE[:cut])
    assert len(found) == count
    assert trouble in capture.trouble
    assert bool(trouble) == bool(capture.trouble)


@pytest.mark.parametrize("missing", [1, 4, 5, 20, 60])
def test_a_truncated_pcapng_says_where_it_ends(tmp_path: Path, missing: int) -> None:
    found, capture = read(tmp_path / "a", pcapng()[:-missing])
    assert found == SEGMENTS[:2]
    assert capture.trouble == "the file is cut off or damaged after packet 2"


def test_a_truncated_gzip_file_gives_what_is_whole(tmp_path: Path) -> None:
    frames = [encode(Segment("10.0.0.1", n, "10.0.0.2", 2, 2, n * n)) for n in range(2000)]
    data = gzip.compress(pcap(101, frames))
    found, capture = read(tmp_path / "a", data[: len(data) // 2])
    assert 100 < len(found) < 2000
    assert "cut off or damaged after packet" in capture.trouble


def test_a_block_that_claims_gigabytes_does_not_get_them(tmp_path: Path) -> None:
    data = pcapng() + struct.pack("<II", 6, 0xFFFF_FFF0) + bytes(100)
    found, capture = read(tmp_path / "a", data)
    assert (found, bool(capture.trouble)) == (SEGMENTS, True)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b"\xd4", "no pcap or pcapng file"),
        (b"hello, world, this is text\n" * 10, "no pcap or pcapng file"),
        (WHOLE[:10], "no pcap or pcapng file"),
        (b"\x1f\x8b" + b"rubbish" * 10, "no pcap or pcapng file"),
        (pcap(101, []), "no TCP segment in 0 packets$"),
        (WHOLE[:30], "in 0 packets; the file is cut off or damaged before its first packet"),
        (section() + enhanced(RAW[0], 1), "damaged before its first packet"),
        (pcap(119, RAW), r"no TCP segment in 3 packets: 3 × frames of link type 119 \(Wi-Fi"),
        (pcap(1, [bytes(12) + b"\x08\x06" + bytes(28)]), "in 1 packet: 1 × ARP, not IP"),
    ],
)
def test_a_file_without_anything_to_explain_is_one_clear_sentence(
    tmp_path: Path, data: bytes, reason: str
) -> None:
    (tmp_path / "a").write_bytes(data)
    with pytest.raises(UsageError, match=reason) as caught:
        explain(tmp_path / "a")
    assert "\n" not in str(caught.value)
    assert str(tmp_path / "a") in str(caught.value)


def test_a_missing_file_a_directory_and_a_strange_name_are_clear_sentences(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no such file"):
        explain(tmp_path / "nothing")
    with pytest.raises(UsageError, match="is a directory"):
        explain(tmp_path)
    with pytest.raises(UsageError, match="cannot be opened"):
        explain("a\0b")


def test_a_file_that_may_not_be_read_is_a_clear_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(UsageError, match="not allowed to read"):
        explain(tmp_path / "secret")


def test_no_package_but_python_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(WHOLE)
    monkeypatch.setitem(sys.modules, "scapy", None)
    assert explain(tmp_path / "a").segments == 3


def test_a_file_that_is_already_open_is_read_under_its_name(tmp_path: Path) -> None:
    capture = Capture("dropped.pcap", file=io.BytesIO(WHOLE))
    assert [packet.segment for packet in capture.segments()] == SEGMENTS
    with pytest.raises(UsageError, match=r"^dropped\.pcap is empty"):
        list(Capture("dropped.pcap", file=io.BytesIO()).segments())


def test_standard_input_can_be_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    class Standard:
        buffer = io.BytesIO(WHOLE)

    monkeypatch.setattr(sys, "stdin", Standard())
    assert explain("-").segments == 3


def test_nothing_is_printed_about_a_damaged_file(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    read(tmp_path / "a", pcapng()[:-5])
    assert capfd.readouterr() == ("", "")


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(
        [WHOLE, pcap(1, ETHERNET), pcapng("<"), pcapng(">"), gzip.compress(WHOLE, mtime=0)]
    ),
    st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=6),
    st.integers(0, 2000),
)
def test_a_damaged_file_is_explained_or_refused_in_one_sentence(
    tmp_path: Path, data: bytes, changes: list[tuple[int, int]], cut: int
) -> None:
    damaged = bytearray(data)
    for at, value in changes:
        damaged[at % len(damaged)] = value
    if cut < len(damaged):
        damaged = damaged[: len(damaged) - cut]
    (tmp_path / "a").write_bytes(bytes(damaged))
    try:
        text = format_text(explain(tmp_path / "a"))
    except UsageError as error:
        text = str(error)
        one_sentence = "\n" not in text
    else:
        one_sentence = text.startswith(str(tmp_path / "a"))
    assert one_sentence


def test_errors_over_ipv6_reach_the_connection_that_they_are_about(tmp_path: Path) -> None:
    syn = Segment("fd00::1", 4000, "fd00::2", 81, SYN, 7, 0, 100)
    error = IcmpError("fd00::2", "fd00::1", UNREACHABLE_6, PROHIBITED_6, syn)
    path = tmp_path / "six.pcap"
    path.write_bytes(pcap(101, [encode(syn), encode_icmp(error)]))
    explanation = explain(path)
    assert explanation.connections[0].verdict == (
        "the SYN to [fd00::2]:81 was turned away (sent once): fd00::2 says by ICMP: admin "
        "prohibited (a firewall does not let it through)"
    )
    assert not explanation.left_out
