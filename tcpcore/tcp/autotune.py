"""Dynamic right-sizing: the receive buffer follows what the application reads in a round trip.

The receiver measures the round trip by itself, and lets the buffer, up to tcp_rmem[2], hold twice
what was read in the last one, and more while that grows.  SO_RCVBUF switches it off.
Source: tcp_rcv_rtt_update(), tcp_rcv_space_adjust() and tcp_rcvbuf_grow() in
net/ipv4/tcp_input.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tcpcore.seqnum import MASK, distance, lt
from tcpcore.units import MILLISECOND

if TYPE_CHECKING:
    from tcpcore.tcp.tcb import Tcb

RATIO_BITS = 8
INITIAL_SEGMENTS = 10
"""What is taken for a round trip's worth at first (TCP_INIT_CWND)."""


class Tuning:
    """What one connection has measured: `rtt` in us, eightfold; `space` in bytes read."""

    __slots__ = ("echo", "rtt", "rtt_end", "rtt_start", "space", "space_seq", "space_start")

    def __init__(self) -> None:
        self.rtt = 0
        self.rtt_end = 0  # once rcv.nxt is here, a window's worth has come
        self.rtt_start: int | None = None
        self.echo: int | None = None  # the last echoed timestamp that was looked at
        self.space = 0
        self.space_seq = 0
        self.space_start = 0


def start(c: Tcb, mss: int, now: int) -> None:
    """The connection opens (tcp_init_buffer_space())."""
    t = c.tuning
    t.space_start, t.space_seq = now, c.rcv_nxt
    t.space = min(c.rcv_ssthresh, c.rcv_wnd, INITIAL_SEGMENTS * mss)


def data_received(c: Tcb, now: int) -> None:
    """A window's worth takes at least a round trip (tcp_rcv_rtt_measure())."""
    t = c.tuning
    if t.rtt_start is not None:
        if lt(c.rcv_nxt, t.rtt_end):
            return
        sample = max(now - t.rtt_start, 1)
        if not t.rtt or sample << 3 < t.rtt:
            t.rtt = sample << 3
    t.rtt_end = (c.rcv_nxt + c.rcv_wnd) & MASK
    t.rtt_start = now


def echo_received(c: Tcb, echo: int, length: int, now: int) -> None:
    """An echoed timestamp on a full segment is a round trip (tcp_rcv_rtt_measure_ts()).

    Each is looked at once.
    """
    t = c.tuning
    t.echo = echo
    if length < c.rcv_mss or not echo:
        return
    elapsed = (now // MILLISECOND + c.timestamp_offset - echo) & MASK
    if not 0 < elapsed < 1 << 21:
        return
    sample, rtt = elapsed * MILLISECOND, t.rtt
    if not rtt or sample << 3 < rtt:
        t.rtt = sample << 3
    elif not c.receive_buffer:  # else the application may be the slow one
        t.rtt = rtt + sample - (rtt >> 3)


def copied(c: Tcb, used: int, now: int) -> None:
    """The application is about to read so much of the first packet (tcp_rcv_space_adjust())."""
    t = c.tuning
    if not t.rtt or now - t.space_start < t.rtt >> 3:
        return
    waiting = len(c.receive_buffer)
    here = (c.rcv_nxt - c.rcv_closed - waiting + used) & MASK
    read = distance(t.space_seq, here) - (waiting - used)
    if read > t.space:
        grow(c, read)
    t.space_seq, t.space_start = here, now


def grow(c: Tcb, read: int) -> None:
    """Let the buffer hold what `read` bytes in a round trip call for (tcp_rcvbuf_grow())."""
    t = c.tuning
    before, t.space = t.space, read
    most = c.sysctl.tcp_rmem[2]
    if c.rcvbuf_locked or c.rcvbuf >= most or not c.sysctl.tcp_moderate_rcvbuf:
        return
    wanted = read << 1  # what is measured is a round trip late
    if before:
        wanted += wanted * (read - before) // before << 1  # the sender may be doubling its rate
    if c.out_of_order:
        seq, payload, *_ = c.out_of_order[-1]
        wanted += (seq + len(payload) - c.rcv_nxt) & MASK
    memory = min((wanted << RATIO_BITS) // c.scaling_ratio, most)
    if memory > c.rcvbuf:
        c.rcvbuf = memory
        c.window_clamp = memory * c.scaling_ratio >> RATIO_BITS
