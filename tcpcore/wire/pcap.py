"""Writing captures: the classic pcap format, raw IP packets, microseconds.

Any tool reads it: tcpdump, Wireshark, scapy.  Reading captures of others is in `observe.capture`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from os import PathLike
from typing import BinaryIO

from tcpcore.units import SECOND
from tcpcore.wire.option_codec import WireError

LINKTYPE_RAW = 101
_MAGIC = 0xA1B2C3D4
_SNAPLEN = 262_144
_FILE_HEADER = struct.Struct("<IHHiIII")
_RECORD_HEADER = struct.Struct("<IIII")

Packets = Iterable[tuple[int, bytes]]
"""Time in microseconds and the whole IP packet, in the order of the file."""


def pcap_bytes(packets: Packets) -> bytes:
    """A capture file as bytes.

    WireError for a time that the format cannot hold: negative, or past the year 2106.
    Format: draft-ietf-opsawg-pcap; link type LINKTYPE_RAW.
    """
    return b"".join([file_header(), *(record(time, packet) for time, packet in packets)])


def file_header() -> bytes:
    """What a capture begins with."""
    return _FILE_HEADER.pack(_MAGIC, 2, 4, 0, 0, _SNAPLEN, LINKTYPE_RAW)


def record(time: int, packet: bytes) -> bytes:
    """One packet of a capture, with its time in microseconds.  Errors: as `pcap_bytes`."""
    whole, micros = divmod(time, SECOND)
    if not 0 <= whole <= 0xFFFF_FFFF:
        raise WireError(f"a capture cannot hold the time {time} µs")
    return _RECORD_HEADER.pack(whole, micros, len(packet), len(packet)) + packet


def write_pcap(target: str | PathLike[str] | BinaryIO, packets: Packets) -> None:
    """Write a capture file to a path or an open binary file.  Errors: as `pcap_bytes`; OSError."""
    data = pcap_bytes(packets)
    if isinstance(target, str | PathLike):
        with open(target, "wb") as file:
            file.write(data)
    else:
        target.write(data)
