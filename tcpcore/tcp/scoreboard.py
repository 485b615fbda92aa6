"""What the sender knows of each segment in flight, once something is out of the ordinary.

While segments are acknowledged in order, the retransmission queue is all there is.  With the first
SACK, loss or retransmission a `Scoreboard` is made: it finds segments by sequence number, by the
time of their (last) sending, and the lost ones in their order; and it goes when a window's worth
has gone well again, so that to make it costs little for each segment.
No step looks at more segments than the ACK is about.
Source: the retransmission queue, `tsorted_sent_queue` and the hints of struct tcp_sock.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tcpcore.seqnum import HALF, MASK

if TYPE_CHECKING:
    from tcpcore.tcp.sent import SentSegment
    from tcpcore.tcp.tcb import Tcb

_COMPACT = 256
"""Acknowledged segments that may lie at the front of the list before they are cut off."""


class Scoreboard:
    """Segments in flight, in three orders.

    Positions count bytes from what was the oldest one at first, without wrapping.  `highest` is
    the position after the highest segment that was selectively acknowledged.

    By the time of sending, `waiting` has those that RACK has a question about: first those in
    `overtaken`, after which something was sent that has arrived, then the others.  What has
    arrived is in none of the two, nor is what is lost and was not sent again.
    """

    __slots__ = (
        "_anchor",
        "_anchor_position",
        "_aside",
        "_count",
        "_ends",
        "_first",
        "_lost",
        "_runs",
        "_segments",
        "_starts",
        "calm_until",
        "highest",
        "judged",
        "overtaken",
        "sacked_below",
        "told",
        "waiting",
    )

    def __init__(self, c: Tcb) -> None:
        queue = c.retransmission_queue
        self._anchor_at(c.snd_una, 0)
        self._segments: list[SentSegment] = list(queue)
        self._starts: list[int] = [self.position(sent.seq) for sent in queue]
        self._first = 0
        self._runs: list[int] = []  # where runs of selectively acknowledged segments begin,
        self._ends: list[int] = []  # and end
        self._lost: list[tuple[int, int, SentSegment]] = []
        self._count = 0
        self.waiting: OrderedDict[SentSegment, None] = OrderedDict.fromkeys(queue)
        self.overtaken: OrderedDict[SentSegment, None] = OrderedDict()
        self._aside: OrderedDict[SentSegment, None] = OrderedDict()  # what the timer called lost
        self.calm_until: int | None = None  # all is well: once this is acknowledged, it may go
        self.judged = 0  # `recovery`: all before this position is lost or has arrived,
        self.sacked_below = 0  # and so many of it have arrived
        self.highest = 0
        self.told: tuple[tuple[int, int], ...] = ()  # SACK blocks whose segments are all tagged
        if any(sent.retransmissions for sent in queue):
            self._sort()
        for sent in queue:
            if sent.lost and not sent.again:
                self.lost(sent)
            if sent.sacked:
                self.tag(self.position(sent.seq), sent)

    def _anchor_at(self, seq: int, position: int) -> None:
        """Sequence numbers are those next to `seq`, which has that position."""
        self._anchor, self._anchor_position = (seq - HALF) & MASK, position - HALF

    def position(self, seq: int) -> int:
        """Bytes from the beginning to a sequence number."""
        return self._anchor_position + ((seq - self._anchor) & MASK)

    def sequence(self, position: int) -> int:
        """The sequence number of a position."""
        return (self._anchor + position - self._anchor_position) & MASK

    # --- the queue's own order -------------------------------------------------------------------

    def add(self, sent: SentSegment) -> None:
        """A new segment was sent, behind all others."""
        self._starts.append(self._anchor_position + ((sent.seq - self._anchor) & MASK))
        self._segments.append(sent)
        self.waiting[sent] = None

    def acknowledged(self, head: SentSegment | None) -> None:
        """What lies before `head` is acknowledged, and perhaps a part of it; None: all is."""
        segments, starts, first = self._segments, self._starts, self._first
        while first < len(segments) and (sent := segments[first]) is not head:
            if not sent.sacked:
                self._leave(sent)
            elif starts[first] < self.judged:
                self.sacked_below -= 1
            first += 1
        self._first = first
        if head is not None and starts[first] != (start := self.position(head.seq)):
            if starts[first] < self.judged:
                self.judged = max(self.judged, start + 1)
            starts[first] = start
        if first >= _COMPACT and 2 * first > len(segments):
            self._compact()

    def _compact(self) -> None:
        """Forget what is acknowledged."""
        first = self._first
        if first < len(self._starts):
            start = self._starts[first]
            self._anchor_at(self.sequence(start), start)
            runs = bisect_right(self._ends, start)
            del self._runs[:runs], self._ends[:runs]
        del self._segments[:first], self._starts[:first]
        self._first = 0

    def after(self, sent: SentSegment) -> SentSegment | None:
        """The next segment of the queue."""
        at = bisect_left(self._starts, self.position(sent.seq), lo=self._first) + 1
        return self._segments[at] if at < len(self._segments) else None

    def merged(self, follower: SentSegment) -> None:
        """A small segment took the one behind it along when it was sent again."""
        at = bisect_left(self._starts, self.position(follower.seq), lo=self._first)
        del self._segments[at], self._starts[at]
        self._leave(follower)

    def cut(self, sent: SentSegment, rest: SentSegment) -> None:
        """A lost segment became two: what is left of it, and the rest."""
        start = self.position(rest.seq)
        at = bisect_left(self._starts, start, lo=self._first)
        self._segments.insert(at, rest)
        self._starts.insert(at, start)
        if sent in self._aside:
            self._aside[rest] = None
        self._push(rest)
        self.told = ()  # a block may hold one of the two

    def between(self, start: int, end: int) -> Iterator[SentSegment]:
        """Segments that begin at or after one position and before another, in order."""
        at = bisect_left(self._starts, start, lo=self._first)
        starts, segments = self._starts, self._segments
        while at < len(segments) and starts[at] < end:
            yield segments[at]
            at += 1

    # --- what was selectively acknowledged -------------------------------------------------------

    def untagged(self, start: int, end: int) -> list[tuple[int, SentSegment]]:
        """``(position, segment)`` of those in a SACK block that were not known to have arrived.

        Runs that are known are jumped over, so that a long block that grows is looked at once
        (`recv_sack_cache`, and tcp_shift_skb_data(), which makes one packet of a run).
        """
        starts, segments, runs = self._starts, self._segments, self._runs
        found: list[tuple[int, SentSegment]] = []
        run = bisect_right(runs, start)
        if run and self._ends[run - 1] > start:
            start = self._ends[run - 1]
            if start >= end:
                return found
        at = bisect_left(starts, start, lo=self._first)
        while at < len(starts) and (place := starts[at]) < end:
            if run < len(runs) and runs[run] <= place:
                at = bisect_left(starts, self._ends[run], lo=at)
                run += 1
                continue
            sent = segments[at]
            if place + ((sent.end - sent.seq) & MASK) > end:
                break
            found.append((place, sent))
            at += 1
        return found

    def tag(self, start: int, sent: SentSegment) -> None:
        """The segment at that position is selectively acknowledged: it joins the runs beside it."""
        end, runs, ends = start + ((sent.end - sent.seq) & MASK), self._runs, self._ends
        place = bisect_right(runs, start)
        before, behind = place > 0 and ends[place - 1] == start, False
        if place < len(runs):
            behind = runs[place] == end
        if before and behind:
            ends[place - 1] = ends[place]
            del runs[place], ends[place]
        elif before:
            ends[place - 1] = end
        elif behind:
            runs[place] = start
        else:
            runs.insert(place, start)
            ends.insert(place, end)
        if start < self.judged:
            self.sacked_below += 1
        if end > self.highest:
            self.highest = end
        self._leave(sent)

    def forget(self) -> None:
        """Nothing is tagged (any more): what was said before, and how far, does not count."""
        self._runs, self._ends, self.highest, self.told = [], [], 0, ()
        self.judged = self.sacked_below = 0

    def unjudged(self) -> Iterator[SentSegment]:
        """Segments from `judged` on, which moves along (`lost_skb_hint`)."""
        starts, segments = self._starts, self._segments
        at = bisect_left(starts, self.judged, lo=self._first)
        while at < len(segments):
            yield segments[at]
            self.judged = starts[at] + 1
            at += 1

    # --- the time of sending, and what is lost ---------------------------------------------------

    def sent_again(self, sent: SentSegment) -> None:
        """It is now the one sent last."""
        self._leave(sent)
        self.waiting[sent] = None

    def _leave(self, sent: SentSegment) -> None:
        """There is no question about it, for now."""
        if sent in self.waiting:
            del self.waiting[sent]
        elif sent in self.overtaken:
            del self.overtaken[sent]
        else:
            self._aside.pop(sent, None)

    def lost(self, sent: SentSegment) -> None:
        """It is counted as lost, and waits for its turn to be sent again."""
        if sent in self.waiting or sent in self.overtaken:
            self._leave(sent)
            self._aside[sent] = None
        self._push(sent)

    def _push(self, sent: SentSegment) -> None:
        self._count += 1
        heapq.heappush(self._lost, (self.position(sent.seq), self._count, sent))

    def settled(self, sent: SentSegment) -> None:
        """RACK itself called it lost: it asks no more until it is sent again."""
        self._aside.pop(sent, None)

    def found(self) -> None:
        """What was counted as lost is not: RACK asks about what the timer had called so."""
        self.judged = self.sacked_below = 0
        if self._aside:
            self._sort()

    def _sort(self) -> None:
        """Order by the time of sending; what went in one moment, by sequence number."""
        every = [*self._aside, *self.overtaken, *self.waiting]
        every.sort(key=lambda sent: (sent.last_sent, sent.order, self.position(sent.seq)))
        self._aside.clear()
        self.overtaken.clear()
        self.waiting = OrderedDict.fromkeys(every)

    def next_lost(self) -> SentSegment | None:
        """The first segment that is lost and was not sent again since; it stays the first."""
        lost = self._lost
        while lost:
            sent = lost[0][2]
            if sent.lost and not sent.again and not sent.gone:
                return sent
            heapq.heappop(lost)
        return None


def of(c: Tcb) -> Scoreboard:
    """The connection's scoreboard, made now if it has none."""
    if c.board is None:
        c.board = Scoreboard(c)
    return c.board


def behind(c: Tcb, sent: SentSegment) -> int:
    """The place in the retransmission queue behind that segment."""
    queue, una = c.retransmission_queue, c.snd_una
    return bisect_right(queue, (sent.seq - una) & MASK, key=lambda one: (one.seq - una) & MASK)


def cut(c: Tcb, sent: SentSegment, rest: SentSegment) -> None:
    """A segment became two; only of a lost one it is plain where in time the rest stands."""
    if c.board is not None and rest.lost:
        c.board.cut(sent, rest)
    else:
        c.board = None  # made anew when it is needed


def is_clean(c: Tcb) -> bool:
    """Whether everything is in order: nothing is missing, nothing is known to have come before."""
    return not (c.sacked_out or c.lost_out or c.retrans_out)


def drop_if_calm(c: Tcb, board: Scoreboard) -> None:
    """Let the scoreboard go when all that is in flight now is acknowledged, and went well."""
    if c.sacked_out or c.lost_out or c.retrans_out:  # it is not clean
        board.calm_until = None
        return
    if board.calm_until is None:
        board.calm_until = c.snd_nxt
    if not (c.snd_una - board.calm_until) & HALF:
        c.board = None
