"""Reading capture files: classic pcap, pcapng, and both gzipped, one packet at a time.

Formats: draft-ietf-opsawg-pcap and draft-ietf-opsawg-pcapng.  Memory does not grow with the file,
and no length in it is believed before the bytes are there.  Writing is in `pcap`; what lies inside
the packets is read in `observe.capture`.
"""

from __future__ import annotations

import gzip
import io
import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from tcpcore.units import SECOND
from tcpcore.wire.option_codec import WireError

_MAGICS = {  # byte order, ticks of a second
    b"\xd4\xc3\xb2\xa1": ("<", 1_000_000),
    b"\xa1\xb2\xc3\xd4": (">", 1_000_000),
    b"\x4d\x3c\xb2\xa1": ("<", 1_000_000_000),
    b"\xa1\xb2\x3c\x4d": (">", 1_000_000_000),
}
_SECTION = b"\x0a\x0d\x0d\x0a"
_ORDERS = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}
_INTERFACE, _OLD_PACKET, _SIMPLE_PACKET, _PACKET = 1, 2, 3, 6
_RESOLUTION, _OFFSET = 9, 14
_GZIP = b"\x1f\x8b"
_OTHERS = {
    b"\xfd7zX": "one compressed with xz: unpack it first",
    b"\x28\xb5\x2f\xfd": "one compressed with zstd: unpack it first",
    b"BZh": "one compressed with bzip2: unpack it first",
    b"PK\3\4": "a zip archive: unpack it first",
    b"snoo": "a snoop capture: editcap -F pcap converts it",
    b"GMBU": "a capture of Microsoft Network Monitor: editcap -F pcap converts it",
}
"""What people have instead."""
_LARGEST = 1 << 26
"""No packet or block is larger; a length above it is damage."""
_PIECE = 1 << 16


class NotACapture(WireError):
    """The file is no capture, from its very first bytes."""


class Record(NamedTuple):
    """One packet of a capture file: time in microseconds since 1970, and the bytes captured.

    `length` is how long the packet was on the wire, `data` may be shorter.  `interface` counts the
    interfaces that a pcapng file describes, from 0.
    """

    time: int
    link_type: int
    data: bytes
    length: int
    interface: int = 0


class _Damaged(Exception):
    """The file goes on, but not as its format says; or it ends too early."""


def read_records(file: BinaryIO) -> Iterator[Record]:
    """The packets of an open file, one by one.

    NotACapture when it is none; WireError after the last whole packet when the rest is cut off or
    damaged.
    """
    source = _Source(file)
    magic = source.start
    if magic in _MAGICS:
        records = _classic(source, *_MAGICS[magic])
    elif magic == _SECTION:
        records = _next_generation(source)
    else:
        raise NotACapture(f"this is no pcap or pcapng file{_what_else(magic)}")
    count = 0
    try:
        for record in records:
            count += 1
            yield record
            if record.length < 0:
                raise WireError(f"the file ends in the middle of packet {count}")
    except (_Damaged, EOFError, zlib.error, OSError) as error:
        if not count and isinstance(error, _Damaged) and str(error) == "start":
            raise NotACapture("this is no pcap or pcapng file") from None
        where = f"after packet {count}" if count else "before its first packet"
        raise WireError(f"the file is cut off or damaged {where}") from None


def _what_else(start: bytes) -> str:
    """What a file is that begins with these four bytes, as far as one can tell."""
    for magic, what in _OTHERS.items():
        if start.startswith(magic):
            return f" but {what}"
    return ""


class _Source:
    """A file, unpacked where it is gzipped; `start` holds its first four bytes."""

    def __init__(self, file: BinaryIO) -> None:
        self._file: BinaryIO = file
        first = file.read(2)
        if first == _GZIP:
            self._file = gzip.GzipFile(fileobj=_Joined(first, file))  # type: ignore[assignment]
            first = b""
        try:
            self.start = first + self.read(4 - len(first))
        except (_Damaged, EOFError, zlib.error, OSError):
            raise NotACapture("this is no pcap or pcapng file") from None

    def read(self, size: int) -> bytes:
        """As many bytes as there are, at most `size`."""
        if size > _LARGEST:
            raise _Damaged
        data = self._file.read(min(size, _PIECE))
        if len(data) == size or not data:
            return data
        parts = [data]
        missing = size - len(data)
        while missing > 0 and (part := self._file.read(min(missing, _PIECE))):
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def exactly(self, size: int) -> bytes:
        """So many bytes; `_Damaged` when the file ends before."""
        data = self.read(size)
        if len(data) < size:
            raise _Damaged
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


