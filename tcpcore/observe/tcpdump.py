"""Segments as tcpdump 4.99 prints them with ``-n``.

What tcpdump knows about the protocol inside (``: HTTP: GET / ...`` after the length) is left out.
"""

from __future__ import annotations

import time as clock
from functools import cache
from typing import Literal

from tcpcore.observe import tcpdump_icmp
from tcpcore.observe.tcpdump_options import BAD, CUT, options_text
from tcpcore.seqnum import MASK
from tcpcore.units import SECOND
from tcpcore.wire import codec
from tcpcore.wire.icmp import IcmpError
from tcpcore.wire.option_codec import encode_options
from tcpcore.wire.segment import ACK, FIN, RST, SYN, URG, Segment

TimeStyle = Literal["day", "none", "unix", "delta", "date", "elapsed"]
"""tcpdump's default, -t, -tt, -ttt, -tttt and -ttttt."""

_FLAGS = (
    (0x01, "F"), (0x02, "S"), (0x04, "R"), (0x08, "P"), (0x10, "."), (0x20, "U"),
    (0x40, "E"), (0x80, "W"), (0x100, "e"),
)  # fmt: skip
_MICROS_OF_DAY = 86_400 * SECOND


@cache
def flag_letters(flags: int) -> str:
    """``S.`` for SYN and ACK; ``none`` without any flag.

    AE is ``e``, as tcpdump prints it since 4.99.5; before, it did not look at that bit.
    """
    return "".join([letter for bit, letter in _FLAGS if flags & bit]) or "none"


class Printer:
    """Prints the segments of a trace or a capture, one line each, in order.

    It remembers the initial sequence numbers of each connection, as tcpdump does: numbers are
    absolute until the first segment with ACK was printed, then relative; with `absolute` (-S),
    always absolute.  Times are in microseconds; of the day in UTC, from 1970 for captures and from
    the start for virtual time.
    """

    def __init__(
        self, *, absolute: bool = False, time: TimeStyle = "day", verbose: int = 0
    ) -> None:
        self._absolute = absolute
        self._verbose = verbose
        self._time_style = time
        self._bases: dict[tuple[str, int, str, int], tuple[int, int]] = {}
        self._first: int | None = None
        self._previous: int | None = None

    def line(self, segment: Segment | IcmpError, time: int, where: str = "") -> str:
        """The next packet's line, without a newline at its end; `time` in microseconds.

        `where` stands before the packet (interface and direction); verbose (-v) makes two lines.
        """
        if isinstance(segment, IcmpError):
            return f"{self._time(time)}{where}IP {tcpdump_icmp.words(segment)}"
        version = "IP6" if ":" in segment.src else "IP"
        ends = f"{segment.src}.{segment.sport} > {segment.dst}.{segment.dport}"
        if self._verbose:
            packet = codec.encode(segment)
            words = f"({ip_words(packet)})\n    {ends}: {self.text(segment, packet)}"
            if version == "IP6":
                words = words.replace("\n    ", " ")
        else:
            words = f"{ends}: {self.text(segment)}"
        return f"{self._time(time)}{where}{version} {words}"

    def text(self, segment: Segment, packet: bytes = b"") -> str:
        """The part after the addresses: ``Flags [S], seq 0, ...``; with the packet its checksum."""
        seq_base, ack_base, sack_base = self._find_bases(segment)
        flags, size = segment.flags, len(segment.payload)
        seq = segment.seq - seq_base & MASK
        text = f"Flags [{flag_letters(flags)}]"
        if packet:
            text += f", cksum {_checksum(packet)}"
        if size:
            text += f", seq {seq}:{seq + size & MASK}"
        elif flags & (SYN | FIN | RST) or self._verbose > 1:
            text += f", seq {seq}"
        if flags & ACK:
            text += f", ack {segment.ack - ack_base & MASK}"
        text += f", win {segment.window}"
        if flags & URG:
            text += f", urg {segment.urgent}"
        if segment.options:
            options = options_text(encode_options(segment.options), sack_base, not size)
            if options.endswith(CUT):
                return f"{text}, options [{options}"
            if options.endswith(BAD):
                return f"{text}, options [{options}{']' if ',' in options else ''}"
            text += f", options [{options}]"
        return f"{text}, length {size}"

    def _find_bases(self, segment: Segment) -> tuple[int, int, int]:
        """What to subtract from seq, ack and SACK edges.  tcpdump: print-tcp.c, tcp_print()."""
        if self._absolute or not segment.flags & ACK:
            return 0, 0, 0
        here, there = (segment.src, segment.sport), (segment.dst, segment.dport)
        known = self._bases.get(here + there)
        if known is None or segment.flags & SYN:
            bases = segment.seq, segment.ack - 1 & MASK
            self._bases[there + here] = bases[1], bases[0]
            self._bases[here + there] = bases  # last: a connection to itself has one entry
            return 0, 0, bases[1]
        return known[0], known[1], known[1]

    def _time(self, time: int) -> str:
        style = self._time_style
        if style == "none":
            return ""
        if style == "day":
            return _clock(time % _MICROS_OF_DAY) + " "
        if style == "unix":
            return f"{time // SECOND}.{time % SECOND:06d} "
        if style == "date":
            date = clock.strftime("%Y-%m-%d", clock.gmtime(time // SECOND))
            return f"{date} {_clock(time % _MICROS_OF_DAY)} "
        if self._first is None:
            self._first = time
        start = self._first if style == "elapsed" or self._previous is None else self._previous
        self._previous = time
        return f"{'-' if time < start else ' '}{_clock(abs(time - start))} "


def _clock(micros: int) -> str:
    whole, rest = divmod(micros, SECOND)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}.{rest:06d}"


_ECN = ("", ",ECT(1)", ",ECT(0)", ",CE")


def ip_words(packet: bytes) -> str:
    """What -v says of the IP header, within the parentheses (print-ip.c and print-ip6.c)."""
    if packet[0] >> 4 == 6:
        tos, flow = (packet[0] & 15) << 4 | packet[1] >> 4, packet[1] & 15
        label = flow << 16 | packet[2] << 8 | packet[3]
        words = f"class 0x{tos:02x}, " if tos else ""
        words += f"flowlabel 0x{label:05x}, " if label else ""
        size = packet[4] << 8 | packet[5]
        return f"{words}hlim {packet[7]}, next-header TCP (6) payload length: {size}"
    fragment = packet[6] << 8 | packet[7]
    flags = "+" * bool(fragment & 0x2000) + "DF" * bool(fragment & 0x4000)
    return (
        f"tos 0x{packet[1]:x}{_ECN[packet[1] & 3]}, {f'ttl {packet[8]}, ' * (packet[8] > 0)}"
        f"id {packet[4] << 8 | packet[5]}, offset {(fragment & 0x1FFF) * 8},"
        f" flags [{flags or 'none'}], proto TCP (6), length {packet[2] << 8 | packet[3]}"
    )


def _checksum(packet: bytes) -> str:
    start = 40 if packet[0] >> 4 == 6 else (packet[0] & 15) * 4
    return f"0x{packet[start + 16]:02x}{packet[start + 17]:02x} (correct)"
