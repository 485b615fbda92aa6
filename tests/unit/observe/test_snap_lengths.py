"""Captures with a snap length: what is cut off is unknown, and the rest is read all the same."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tcpcore.errors import UsageError
from tcpcore.observe.capture import Capture, Packet
from tcpcore.observe.explain import Explanation, explain_capture
from tcpcore.packetdrill.to_script import of_capture
from tcpcore.wire.codec import decode_snapped, encode
from tests.unit.observe.captures import HANDSHAKE, packets, pcap
from tests.unit.observe.test_causes import sent
from tests.unit.observe.test_foreign_captures import MISSED, SYN


def snapped(captured: list[Packet], size: int) -> Explanation:
    """What is made of packets of which only so many bytes were captured, IP header included."""
    frames = [encode(packet.segment)[:size] for packet in captured]
    whole = [len(encode(packet.segment)) for packet in captured]
    data = bytearray(pcap(101, frames))
    at = 24
    for frame, length in zip(frames, whole, strict=True):
        data[at + 12 : at + 16] = length.to_bytes(4, "little")
        at += 16 + len(frame)
    return explain_capture(Capture("cut.pcap", file=io.BytesIO(bytes(data))))


@pytest.mark.parametrize(
    ("size", "cut", "known"),
    [(52, False, True), (50, True, True), (49, True, False), (40, True, False)],
)
def test_options_that_a_snap_length_cut_off_are_unknown_and_their_segments_are_not(
    size: int, cut: bool, known: bool
) -> None:
    script = HANDSHAKE + "> P. 1:101(100) ack 1 win 502 <nop,nop,TS val 1 ecr 1>"
    (connection,) = snapped(packets(script), size).connections
    assert [one.states for one in connection.segments][-1] == ("ESTABLISHED", "ESTABLISHED")
    assert connection.bytes == [100, 0]
    notes = " ".join(connection.notes)
    assert ("TCP options" in notes) == cut
    assert ("whether its windows are scaled is not known" in notes) == (not known)


def test_a_packet_cut_before_the_end_of_its_header_is_left_out_and_the_reason_said() -> None:
    with pytest.raises(UsageError, match=r"3 × cut before the end of its headers .*tcpdump -s 0"):
        snapped(packets(HANDSHAKE), 39)


def test_without_its_options_nobody_says_why_a_segment_came_again() -> None:
    captured = sent(MISSED)
    (finding,) = snapped(captured, 40).connections[0].findings
    assert finding.kind == "retransmission"
    assert "whether they had been lost" in finding.text
    assert [one.kind for one in snapped(captured, 80).connections[0].findings] == ["loss"]


def test_a_window_of_unknown_scale_is_neither_a_size_nor_exceeded() -> None:
    script = """
    < . 1:1(0) ack 1 win 0
    < . 1:1(0) ack 1 win 502
    > P. 1:1001(1000) ack 1 win 502
    """
    meant = [one.meaning for one in snapped(sent(script), 40).connections[0].segments]
    assert meant[-2:] == ["window update: room again, 502 without its scale", "bytes 1 to 1000"]
    whole = [one.meaning for one in snapped(sent(script), 2000).connections[0].segments]
    assert whole[-2] == "window update: room again, 64256 bytes"


def test_no_script_is_made_of_segments_without_their_options(tmp_path: Path) -> None:
    frames = [encode(packet.segment)[:44] for packet in packets(HANDSHAKE)]
    (tmp_path / "cut.pcap").write_bytes(pcap(101, frames))
    with pytest.raises(UsageError, match="2 packets of the capture lack the end of their TCP opt"):
        of_capture(tmp_path / "cut.pcap")


def test_a_syn_that_is_not_there_was_not_cut() -> None:
    captured = packets("> P. 1:101(100) ack 1 win 502 <nop,nop,TS val 1 ecr 1>")
    notes = " ".join(snapped(captured, 40).connections[0].notes)
    assert "TCP options" in notes
    assert "SYN's options" not in notes


def test_an_option_that_is_not_there_in_full_is_not_read() -> None:
    (syn,) = packets(SYN)
    data = encode(syn.segment)
    whole, _, none = decode_snapped(data)
    assert none == 0
    segment, missing, cut = decode_snapped(data[:42])  # two bytes of the MSS
    assert (segment.options, missing, cut) == ((), 0, 10)
    assert decode_snapped(data[:44])[0].options == whole.options[:1]
