"""BBR, version 1: send at the rate that the path delivers, and keep its queues short.

Two things are measured: the greatest bandwidth of ten round trips, and the least round trip of ten
seconds.  From them follow the pacing rate and cwnd, each times a gain of the mode: STARTUP doubles
every round until the bandwidth grows no more; DRAIN empties the queue that this made; PROBE_BW
tries a quarter more for one phase of eight, and a quarter less for the next; PROBE_RTT holds back
for 200 ms when no shorter round trip was seen for ten seconds.  Loss only lowers cwnd for a while.

The bandwidth's part is in `bbr_bandwidth`.  Integer arithmetic as the kernel's.  Where it draws the
phase with which PROBE_BW begins, a generator draws that the initial sequence number has seeded.
Source: net/ipv4/tcp_bbr.c; Cardwell et al., BBR: Congestion-Based Congestion Control, ACM Queue
14(5), 2016.
"""

from __future__ import annotations

import random
import struct
from typing import TYPE_CHECKING, Any, ClassVar

from tcpcore.tcp import segment_size
from tcpcore.tcp.congestion import prr
from tcpcore.tcp.congestion.base import CongestionControl
from tcpcore.tcp.congestion.bbr_bandwidth import (
    GAIN_SCALE,
    ONE,
    SCALE,
    UNIT,
    Bandwidth,
    bytes_per_second,
)
from tcpcore.tcp.flow import JIFFY
from tcpcore.tcp.loss_state import LOSS, OPEN, RECOVERY
from tcpcore.units import MILLISECOND, SECOND

if TYPE_CHECKING:
    from tcpcore.tcp.flow import RateSample
    from tcpcore.tcp.tcb import Tcb

STARTUP, DRAIN, PROBE_BW, PROBE_RTT = "STARTUP", "DRAIN", "PROBE_BW", "PROBE_RTT"

