"""What a trace says about each flow of data: bytes acknowledged, when, and round-trip times."""

from __future__ import annotations

from collections import deque
from typing import Any

from tcpcore.seqnum import distance
from tcpcore.trace import Trace
from tcpcore.wire.segment import ACK, SYN

Ends = tuple[str, int, str, int]


class Flow:
    """Data in one direction of one connection; times in us.

    `acknowledged` counts bytes; `first` is when the first of them was sent and `last` when an ACK
    last brought news.  `rtts` are from a segment sent once until the ACK that covers it (Karn).
    """

    def __init__(self, sender: int, start: int) -> None:
        self.sender = sender
        self.start = start
        self.first = 0
        self.last = 0
        self.acknowledged = 0
        self.segments = 0
        self.retransmissions = 0
        self.rtts: list[int] = []
        self._una = start
        self._end = start
        self._waiting: deque[tuple[int, int]] = deque()  # (end, sent), rising
        self._again: set[int] = set()

    @property
    def goodput(self) -> int:
        """Bits acknowledged per second; 0 when nothing was."""
        lasted = self.last - self.first
        return self.acknowledged * 8_000_000 // lasted if lasted else 0

    def sends(self, segment: Any, again: bool, now: int) -> None:
        """The sender sends data."""
        if not self.segments:
            self.first = self.last = now
        syn = segment.flags >> 1 & 1
        end = segment.seq + syn + len(segment.payload) & 0xFFFF_FFFF
        self.segments += 1
        if again or distance(self._end, end) <= 0:
            self.retransmissions += 1
            self._again.add(end)
        else:
            self._end = end
            self._waiting.append((end, now))

    def hears(self, ack: int, now: int) -> None:
        """An ACK reaches the sender; it may acknowledge a FIN too, which is no data."""
        if distance(ack, self._end) < 0:
            ack = self._end
        news = distance(self._una, ack)
        if news <= 0:
            return
        self._una = ack
        self.acknowledged += news
        self.last = now
        sample = None
        while self._waiting and distance(self._waiting[0][0], ack) >= 0:
            end, sent = self._waiting.popleft()
            if end in self._again:
                self._again.discard(end)
            else:
                sample = now - sent
        if sample is not None:
            self.rtts.append(sample)


def flows(trace: Trace) -> list[Flow]:
    """The flows of a run, in the order in which they began."""
    events = [(one.sent, 1, number) for number, one in enumerate(trace.segments)]
    events += [
        (one.arrived, 0, number)
        for number, one in enumerate(trace.segments)
        if one.arrived is not None
    ]
    known: dict[Ends, Flow] = {}
    found: list[Flow] = []
    for time, sending, number in sorted(events):
        traced = trace.segments[number]
        if sending:
            segment = traced.segment
            ends = (segment.src, segment.sport, segment.dst, segment.dport)
            start = segment.seq + (segment.flags >> 1 & 1) & 0xFFFF_FFFF
            if ends not in known or (segment.flags & SYN and known[ends].start != start):
                known[ends] = Flow(traced.sender, start)
                found.append(known[ends])
            if segment.payload:
                known[ends].sends(segment, bool(traced.retransmission), time)
        else:
            segment = traced.received if traced.received is not None else traced.segment
            flow = known.get((segment.dst, segment.dport, segment.src, segment.sport))
            if flow is not None and segment.flags & ACK:
                flow.hears(segment.ack, time)
    return [flow for flow in found if flow.segments]


def fairness(goodputs: list[int]) -> float | None:
    """Jain's index: 1 when all have the same, 1/n when one has all; None for fewer than two."""
    squares = sum(value * value for value in goodputs)
    if len(goodputs) < 2 or not squares:
        return None
    return sum(goodputs) ** 2 / (len(goodputs) * squares)
