"""Losses, late and doubled packets, and peers that vanish: what retransmissions tell.

A segment that is sent again after duplicate ACKs or SACK blocks was missed by its receiver (fast
retransmit); one that is sent again without them ran into the retransmission timer, which backs off.
What the receiver says it got twice (DSACK, RFC 2883) was no loss.
"""

from __future__ import annotations

from tcpcore.observe.diagnosis.direction import Direction
from tcpcore.observe.diagnosis.finding import Finding, Sight, many, span
from tcpcore.observe.end import End
from tcpcore.observe.follow import Connection
from tcpcore.observe.meaning import got_twice
from tcpcore.seqnum import MASK, leq, lt
from tcpcore.units import ms, seconds
from tcpcore.wire.icmp import IcmpError
from tcpcore.wire.segment import FIN, RST, SYN

_LARGE = 1200
"""Payload from which on a segment may be too large for some path."""
_STUBBORN = 3
_FEW = 4
"""A capture that sees packets twice sees all of them twice: one in so many was the network."""
_RTO_MIN = ms(200)
"""TCP_RTO_MIN: what comes again sooner was no retransmission timeout."""
_LONG = seconds(1)
"""Bytes that are missing for so long are not just late."""


class Losing:
    """See the module."""

    def __init__(self, connection: Connection) -> None:
        self._ends = connection.ends
        self._ways = (Direction(), Direction())
        self._ttls: list[int | None] = [None, None]  # of each end's last packet

    def see(self, sight: Sight) -> None:
        """Look at the next segment."""
        way, back = self._ways[sight.seen.sender], self._ways[1 - sight.seen.sender]
        segment, seen = sight.segment, sight.seen
        way.total += 1
        way.rounds_seen = 0
        self._ttls[seen.sender] = segment.ttl
        repairs = bool(way.damaged) and segment.length > 0 and way.repairs(sight)
        if segment.flags & (SYN | RST):
            return
        way.again |= seen.retransmission > 0
        twice = got_twice(segment)
        if twice is not None and back.seen and twice[0] != sight.r.isn:
            back.needless.add(sight)
            back.forget(*twice)
        if sight.s.sacking and twice is None:
            back.gaps.add(sight)
        way.note_hole(sight)
        if not segment.payload and not segment.flags & FIN:
            self._acknowledges(sight, back)
            return
        if seen.retransmission and segment.payload:
            if not repairs:
                self._why(sight, way)
            way.repeat(sight)
        else:
            way.first(sight)
            if "out of order" in seen.meaning:
                way.overtaken.add(sight)
        way.sent = sight.time
        if not seen.retransmission:
            self._acknowledges(sight, back)

    def see_damaged(self, sight: Sight) -> None:
        """A segment that its receiver drops, because its checksum is wrong."""
        way = self._ways[sight.seen.sender]
        way.total += 1
        way.damage(sight)

    def see_double(self, sight: Sight) -> None:
        """The capture has the packet before once more."""
        way = self._ways[sight.seen.sender]
        way.total += 1
        way.double(sight, self._ttls[sight.seen.sender])
        self._ttls[sight.seen.sender] = sight.segment.ttl

    def hear(self, error: IcmpError) -> None:
        """An ICMP error: a packet was too big for the path, so all that is out goes again."""
        for end, way in zip(self._ends, self._ways, strict=True):
            if error.too_big and (end.address, end.port) == (error.quoted.src, error.quoted.sport):
                way.too_big = end.nxt

    def _why(self, sight: Sight, way: Direction) -> None:
        """What made the sender send it again: ICMP, its peer's ACKs, or a timer."""
        seq, first = sight.segment.seq, sight.seen.retransmission == 1
        tail, soon = sight.segment.end == sight.s.nxt, sight.time - way.sent < _RTO_MIN
        if first and way.too_big is not None and lt(seq, way.too_big):
            way.resized.add(sight)
        elif sight.r.duplicates or sight.r.sacking:
            way.mends(sight)
            way.count(sight, way.quick)
        elif first and way.recover is not None and lt(seq, way.recover):
            way.count(sight, way.quick)  # RFC 6582 §3.2: a partial ACK shows the next gap
        elif first and soon and not tail:
            way.count(sight, way.quick)  # no timer is that quick: its duplicate ACKs are gone
        else:
            probe = first and tail and (soon or seq != sight.s.una)
            way.count(sight, way.timed, probe=probe)

    def _acknowledges(self, sight: Sight, back: Direction) -> None:
        if sight.s.rcv is not None:
            back.acknowledged(sight.time, sight.s.rcv)

    def findings(self, end: int) -> list[Finding]:
        """What was found."""
        found = []
        for index, way in enumerate(self._ways):
            s, r = self._ends[index], self._ends[1 - index]
            found += self._of(way, s, r, end)
        return found

    def _of(self, way: Direction, s: End, r: End, end: int) -> list[Finding]:
        found = []
        stuck = self._stuck(way, s, r)
        if stuck is not None:
            found.append(stuck)
            way.forget(way.row[0].segment.seq, s.nxt)  # all this is the same trouble
        missing = None if stuck is not None else _missing(way, s, r, end)
        if missing is not None:
            found.append(missing)
        if way.shrunk is not None:
            found.append(_shrunk(way, way.shrunk, s))
        if way.damaged:
            found.append(_damaged(way, s, r))
        if not r.segments or r.cut:
            found += _unexplained(way, s, r)
        else:
            found += _lost(way, s)
        if way.gaps and not s.segments:
            text = (
                f"the {r.name} reported gaps {way.gaps.times} (SACK): segments of the {s.name}, "
                "which are not in this capture, were lost or came late"
            )
            found.append(Finding("gaps-reported", text, way.gaps.numbers))
        if way.needless:
            found.append(_needless(way, s, r))
        if way.overtaken:
            text = f"{many(way.overtaken.count, 'segment')} of the {s.name} came out of order"
            found.append(Finding("reordering", text, way.overtaken.numbers))
        if way.doubled:
            found.append(_doubled(way, s))
        return found

    def _stuck(self, way: Direction, s: End, r: End) -> Finding | None:
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
        there = r.duplicates or r.last_time > row[0].time  # the peer is still heard
        if size >= _LARGE and len(row) >= _STUBBORN and there:
            text = (
                f"a path MTU black hole: {often} and never arrived, while small segments do; no "
                "ICMP told the sender"
            )
            return Finding("mtu-black-hole", text, packets)
        if there:
            text = (
                f"{often} and never acknowledged, though the {r.name} is still heard: something on "
                "the way drops them"
            )
            return Finding("never-arrived", text, packets)
        text = f"the {r.name} vanished (cable, crash, firewall): {often} without an answer"
        if size >= _LARGE:
            text += ", or its path silently drops packets of that size"
        return Finding("peer-vanished", text, packets)