HIGH_GAIN = ONE * 2885 // 1000 + 1
"""2/ln 2: the least gain that doubles the rate every round."""
DRAIN_GAIN = ONE * 1000 // 2885
CWND_GAIN = ONE * 2
CYCLE = (ONE * 5 // 4, ONE * 3 // 4, ONE, ONE, ONE, ONE, ONE, ONE)
RANDOM_PHASES = 7
LEAST_CWND = 4
INITIAL_CWND = 10
MIN_RTT_WINDOW = 10 * SECOND // JIFFY
PROBE_RTT_TIME = 200 * MILLISECOND // JIFFY
LOW_RATE = 1_200_000 >> 3
"""Below that, in bytes a second, a burst is one segment."""
BURST_MOST, BURST_BYTES = 127, 65536 - 1 - 256
PACING_SHIFT = 10
UNKNOWN_RTT = MILLISECOND
NO_RTT = 0xFFFF_FFFF


class Bbr(CongestionControl):
    """See the module; `CongestionControl` says when its methods are called."""

    name: ClassVar[str] = "bbr"
    controls: ClassVar[bool] = True
    buffer_windows: ClassVar[int] = 3

    def __init__(self) -> None:
        self.mode = STARTUP
        self.pacing_gain = self.cwnd_gain = 0  # until the first ACK of data
        self.min_rtt = NO_RTT  # us, of the last ten seconds
        self._min_rtt_stamp = 0  # jiffies
        self._probe_end: int | None = None  # jiffies: PROBE_RTT may end
        self._probe_round_done = False
        self._phase = 0
        self._phase_start = 0  # us
        self._before = OPEN  # ca_state at the last ACK
        self._conserving = False
        self._prior_cwnd = 0
        self._idle_restart = False
        self._seen_rtt = False
        self._random: random.Random | None = None
        self.bandwidth: Bandwidth | None = None  # from `on_start` on

    def on_start(self, c: Tcb, now: int) -> None:
        """Pace at ten segments a round trip, times the gain (bbr_init())."""
        draws, gains = self._random, (self.pacing_gain, self.cwnd_gain)
        self.__init__()  # type: ignore[misc]
        self._random = draws or random.Random(c.iss)
        self.pacing_gain, self.cwnd_gain = gains
        c.flow.paced = True
        c.ssthresh = prr.INFINITE_SSTHRESH
        self.bandwidth = Bandwidth(c, now)
        self.min_rtt = c.min_rtt or NO_RTT
        self._min_rtt_stamp = now // JIFFY
        self._first_rate(c)

    def _known(self) -> Bandwidth:
        assert self.bandwidth is not None
        return self.bandwidth

    # --- every ACK -------------------------------------------------------------------------------

    def control(self, c: Tcb, sample: RateSample, now: int) -> None:
        """Take the sample in, and set rate and cwnd by it (bbr_main())."""
        if self.bandwidth is None:  # the SYN+ACK: taken for PROBE_RTT, before anything is set up
            self.pacing_gain = self.cwnd_gain = ONE
            c.flow.mark_app_limited(c.delivered, prr.in_flight(c))
            return
        bandwidth = self.bandwidth
        self._update_model(c, bandwidth, sample, now)
        self._set_rate(c, bandwidth.value, self.pacing_gain)
        self._set_cwnd(c, sample, bandwidth.value)

    def _update_model(self, c: Tcb, bandwidth: Bandwidth, sample: RateSample, now: int) -> None:
        policed, probing = bandwidth.policed, self.mode == PROBE_BW
        over = bandwidth.sample(c, sample, segment_size.mss(c), probing=probing)
        if bandwidth.round_start:
            self._conserving = False
        self._heed_policer(c, bandwidth, policed, over)
        bandwidth.count_extra(c, sample)
        if self.mode == PROBE_BW and self._phase_is_over(c, bandwidth, sample, now):
            self._next_phase(c)
        bandwidth.look_whether_full(sample)
        self._check_drain(c, bandwidth, now)
        self._update_min_rtt(c, sample, now)
        self._choose_gains(bandwidth)

    def _heed_policer(self, c: Tcb, bandwidth: Bandwidth, policed: bool, over: bool) -> None:
        """Where there is one now, do not probe; where it is believed no more, probe again."""
        if over:
            self._enter_probe_bw(c)
        elif bandwidth.policed and not policed:
            self.pacing_gain = ONE

    def _choose_gains(self, bandwidth: Bandwidth) -> None:
        if self.mode == STARTUP:
            self.pacing_gain = self.cwnd_gain = HIGH_GAIN
        elif self.mode == DRAIN:
            self.pacing_gain, self.cwnd_gain = DRAIN_GAIN, HIGH_GAIN
        elif self.mode == PROBE_BW:
            self.pacing_gain = ONE if bandwidth.policed else CYCLE[self._phase]
            self.cwnd_gain = CWND_GAIN
        else:
            self.pacing_gain = self.cwnd_gain = ONE

    # --- the rate --------------------------------------------------------------------------------

    def _rate(self, c: Tcb, bandwidth: int, gain: int) -> int:
        rate = bytes_per_second(segment_size.mss(c), bandwidth, gain)
        return min(rate, c.flow.max_pacing_rate)

    def _first_rate(self, c: Tcb) -> None:
        """High gain times cwnd in a round trip; 1 ms if none is known."""
        self._seen_rtt = self._seen_rtt or bool(c.srtt)
        rtt = max(c.srtt >> 3, 1) if c.srtt else UNKNOWN_RTT
        c.flow.pacing_rate = self._rate(c, c.cwnd * UNIT // rtt, HIGH_GAIN)

    def _set_rate(self, c: Tcb, bandwidth: int, gain: int) -> None:
        """Until the pipe is full, the rate only grows (bbr_set_pacing_rate())."""
        rate = self._rate(c, bandwidth, gain)
        if not self._seen_rtt and c.srtt:
            self._first_rate(c)
        if self._known().full or rate > c.flow.pacing_rate:
            c.flow.pacing_rate = rate

    def least_burst(self, c: Tcb) -> int:
        """One segment where the rate is low, else two."""
        return 1 if c.flow.pacing_rate < LOW_RATE else 2

    def _burst(self, c: Tcb) -> int:
        """Segments of a burst (bbr_tso_segs_goal())."""
        size = min(c.flow.pacing_rate >> PACING_SHIFT, BURST_BYTES)
        return min(max(size // segment_size.mss(c), self.least_burst(c)), BURST_MOST)

    # --- cwnd ------------------------------------------------------------------------------------

    def _product(self, bandwidth: int, gain: int) -> int:
        """Bandwidth times round trip times gain, in segments, rounded up (bbr_bdp())."""
        if self.min_rtt == NO_RTT:
            return INITIAL_CWND
        return ((bandwidth * self.min_rtt * gain >> GAIN_SCALE) + UNIT - 1) >> SCALE

    def _with_budget(self, c: Tcb, cwnd: int) -> int:
        """Room for bursts at both ends; an even number (bbr_quantization_budget())."""
        cwnd += 3 * self._burst(c)
        cwnd = (cwnd + 1) & ~1
        return cwnd + 2 if self.mode == PROBE_BW and not self._phase else cwnd

    def _inflight(self, c: Tcb, bandwidth: int, gain: int) -> int:
        return self._with_budget(c, self._product(bandwidth, gain))

    def _set_cwnd(self, c: Tcb, sample: RateSample, value: int) -> None:
        """Toward the target, by what was delivered (bbr_set_cwnd())."""
        bandwidth, acked, cwnd = self._known(), sample.acked, c.cwnd
        if acked:
            cwnd = self._recover_or_restore(c, sample)
            if self._conserving:
                cwnd = max(cwnd, prr.in_flight(c) + acked)
            else:
                target = self._product(value, self.cwnd_gain) + bandwidth.room_for_extra()
                target = self._with_budget(c, target)
                if bandwidth.full:
                    cwnd = min(cwnd + acked, target)
                elif cwnd < target or c.delivered < INITIAL_CWND:
                    cwnd += acked
                cwnd = max(cwnd, LEAST_CWND)
        cwnd = min(cwnd, c.cwnd_clamp)
        c.cwnd = min(cwnd, LEAST_CWND) if self.mode == PROBE_RTT else cwnd

    def _recover_or_restore(self, c: Tcb, sample: RateSample) -> int:
        """In the first round of a recovery send what is delivered; after it, cwnd is as before."""
        was, state, cwnd = self._before, c.ca_state, c.cwnd
        if sample.losses > 0:
            cwnd = max(cwnd - sample.losses, 1)
        if state == RECOVERY and was != RECOVERY:
            self._conserving = True
            self._known().next_round = c.delivered
            cwnd = prr.in_flight(c) + sample.acked
        elif was >= RECOVERY and state < RECOVERY:
            cwnd = max(cwnd, self._prior_cwnd)
            self._conserving = False
        self._before = state
        return cwnd

    def _save_cwnd(self, c: Tcb) -> None:
        if self._before < RECOVERY and self.mode != PROBE_RTT:
            self._prior_cwnd = c.cwnd
        else:  # it is cut already
            self._prior_cwnd = max(self._prior_cwnd, c.cwnd)

    # --- modes -----------------------------------------------------------------------------------

    def _in_network(self, c: Tcb, flight: int, now: int) -> int:
        """Segments that will be in flight when the next may be sent.

        Source: bbr_packets_in_net_at_edt().
        """
        wait = max(c.flow.wstamp // 1000 - now, 0)
        if self.pacing_gain > ONE:
            flight += self._burst(c)
        return max(flight - (self._known().value * wait >> SCALE), 0)

    def _phase_is_over(self, c: Tcb, bandwidth: Bandwidth, sample: RateSample, now: int) -> bool:
        """A phase lasts a round trip; more than 1 until it is in flight, less until it is gone."""
        full_length = c.flow.delivered_at - self._phase_start > self.min_rtt
        if self.pacing_gain == ONE:
            return full_length
        flight, best = self._in_network(c, sample.in_flight, now), bandwidth.best
        if self.pacing_gain > ONE:
            reached = sample.losses or flight >= self._inflight(c, best, self.pacing_gain)
            return full_length and bool(reached)
        return full_length or flight <= self._inflight(c, best, ONE)

    def _next_phase(self, c: Tcb) -> None:
        self._phase = (self._phase + 1) % len(CYCLE)
        self._phase_start = c.flow.delivered_at

    def _enter_probe_bw(self, c: Tcb) -> None:
        """Begin with any phase but the one that drains."""
        assert self._random is not None
        self.mode = PROBE_BW
        self._phase = len(CYCLE) - 1 - self._random.randrange(RANDOM_PHASES)
        self._next_phase(c)

    def _check_drain(self, c: Tcb, bandwidth: Bandwidth, now: int) -> None:
        if self.mode == STARTUP and bandwidth.full:
            self.mode = DRAIN
            c.ssthresh = self._inflight(c, bandwidth.best, ONE)
        if self.mode == DRAIN:
            left = self._in_network(c, prr.in_flight(c), now)
            if left <= self._inflight(c, bandwidth.best, ONE):
                self._enter_probe_bw(c)

    def _update_min_rtt(self, c: Tcb, sample: RateSample, now: int) -> None:
        """The least round trip; when it is ten seconds old, PROBE_RTT (bbr_update_min_rtt())."""
        jiffies = now // JIFFY
        expired = jiffies > self._min_rtt_stamp + MIN_RTT_WINDOW
        if sample.rtt >= 0 and (sample.rtt <= self.min_rtt or (expired and not sample.ack_delayed)):
            self.min_rtt, self._min_rtt_stamp = sample.rtt, jiffies
        if expired and not self._idle_restart and self.mode != PROBE_RTT:
            self.mode = PROBE_RTT
            self._save_cwnd(c)
            self._probe_end = None
        if self.mode == PROBE_RTT:
            self._in_probe_rtt(c, jiffies)
        if sample.delivered > 0:
            self._idle_restart = False

    def _in_probe_rtt(self, c: Tcb, jiffies: int) -> None:
        """From when so little is in flight, 200 ms and a round."""
        bandwidth, flight = self._known(), prr.in_flight(c)
        c.flow.mark_app_limited(c.delivered, flight)
        if self._probe_end is None:
            if flight <= LEAST_CWND:
                self._probe_end = jiffies + PROBE_RTT_TIME
                self._probe_round_done = False
                bandwidth.next_round = c.delivered
            return
        self._probe_round_done = self._probe_round_done or bandwidth.round_start
        if self._probe_round_done:
            self._leave_probe_rtt(c, jiffies)

    def _leave_probe_rtt(self, c: Tcb, jiffies: int) -> None:
        if self._probe_end is None or jiffies <= self._probe_end:
            return
        self._min_rtt_stamp = jiffies
        c.cwnd = max(c.cwnd, self._prior_cwnd)
        if self._known().full:
            self._enter_probe_bw(c)
        else:
            self.mode = STARTUP

    # --- what happens beside ACKs ----------------------------------------------------------------

    def ssthresh(self, c: Tcb) -> int:
        """As it is; but remember cwnd for the end of the recovery."""
        self._save_cwnd(c)
        return c.ssthresh

    def undo(self, c: Tcb) -> int:
        """It slowed down for nothing: look again whether the pipe is full."""
        if self.bandwidth is not None:
            self.bandwidth.doubt_full(rounds=True)
            self.bandwidth.forget_policer(c)
        return c.cwnd

    def on_loss_state(self, c: Tcb, now: int) -> None:
        """A time-out is the end of a round, and a loss (bbr_set_state())."""
        self._before = LOSS
        bandwidth = self.bandwidth
        if bandwidth is not None:
            policed, probing = bandwidth.policed, self.mode == PROBE_BW
            bandwidth.doubt_full(rounds=False)
            over = bandwidth.timed_out(c, segment_size.mss(c), probing=probing)
            self._heed_policer(c, bandwidth, policed, over)

    def on_restart(self, c: Tcb, idle: int, now: int) -> None:
        """After a pause of the application: pace at the bandwidth, without a gain."""
        if self.bandwidth is None or not c.flow.app_limited:
            return
        self._idle_restart = True
        self.bandwidth.start_epoch(now)
        if self.mode == PROBE_BW:
            self._set_rate(c, self.bandwidth.value, ONE)
        elif self.mode == PROBE_RTT:
            self._leave_probe_rtt(c, now // JIFFY)

    # --- to look at ------------------------------------------------------------------------------

    def bytes_per_second(self, c: Tcb) -> int:
        """The bandwidth, as `ss -i` shows it."""
        value = self.bandwidth.value if self.bandwidth is not None else 0
        return value * segment_size.mss(c) * SECOND >> SCALE

    def show(self, c: Tcb) -> dict[str, Any]:
        """Mode, bandwidth (bytes a second), least round trip (us) and gains."""
        return {
            "mode": self.mode,
            "bw": self.bytes_per_second(c),
            "mrtt": self.min_rtt,
            "pacing_gain": self.pacing_gain / ONE,
            "cwnd_gain": self.cwnd_gain / ONE,
        }

    def info(self, c: Tcb) -> bytes:
        """`struct tcp_bbr_info`."""
        rate = self.bytes_per_second(c)
        low, high = rate & 0xFFFF_FFFF, rate >> 32
        return struct.pack("=5I", low, high, self.min_rtt, self.pacing_gain, self.cwnd_gain)
