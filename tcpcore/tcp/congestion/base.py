"""What congestion control has to answer; and how to write one's own.

A class derived from `CongestionControl`, with a `name` and the verbs that it wants to change, and
registered, is chosen by that name like Linux's own.  The whole of Reno (RFC 5681):

    @registry.register
    class MyReno(CongestionControl):
        name = "my-reno"

        def ssthresh(self, c):
            return max(c.cwnd // 2, 2)  # after a loss: half, but two segments at least

        def on_ack(self, c, acked, now):
            for _ in range(acked):
                if c.cwnd < c.ssthresh:  # slow start: one more for each segment
                    c.cwnd += 1
                else:  # congestion avoidance: one more for each window
                    c.cwnd_counter += 1
                    if c.cwnd_counter >= c.cwnd:
                        c.cwnd += 1
                        c.cwnd_counter = 0

        def show(self, c):
            return {"to go": c.cwnd - c.cwnd_counter}

    net.host("client", "10.0.0.1", tcp_congestion_control="my-reno")

cwnd and ssthresh are in segments and belong to the connection, as do srtt (us, times 8) and
min_rtt (us); who counts what is in flight is the sender, not the algorithm.  An algorithm has one
object for each connection, so that its own variables are attributes.  `show` names those that are
worth looking at: ``host.sh("ss -ti")`` prints them as ``my-reno:(to go:7)``.
An algorithm that does not grow by ACKs and fall by losses sets `controls` and writes `control`,
which gets a rate sample with every ACK: see `bbr`.
Source: struct tcp_congestion_ops in include/net/tcp.h.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from tcpcore.tcp.flow import RateSample
    from tcpcore.tcp.tcb import Tcb

LEAST = 2
"""ssthresh never falls below two segments (RFC 5681 §3.1)."""


def slow_start(c: Tcb, acked: int) -> int:
    """Grow by what was acknowledged, up to ssthresh; what is left of `acked` (tcp_slow_start())."""
    grown, left = c.cwnd + acked, 0
    if grown > c.ssthresh:
        grown, left = c.ssthresh, grown - c.ssthresh
    c.cwnd = grown if grown < c.cwnd_clamp else c.cwnd_clamp
    return left


def additive_increase(c: Tcb, window: int, acked: int) -> None:
    """One segment more for each `window` segments acknowledged (tcp_cong_avoid_ai())."""
    if c.cwnd_counter >= window:  # credit from when the window was larger
        c.cwnd_counter = 0
        c.cwnd = min(c.cwnd + 1, c.cwnd_clamp)
    c.cwnd_counter += acked
    if c.cwnd_counter >= window:
        grown = c.cwnd_counter // window
        c.cwnd_counter -= grown * window
        c.cwnd = min(c.cwnd + grown, c.cwnd_clamp)


class CongestionControl:
    """Reno's answers; an algorithm replaces what it does in another way."""

    name: ClassVar[str] = "reno"
    controls: ClassVar[bool] = False
    """It sets cwnd and the pacing rate itself, at every ACK: `control`, instead of `on_ack`."""
    buffer_windows: ClassVar[int] = 2
    """How many windows the send buffer should hold (sndbuf_expand)."""

    def on_start(self, c: Tcb, now: int) -> None:
        """The handshake is over, or a program has chosen this algorithm just now (init)."""

    def ssthresh(self, c: Tcb) -> int:
        """The new threshold after a loss or a mark, in segments."""
        return max(c.cwnd >> 1, LEAST)

    def on_ack(self, c: Tcb, acked: int, now: int) -> None:
        """`acked` segments were delivered in order while cwnd limited us: let it grow."""
        if c.cwnd < c.ssthresh:
            acked = slow_start(c, acked)
            if not acked:
                return
        additive_increase(c, c.cwnd, acked)

    def on_sample(self, c: Tcb, rtt: int, now: int) -> None:
        """An ACK brought a round-trip time, in us."""

    def control(self, c: Tcb, sample: RateSample, now: int) -> None:
        """An ACK was taken in: set cwnd, and c.flow.pacing_rate (cong_control; see `controls`)."""

    def least_burst(self, c: Tcb) -> int:
        """Segments that a burst may have in any case, where `controls` (min_tso_segs)."""
        return c.sysctl.tcp_min_tso_segs

    def on_loss_state(self, c: Tcb, now: int) -> None:
        """A time-out began: the connection enters the state Loss."""

    def on_restart(self, c: Tcb, idle: int, now: int) -> None:
        """Sending begins with nothing in flight, `idle` us after the last data (TX_START)."""

    def undo(self, c: Tcb) -> int:
        """Cwnd after a reduction that turned out to be needless (tcp_reno_undo_cwnd())."""
        return max(c.cwnd, c.loss.prior_cwnd)

    def show(self, c: Tcb) -> dict[str, Any]:
        """The algorithm's own variables by name, for people: `ss -ti` prints those of one's own."""
        return {}

    def info(self, c: Tcb) -> bytes:
        """What getsockopt(TCP_CC_INFO) gives: `union tcp_cc_info`; nothing where Linux has none."""
        return b""
