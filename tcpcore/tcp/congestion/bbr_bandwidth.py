"""What BBR knows of the path's bandwidth: the best of ten round trips, or what a policer lets by.

Bandwidth is in segments a microsecond, times 2^24; gains and shares are in 1/256.  Rounds are those
of segments: one ends when something is acknowledged that was sent after it had begun.
Source: bbr_update_bw(), bbr_lt_bw_sampling(), bbr_update_ack_aggregation() and
bbr_check_full_bw_reached() in net/ipv4/tcp_bbr.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tcpcore.tcp.flow import RateSample
from tcpcore.tcp.minmax import Windowed
from tcpcore.units import MILLISECOND, SECOND

if TYPE_CHECKING:
    from tcpcore.tcp.tcb import Tcb

SCALE = 24
UNIT = 1 << SCALE
GAIN_SCALE = 8
ONE = 1 << GAIN_SCALE
"""A gain of 1."""
MARGIN = 99
"""Percent of the estimate that is used, so that queues are rather a little shorter than longer."""
ROUNDS = 10
"""The window of the greatest bandwidth."""

FULL_GROWTH, FULL_ROUNDS = ONE * 5 // 4, 3
"""The pipe is full when three rounds bring less than a quarter more."""

POLICED_ROUNDS_MIN = 4
POLICED_LOSS = 50
"""More than a fifth (50/256) of what is delivered is lost."""
POLICED_RATIO, POLICED_DIFFERENCE = ONE // 8, 4000 // 8
"""Two samples are alike: an eighth, or 4 kbit/s, apart."""
POLICED_ROUNDS = 48
"""For so long the policer's rate is believed."""

AGGREGATION_ROUNDS = 5
AGGREGATION_MOST = 100 * MILLISECOND
EPOCH_MOST = 1 << 20


