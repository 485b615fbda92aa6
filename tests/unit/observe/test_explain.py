"""Explaining whole captures."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tcpcore.errors import UsageError
from tcpcore.observe.explain import explain, picked
from tcpcore.observe.explain_text import format_text
from tcpcore.wire.codec import encode
from tcpcore.wire.pcap import write_pcap
from tcpcore.wire.segment import ACK, PSH, Segment
from tests.unit.observe.captures import HANDSHAKE, pcap, segments

CLOSE = """
> P. 1:101(100) ack 1 win 502
< . 1:1(0) ack 101 win 509
> F. 101:101(0) ack 1 win 502
< F. 1:1(0) ack 102 win 509
> . 102:102(0) ack 2 win 502
"""


def between(segment: Segment, source: str, destination: str) -> Segment:
    """The segment between other hosts."""
    down = segment.src == "10.0.0.1"
    segment.src, segment.dst = (source, destination) if down else (destination, source)
    return segment


def test_connections_that_interleave_are_told_apart(tmp_path: Path) -> None:
    first = segments(HANDSHAKE)
    second = [between(segment, "2001:db8::1", "2001:db8::2") for segment in segments(HANDSHAKE)]
    mixed = [encode(segment) for pair in zip(first, second, strict=True) for segment in pair]
    (tmp_path / "a.pcap").write_bytes(pcap(101, mixed))
    explanation = explain(tmp_path / "a.pcap")
    assert [len(connection.segments) for connection in explanation.connections] == [3, 3]
    text = format_text(explanation)
    assert "Connection 1: client 10.0.0.1:40000, server 10.0.0.2:8888" in text
    assert "Connection 2: client [2001:db8::1]:40000, server [2001:db8::2]:8888" in text
    assert [item.packet.number for item in explanation.connections[1].segments] == [2, 4, 6]


def test_one_connection_can_be_picked(tmp_path: Path) -> None:
    again = "> S 900000:900000(0) win 1\n"
    write_pcap(
        tmp_path / "a.pcap",
        [(n, encode(segment)) for n, segment in enumerate(segments(HANDSHAKE + CLOSE + again))],
    )
    explanation = explain(tmp_path / "a.pcap")
    assert picked(explanation, None) == [0, 1]
    assert picked(explanation, 2) == [1]
    text = format_text(explanation, 2)
    assert "Connection 1:" not in text
    assert "Connection 2:" in text
    for wrong in (0, 3, -1):
        with pytest.raises(UsageError, match=f"no connection {wrong}, only 1 to 2"):
            format_text(explanation, wrong)


def test_what_was_left_out_and_where_a_file_is_damaged_is_said_first(tmp_path: Path) -> None:
    frames = [bytes(12) + b"\x08\x06" + bytes(28)]
    frames += [bytes(12) + b"\x08\x00" + encode(segment) for segment in segments(HANDSHAKE)]
    (tmp_path / "a.pcap").write_bytes(pcap(1, frames) + b"cut")
    lines = format_text(explain(tmp_path / "a.pcap")).splitlines()
    assert lines[1:3] == [
        "Left out: 1 × ARP, not IP.",
        "Careful: the file is cut off or damaged after packet 4.",
    ]


def test_packets_without_the_end_of_their_data_are_noted(tmp_path: Path) -> None:
    data = Segment("10.0.0.1", 1, "10.0.0.2", 2, PSH | ACK, 1, 1, 1, payload=b"x" * 100)
    (tmp_path / "a.pcap").write_bytes(pcap(101, [encode(data)[:60]]))
    explanation = explain(tmp_path / "a.pcap")
    note = "1 of its packets were captured without the end of their data"
    assert note in explanation.connections[0].notes
    assert explanation.connections[0].segments[0].meaning == "bytes 1 to 100"


def test_times_count_from_the_first_segment_also_when_a_capture_steps_back(tmp_path: Path) -> None:
    packets = [encode(segment) for segment in segments(HANDSHAKE)]
    times = (5_000_000, 5_000_100, 4_999_000)
    write_pcap(tmp_path / "a.pcap", list(zip(times, packets, strict=True)))
    _, careful, *lines = format_text(explain(tmp_path / "a.pcap")).splitlines()
    assert [line.split()[1] for line in lines[4:]] == ["0.000000", "0.000100", "-0.001000"]
    assert careful == (
        "Careful: the capture's clock goes back at packet 3: durations are not to be trusted."
    )
    assert lines[2].endswith("0 bytes there and 0 back in 100 µs.")


def test_packets_that_a_card_mixed_up_a_little_are_no_clock_that_goes_back(tmp_path: Path) -> None:
    packets = [encode(segment) for segment in segments(HANDSHAKE)]
    write_pcap(tmp_path / "a.pcap", list(zip((5000, 6000, 5000), packets, strict=True)))
    assert not explain(tmp_path / "a.pcap").backwards


@pytest.mark.skipif(not shutil.which("tshark"), reason="needs tshark (Debian package tshark)")
def test_relative_numbers_and_retransmissions_agree_with_tshark(tmp_path: Path) -> None:
    script = HANDSHAKE + (
        """
        > . 1:1001(1000) ack 1 win 502
        > . 2001:3001(1000) ack 1 win 502
        < . 1:1(0) ack 1001 win 509 <nop,nop,sack 2001:3001>
        > . 1001:2001(1000) ack 1 win 502
        < . 1:1(0) ack 3001 win 509
        < P. 1:11(10) ack 3001 win 509
        < P. 1:11(10) ack 3001 win 509
        > . 3001:3001(0) ack 11 win 502
        """
    )
    path = tmp_path / "a.pcap"
    write_pcap(path, [(n * 300_000, encode(segment)) for n, segment in enumerate(segments(script))])
    fields = ["tcp.seq", "tcp.ack", "tcp.len", "tcp.analysis.retransmission"]
    command = ["tshark", "-n", "-r", str(path), "-T", "fields"]
    command += [word for field in fields for word in ("-e", field)]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    theirs = [line.split("\t") for line in out.splitlines()]
    items = explain(path).connections[0].segments
    ours = [
        [str(item.seq), str(item.ack or 0), str(len(item.packet.segment.payload))] for item in items
    ]
    assert ours == [row[:3] for row in theirs]
    again = [bool(item.retransmission) for item in items]
    assert again == [bool(row[3]) for row in theirs] == [n in (6, 9) for n in range(11)]
