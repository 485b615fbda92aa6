"""Pacing: spread what is sent over time, instead of sending as soon as cwnd allows.

Every connection has a rate; it is kept to only where the congestion control asks for it (bbr) or
SO_MAX_PACING_RATE is set.  After each packet handed to the device nothing goes until the time is
over that it takes at the rate; a timer ends the wait, and what it was late is made good.
Linux differs from what the word says elsewhere: the others only size their bursts by the rate.
Source: tcp_update_pacing_rate(), tcp_update_skb_after_send() and tcp_pacing_check() in
net/ipv4/tcp_output.c; with the qdisc fq, which paces by itself, the kernel leaves it to that.
"""

from __future__ import annotations

from tcpcore.seqnum import distance
from tcpcore.tcp import segment_size
from tcpcore.tcp.flow import JIFFY, UNLIMITED
from tcpcore.tcp.tcb import Tcb
from tcpcore.units import SECOND

NANOSECONDS = 1_000
"""In a microsecond."""
UNPACED_SEGMENTS = 10
"""The first ones go as cwnd allows."""


def update_rate(c: Tcb) -> None:
    """Twice cwnd in a round trip while cwnd may still double, else 1.2 times (two sysctls)."""
    sysctl = c.sysctl
    share = sysctl.tcp_pacing_ca_ratio
    if c.cwnd < c.ssthresh >> 1:
        share = sysctl.tcp_pacing_ss_ratio
    size = c.snd_mss
    if size > c.max_window >> 1:
        size = segment_size.mss(c)
    out = len(c.retransmission_queue) - c.request_out
    rate = size * 80_000 * share * (c.cwnd if c.cwnd > out else out)
    if c.srtt:
        rate //= c.srtt
    flow = c.flow
    flow.pacing_rate = rate if rate < flow.max_pacing_rate else flow.max_pacing_rate


def start(c: Tcb) -> None:
    """From now on, and for good, the rate is kept to."""
    c.flow.paced = True


def waits(c: Tcb, now: int) -> bool:
    """Whether it is too early to send more; then the timer runs (tcp_pacing_check())."""
    due = c.flow.wstamp
    if due <= now * NANOSECONDS:
        return False
    if c.pacing_deadline is None:
        c.pacing_deadline = deadline = -(-due // NANOSECONDS)
        if deadline < c.due:
            c.due = deadline
    return True


def charge(c: Tcb, length: int, segments: int, now: int) -> None:
    """A packet of `length` bytes of data is about to be sent: what must wait for it.

    A packet that goes late, because the timer was, lets the next one go earlier.
    """
    flow = c.flow
    before = max(flow.wstamp, c.last_sent_at * NANOSECONDS)
    at = max(before, now * NANOSECONDS)
    rate = flow.pacing_rate
    if rate and rate != UNLIMITED and c.data_segs_out + segments >= UNPACED_SEGMENTS:
        takes = length * SECOND * NANOSECONDS // rate
        at += takes - min(takes // 2, at - before)
    flow.wstamp = at


def charge_queued(c: Tcb, seq: int, end: int, now: int) -> None:
    """One segment that is sent again."""
    if c.flow.paced:
        charge(c, distance(seq, end), 1, now)


def delay(c: Tcb, now: int) -> int:
    """What timers add, in us: whole jiffies until more may be sent (tcp_pacing_delay())."""
    return max(c.flow.wstamp // NANOSECONDS - now, 0) // JIFFY * JIFFY


def limit(c: Tcb, rate: int) -> None:
    """SO_MAX_PACING_RATE: never faster than that."""
    flow = c.flow
    if rate != UNLIMITED:
        flow.paced = True
    flow.max_pacing_rate = rate
    flow.pacing_rate = min(flow.pacing_rate, rate)
