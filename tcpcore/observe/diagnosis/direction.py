"""What one end of a connection sent again, and what of it came late or twice: `losing`'s notes."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from tcpcore.observe.diagnosis.finding import Evidence, Sight
from tcpcore.seqnum import MASK, gt, leq, lt
from tcpcore.wire.option_codec import options_length

_MEMORY = 64
"""Segments whose sizes are remembered."""
_RESENT = 256
"""Retransmissions that are remembered until the peer says whether it needed them."""
_ETHERNET = 1460
"""Payload of the largest packet where no SYN said how large one may be."""


class Sent(NamedTuple):
    """A segment with data that was sent for the first time; time in µs."""

    seq: int
    size: int
    time: int


class Again(NamedTuple):
    """A retransmission and where it was counted."""

    seq: int
    end: int
    number: int
    counted: Evidence
    round: bool
    probe: bool


class Direction:
    """What one end sent."""

    def __init__(self) -> None:
        self.quick = Evidence()  # sent again because the peer missed it
        self.timed = Evidence()  # sent again by the timer
        self.probes = 0  # of these: tail loss probes
        self.rounds = 0  # of these: not the first time
        self.resized = Evidence()  # sent again because ICMP said that it was too big
        self.again = False  # whether anything was sent again, FINs included
        self.recover: int | None = None  # what was sent when the last recovery began
        self.mending = 0  # when that was, or when what it mends was sent, in µs
        self.mended = 0  # the longest of all recoveries, in µs
        self.too_big: int | None = None  # what was sent when ICMP told
        self.total = 0
        self.sent = 0  # when the last data went
        self.needless = Evidence()
        self.overtaken = Evidence()
        self.doubled = Evidence()
        self.rounds_seen = 0  # how often the last packet came by with a smaller TTL than before
        self.looped = Evidence()  # packets that came by so often that they go round in circles
        self.damaged = Evidence()
        self.repaired = 0  # how long the slowest of these took to come again, in µs
        self._broken: deque[Sent] = deque(maxlen=_MEMORY)  # what the damaged ones brought
        self.gaps = Evidence()  # what the peer reported missing, by SACK or duplicate ACKs
        self.holed: int | None = None  # since when bytes before others are missing, in µs
        self.heard = 0  # when its last segment came
        self.longest = 0  # of all runs that the timer sent: µs from the first sending to its ACK
        self.shrunk: tuple[Sight, int] | None = None  # sent smaller; what it was before
        self.row: list[Sight] = []  # the last run of the same segment sent again
        self._by_timer = False  # whether the timer had a part in that run
        self._sizes: deque[Sent] = deque(maxlen=_MEMORY)
        self._resent: deque[Again] = deque(maxlen=_RESENT)

    @property
    def seen(self) -> bool:
        """Whether any data of this end was seen."""
        return bool(self._sizes)

    def first(self, sight: Sight) -> None:
        """A segment that was not sent before."""
        self._sizes.append(Sent(sight.segment.seq, len(sight.segment.payload), sight.time))

    def count(self, sight: Sight, counted: Evidence, *, probe: bool = False) -> None:
        """A retransmission, counted among those of one cause."""
        counted.add(sight)
        timed = counted is self.timed
        later = timed and sight.seen.retransmission > 1
        self.rounds += later
        self.probes += probe
        self._by_timer |= timed
        segment = sight.segment
        self._resent.append(Again(segment.seq, segment.end, sight.number, counted, later, probe))

    def repeat(self, sight: Sight) -> None:
        """Note the run that a retransmission belongs to, and whether it was made smaller."""
        row = self.row
        if row and row[0].segment.seq != sight.segment.seq:
            self._end_row()
        seq, size = sight.segment.seq, len(sight.segment.payload)
        before = self._size_before(sight)
        rest = any(one.seq == seq + size for one in self._sizes)
        if before >= _LARGE and size < before and not rest:
            self.shrunk = self.shrunk or (sight, before)
        if len(row) < _MEMORY:
            row.append(sight)
        else:
            row[-1] = sight

    def _size_before(self, sight: Sight) -> int:
        """How large a packet these bytes were sent in before; 0 where that is not known.

        A packet larger than any the peer takes was captured before the network card cut it (TSO),
        so nothing tells how large its pieces were, unless ICMP says that they were too large.
        """
        seq = sight.segment.seq
        sizes = [one.size for one in self._sizes if one.seq == seq]
        sizes += [len(one.segment.payload) for one in self.row if one.segment.seq == seq]
        announced = [end.mss for end in (sight.s, sight.r) if end.mss]
        most = min(announced, default=_ETHERNET) - options_length(sight.segment.options)
        whole = [size for size in sizes if size <= most]
        told = self.too_big is not None
        return max(whole or (sizes if told else []), default=0)

    def damage(self, sight: Sight) -> None:
        """A segment came damaged."""
        self.damaged.add(sight)
        segment = sight.segment
        if segment.length:
            self._broken.append(Sent(segment.seq, segment.length, sight.time))

    def repairs(self, sight: Sight) -> bool:
        """Whether the segment brings again what had come damaged."""
        segment = sight.segment
        for one in self._broken:
            if leq(segment.seq, one.seq) and leq(one.seq + one.size & MASK, segment.end):
                self.repaired = max(self.repaired, sight.time - one.time)
                self._broken.remove(one)
                return True
        return False

    def mends(self, sight: Sight) -> None:
        """The peer missed a segment: the first one of a recovery is what all wait for."""
        if self.recover is None:
            seq = sight.segment.seq
            self.mending = next((one.time for one in self._sizes if one.seq == seq), sight.time)
        self.recover = sight.s.nxt

    def acknowledged(self, time: int, ack: int) -> None:
        """An answer ends a recovery, and a run of the same segment."""
        if self.recover is not None and leq(self.recover, ack):
            self.mended = max(self.mended, time - self.mending)
            self.recover = None
        row = self.row
        if not row or not gt(ack, row[0].segment.seq):
            return
        if self._by_timer:
            self.longest = max(self.longest, time - self.begun)
        self._end_row()

    @property
    def begun(self) -> int:
        """When the first segment of the run was sent for the first time, in µs."""
        seq = self.row[0].segment.seq
        return next((one.time for one in self._sizes if one.seq == seq), self.row[0].time)

    def _end_row(self) -> None:
        self.row.clear()
        self._by_timer = False

    def forget(self, left: int, right: int) -> None:
        """These bytes were sent again for nothing, or in vain: they count as no loss."""
        kept = [
            one
            for one in self._resent
            if not (lt(left, one.end) and lt(one.seq, right) and self._take_back(one))
        ]
        self._resent = deque(kept, maxlen=_RESENT)

    def _take_back(self, one: Again) -> bool:
        one.counted.remove(one.number)
        self.rounds -= one.round
        self.probes -= one.probe
        return True

    def double(self, sight: Sight, ttl: int | None) -> None:
        """The packet before came once more; `ttl` is what it had then."""
        self.doubled.add(sight)
        smaller = ttl is not None and sight.segment.ttl < ttl
        self.rounds_seen = self.rounds_seen + 1 if smaller else 0
        if self.rounds_seen == _CIRCLES:
            self.looped.add(sight)

    def note_hole(self, sight: Sight) -> None:
        """Whether bytes that others followed are missing; an ACK's number shows that late."""
        if not sight.s.holes:
            self.holed = None
        elif self.holed is None:
            self.holed = sight.time if sight.segment.payload else self.heard
        self.heard = sight.time


_CIRCLES = 4
"""So often a packet is not captured on its way through one host."""
_LARGE = 600
"""Payload from which on a smaller copy tells something of the path."""
