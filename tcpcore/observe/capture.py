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
from typing import BinaryIO

from tcpcore.errors import UsageError
from tcpcore.observe.captured import Heard as Heard
from tcpcore.observe.captured import Item
from tcpcore.observe.captured import Packet as Packet
from tcpcore.observe.damage import Damage
from tcpcore.observe.link_layer import UnknownLinkType, ip_packet
from tcpcore.observe.places import Places
from tcpcore.observe.tunnels import innermost
from tcpcore.wire import icmp
from tcpcore.wire.codec import NotTcp, WireError, decode_snapped
from tcpcore.wire.fragments import Reassembly
from tcpcore.wire.icmp import IcmpError
from tcpcore.wire.pcap_reader import NotACapture, Record, read_records

_OFTEN = 4096
"""Packets between two calls of `progress`."""
_SNAPPED = "cut before the end of its headers (a snap length too short: tcpdump -s 0 keeps all)"
_FRAGMENTS = "fragment of an IP packet whose other fragments are not there"


class Capture:
    """A capture file that is read once, from front to back; its path ``-`` is standard input.

    With `file`, that open file is read, and the path is only its name.  With `interface`, only
    what that interface of a pcapng file saw is read, counted from 0.

    After (and while) reading, `packets` counts what was read, `left_out` counts packets that are
    no whole TCP segment, by reason, `last` is the latest time of a packet (µs since 1970), and
    `trouble` says where a damaged file ends; `places` tells whether it is from several places.
    `progress` is called now and then with the bytes of the file read so far, `on_icmp` with number,
    time and message for each ICMP error that is about a TCP segment.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        progress: Callable[[int], object] | None = None,
        file: BinaryIO | None = None,
        interface: int | None = None,
    ) -> None:
        self.path = str(path)
        self._file = file
        self._progress = progress
        self.on_icmp: Callable[[int, int, IcmpError], object] | None = None
        self.name = "standard input" if self.path == "-" else self.path
        self.packets = 0
        self._elsewhere = 0
        self.last = 0
        self.left_out: Counter[str] = Counter()
        self.trouble = ""
        self.places = Places()
        self._interface = interface
        self._fragments = Reassembly()

    def segments(self) -> Iterator[Packet]:
        """The TCP segments, one by one.  UsageError when the file cannot be read at all."""
        with self._opened() as file:
            try:
                for item in Damage().judged(self._read(file)):
                    if isinstance(item, Packet):
                        yield item
                    elif self.on_icmp is not None:
                        self.on_icmp(*item)
            except NotACapture as error:
                raise UsageError(self._no_capture(file, str(error))) from None
            except WireError as error:
                self.trouble = str(error)
            except OSError as error:
                self.trouble = f"reading stopped after packet {self.packets}: {error.strerror}"

    def _read(self, file: BinaryIO) -> Iterator[Item]:
        try:
            for record in read_records(file):
                self.packets += 1
                self.last = max(self.last, record.time)
                if self._progress is not None and not self.packets % _OFTEN:
                    self._progress(file.tell() if file.seekable() else 0)
                if self._interface not in (None, record.interface):
                    self._elsewhere += 1
                    continue
                item = self._item(record)
                if item is not None:
                    if isinstance(item, Packet):
                        self.places.see(item, record.interface)
                    yield item
        finally:
            self.left_out[_FRAGMENTS] += self._fragments.waiting
            self.left_out["packet of another interface"] += self._elsewhere
            self.left_out = +self.left_out

    def _item(self, record: Record) -> Item | None:
        """What a packet of the file tells, or makes whole; None: nothing about TCP."""
        data = b""
        try:
            data = innermost(ip_packet(record.link_type, record.data))
            whole = self._fragments.take(data, record.time)
            if whole is None:
                return None
            segment, missing, cut = decode_snapped(whole)
        except (NotTcp, UnknownLinkType) as error:
            heard = self._heard(record.time, data) if isinstance(error, NotTcp) else None
            self.left_out[str(error)] += heard is None
            return heard
        except WireError:
            cut_off = len(record.data) < record.length
            self.left_out[_SNAPPED if cut_off else "broken or cut headers"] += 1
        else:
            return Packet(self.packets, record.time, segment, missing, whole, cut)
        return None

    def _heard(self, time: int, data: bytes) -> Heard | None:
        """The ICMP error about TCP that a packet is, if somebody wants to know of it."""
        error = icmp.decode_any(data) if self.on_icmp is not None else None
        return None if error is None else Heard(self.packets, time, error)

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
