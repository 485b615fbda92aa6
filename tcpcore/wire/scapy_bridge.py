"""Segments to scapy packets and back, and the packets of capture files.

scapy is imported when a function is called, never before: the engine does not need it.
"""

from __future__ import annotations

import gzip
import io
import itertools
import logging
import struct
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

from tcpcore.wire.codec import NotTcp, WireError, decode, encode
from tcpcore.wire.options import (
    END,
    FAST_OPEN,
    MALFORMED,
    MD5_SIGNATURE,
    MSS,
    NOP,
    SACK,
    SACK_PERMITTED,
    TIMESTAMPS,
    WINDOW_SCALE,
    Option,
)
from tcpcore.wire.segment import Segment

_NAMES = {MSS: "MSS", WINDOW_SCALE: "WScale", TIMESTAMPS: "Timestamp"}


def to_scapy(segment: Segment) -> Any:
    """``IP()/TCP()`` or ``IPv6()/TCP()`` with the segment's fields; its bytes are `codec.encode`'s.

    Lengths and checksums are left for scapy to fill in, so fields can be changed.  Only broken
    options, which scapy cannot build, give a packet dissected from our bytes.
    """
    from scapy.layers.inet import IP, TCP
    from scapy.layers.inet6 import IPv6
    from scapy.packet import Raw

    raw = encode(segment)  # also refuses what no packet can carry
    broken = any(
        option[0] == MALFORMED or (option[0] == END and len(option) > 1)
        for option in segment.options
    )
    six = ":" in segment.src
    if broken:
        return IPv6(raw) if six else IP(raw)
    packet = TCP(
        sport=segment.sport,
        dport=segment.dport,
        seq=segment.seq,
        ack=segment.ack,
        flags=segment.flags,
        window=segment.window,
        urgptr=segment.urgent,
        options=[_option(option) for option in segment.options],
    )
    if segment.payload:
        packet = packet / Raw(segment.payload)
    if six:
        return IPv6(src=segment.src, dst=segment.dst, tc=segment.tos, hlim=segment.ttl) / packet
    header = IP(
        src=segment.src,
        dst=segment.dst,
        tos=segment.tos,
        id=segment.ip_id,
        ttl=segment.ttl,
        flags="DF",
    )
    return header / packet


def _option(option: Option) -> tuple[Any, Any]:
    kind = option[0]
    if kind == NOP:
        return "NOP", None
    if kind == END:
        return "EOL", None
    if kind == SACK_PERMITTED:
        return "SAckOK", b""
    if kind == SACK:
        return "SAck", tuple(edge for block in option[1:] for edge in block)
    if kind == TIMESTAMPS:
        return "Timestamp", (option[1], option[2])
    if kind in _NAMES:
        return _NAMES[kind], option[1]
    if kind == FAST_OPEN:
        return "TFO", option[1]
    if kind == MD5_SIGNATURE and len(option[1]) == 16:
        return "MD5", option[1]
    return kind, option[1]


def from_scapy(packet: Any) -> Segment:
    """The segment in a scapy packet, whatever lies around its IP and TCP headers.

    NotTcp when there is none; WireError when scapy cannot build its bytes, or they are broken.
    """
    from scapy.layers.inet import IP, TCP
    from scapy.layers.inet6 import IPv6

    layer = packet.getlayer(TCP)
    while layer is not None and not isinstance(layer, IP | IPv6):
        layer = layer.underlayer
    if layer is None:
        raise NotTcp("the scapy packet has no TCP layer over IP or IPv6")
    try:
        data = bytes(layer)
    except (struct.error, ValueError, TypeError, OSError) as error:
        raise WireError(f"scapy cannot build this packet: {error}") from None
    return decode(data)


class NotACapture(WireError):
    """The file is no capture that scapy can read, from its very first bytes."""


class Record(NamedTuple):
    """One packet of a capture file: time in microseconds since 1970, and the bytes captured.

    `length` is how long the packet was on the wire, `data` may be shorter.
    """

    time: int
    link_type: int
    data: bytes
    length: int


