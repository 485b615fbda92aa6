"""How cwnd falls: proportional rate reduction, and what begins and ends it (RFC 9937).

During a reduction the sender sends about as much as arrives, so that cwnd comes down to ssthresh
within a round trip, without a pause and without a burst.
Source: tcp_init_cwnd_reduction(), tcp_cwnd_reduction() and tcp_end_cwnd_reduction().
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tcpcore.tcp import ecn
from tcpcore.tcp.loss_state import CWR, RECOVERY

if TYPE_CHECKING:
    from tcpcore.tcp.tcb import Tcb

INFINITE_SSTHRESH = 0x7FFF_FFFF
REDUCING = (CWR, RECOVERY)


def packets_out(c: Tcb) -> int:
    """Segments sent and not acknowledged; the SYN+ACK of an early connection is its request's."""
    return len(c.retransmission_queue) - c.request_out


def in_flight(c: Tcb) -> int:
    """Segments on their way: sent and not acknowledged, counted as lost or known to be there."""
    return len(c.retransmission_queue) - c.request_out - c.sacked_out - c.lost_out + c.retrans_out


def reducing(c: Tcb) -> bool:
    """Whether cwnd is coming down (tcp_in_cwnd_reduction())."""
    return c.ca_state in REDUCING


def current_ssthresh(c: Tcb) -> int:
    """What is worth remembering as ssthresh: at least three quarters of cwnd, unless reducing."""
    if reducing(c):
        return c.ssthresh
    return max(c.ssthresh, (c.cwnd >> 1) + (c.cwnd >> 2))


def begin(c: Tcb) -> None:
    """A loss or a mark: from now on cwnd comes down to the new ssthresh."""
    loss = c.loss
    loss.high_seq = c.snd_nxt
    c.probe_end = None
    c.cwnd_counter = 0
    loss.prior_cwnd = c.cwnd
    loss.prr_delivered = loss.prr_out = 0
    c.ssthresh = c.congestion.ssthresh(c)
    ecn.reduced(c)


def reduce(c: Tcb, delivered: int, lost: int, advanced: bool) -> None:
    """An ACK during a reduction: how much may be sent for it."""
    loss = c.loss
    if delivered <= 0 or not loss.prior_cwnd:
        return
    flight = in_flight(c)
    room = c.ssthresh - flight
    loss.prr_delivered += delivered
    if room < 0:
        share = (c.ssthresh * loss.prr_delivered + loss.prior_cwnd - 1) // loss.prior_cwnd
        count = share - loss.prr_out
    else:
        count = max(loss.prr_delivered - loss.prr_out, delivered)
        if advanced and not lost:
            count += 1
        count = min(room, count)
    if count <= 0:
        count = 0 if loss.prr_out else 1  # the first retransmission goes in any case
    cwnd = flight + count
    c.cwnd = cwnd if cwnd > 1 else 1


def end(c: Tcb, now: int) -> None:
    """All that was in flight when it began is acknowledged: cwnd is ssthresh."""
    loss = c.loss
    if c.congestion.controls:
        return
    if c.ssthresh < INFINITE_SSTHRESH and (c.ca_state == CWR or loss.undo_marker is not None):
        c.cwnd = c.ssthresh
        loss.cwnd_stamp = now


def enter_cwr(c: Tcb) -> None:
    """Less, although nothing is lost: a mark, or a full queue at home (tcp_enter_cwr())."""
    loss = c.loss
    loss.prior_ssthresh = 0
    if c.ca_state < CWR:
        loss.undo_marker = None
        begin(c)
        c.ca_state = CWR
