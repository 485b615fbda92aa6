"""CUBIC: the window is a cubic function of the time since the last loss (RFC 9438).

Integer arithmetic, scaled as in the kernel: time in 1/1024 s, the curve's constant C = 0.4, beta =
717/1024.  The clock of the curve is tcp_jiffies32, which ticks every 4 ms (CONFIG_HZ 250).
Source: net/ipv4/tcp_cubic.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from tcpcore.tcp.congestion.base import LEAST, CongestionControl, additive_increase, slow_start
from tcpcore.tcp.congestion.hystart import HyStart
from tcpcore.tcp.flow import HZ, JIFFY
from tcpcore.units import SECOND

if TYPE_CHECKING:
    from tcpcore.tcp.tcb import Tcb

SCALE = 1024
BETA = 717
CUBE_RTT_SCALE = 410
CUBE_FACTOR = (1 << 40) // CUBE_RTT_SCALE
BETA_SCALE = 8 * (SCALE + BETA) // 3 // (SCALE - BETA)
"""Reno's increase at the same average rate as CUBIC's decrease (RFC 9438 §4.3)."""
_SAME_WINDOW = HZ // 32


_LEADING = 64


def _estimate(leading: int) -> int:
    """66.19 times the cube root of `leading` + 0.2, to the nearest whole number."""
    root = 0
    while 5 * 512 * (2 * root + 1) ** 3 <= (5 * leading + 1) * 1059**3:
        root += 1
    return root


_ESTIMATES = tuple(_estimate(leading) for leading in range(_LEADING))


def cube_root(value: int) -> int:
    """The cube root as the kernel has it: off by up to 0.2 % (cubic_root()).

    It takes the leading bits' root, 3 % too large, and improves that by one step of Newton's method
    with a division by 1024 for one by 3.  Where the curve is flat, the error moves K by a jiffy or
    two, and the window by a segment.  Linux differs: its estimates are rounded by hand, so that two
    results in five are other ones by 0.1 % at most.
    """
    if value < _LEADING:
        return max(root for root in range(4) if root**3 <= value)
    bits = (value.bit_length() * 84 >> 8) - 1
    root = (_ESTIMATES[value >> 3 * bits] << bits) >> 6
    return (2 * root + value // (root * (root - 1))) * 341 >> 10


class Cubic(CongestionControl):
    """One connection's curve."""

    name: ClassVar[str] = "cubic"

    def __init__(self) -> None:
        self.hystart = HyStart()
        self.delay_min = 0  # us
        self._reset()

    def _reset(self) -> None:
        self.count = 0  # segments to acknowledge for one more in cwnd
        self.last_max = 0  # cwnd before the last reduction
        self.last_cwnd = 0
        self.last_time: int | None = None  # jiffies, as the epoch is
        self.origin = 0  # cwnd at the curve's flat middle
        self.k = 0  # when that is, in 1/1024 s from the epoch's start
        self.epoch: int | None = None  # when cwnd began along the curve, in jiffies
        self.acked = 0
        self.reno_cwnd = 0  # what Reno would have
        self.delay_min = 0
        self.hystart.found = False

    def on_start(self, c: Tcb, now: int) -> None:
        """Where HyStart is off, the module may say where slow start ends (cubictcp_init())."""
        parameters = c.sysctl.tcp_cubic
        if not parameters.hystart and parameters.initial_ssthresh:
            c.ssthresh = parameters.initial_ssthresh & 0xFFFF_FFFF

    def ssthresh(self, c: Tcb) -> int:
        """Seven tenths; who lost earlier than last time leaves room (fast convergence)."""
        parameters = c.sysctl.tcp_cubic
        beta = parameters.beta
        self.epoch = None
        less = c.cwnd < self.last_max and parameters.fast_convergence
        self.last_max = c.cwnd * (SCALE + beta) // (2 * SCALE) if less else c.cwnd
        return max(c.cwnd * beta // SCALE, LEAST)

    def on_ack(self, c: Tcb, acked: int, now: int) -> None:
        """Slow start, then along the curve."""
        if c.cwnd < c.ssthresh:
            acked = slow_start(c, acked)
            if not acked:
                return
        self._update(c.cwnd, acked, now // JIFFY, bool(c.sysctl.tcp_cubic.tcp_friendliness))
        additive_increase(c, self.count, acked)

    def _update(self, cwnd: int, acked: int, jiffies: int, fair: bool) -> None:
        """How many segments must be acknowledged for the next one (bictcp_update())."""
        self.acked += acked
        last = self.last_time
        if self.last_cwnd == cwnd and last is not None and jiffies - last <= _SAME_WINDOW:
            return
        if self.epoch is None or jiffies != last:
            self._follow(cwnd, acked, jiffies)
        if fair:
            self._be_fair_to_reno(cwnd)
        self.count = max(self.count, 2)

    def _follow(self, cwnd: int, acked: int, jiffies: int) -> None:
        self.last_cwnd, self.last_time = cwnd, jiffies
        if self.epoch is None:
            self.epoch = jiffies
            self.acked = acked
            self.reno_cwnd = cwnd
            self.k = 0
            self.origin = max(self.last_max, cwnd)
            if self.last_max > cwnd:
                self.k = cube_root(CUBE_FACTOR * (self.last_max - cwnd))
        delay = -(-self.delay_min // JIFFY)  # usecs_to_jiffies() rounds up
        time = (jiffies - self.epoch + delay) * SCALE // HZ
        away = abs(time - self.k)
        delta = CUBE_RTT_SCALE * away * away * away >> 40
        target = self.origin - delta if time < self.k else self.origin + delta
        self.count = cwnd // (target - cwnd) if target > cwnd else 100 * cwnd
        if self.last_max == 0 and self.count > 20:
            self.count = 20

    def _be_fair_to_reno(self, cwnd: int) -> None:
        """Never slower than Reno would be."""
        step = cwnd * BETA_SCALE >> 3
        if step and self.acked > step:
            steps = (self.acked - 1) // step
            self.acked -= steps * step
            self.reno_cwnd += steps
        if self.reno_cwnd > cwnd:
            self.count = min(self.count, cwnd // (self.reno_cwnd - cwnd))

    def on_sample(self, c: Tcb, rtt: int, now: int) -> None:
        """The least delay, and HyStart's signs (cubictcp_acked())."""
        if self.epoch is not None and now // JIFFY - self.epoch < HZ:
            return
        if not self.delay_min or self.delay_min > rtt:
            self.delay_min = max(rtt, 1)
        if c.cwnd < c.ssthresh and not self.hystart.found and c.sysctl.tcp_cubic.hystart:
            self.hystart.update(c, rtt, self.delay_min, now)

    def on_loss_state(self, c: Tcb, now: int) -> None:
        """A time-out: forget the curve."""
        self._reset()
        self.hystart.start_round(c, now)

    def on_restart(self, c: Tcb, idle: int, now: int) -> None:
        """The time without anything to send is no time on the curve."""
        ticks = now // JIFFY - (now - idle) // JIFFY
        if self.epoch is not None and ticks > 0:
            self.epoch = min(self.epoch + ticks, now // JIFFY)

    def show(self, c: Tcb) -> dict[str, Any]:
        """The curve's constants of now."""
        return {"last_max": self.last_max, "origin": self.origin, "K": self.k * SECOND // SCALE}