def _damaged(way: Direction, s: End, r: End) -> Finding:
    count = way.damaged.count
    they, them = ("it", "it") if count == 1 else ("they", "them")
    text = (
        f"{many(count, 'packet')} of the {s.name} came damaged (wrong checksum), and the {r.name} "
        f"dropped {them} unread"
    )
    if way.repaired:
        most = "up to " * (count > 1)
        text += f"; what {they} brought came again after {most}{span(way.repaired)}"
    return Finding("damage", text, way.damaged.numbers, cost=way.repaired)


def _missing(way: Direction, s: End, r: End, end: int) -> Finding | None:
    """Bytes that later ones followed, and that never came; the peer did not get them, either."""
    open_ = [hole for hole in s.holes if r.rcv is not None and leq(r.rcv, hole[0])]
    if not open_ or way.holed is None or end - way.holed < _LONG:
        return None
    left, right = open_[0]
    last = s.relative(right - 1 & MASK)
    text = (
        f"bytes {s.relative(left)} to {last} of the {s.name} never arrived here: its later numbers "
        f"show that it sent them, and the {r.name} did not acknowledge them in the "
        f"{span(end - way.holed)} until the capture ends; something on the way drops them, perhaps "
        "because their packets are too large"
    )
    return Finding("never-arrived", text, ())


