"""Sending again what is lost, as far as cwnd goes (tcp_xmit_retransmit_queue()).

Recovery and the time-out say what is lost; the timer of it is in `retransmit`.
"""

from __future__ import annotations

from tcpcore import reasons
from tcpcore.seqnum import MASK, distance, gt
from tcpcore.tcp import (
    departure,
    pacing,
    pieces,
    rack,
    recovery,
    scoreboard,
    segment_size,
    sending,
    state,
    timers,
    trim,
)
from tcpcore.tcp.congestion import prr
from tcpcore.tcp.loss_state import LOSS, RECOVERY
from tcpcore.tcp.sent import SentSegment
from tcpcore.tcp.tcb import Tcb
from tcpcore.why import Reason, Why
from tcpcore.wire.segment import PSH


def after_ack(c: Tcb, answer: int, now: int) -> None:
    """What an ACK in trouble allows: new data first for F-RTO, then what is lost."""
    if answer == recovery.NOTHING or c.state == state.SYN_SENT:
        return
    if answer == recovery.NEW:
        sending.send_pending(c, now, sending.PUSHED)
        assert c.loss.high_seq is not None
        if gt(c.snd_nxt, c.loss.high_seq):
            return
        c.loss.frto = False
    send_lost(c, now)


def send_lost(c: Tcb, now: int, why: Why | None = None) -> None:
    """Send lost segments again, the oldest first, while cwnd has room; `why` if not by ca_state."""
    if not c.retransmission_queue:
        return
    head_again = False
    while c.retrans_out < c.lost_out and prr.in_flight(c) < c.cwnd:
        sent = scoreboard.of(c).next_lost()
        if sent is None or not _in_window(c, sent) or (c.flow.paced and pacing.waits(c, now)):
            break
        head_again = head_again or sent is c.retransmission_queue[c.request_out]
        count = _send_burst(c, sent, now, why or _why(c))
        if prr.reducing(c):
            c.loss.prr_out += count
    if head_again and not c.loss.reo_deadline:
        timers.set_retransmission(c, now, paced=True)


def without_congestion(c: Tcb, now: int, why: Why, clock: int | None = None) -> None:
    """Send what is lost again, at once: it was no congestion, so cwnd stays.

    `clock` is what the connection takes for the time, where that is not `now`.
    """
    recovery.without_congestion(c)
    scoreboard.of(c)
    send_lost(c, now if clock is None else clock, why)
    c.last_data_sent = c.last_sent_at = now
    timers.set_retransmission(c, now)


def _in_window(c: Tcb, sent: SentSegment) -> bool:
    """Whether the window still has room for any of it; the oldest byte probes a shut one."""
    return sent.seq == c.snd_una or distance(sent.seq, (c.snd_una + c.snd_wnd) & MASK) > 0


def _send_burst(c: Tcb, sent: SentSegment, now: int, why: Why) -> int:
    """A lost segment, and those that left the host in one large packet with it; how many.

    As many as cwnd allows; the last of several has PSH, as when they were new.
    """
    most = min(sending.burst_segments(c, c.snd_mss), c.cwnd - prr.in_flight(c))
    trim.again(c, sent, segment_size.current(c))
    burst = [sent]
    board = scoreboard.of(c)
    while burst[-1].joined and len(burst) < most:
        follower = board.after(burst[-1])
        if follower is None or not follower.lost or follower.again:
            break
        if distance((c.snd_una + c.snd_wnd) & MASK, follower.end) > 0:
            break
        burst.append(follower)
    pieces.join(c, burst[-1], False)
    if c.flow.paced:
        length = sum(distance(one.seq, one.end) for one in burst)
        pacing.charge(c, length, len(burst), now)
    for one in burst:
        if one.gone:  # a small one before it took it along
            continue
        push = PSH if one is burst[-1] and len(burst) > 1 else 0
        again(c, one, now, Reason(why, {"retransmission": one.retransmissions + 1}), push)
        c.goes_along = True
    c.goes_along = False
    return len(burst)


def _why(c: Tcb) -> Why:
    if c.ca_state == LOSS:
        c.tally("TcpExtTCPSlowStartRetrans")
        return reasons.LOST_AGAIN
    c.tally("TcpExtTCPFastRetrans")
    return reasons.FAST_RETRANSMIT_SACK if c.sack_permitted else reasons.FAST_RETRANSMIT


def oldest(c: Tcb, now: int, reason: Reason) -> None:
    """Retransmit the oldest segment, alone."""
    head = c.retransmission_queue[0]
    trim.again(c, head, segment_size.current(c))
    pieces.join(c, head, False)
    again(c, head, now, reason)


def again(c: Tcb, sent: SentSegment, now: int, reason: Reason, push: int = 0) -> None:
    """Retransmit a segment, and account for it (tcp_retransmit_skb()); `push`: PSH or 0."""
    departure.send_again(c, sent, now, reason, push)
    if not sent.again:
        sent.again = True
        c.retrans_out += 1
    loss = c.loss
    if loss.retrans_stamp is None:
        loss.retrans_stamp = now
    if loss.undo_marker is not None:
        loss.undo_retrans = (loss.undo_retrans or 0) + 1
    if c.board is not None:
        c.board.sent_again(sent)


def reordering_over(c: Tcb, now: int) -> None:
    """The reordering window is over: what did not come is lost (tcp_rack_reo_timeout())."""
    timers.reordering_fired(c)
    before = prr.in_flight(c)
    lost = c.loss.lost
    rack.detect(c, now)
    if before != prr.in_flight(c):
        if c.ca_state != RECOVERY:
            recovery.enter(c)
            if not c.congestion.controls:
                prr.reduce(c, 1, c.loss.lost - lost, advanced=False)
        send_lost(c, now)
    if c.retransmit_deadline is None and c.retransmission_queue:
        left = c.retransmission_queue[0].last_sent + c.rto - now
        timers.set_retransmission(c, now, max(left, 1), paced=True)


def pacing_over(c: Tcb, now: int) -> None:
    """More may be sent at the pacing rate: lost segments first (tcp_tsq_write())."""
    c.pacing_deadline = None
    if c.state not in state.HANDSHAKE_DONE:
        return
    if c.lost_out > c.retrans_out and c.cwnd > prr.in_flight(c):
        send_lost(c, now)
    sending.send_pending(c, now)
