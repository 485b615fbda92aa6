"""Slow start and congestion avoidance (RFC 5681 §3.1), counted in segments as Linux counts.

Source: tcp_slow_start(), tcp_cong_avoid_ai() and tcp_reno_ssthresh() in net/ipv4/tcp_cong.c.
"""

from __future__ import annotations

from tcpcore.tcp.tcb import Tcb

SEGMENTS_MIN = 2


def on_ack(c: Tcb, acked: int) -> None:
    """`acked` segments were newly acknowledged: let cwnd grow."""
    if c.cwnd < c.ssthresh:
        grown = min(c.cwnd + acked, c.ssthresh)
        acked -= grown - c.cwnd
        c.cwnd = grown
        if not acked:
            return
    c.cwnd_counter += acked
    if c.cwnd_counter >= c.cwnd:
        c.cwnd_counter -= c.cwnd
        c.cwnd += 1


def on_timeout(c: Tcb) -> None:
    """The retransmission timer fired: half the window is the new threshold, and start from one."""
    c.ssthresh = max(c.cwnd >> 1, SEGMENTS_MIN)
    c.cwnd = 1
    c.cwnd_counter = 0