def _shrunk(way: Direction, shrunk: tuple[Sight, int], s: End) -> Finding:
    smaller, before = shrunk
    text = (
        f"large segments of the {s.name} did not arrive: {before} bytes were sent again "
        f"as {len(smaller.segment.payload)} (path MTU discovery)"
    )
    packets = (smaller.number, *way.resized.numbers)
    return Finding("path-mtu", text, packets, cost=way.longest)


def _unexplained(way: Direction, s: End, r: End) -> list[Finding]:
    """Retransmissions of which only the other direction, or its options, would show the cause."""
    count = way.quick.count + way.timed.count
    if not count:
        return []
    text = (
        f"{many(count, 'segment')} of the {s.name} came again; whether its timer or the {r.name}'s "
        "ACKs asked for that, only the other direction would show"
    )
    if r.segments:
        text = (
            f"{many(count, 'segment')} of the {s.name} came again; whether they had been lost, and "
            f"what made the {s.name} send them, only the {r.name}'s options would show, which are "
            "cut off"
        )
    return [Finding("retransmission", text, way.quick.numbers + way.timed.numbers)]


def _lost(way: Direction, s: End) -> list[Finding]:
    """Segments that had to be sent again."""
    found = []
    if way.quick:
        text = (
            f"{many(way.quick.count, 'segment')} of the {s.name} went missing and came again "
            "at once, after duplicate ACKs or SACK (fast retransmit)"
        )
        cost = min(way.mended, way.longest) if way.timed else way.mended
        found.append(Finding("loss", text, way.quick.numbers, cost=cost))
    if way.timed:
        found.append(_timed_out(way, s))
    return found


def _timed_out(way: Direction, s: End) -> Finding:
    timed = way.timed
    different = timed.count - way.rounds
    text = f"{many(different, 'segment')} of the {s.name} had to be sent again by its timer"
    if way.rounds:
        text += f", {timed.times} in all"
    if way.probes:
        which = "" if way.probes == timed.count else f"{way.probes} of them "
        text += f" ({which}as {many(way.probes, 'tail loss probe')}, RFC 8985 §7)"
    if way.longest and way.rounds:
        text += f"; the longest wait for one to arrive was {span(way.longest)}"
    cost = max(way.longest, timed.count * _RTO_MIN)
    return Finding("timeout", text, timed.numbers, cost=cost)


def _needless(way: Direction, s: End, r: End) -> Finding:
    """The receiver reports bytes that came twice (RFC 2883): who sent them twice?"""
    got = f"the {r.name} got bytes twice ({way.needless.times}) and says so (DSACK)"
    if not way.again:
        text = f"{got}, though the {s.name} sent them once: the network doubled its packets"
        return Finding("network-duplicate", text, way.needless.numbers)
    text = (
        f"{got}: a retransmission was not needed, the first copy came late, or its ACK was late "
        "or lost"
    )
    return Finding("spurious-retransmission", text, way.needless.numbers)


def _doubled(way: Direction, s: End) -> Finding:
    """Packets that were captured twice: on two interfaces, or doubled by the network."""
    if way.looped:
        text = (
            f"a routing loop: packets of the {s.name} came by here again and again, each time with "
            "a smaller TTL"
        )
        return Finding("routing-loop", text, way.doubled.numbers)
    packets = f"{many(way.doubled.count, 'packet')} of the {s.name}"
    if way.doubled.count * _FEW < way.total:
        text = f"{packets} came twice, the others did not: the network doubled them"
        return Finding("network-duplicate", text, way.doubled.numbers)
    are = "is" if way.doubled.count == 1 else "are"
    text = f"{packets} {are} in the capture twice"
    return Finding("captured-twice", text, way.doubled.numbers, fault=False)
