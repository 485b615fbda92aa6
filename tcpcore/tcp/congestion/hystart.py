"""HyStart: leave slow start before it overruns the queue, by two signs.

A train of ACKs close together that is longer than half the least delay; or a round whose least
delay is clearly above the connection's.  Source: hystart_update() in net/ipv4/tcp_cubic.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tcpcore.seqnum import HALF
from tcpcore.units import SECOND

if TYPE_CHECKING:
    from tcpcore.tcp.tcb import Tcb

TRAIN, DELAY = 1, 2
"""Bits of hystart_detect: the two signs."""
SAMPLES = 8
DELAY_LEAST, DELAY_MOST = 4_000, 16_000
GSO_MAX_SIZE = 65279
_ACK_DELAY_MOST = 1_000


class HyStart:
    """One slow start's watch; times in us."""

    __slots__ = ("current", "end", "found", "last_ack", "round_start", "samples")

    def __init__(self) -> None:
        self.found = False
        self.round_start = 0
        self.last_ack = 0
        self.end: int | None = None
        self.current: int | None = None
        self.samples = 0

    def start_round(self, c: Tcb, now: int) -> None:
        """What is sent from now on belongs to the next round."""
        self.round_start = self.last_ack = now
        self.end = c.snd_nxt
        self.current = None
        self.samples = 0

    def update(self, c: Tcb, delay: int, least: int, now: int) -> None:
        """A sample of the delay; when slow start should end, ssthresh becomes cwnd."""
        if self.end is None or (self.end - c.snd_una) & HALF:
            self.start_round(c, now)
        parameters = c.sysctl.tcp_cubic
        if c.cwnd < parameters.hystart_low_window:
            return
        if parameters.hystart_detect & TRAIN:
            self._watch_train(c, least, now)
        if parameters.hystart_detect & DELAY:
            self._watch_delay(c, delay, least)

    def _watch_train(self, c: Tcb, least: int, now: int) -> None:
        """ACKs closer than hystart_ack_delta_us belong to one train.

        On a real path no two gaps are alike: where they should be 2 ms each, one that is a little
        longer soon ends the train.
        """
        if now - self.last_ack >= c.sysctl.tcp_cubic.hystart_ack_delta_us:
            return
        self.last_ack = now
        threshold = least + _ack_delay(c)
        if not c.flow.paced:  # pacing delays by half a round trip by itself
            threshold >>= 1
        if now - self.round_start > threshold:
            self._end(c, "Train")

    def _watch_delay(self, c: Tcb, delay: int, least: int) -> None:
        if self.current is None or self.current > delay:
            self.current = delay
        if self.samples < SAMPLES:
            self.samples += 1
        elif self.current > least + min(max(least >> 3, DELAY_LEAST), DELAY_MOST):
            self._end(c, "Delay")

    def _end(self, c: Tcb, sign: str) -> None:
        self.found = True
        c.tally(f"TcpExtTCPHystart{sign}Detect")
        c.tally(f"TcpExtTCPHystart{sign}Cwnd", c.cwnd)
        c.ssthresh = c.cwnd


def _ack_delay(c: Tcb) -> int:
    """How far apart the peer's GRO may put its ACKs (hystart_ack_delay())."""
    rate = c.flow.pacing_rate
    return min(_ACK_DELAY_MOST, GSO_MAX_SIZE * 4 * SECOND // rate) if rate else 0
