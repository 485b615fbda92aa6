"""Segments as tcpdump 4.99 prints them with ``-n``.

What tcpdump knows about the protocol inside (``: HTTP: GET / ...`` after the length) is left out.
"""

from __future__ import annotations

import time as clock
from typing import Literal

from tcpcore.observe.tcpdump_options import BAD, CUT, options_text
from tcpcore.seqnum import MASK
from tcpcore.units import SECOND
from tcpcore.wire.option_codec import encode_options
from tcpcore.wire.segment import ACK, FIN, RST, SYN, URG, Segment

TimeStyle = Literal["day", "none", "unix", "delta", "date", "elapsed"]
"""tcpdump's default, -t, -tt, -ttt, -tttt and -ttttt."""

_FLAGS = ((0x01, "F"), (0x02, "S"), (0x04, "R"), (0x08, "P"), (0x10, "."), (0x20, "U"))
_ECN_FLAGS = ((0x40, "E"), (0x80, "W"), (0x100, "e"))
_MICROS_OF_DAY = 86_400 * SECOND


def flag_letters(flags: int) -> str:
    """``S.`` for SYN and ACK; ``none`` without any flag.

    AE is ``e``, as tcpdump prints it since 4.99.5; before, it did not look at that bit.
    """
    return "".join([letter for bit, letter in _FLAGS + _ECN_FLAGS if flags & bit]) or "none"


class Printer:
    """Prints the segments of a trace or a capture, one line each, in order.

    It remembers the initial sequence numbers of each connection, as tcpdump does: numbers are
    absolute until the first segment with ACK was printed, then relative; with `absolute` (-S),
    always absolute.  Times are in microseconds; of the day in UTC, from 1970 for captures and from
    the start for virtual time.
    """

    def __init__(self, *, absolute: bool = False, time: TimeStyle = "day") -> None:
        self._absolute = absolute
        self._time_style = time
        self._bases: dict[tuple[str, int, str, int], tuple[int, int]] = {}
        self._first: int | None = None
        self._previous: int | None = None

    def line(self, segment: Segment, time: int) -> str:
        """The next segment's line, without a newline at its end; `time` in microseconds."""
        version = "IP6" if ":" in segment.src else "IP"
        return (
            f"{self._time(time)}{version} {segment.src}.{segment.sport} >"
            f" {segment.dst}.{segment.dport}: {self.text(segment)}"
        )

    def text(self, segment: Segment) -> str:
        """The part after the addresses: ``Flags [S], seq 0, ...``."""
        seq_base, ack_base, sack_base = self._find_bases(segment)
        flags, size = segment.flags, len(segment.payload)
        seq = segment.seq - seq_base & MASK
        text = f"Flags [{flag_letters(flags)}]"
        if size:
            text += f", seq {seq}:{seq + size & MASK}"
        elif flags & (SYN | FIN | RST):
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
