"""Losses, late and doubled packets, and peers that vanish: what retransmissions tell.

A segment that is sent again after duplicate ACKs or SACK blocks was missed by its receiver (fast
retransmit); one that is sent again without them ran into the retransmission timer, which backs off.
"""

from __future__ import annotations

from collections import deque

from tcpcore.observe.diagnosis.finding import Evidence, Finding, Sight, many, span
from tcpcore.observe.end import End
from tcpcore.observe.follow import Connection
from tcpcore.seqnum import gt, leq, lt
from tcpcore.units import ms
from tcpcore.wire.icmp import IcmpError
from tcpcore.wire.segment import FIN, RST, SYN

_LARGE = 1200
"""Payload from which on a segment may be too large for some path."""
_STUBBORN = 3
_FEW = 4
"""A capture that sees packets twice sees all of them twice: one in so many was the network."""
_RTO_MIN = ms(200)
"""TCP_RTO_MIN: what comes again sooner was no retransmission timeout."""
_MEMORY = 64
"""Segments whose sizes are remembered."""


class _Direction:
    """What one end sent."""

    def __init__(self) -> None:
        self.quick = Evidence()  # sent again because the peer missed it
        self.timed = Evidence()  # sent again by the timer
        self.probes = 0  # of these: tail loss probes
        self.rounds = 0  # of these: not the first time
        self.resized = Evidence()  # sent again because ICMP said that it was too big
        self.again = False  # whether anything was sent again, FINs included
        self.recover: int | None = None  # what was sent when the last recovery began
        self.too_big: int | None = None  # what was sent when ICMP told
        self.total = 0
        self.sent = 0  # when the last data went
        self.needless = Evidence()
        self.overtaken = Evidence()
        self.doubled = Evidence()
        self.sizes: deque[tuple[int, int]] = deque(maxlen=_MEMORY)  # of segments: (seq, bytes)
        self.row: list[Sight] = []  # the last run of the same segment sent again
        self.longest = 0  # of all runs: µs from the first sending to the last
        self.shrunk: tuple[Sight, int] | None = None  # sent smaller; what it was before


