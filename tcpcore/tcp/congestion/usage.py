"""Is it cwnd that limits us?  It grows only then, and decays while the application is quiet.

Source: tcp_cwnd_validate(), tcp_is_cwnd_limited(), tcp_cwnd_restart() and
tcp_cwnd_application_limited() in net/ipv4/tcp_output.c; RFC 7661.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tcpcore.seqnum import HALF
from tcpcore.tcp.congestion import registry
from tcpcore.tcp.congestion.prr import INFINITE_SSTHRESH, current_ssthresh
from tcpcore.tcp.loss_state import OPEN

if TYPE_CHECKING:
    from tcpcore.tcp.tcb import Tcb


def start(c: Tcb) -> None:
    """The connection opens with the window that its route gives (tcp_init_transfer()).

    What was lost while it opened is no measure of the path, but two lost SYNs (or answers to one)
    are a reason to begin with one segment; unless they were not lost (`undo.syn_was_not_lost`).
    """
    c.cwnd = c.initial_cwnd
    if c.total_retrans > 1 and c.loss.undo_marker is not None:
        c.cwnd = 1
    if c.total_retrans:
        c.ssthresh = INFINITE_SSTHRESH
        c.congestion = registry.create(c.congestion.name)


def limited(c: Tcb) -> bool:
    """Whether cwnd held us back lately; in slow start, whether half of it was in use."""
    loss = c.loss
    if loss.cwnd_limited:
        return True
    return c.cwnd < c.ssthresh and c.cwnd < 2 * loss.max_packets_out


def validate(c: Tcb, is_limited: bool, now: int) -> None:
    """Something was sent, or cwnd was full: take note."""
    loss, out = c.loss, len(c.retransmission_queue) - c.request_out
    if (
        is_limited
        or loss.usage_end is None
        or not (c.snd_una - loss.usage_end) & HALF
        or (not loss.cwnd_limited and out > loss.max_packets_out)
    ):
        loss.cwnd_limited = is_limited
        loss.max_packets_out = out
        loss.usage_end = c.snd_nxt
    if loss.cwnd_limited or limited(c):
        loss.cwnd_used = 0
        loss.cwnd_stamp = now
        return
    loss.cwnd_used = max(loss.cwnd_used, out)
    if c.congestion.controls or not c.sysctl.tcp_slow_start_after_idle:
        return
    if now - loss.cwnd_stamp >= c.rto:
        _application_limited(c, now)


def _application_limited(c: Tcb, now: int) -> None:
    """For an RTO the application has used less: let cwnd come half the way down to that."""
    loss = c.loss
    if c.ca_state == OPEN:
        used = max(loss.cwnd_used, c.initial_cwnd)
        if used < c.cwnd:
            c.ssthresh = current_ssthresh(c)
            c.cwnd = (c.cwnd + used) >> 1
        loss.cwnd_used = 0
    loss.cwnd_stamp = now


def restart(c: Tcb, now: int) -> None:
    """New data after a pause: cwnd is halved for every RTO, down to the initial window."""
    idle = now - c.last_data_sent
    if (
        c.congestion.controls
        or c.retransmission_queue
        or not c.sysctl.tcp_slow_start_after_idle
        or idle <= c.rto
    ):
        return
    c.ssthresh = current_ssthresh(c)
    least = min(c.initial_cwnd, c.cwnd)
    cwnd = c.cwnd
    left = idle - c.rto
    while left > 0 and cwnd > least:
        cwnd >>= 1
        left -= c.rto
    c.cwnd = max(cwnd, least)
    c.loss.cwnd_stamp = now
    c.loss.cwnd_used = 0
