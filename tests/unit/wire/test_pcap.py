"""Capture files that we write."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import pytest

from tcpcore.wire.codec import WireError, encode
from tcpcore.wire.pcap import pcap_bytes, write_pcap
from tcpcore.wire.segment import ACK, SYN, Segment

FOUR = Segment("10.0.0.1", 40000, "10.0.0.2", 8000, SYN, 1, 0, 64240, ((2, 1460),))
SIX = Segment("::1", 40000, "::2", 8000, ACK, 2, 5, 100, payload=b"hello")
PACKETS = [(1_000_001, encode(FOUR)), (2_500_000, encode(SIX))]


def test_a_file_starts_with_its_magic_number_and_raw_ip_link_type() -> None:
    assert pcap_bytes([]).hex() == "d4c3b2a1 02000400 00000000 00000000 00000400 65000000".replace(
        " ", ""
    )


def test_a_record_has_seconds_microseconds_and_both_lengths() -> None:
    assert pcap_bytes(PACKETS)[24:40].hex() == "01000000 01000000 2c000000 2c000000".replace(
        " ", ""
    )


def test_path_and_file_object_get_the_same_bytes(tmp_path: Path) -> None:
    memory = io.BytesIO()
    write_pcap(memory, PACKETS)
    write_pcap(tmp_path / "a.pcap", PACKETS)
    write_pcap(str(tmp_path / "b.pcap"), PACKETS)
    assert memory.getvalue() == pcap_bytes(PACKETS)
    assert (tmp_path / "a.pcap").read_bytes() == (tmp_path / "b.pcap").read_bytes()
    assert (tmp_path / "a.pcap").read_bytes() == memory.getvalue()


@pytest.mark.parametrize("time", [-1, 2**32 * 1_000_000])
def test_a_time_outside_the_format_is_an_error(time: int) -> None:
    with pytest.raises(WireError, match="cannot hold the time"):
        pcap_bytes([(time, b"")])


def test_scapy_reads_back_the_packets_and_their_times() -> None:
    from scapy.utils import RawPcapReader

    with RawPcapReader(io.BytesIO(pcap_bytes(PACKETS))) as reader:
        records = [(meta.sec * 1_000_000 + meta.usec, data) for data, meta in reader]
        assert reader.linktype == 101
    assert records == PACKETS


@pytest.mark.skipif(not shutil.which("tshark"), reason="needs tshark (Debian package tshark)")
def test_tshark_reads_the_same_fields_and_finds_the_checksums_good(tmp_path: Path) -> None:
    write_pcap(tmp_path / "ours.pcap", PACKETS)
    names = ["frame.time_epoch", "tcp.srcport", "tcp.seq_raw", "tcp.len", "tcp.checksum.status"]
    command = ["tshark", "-n", "-r", str(tmp_path / "ours.pcap"), "-T", "fields"]
    command += ["-o", "tcp.check_checksum:TRUE"]
    for name in names:
        command += ["-e", name]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert out.splitlines() == [
        "1.000001000\t40000\t1\t0\t1",
        "2.500000000\t40000\t2\t5\t1",
    ]
