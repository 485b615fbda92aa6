"""What the sender knows of each segment in flight, once something is out of the ordinary.

While segments are acknowledged in order, the retransmission queue is all there is.  With the first
SACK, loss or retransmission a `Scoreboard` is made: it finds segments by sequence number, by the
time of their (last) sending, and the lost ones in their order; and it goes when all is well again.
No step looks at more segments than the ACK is about.
Source: the retransmission queue, `tsorted_sent_queue` and the hints of struct tcp_sock.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tcpcore.seqnum import MASK

if TYPE_CHECKING:
    from tcpcore.tcp.sent import SentSegment
    from tcpcore.tcp.tcb import Tcb

_COMPACT = 256
"""Acknowledged segments that may lie at the front of the list before they are cut off."""


class Scoreboard:
    """Segments in flight, in three orders.

    Positions count bytes from the sequence number `base` without wrapping.
    """

    __slots__ = (
        "_base",
        "_blocks",
        "_count",
        "_first",
        "_lost",
        "_segments",
        "_starts",
        "by_time",
        "highest",
    )

    def __init__(self, c: Tcb) -> None:
        self._base = c.snd_una
        self._blocks: tuple[tuple[int, int], ...] = ()  # of the last ACK, as positions
        self._segments: list[SentSegment] = []
        self._starts: list[int] = []
        self._first = 0
        self._count = 0
        self._lost: list[tuple[int, int, SentSegment]] = []
        self.by_time: OrderedDict[SentSegment, None] = OrderedDict()
        self.highest = 0  # position after the highest segment that was selectively acknowledged
        for sent in c.retransmission_queue:
            self.add(sent)
        if any(sent.retransmissions for sent in self._segments):
            order = sorted(self._segments, key=lambda sent: (sent.last_sent, sent.order))
            self.by_time = OrderedDict.fromkeys(order)
        for sent in self._segments:
            if sent.lost:
                self.lost(sent)
            if sent.sacked:
                del self.by_time[sent]

    def position(self, seq: int) -> int:
        """Bytes from the base to a sequence number that is not before it."""
        top = self._starts[-1] if self._starts else 0
        return top + ((seq - self._base - top + 0x8000_0000) & MASK) - 0x8000_0000

    def sequence(self, position: int) -> int:
        """The sequence number of a position."""
        return (self._base + position) & MASK

    def add(self, sent: SentSegment) -> None:
        """A new segment was sent, behind all others."""
        self._starts.append(self.position(sent.seq))
        self._segments.append(sent)
        self.by_time[sent] = None

    def head_gone(self, sent: SentSegment) -> None:
        """The first segment is acknowledged."""
        self._first += 1
        self.by_time.pop(sent, None)
        if self._first >= _COMPACT and 2 * self._first > len(self._segments):
            del self._segments[: self._first], self._starts[: self._first]
            self._first = 0

    def after(self, sent: SentSegment) -> SentSegment | None:
        """The next segment of the queue."""
        at = bisect_left(self._starts, self.position(sent.seq), lo=self._first) + 1
        return self._segments[at] if at < len(self._segments) else None

    def merged(self, sent: SentSegment, follower: SentSegment) -> None:
        """A small segment took the one behind it along when it was sent again."""
        at = bisect_left(self._starts, self.position(follower.seq), lo=self._first)
        if at < len(self._segments) and self._segments[at] is follower:
            del self._segments[at], self._starts[at]
        self.by_time.pop(follower, None)

    def between(self, start: int, end: int) -> Iterator[SentSegment]:
        """Segments that begin at or after one position and before another, in order."""
        at = bisect_left(self._starts, start, lo=self._first)
        starts, segments = self._starts, self._segments
        while at < len(segments) and starts[at] < end:
            yield segments[at]
            at += 1

    def news(self, blocks: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """What the SACK blocks (positions) cover, and those of the ACK before did not.

        So a long block that grows is looked at once (`recv_sack_cache`).
        """
        found = []
        for start, end in sorted(blocks):
            for old_start, old_end in self._blocks:
                if old_end <= start or old_start >= end:
                    continue
                if old_start > start:
                    found.append((start, old_start))
                start = max(start, old_end)
                if start >= end:
                    break
            if start < end:
                found.append((start, end))
        self._blocks = tuple(sorted(blocks))
        return found

    def forget(self) -> None:
        """Nothing is tagged (any more): what was said before, and how far, does not count."""
        self._blocks, self.highest = (), 0

    def sent_again(self, sent: SentSegment) -> None:
        """It is now the one sent last."""
        self.by_time[sent] = None
        self.by_time.move_to_end(sent)

    def lost(self, sent: SentSegment) -> None:
        """It is counted as lost, and waits for its turn to be sent again."""
        self._count += 1
        heapq.heappush(self._lost, (self.position(sent.seq), self._count, sent))

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


def drop_if_clean(c: Tcb) -> None:
    """Everything is in order again: the queue is enough."""
    if c.board is not None and not (c.sacked_out or c.lost_out or c.retrans_out):
        c.board = None
