"""What a sender's time goes by: busy, and of that, held up by the peer's window or our own buffer.

`struct tcp_info` shows the sums as busy_time, rwnd_limited and sndbuf_limited.
Source: tcp_chrono_start(), tcp_chrono_stop() and tcp_chrono_set() in net/ipv4/tcp_output.c.
"""

from __future__ import annotations

from tcpcore.seqnum import MASK, distance
from tcpcore.tcp import state
from tcpcore.tcp.congestion import usage
from tcpcore.tcp.tcb import Tcb

IDLE, BUSY, RWND_LIMITED, SNDBUF_LIMITED = range(4)


def start(c: Tcb, what: int, now: int) -> None:
    """Time goes by `what` from now on, unless it already goes by something stronger."""
    if what > c.chrono:
        _set(c, what, now)


def stop(c: Tcb, what: int, now: int) -> None:
    """That is over: idle when nothing is to be sent or acknowledged, else busy."""
    if not c.retransmission_queue and c.snd_nxt == (c.write_end + c.fin_sent) & MASK:
        _set(c, IDLE, now)
    elif what == c.chrono:
        _set(c, BUSY, now)


def _set(c: Tcb, what: int, now: int) -> None:
    if c.chrono:
        c.chrono_spent[c.chrono - 1] += now - c.chrono_since
    c.chrono = what
    c.chrono_since = now


def sent(c: Tcb, now: int, before: int, limited: bool) -> None:
    """What could be sent was sent, from `before` on; `limited`: the window let no more through."""
    if limited:
        start(c, RWND_LIMITED, now)
    else:
        stop(c, RWND_LIMITED, now)
    if c.snd_nxt != before and c.lacks_space and c.state in state.SENDS_DATA:
        starved = distance(c.snd_nxt, c.write_end) <= 0
        if starved and not usage.limited(c):
            start(c, SNDBUF_LIMITED, now)


def spent(c: Tcb, now: int) -> tuple[int, int, int]:
    """``(busy in all, limited by the peer's window, by the send buffer)`` in microseconds."""
    each = list(c.chrono_spent)
    if c.chrono:
        each[c.chrono - 1] += now - c.chrono_since
    return sum(each), each[RWND_LIMITED - 1], each[SNDBUF_LIMITED - 1]