class Losing:
    """See the module."""

    def __init__(self, connection: Connection) -> None:
        self._ends = connection.ends
        self._ways = (_Direction(), _Direction())

    def see(self, sight: Sight) -> None:
        """Look at the next segment."""
        way, back = self._ways[sight.seen.sender], self._ways[1 - sight.seen.sender]
        segment, seen = sight.segment, sight.seen
        way.total += 1
        if segment.flags & (SYN | RST):
            return
        way.again |= seen.retransmission > 0
        if "; got byte" in seen.meaning and back.sizes:
            back.needless.add(sight)
        if not segment.payload and not segment.flags & FIN:
            self._acknowledges(sight, back)
            return
        if seen.retransmission and segment.payload:
            self._again(sight, way)
        else:
            way.sizes.append((segment.seq, len(segment.payload)))
            if "out of order" in seen.meaning:
                way.overtaken.add(sight)
        way.sent = sight.time
        if not seen.retransmission:
            self._acknowledges(sight, back)

    def see_double(self, sight: Sight) -> None:
        """The capture has the packet before once more."""
        way = self._ways[sight.seen.sender]
        way.total += 1
        way.doubled.add(sight)

    def hear(self, error: IcmpError) -> None:
        """An ICMP error: a packet was too big for the path, so all that is out goes again."""
        for end, way in zip(self._ends, self._ways, strict=True):
            if error.too_big and (end.address, end.port) == (error.quoted.src, error.quoted.sport):
                way.too_big = end.nxt

    def _again(self, sight: Sight, way: _Direction) -> None:
        self._why(sight, way)
        row = way.row
        if row and row[0].segment.seq != sight.segment.seq:
            row.clear()
        seq, size = sight.segment.seq, len(sight.segment.payload)
        before = max((had for at, had in way.sizes if at == seq), default=0)
        rest = any(at == seq + size for at, _ in way.sizes)
        if before >= _LARGE // 2 and size < before and not rest:
            way.shrunk = way.shrunk or (sight, before)
        if len(row) < 64:
            row.append(sight)
        else:
            row[-1] = sight

    def _why(self, sight: Sight, way: _Direction) -> None:
        """What made the sender send it again: ICMP, its peer's ACKs, or a timer."""
        seq, first = sight.segment.seq, sight.seen.retransmission == 1
        tail, soon = sight.segment.end == sight.s.nxt, sight.time - way.sent < _RTO_MIN
        if first and way.too_big is not None and lt(seq, way.too_big):
            way.resized.add(sight)
        elif sight.r.duplicates or sight.r.sacking:
            way.recover = sight.s.nxt
            way.quick.add(sight)
        elif first and way.recover is not None and lt(seq, way.recover):
            way.quick.add(sight)  # RFC 6582 §3.2: a partial ACK shows the next gap
        elif first and soon and not tail:
            way.quick.add(sight)  # no timer is that quick: its duplicate ACKs are not here any more
        else:
            way.timed.add(sight)
            way.rounds += not first
            way.probes += first and tail and (soon or seq != sight.s.una)

    def _acknowledges(self, sight: Sight, back: _Direction) -> None:
        """An answer ends a run of the same segment."""
        row = back.row
        if row and sight.s.rcv is not None and gt(sight.s.rcv, row[0].segment.seq):
            back.longest = max(back.longest, row[-1].time - row[0].time)
            row.clear()

    def findings(self, end: int) -> list[Finding]:
        """What was found."""
        found = []
        for index, way in enumerate(self._ways):
            s, r = self._ends[index], self._ends[1 - index]
            found += self._of(way, s, r)
        return found

    def _of(self, way: _Direction, s: End, r: End) -> list[Finding]:
        found = []
        stuck = self._stuck(way, s, r)
        if stuck is not None:
            found.append(stuck)
        if way.shrunk is not None:
            smaller, before = way.shrunk
            text = (
                f"large segments of the {s.name} did not arrive: {before} bytes were sent again "
                f"as {len(smaller.segment.payload)} (path MTU discovery)"
            )
            packets = (smaller.number, *way.resized.numbers)
            found.append(Finding("path-mtu", text, packets))
        if way.quick:
            text = (
                f"{many(way.quick.count, 'segment')} of the {s.name} went missing and came again "
                "at once, after duplicate ACKs or SACK (fast retransmit)"
            )
            found.append(Finding("loss", text, way.quick.numbers))
        if way.timed and stuck is None:
            found.append(self._timed_out(way, s, r))
        if way.needless:
            found.append(_needless(way, s, r))
        if way.overtaken:
            text = f"{many(way.overtaken.count, 'segment')} of the {s.name} came out of order"
            found.append(Finding("reordering", text, way.overtaken.numbers))
        if way.doubled:
            found.append(_doubled(way, s))
        return found

    def _timed_out(self, way: _Direction, s: End, r: End) -> Finding:
        timed = way.timed
        if not r.segments:
            text = (
                f"{many(timed.count, 'segment')} of the {s.name} came again; whether its timer or "
                f"the {r.name}'s ACKs asked for that, only the other direction would show"
            )
            return Finding("retransmission", text, timed.numbers)
        different = timed.count - way.rounds
        text = f"{many(different, 'segment')} of the {s.name} had to be sent again by its timer"
        if way.rounds:
            text += f", {timed.times} in all"
        if way.probes:
            which = "" if way.probes == timed.count else f"{way.probes} of them "
            text += f" ({which}as {many(way.probes, 'tail loss probe')}, RFC 8985 §7)"
        if way.longest:
            text += f"; the longest silence was {span(way.longest)} or more"
        return Finding("timeout", text, timed.numbers)

    def _stuck(self, way: _Direction, s: End, r: End) -> Finding | None:
        """A run that nobody ever acknowledged."""
        row = way.row
        if not row or len(row) < 2 or r.window == 0:
            return None
        if r.rcv is not None and not leq(r.rcv, row[0].segment.seq):
            return None
        size = len(row[-1].segment.payload)
        packets = tuple(one.number for one in row[-12:])
        took = span(row[-1].time - row[0].time)
        first = s.relative(row[0].segment.seq)
        often = f"bytes {first} to {first + size - 1} were sent again {len(row)} times in {took}"
        if size >= _LARGE and len(row) >= _STUBBORN and r.duplicates:
            text = (
                f"a path MTU black hole: {often} and never arrived, while small segments do; no "
                "ICMP told the sender"
            )
            return Finding("mtu-black-hole", text, packets)
        text = f"the {r.name} vanished (cable, crash, firewall): {often} without an answer"
        if size >= _LARGE:
            text += ", or its path silently drops packets of that size"
        return Finding("peer-vanished", text, packets)


def _needless(way: _Direction, s: End, r: End) -> Finding:
    """The receiver reports bytes that came twice (RFC 2883): who sent them twice?"""
    got = f"the {r.name} got bytes twice ({way.needless.times}) and says so (DSACK)"
    if not way.again:
        text = f"{got}, though the {s.name} sent them once: the network doubled its packets"
        return Finding("network-duplicate", text, way.needless.numbers)
    text = f"{got}: a retransmission was not needed, its ACK was lost or late"
    return Finding("spurious-retransmission", text, way.needless.numbers)


def _doubled(way: _Direction, s: End) -> Finding:
    """Packets that were captured twice: on two interfaces, or doubled by the network."""
    packets = f"{many(way.doubled.count, 'packet')} of the {s.name}"
    if way.doubled.count * _FEW < way.total:
        text = f"{packets} came twice, the others did not: the network doubled them"
        return Finding("network-duplicate", text, way.doubled.numbers)
    are = "is" if way.doubled.count == 1 else "are"
    text = f"{packets} {are} in the capture twice"
    return Finding("captured-twice", text, way.doubled.numbers, fault=False)