def read_records(file: BinaryIO) -> Iterator[Record]:
    """The packets of an open pcap or pcapng file, also gzipped, one by one as scapy reads them.

    NotACapture when it is none; WireError after the last whole packet when the rest is cut off or
    damaged.  Memory does not grow with the file.
    """
    from scapy.error import Scapy_Exception, log_runtime
    from scapy.utils import RawPcapReader

    watched = _Watched(file)
    warnings = _Warnings()
    log_runtime.addFilter(warnings)
    try:
        try:
            reader = RawPcapReader(watched)
        except (Scapy_Exception, *_STUMBLES):
            raise NotACapture("this is no pcap or pcapng file") from None
        yield from _records(reader, watched, warnings)
    finally:
        log_runtime.removeFilter(warnings)


_STUMBLES = (
    EOFError,
    OSError,
    ValueError,
    LookupError,
    ArithmeticError,
    TypeError,
    struct.error,
    zlib.error,
)
"""What scapy's readers raise on damaged files."""
_MAXIMUM_PACKET = 1 << 20
_MAXIMUM_READ = 1 << 26


def _records(reader: Any, watched: _Watched, warnings: _Warnings) -> Iterator[Record]:
    from scapy.error import Scapy_Exception

    scapy_section = getattr(reader, "_read_block_shb", None)
    if scapy_section is not None:

        def section() -> None:
            reader.interfaces.clear()  # scapy keeps those of the section before
            scapy_section()

        reader._read_block_shb = section
    time = 0
    for count in itertools.count(1):
        warnings.messages.clear()
        try:
            data, meta = reader._read_packet(size=_MAXIMUM_PACKET)
            record = _record(reader, data, meta, time)
        except (Scapy_Exception, *_STUMBLES) as error:
            if isinstance(error, EOFError) and watched.at_end and not warnings.messages:
                return
            raise WireError(f"the file is cut off or damaged after packet {count - 1}") from None
        time = record.time
        yield record
        if any("truncated" in message for message in warnings.messages):
            raise WireError(f"the file ends in the middle of packet {count}")


def _record(reader: Any, data: bytes, meta: Any, previous: int) -> Record:
    if hasattr(meta, "sec"):
        micros = meta.usec // 1000 if reader.nano else meta.usec
        return Record(meta.sec * 1_000_000 + micros, reader.linktype & 0xFFFF, data, meta.wirelen)
    if meta.tshigh is None:  # a simple packet block has no time
        return Record(previous, meta.linktype, data, meta.wirelen)
    ticks = meta.tshigh << 32 | meta.tslow
    return Record(ticks * 1_000_000 // meta.tsresol, meta.linktype, data, meta.wirelen)


class _Watched:
    """A file for scapy: no read asks for gigabytes, and it knows how the last one went."""

    def __init__(self, file: BinaryIO) -> None:
        self._file: BinaryIO = file
        start = file.read(2)
        self._start = start
        if start == b"\x1f\x8b":
            self._start = b""
            self._file = gzip.GzipFile(fileobj=_Joined(start, file))  # type: ignore[assignment]
        self.at_end = False

    def read(self, size: int) -> bytes:
        parts = [self._start[:size]]
        self._start = self._start[size:]
        missing = min(size, _MAXIMUM_READ) - len(parts[0])
        while missing > 0:
            part = self._file.read(min(missing, 1 << 16))
            if not part:
                break
            parts.append(part)
            missing -= len(part)
        data = b"".join(parts)
        self.at_end = not data and size > 0
        return data


class _Joined(io.RawIOBase):
    """The two bytes already read, and the rest of the file after them."""

    def __init__(self, start: bytes, file: BinaryIO) -> None:
        self._start = start
        self._rest = file

    def read(self, size: int = -1) -> bytes:
        if self._start:
            start, self._start = self._start, b""
            return start
        return self._rest.read(size)


class _Warnings(logging.Filter):
    """Keeps what scapy would print about a damaged file."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []

    def filter(self, record: logging.LogRecord) -> bool:
        self.messages.append(record.getMessage())
        return False