def bytes_per_second(mss: int, bandwidth: int, gain: int) -> int:
    """A bandwidth, with a gain and less the margin, as a rate."""
    rate = bandwidth * mss * gain >> GAIN_SCALE
    return rate * (SECOND // 100 * MARGIN) >> SCALE


class Bandwidth:
    """See the module."""

    __slots__ = (
        "_best", "_counted_at", "_counted_delivered", "_counted_lost", "_counted_rounds",
        "_counting", "_epoch_acked", "_epoch_start", "_extra", "_extra_age", "_extra_now",
        "_full", "_full_rounds", "_policed_rate", "full", "next_round", "policed", "round_start",
        "rounds",
    )  # fmt: skip

    def __init__(self, c: Tcb, now: int) -> None:
        self._best = Windowed(-1)
        self.rounds = 0
        self.next_round = 0  # `delivered` that ends the round
        self.round_start = False
        # Has starting up filled the pipe?
        self.full = False
        self._full = 0
        self._full_rounds = 0
        # The policer ("long-term" estimate):
        self.policed = False
        self._policed_rate = 0
        self._counting = False
        self.forget_policer(c)
        # ACKs that come together:
        self._extra = [0, 0]
        self._extra_now = self._extra_age = 0
        self._epoch_acked = 0
        self._epoch_start = now

    @property
    def best(self) -> int:
        """The greatest of the last ten rounds."""
        return self._best.value

    @property
    def value(self) -> int:
        """What is believed now."""
        return self._policed_rate if self.policed else self._best.value

    def sample(self, c: Tcb, sample: RateSample, mss: int, *, probing: bool) -> bool:
        """Take an ACK's sample in; True: the policer's rate was believed for long enough.

        `probing`: rounds count against that.  Source: bbr_update_bw().
        """
        self.round_start = False
        if sample.delivered < 0 or sample.interval <= 0:
            return False
        if sample.prior_delivered >= self.next_round:
            self.next_round = c.delivered
            self.rounds += 1
            self.round_start = True
        over = self.look_for_policer(c, sample, mss, probing=probing)
        bandwidth = sample.delivered * UNIT // sample.interval
        if not sample.app_limited or bandwidth >= self._best.value:
            self._best.update(ROUNDS, self.rounds, bandwidth)
        return over

    # --- the policer -----------------------------------------------------------------------------

    def look_for_policer(self, c: Tcb, sample: RateSample, mss: int, *, probing: bool) -> bool:
        """Two intervals in a row with much loss, and as fast as each other: that is a policer.

        True: it was believed in for long enough.  Source: bbr_lt_bw_sampling().
        """
        if self.policed:
            if probing and self.round_start:
                self._counted_rounds += 1
                if self._counted_rounds >= POLICED_ROUNDS:
                    self.forget_policer(c)
                    return True
            return False
        if not self._counting:
            if not sample.losses:  # wait until its tokens are used up
                return False
            self._count_anew(c)
            self._counting = True
        if sample.app_limited:
            self.forget_policer(c)
            return False
        self._counted_rounds += self.round_start
        if self._counted_rounds < POLICED_ROUNDS_MIN:
            return False
        if self._counted_rounds > 4 * POLICED_ROUNDS_MIN:
            self.forget_policer(c)
        elif sample.losses:
            self._interval_done(c, mss)
        return False

    def timed_out(self, c: Tcb, mss: int, *, probing: bool) -> bool:
        """A retransmission time-out ends the round, and is a loss; True as of `sample`."""
        self.round_start = True
        return self.look_for_policer(c, RateSample(losses=1), mss, probing=probing)

    def _interval_done(self, c: Tcb, mss: int) -> None:
        lost = c.loss.lost - self._counted_lost
        delivered = c.delivered - self._counted_delivered
        if not delivered or lost << GAIN_SCALE < POLICED_LOSS * delivered:
            return
        passed = c.flow.delivered_at // MILLISECOND - self._counted_at
        if passed < 1:
            return
        bandwidth = delivered * UNIT // (passed * MILLISECOND)
        known = self._policed_rate
        if known:
            apart = abs(bandwidth - known)
            if (
                apart * ONE <= POLICED_RATIO * known
                or bytes_per_second(mss, apart, ONE) <= POLICED_DIFFERENCE
            ):
                self._policed_rate = (bandwidth + known) >> 1
                self.policed = True
                self._counted_rounds = 0
                return
        self._policed_rate = bandwidth
        self._count_anew(c)

    def _count_anew(self, c: Tcb) -> None:
        self._counted_at = c.flow.delivered_at // MILLISECOND
        self._counted_delivered = c.delivered
        self._counted_lost = c.loss.lost
        self._counted_rounds = 0

    def forget_policer(self, c: Tcb) -> None:
        """No interval was measured (bbr_reset_lt_bw_sampling())."""
        self._policed_rate = 0
        self.policed = self._counting = False
        self._count_anew(c)

    # --- ACKs that come together -----------------------------------------------------------------

    def start_epoch(self, now: int) -> None:
        """What is acknowledged from now on is compared with the bandwidth anew."""
        self._epoch_start, self._epoch_acked = now, 0

    def count_extra(self, c: Tcb, sample: RateSample) -> None:
        """How much more came than the bandwidth explains: `bbr_update_ack_aggregation()`."""
        if sample.acked <= 0 or sample.delivered < 0 or sample.interval <= 0:
            return
        if self.round_start:
            self._extra_age = min(31, self._extra_age + 1)
            if self._extra_age >= AGGREGATION_ROUNDS:
                self._extra_age = 0
                self._extra_now ^= 1
                self._extra[self._extra_now] = 0
        now = c.flow.delivered_at
        expected = self.value * (now - self._epoch_start) >> SCALE
        if self._epoch_acked <= expected or self._epoch_acked + sample.acked >= EPOCH_MOST:
            self.start_epoch(now)
            expected = 0
        self._epoch_acked = min(EPOCH_MOST - 1, self._epoch_acked + sample.acked)
        extra = min(self._epoch_acked - expected, c.cwnd)
        self._extra[self._extra_now] = max(self._extra[self._extra_now], extra)

    def room_for_extra(self) -> int:
        """Segments that cwnd should have for such ACKs, once the pipe is full."""
        if not self.full:
            return 0
        return min(max(self._extra), self.value * AGGREGATION_MOST >> SCALE)

    # --- a full pipe -----------------------------------------------------------------------------

    def look_whether_full(self, sample: RateSample) -> None:
        """At the end of a round: does the bandwidth still grow?"""
        if self.full or not self.round_start or sample.app_limited:
            return
        best = self._best.value
        if best >= self._full * FULL_GROWTH >> GAIN_SCALE:
            self._full, self._full_rounds = best, 0
            return
        self._full_rounds += 1
        self.full = self._full_rounds >= FULL_ROUNDS

    def doubt_full(self, *, rounds: bool) -> None:
        """A loss that was none, or a time-out: measure anew whether it grows."""
        self._full = 0
        if rounds:
            self._full_rounds = 0
