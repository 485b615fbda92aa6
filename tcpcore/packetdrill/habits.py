"""Options of a socket that its packets show: Nagle's algorithm off, keep-alive probes.

    for name, value in options(packets, local): ...      # as setsockopt(2) wants them

Source: tcp_nagle_check() and tcp_keepalive_timer() in net/ipv4.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tcpcore.seqnum import MASK, gt, lt
from tcpcore.units import SECOND
from tcpcore.wire.icmp import IcmpError
from tcpcore.wire.segment import ACK, FIN, RST, SYN, Segment

Timed = tuple[int, Segment | IcmpError]
_USUAL_PROBES = 9


def options(packets: Sequence[Timed], local: str) -> Iterator[tuple[str, int]]:
    """``("SOL_TCP, TCP_NODELAY", 1)``: what the program of `local` must have set."""
    if _small_while_waiting(packets, local):
        yield "SOL_TCP, TCP_NODELAY", 1
    probes = Probes(packets, local)
    if probes.idle:
        yield "SOL_SOCKET, SO_KEEPALIVE", 1
        yield "SOL_TCP, TCP_KEEPIDLE", probes.idle
        if probes.interval:
            yield "SOL_TCP, TCP_KEEPINTVL", probes.interval
        if probes.given_up and probes.unanswered != _USUAL_PROBES:
            yield "SOL_TCP, TCP_KEEPCNT", probes.unanswered


def _small_while_waiting(packets: Sequence[Timed], local: str) -> bool:
    """Whether two small segments are in flight at a time: Nagle's algorithm is off."""
    largest = max((len(one.payload) for _, one in packets if isinstance(one, Segment)), default=0)
    small: int | None = None
    for _, one in packets:
        if not isinstance(one, Segment):
            continue
        if one.src != local:
            if small is not None and one.flags & ACK and not lt(one.ack, small):
                small = None
        elif 0 < len(one.payload) < largest:
            if small is not None and gt(one.end, small) and not one.flags & FIN:
                return True
            small = one.end if small is None or gt(one.end, small) else small
    return False


class Probes:
    """Keep-alive probes of one end: segments without data, just before what it sends next.

    `idle` and `interval` are in seconds, 0 where no probe shows them: after a probe the next one is
    looked for an interval later, answered or not.  `unanswered` counts the last ones that nobody
    answered, and `given_up` says that a RST came after these.
    """

    def __init__(self, packets: Sequence[Timed], local: str) -> None:
        self.idle = self.interval = self.unanswered = 0
        self.given_up = False
        self._end: int | None = None
        self._heard: int | None = None  # when the peer was last heard
        self._last: int | None = None  # when the last probe was sent, and nothing but an ACK since
        self._open = True  # the peer's window
        for time, one in packets:
            if isinstance(one, Segment):
                (self._sent if one.src == local else self._got)(time, one)

    def _got(self, time: int, one: Segment) -> None:
        self._heard, self._open, self.unanswered = time, one.window > 0, 0
        if one.length:
            self._last = None

    def _sent(self, time: int, one: Segment) -> None:
        if self._is_probe(one) and self._heard is not None:
            if self._last is not None:
                self.interval = self.interval or round((time - self._last) / SECOND)
            else:
                self.idle = self.idle or round((time - self._heard) / SECOND)
            self.unanswered += 1
            self._last = time
        elif one.flags & RST:
            self.given_up = self.unanswered > 0
        elif self._end is None or gt(one.end, self._end):
            self._end, self._last = one.end, None

    def _is_probe(self, one: Segment) -> bool:
        plain = not one.payload and one.flags & (SYN | FIN | RST | ACK) == ACK
        return self._open and plain and self._end is not None and one.seq == self._end - 1 & MASK
