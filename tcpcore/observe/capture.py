"""Reading capture files: the TCP segments in them, and what had to be left out.

`wire.pcap_reader` reads the records of the file; the headers around a segment are stepped over in
`link_layer` and `tunnels`, fragments of IP packets are put together in `wire.fragments`.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from os import PathLike
from typing import BinaryIO, NamedTuple

from tcpcore.errors import UsageError
from tcpcore.observe.link_layer import UnknownLinkType, ip_packet
from tcpcore.observe.tunnels import innermost
from tcpcore.wire import icmp
from tcpcore.wire.codec import NotTcp, WireError, decode_snapped
from tcpcore.wire.fragments import Reassembly
from tcpcore.wire.icmp import IcmpError
from tcpcore.wire.pcap_reader import NotACapture, Record, read_records
from tcpcore.wire.segment import Segment

_OFTEN = 4096
"""Packets between two calls of `progress`."""
_SNAPPED = "cut before the end of its headers (a snap length too short: tcpdump -s 0 keeps all)"
_FRAGMENTS = "fragment of an IP packet whose other fragments are not there"


class Packet(NamedTuple):
    """One TCP segment of a capture.

    `number` counts packets of the file from 1, as Wireshark does; `time` is in microseconds since
    1970; `missing` bytes at the end of the payload were not captured and read as zeros; `data` is
    the IP packet as captured; `cut` bytes of its options were not captured.  One that came in
    fragments has the number and time of the last.
    """

    number: int
    time: int
    segment: Segment
    missing: int
    data: bytes
    cut: int = 0


class Capture:
    """A capture file that is read once, from front to back; its path ``-`` is standard input.

    With `file`, that open file is read, and the path is only its name.

    After (and while) reading, `packets` counts what was read, `left_out` counts packets that are
    no whole TCP segment, by reason, `last` is the latest time of a packet (µs since 1970), and
    `trouble` says where a damaged file ends.  `progress` is
    called now and then with the bytes of the file read so far, `on_icmp` with number, time and
    message for each ICMP error that is about a TCP segment.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        progress: Callable[[int], object] | None = None,
        file: BinaryIO | None = None,
    ) -> None:
        self.path = str(path)
        self._file = file
        self._progress = progress
        self.on_icmp: Callable[[int, int, IcmpError], object] | None = None
        self.name = "standard input" if self.path == "-" else self.path
        self.packets = 0
        self.last = 0
        self.left_out: Counter[str] = Counter()
        self.trouble = ""
        self._fragments = Reassembly()

    def segments(self) -> Iterator[Packet]:
        """The TCP segments, one by one.  UsageError when the file cannot be read at all."""
        with self._opened() as file:
            try:
                yield from self._read(file)
            except NotACapture as error:
                raise UsageError(self._no_capture(file, str(error))) from None
            except WireError as error:
                self.trouble = str(error)
            except OSError as error:
                self.trouble = f"reading stopped after packet {self.packets}: {error.strerror}"

    def _read(self, file: BinaryIO) -> Iterator[Packet]:
        try:
            for record in read_records(file):
                self.packets += 1
                self.last = max(self.last, record.time)
                if self._progress is not None and not self.packets % _OFTEN:
                    self._progress(file.tell() if file.seekable() else 0)
                packet = self._segment(record)
                if packet is not None:
                    yield packet
        finally:
            self.left_out[_FRAGMENTS] += self._fragments.waiting
            self.left_out = +self.left_out

    def _segment(self, record: Record) -> Packet | None:
        """The segment that a packet of the file holds, or makes whole; None: it has none."""
        data = b""
        try:
            data = innermost(ip_packet(record.link_type, record.data))
            whole = self._fragments.take(data, record.time)
            if whole is None:
                return None
            segment, missing, cut = decode_snapped(whole)
        except (NotTcp, UnknownLinkType) as error:
            if not (isinstance(error, NotTcp) and self._hears(record.time, data)):
                self.left_out[str(error)] += 1
        except WireError:
            cut_off = len(record.data) < record.length
            self.left_out[_SNAPPED if cut_off else "broken or cut headers"] += 1
        else:
            return Packet(self.packets, record.time, segment, missing, whole, cut)
        return None

    def _hears(self, time: int, data: bytes) -> bool:
        """Whether the packet is an ICMP error about TCP that somebody wants to know of."""
        if self.on_icmp is None:
            return False
        error = icmp.decode_any(data)
        if error is not None:
            self.on_icmp(self.packets, time, error)
        return error is not None

    @contextmanager
    def _opened(self) -> Iterator[BinaryIO]:
        if self._file is not None:
            yield self._file
            return
        if self.path == "-":
            yield sys.stdin.buffer
            return
        try:
            file = open(self.path, "rb")  # noqa: SIM115, closed by the caller's with
        except FileNotFoundError:
            raise UsageError(f"{self.path}: there is no such file") from None
        except IsADirectoryError:
            raise UsageError(f"{self.path} is a directory; give a capture file") from None
        except PermissionError:
            raise UsageError(f"{self.path}: you are not allowed to read this file") from None
        except (OSError, ValueError) as error:
            raise UsageError(f"{self.path}: cannot be opened: {error}") from None
        with file:
            yield file

    def _no_capture(self, file: BinaryIO, reason: str) -> str:
        if file.seekable() and file.seek(0, 2) == 0:
            return f"{self.name} is empty; give a pcap or pcapng file, as tcpdump -w writes it"
        return f"{self.name}: {reason}; give one, as tcpdump -w writes it"