# --- classic -------------------------------------------------------------------------------------


def _classic(source: _Source, order: str, ticks: int) -> Iterator[Record]:
    header = source.read(20)
    if len(header) < 20:
        raise _Damaged("start")
    (link_type,) = struct.unpack_from(f"{order}I", header, 16)
    form = struct.Struct(f"{order}IIII")
    divisor = ticks // SECOND
    while head := source.read(16):
        if len(head) < 16:
            raise _Damaged
        seconds, part, size, length = form.unpack(head)
        data = source.read(size)
        whole = len(data) == size
        if not whole and not data:
            raise _Damaged
        time = seconds * SECOND + part // divisor
        yield Record(time, link_type & 0xFFFF, data, length if whole else -1)


# --- pcapng --------------------------------------------------------------------------------------


class _Interface(NamedTuple):
    """What an interface description says: ticks of a second, and seconds to add to its clock."""

    link_type: int
    snap_length: int
    ticks: int
    offset: int


def _next_generation(source: _Source) -> Iterator[Record]:
    order = "<"
    interfaces: list[_Interface] = []
    time = before = 0
    first = True
    while kind := (_SECTION if first else source.read(4)):
        if len(kind) < 4:
            raise _Damaged
        if kind == _SECTION:
            before += len(interfaces)  # of earlier sections
            order, interfaces = _section(source, first), []
            first = False
            continue
        number, body = struct.unpack(f"{order}I", kind)[0], _body(source, order)
        try:
            if number == _INTERFACE:
                interfaces.append(_interface(body, order))
            elif number in (_PACKET, _OLD_PACKET, _SIMPLE_PACKET):
                record = _packet(number, body, order, interfaces, time)
                time = record.time
                yield record._replace(interface=record.interface + before) if before else record
        except (struct.error, IndexError):
            raise _Damaged from None


def _section(source: _Source, first: bool) -> str:
    """Step over a section's header; its byte order."""
    head = source.read(8)
    order = _ORDERS.get(head[4:])
    if order is None:
        raise _Damaged("start" if first else "")
    (size,) = struct.unpack_from(f"{order}I", head)
    if size < 28:
        raise _Damaged("start" if first else "")
    source.exactly(size - 12)
    return order


def _body(source: _Source, order: str) -> bytes:
    """The rest of a block, without its type and its two lengths."""
    (size,) = struct.unpack(f"{order}I", source.exactly(4))
    if size < 12:
        raise _Damaged
    rest = source.exactly(size - 8 + -size % 4)
    return rest[: size - 12]


def _interface(body: bytes, order: str) -> _Interface:
    link_type, _, snap_length = struct.unpack_from(f"{order}HHI", body)
    ticks, offset = SECOND, 0
    at = 8
    while at + 4 <= len(body):
        code, size = struct.unpack_from(f"{order}HH", body, at)
        value = body[at + 4 : at + 4 + size]
        if code == _RESOLUTION and size == 1:
            ticks = 2 ** (value[0] & 0x7F) if value[0] & 0x80 else 10 ** value[0]
        elif code == _OFFSET and size == 8:
            (offset,) = struct.unpack(f"{order}q", value)
        elif code == 0:
            break
        at += 4 + size + -size % 4
    return _Interface(link_type, snap_length, ticks, offset)


def _packet(
    kind: int, body: bytes, order: str, interfaces: list[_Interface], before: int
) -> Record:
    """A packet block; a simple one has no time, and takes the one before it."""
    if kind == _SIMPLE_PACKET:
        (length,) = struct.unpack_from(f"{order}I", body)
        own = interfaces[0]
        size = min(length, own.snap_length or length)
        data = body[4 : 4 + size]
        if len(data) < size:
            raise _Damaged
        return Record(before, own.link_type, data, length)
    number, *rest = struct.unpack_from(f"{order}{'HxxIIII' if kind == _OLD_PACKET else '5I'}", body)
    high, low, size, length = rest
    own = interfaces[number]
    data = body[20 : 20 + size]
    if len(data) < size:
        raise _Damaged
    time = (high << 32 | low) * SECOND // own.ticks + own.offset * SECOND
    return Record(time, own.link_type, data, length, number)
