"""Capture files beyond what `tests/unit/observe/test_capture.py` reads: rarer blocks and clocks."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpcore.wire.option_codec import WireError
from tcpcore.wire.pcap import pcap_bytes
from tcpcore.wire.pcap_reader import Record, read_records
from tests.unit.observe.captures import block, enhanced, interface, section

PACKETS = [(1_700_000_000_000_001 + n, bytes([n]) * (40 + n)) for n in range(5)]


def read(data: bytes) -> list[Record]:
    return list(read_records(io.BytesIO(data)))


def option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)


def test_what_we_write_is_read() -> None:
    assert [(one.time, one.data, one.link_type) for one in read(pcap_bytes(PACKETS))] == [
        (time, data, 101) for time, data in PACKETS
    ]


def test_a_clock_in_powers_of_two_with_an_offset() -> None:
    own = option(9, b"\x8a") + option(14, struct.pack("<q", 100)) + bytes(4)
    (one,) = read(section() + interface(1, options=own) + enhanced(b"x", 1024 + 512))
    assert one.time == 101_500_000


def test_an_old_packet_block() -> None:
    body = struct.pack("<HHIIII", 0, 0, 0, 7, 3, 60) + b"abc\0"
    (one,) = read(section() + interface(1) + block(2, body))
    assert one == Record(7, 1, b"abc", 60)


def test_blocks_of_other_kinds_are_stepped_over() -> None:
    data = section() + interface(1) + block(0x0BAD, b"12345678") + enhanced(b"x", 1)
    assert [one.data for one in read(data)] == [b"x"]


@pytest.mark.parametrize(
    "data",
    [
        section() + enhanced(b"x", 1),  # of no interface
        section() + interface(1) + struct.pack("<II", 6, 4),
        pcap_bytes(PACKETS) + struct.pack("<IIII", 0, 0, 1 << 31, 1 << 31) + bytes(100),
    ],
)
def test_damage_is_told_after_the_last_whole_packet(data: bytes) -> None:
    with pytest.raises(WireError, match="the file is cut off or damaged"):
        read(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_or_read(data: bytes) -> None:
    for start in (b"", pcap_bytes(PACKETS)[:24], section(), section() + interface(1)):
        told = ""
        try:
            told = repr(read(start + data))
        except WireError as error:
            told = str(error)
        assert told


@pytest.mark.skipif(not shutil.which("editcap"), reason="needs editcap (Debian: wireshark-common)")
@pytest.mark.parametrize("form", ["pcapng", "nsecpcap", "pcap"])
def test_files_of_wiresharks_editcap(form: str, tmp_path: Path) -> None:
    (tmp_path / "a.pcap").write_bytes(pcap_bytes(PACKETS))
    command = ["editcap", "-F", form, tmp_path / "a.pcap", tmp_path / "b"]
    subprocess.run(command, check=True, capture_output=True)
    found = read((tmp_path / "b").read_bytes())
    assert [(one.time, one.data) for one in found] == PACKETS
