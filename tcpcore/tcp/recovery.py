"""From the first sign of trouble until all is well: Open, Disorder, CWR, Recovery, Loss.

Which segments are lost is for `rack` (or, without SACK, NewReno's rule below); how cwnd falls for
`congestion.prr`; whether it was needless for `undo`.
Source: tcp_fastretrans_alert() and tcp_process_loss() in net/ipv4/tcp_input.c; RFC 6675, RFC 6582
(NewReno), RFC 5682 (F-RTO).
"""

from __future__ import annotations

from collections import deque
from itertools import pairwise

from tcpcore import reasons, trace
from tcpcore.seqnum import HALF, gt, lt
from tcpcore.tcp import ecn, mtu_probing, rack, scoreboard, tagging, timers, undo
from tcpcore.tcp.congestion import prr
from tcpcore.tcp.loss_state import CA_STATES, CWR, DISORDER, LOSS, OPEN, RECOVERY
from tcpcore.tcp.sent import SentSegment
from tcpcore.tcp.tagging import News
from tcpcore.tcp.tcb import INFINITE_SSTHRESH, Tcb
from tcpcore.units import MILLISECOND
from tcpcore.why import Reason
from tcpcore.wire.segment import PSH, Segment

NOTHING, NEW, LOST = range(3)
"""What may be sent in the end: nothing special, new data first (F-RTO), or what is lost."""


def dubious(c: Tcb, news: News) -> bool:
    """Whether an ACK is anything but plain progress (tcp_ack_is_dubious())."""
    return not news.not_duplicate_ack or news.alarming or c.ca_state != OPEN


def alert(c: Tcb, segment: Segment, before: int, news: News, duplicates: int, now: int) -> int:
    """Change the state as the ACK says; what may be sent."""
    was = c.ca_state
    answer = _alert(c, segment, before, news, duplicates, now)
    if c.ca_state != was:
        values = {"old": CA_STATES[was], "new": CA_STATES[c.ca_state], "cwnd": c.cwnd}
        c.event(trace.NOTED, Reason(reasons.CA_STATE, values))
    return answer


def _alert(c: Tcb, segment: Segment, before: int, news: News, duplicates: int, now: int) -> int:
    loss = c.loss
    if news.echo:
        loss.prior_ssthresh = 0
    if _reneged(c, news, now):
        return NOTHING
    if c.ca_state == OPEN:
        loss.retrans_stamp = None
    elif loss.high_seq is not None and not (c.snd_una - loss.high_seq) & HALF:
        if c.ca_state == CWR and c.snd_una != loss.high_seq:
            prr.end(c, now)
            c.ca_state = OPEN
        elif c.ca_state == RECOVERY:
            if not c.sack_permitted:
                c.sacked_out = 0
            if undo.try_recovery(c, segment, now):
                return NOTHING
            prr.end(c, now)
    if c.ca_state == RECOVERY:
        return _in_recovery(c, segment, before, news, duplicates, now)
    if c.ca_state == LOSS:
        answer = _in_loss(c, segment, news, duplicates, now)
        if c.ca_state != LOSS:
            time_outs_over(c, now)
        _identify(c, news, now)
        if c.ca_state != OPEN and not news.lost_retransmission:
            return answer
    return _otherwise(c, news, duplicates, now)


def _reneged(c: Tcb, news: News, now: int) -> bool:
    """The oldest segment is one that the peer said to have: it has dropped it again.

    Wait a little for news, then treat it as a time-out (tcp_check_sack_reneging()).
    """
    queue = c.retransmission_queue
    if not (queue and queue[0].sacked and news.acked):
        return False
    delay = max(c.srtt >> 4, 10 * MILLISECOND)
    timers.hurry(c, now + min(delay, c.rto))
    c.loss_probe = c.loss.reo_deadline = False
    news.set_timer = False
    return True


def _in_recovery(
    c: Tcb, segment: Segment, before: int, news: News, duplicates: int, now: int
) -> int:
    if not news.advanced:
        if not c.sack_permitted:
            tagging.add_duplicate_ack(c, news, duplicates)
    elif undo.try_partial(c, segment, before, now):
        return NOTHING
    if c.loss.undo_retrans == 0 and undo.try_duplicates(c, now):
        _try_to_open(c, news)
    _identify(c, news, now)
    if c.ca_state != RECOVERY:
        if not c.lost_out:
            return NOTHING
        enter(c, news.echo)
    return LOST


def time_outs_over(c: Tcb, now: int) -> None:
    """Add the time since the first time-out in a row to tcp_info's (tcp_update_rto_time())."""
    if c.rto_stamp is not None:
        c.total_rto_time += now // MILLISECOND - c.rto_stamp // MILLISECOND
        c.rto_stamp = None


def _in_loss(c: Tcb, segment: Segment, news: News, duplicates: int, now: int) -> int:
    """After a time-out (tcp_process_loss())."""
    loss = c.loss
    assert loss.high_seq is not None
    recovered = not lt(c.snd_una, loss.high_seq)
    if news.advanced and undo.try_loss(c, segment, now):
        return NOTHING
    if loss.frto:
        if news.original and undo.try_loss(c, segment, now, spurious=True):
            return NOTHING
        if gt(c.snd_nxt, loss.high_seq):
            if news.sacked or duplicates:
                loss.frto = False  # the loss was real
        elif news.advanced and not recovered:
            loss.high_seq = c.snd_nxt
            if c.write_end != c.snd_nxt and gt(c.snd_una + c.snd_wnd & 0xFFFF_FFFF, c.snd_nxt):
                return NEW
            loss.frto = False
    if recovered:
        undo.try_recovery(c, segment, now)
        return NOTHING
    if not c.sack_permitted:
        if gt(c.snd_nxt, loss.high_seq) and duplicates:
            tagging.add_duplicate_ack(c, news, duplicates)
        elif news.advanced:
            c.sacked_out = 0
    return LOST


def _otherwise(c: Tcb, news: News, duplicates: int, now: int) -> int:
    """Open, Disorder or CWR: is something lost?"""
    if not c.sack_permitted:
        if news.advanced:
            c.sacked_out = 0
        tagging.add_duplicate_ack(c, news, duplicates)
    if c.ca_state <= DISORDER:
        undo.try_duplicates(c, now)
    _identify(c, news, now)
    if not c.lost_out:
        _try_to_open(c, news)
        return NOTHING
    if mtu_probing.was_lost(c):
        without_congestion(c)
    else:
        enter(c, news.echo)
    return LOST


def _identify(c: Tcb, news: News, now: int) -> None:
    """Count what is lost as lost (tcp_identify_packet_loss())."""
    if not c.retransmission_queue:
        return
    if not c.sack_permitted:
        _newreno(c, news.advanced)
        return
    before = c.retrans_out
    if c.sysctl.duplicate_threshold:
        _by_duplicates(c)
    elif rack.look(c, now):
        news.set_timer = False
    if before > c.retrans_out:
        news.lost_retransmission = True


def _newreno(c: Tcb, advanced: bool) -> None:
    """Enough duplicate ACKs, or a partial one in recovery: the oldest is lost (RFC 6582)."""
    enough = c.ca_state < RECOVERY and c.sacked_out >= c.loss.reordering
    if enough or (c.ca_state == RECOVERY and advanced):
        head = c.retransmission_queue[0]
        if not head.lost:
            rack.mark_lost(c, head)


def _by_duplicates(c: Tcb) -> None:
    """RFC 6675: lost is what has three segments above it that arrived."""
    board = scoreboard.of(c)
    for sent in board.unjudged():
        if c.sacked_out - board.sacked_below < c.loss.reordering:
            return
        if sent.sacked:
            board.sacked_below += 1
        elif not sent.lost:
            rack.mark_lost(c, sent)


def enter(c: Tcb, by_echo: bool = False) -> None:
    """Something is lost: recover (tcp_enter_recovery())."""
    loss = c.loss
    undo.clean_stamp(c)
    c.tally("TcpExtTCPSackRecovery" if c.sack_permitted else "TcpExtTCPRenoRecovery")
    loss.prior_ssthresh = 0
    undo.begin(c)
    if not prr.reducing(c):
        if not by_echo:
            loss.prior_ssthresh = prr.current_ssthresh(c)
        prr.begin(c)
    c.ca_state = RECOVERY


def without_congestion(c: Tcb) -> None:
    """Something is to be sent again, but cwnd stays (tcp_non_congestion_loss_retransmit()).

    Linux enters the state Loss all the same.
    """
    if c.ca_state == LOSS:
        return
    c.loss.high_seq = c.snd_nxt
    c.loss.prior_ssthresh, c.loss.undo_marker = 0, None
    if c.ssthresh != INFINITE_SSTHRESH:
        c.ssthresh = prr.current_ssthresh(c)
    c.ca_state = LOSS


def _try_to_open(c: Tcb, news: News) -> None:
    """tcp_try_to_open()."""
    undo.clean_stamp(c)
    if news.echo:
        prr.enter_cwr(c)
    if c.ca_state != CWR:
        undo.keep_open(c)


def enter_loss(c: Tcb, now: int) -> None:
    """The retransmission timer fired: everything old enough is lost (tcp_enter_loss())."""
    loss = c.loss
    new = c.ca_state < RECOVERY
    _mark_all_lost(c, now)
    again = c.ca_state == LOSS and not c.retransmissions
    if (
        c.ca_state <= DISORDER
        or (loss.high_seq is not None and not gt(loss.high_seq, c.snd_una))
        or again
    ):
        loss.prior_ssthresh = prr.current_ssthresh(c)
        loss.prior_cwnd = c.cwnd
        c.ssthresh = c.congestion.ssthresh(c)
        undo.begin(c)
    c.cwnd = prr.in_flight(c) + 1
    c.cwnd_counter = 0
    loss.cwnd_stamp = now
    if c.ca_state <= DISORDER and c.sacked_out >= c.sysctl.tcp_reordering:
        loss.reordering = min(loss.reordering, c.sysctl.tcp_reordering)
    c.ca_state = LOSS
    c.congestion.on_loss_state(c, now)
    loss.high_seq = c.snd_nxt
    c.probe_end = None
    ecn.reduced(c)
    loss.frto = bool(c.sysctl.tcp_frto) and (new or c.retransmissions > 0)


def _mark_all_lost(c: Tcb, now: int) -> None:
    """tcp_timeout_mark_lost(); a request's SYN+ACK is not among it."""
    queue = c.retransmission_queue
    if not prr.packets_out(c):
        return
    head = queue[c.request_out]
    reneged = head.sacked
    if reneged:
        c.sacked_out = 0
        c.loss.reneging = True
        _forget_sacks(c, queue)
        c.tally("TcpExtTCPSACKReneging")
    elif not c.sack_permitted:
        c.sacked_out = 0
    recent = c.sack_permitted and not c.sysctl.duplicate_threshold
    for sent in list(queue)[c.request_out :]:
        if not reneged and recent and sent is not head and rack.left(c, sent, 0, now) > 0:
            continue
        rack.mark_lost(c, sent)


def _forget_sacks(c: Tcb, queue: deque[SentSegment]) -> None:
    """The peer has dropped it all; what lay together was made one large packet meanwhile.

    If any of it was sent again, all of it counts as that, for it measures no round trip; and a PSH
    within it is one at its end.
    Source: tcp_shift_skb_data(), tcp_shifted_skb().
    """
    for before, sent in pairwise(queue):
        if before.sacked and sent.sacked:
            sent.retransmissions = max(sent.retransmissions, before.retransmissions)
            c.joined_out += not before.joined
            before.joined = True
            sent.flags |= before.flags & PSH
            before.flags &= ~PSH
    for sent, before in pairwise(reversed(queue)):
        if before.sacked and sent.sacked:
            before.retransmissions = max(sent.retransmissions, before.retransmissions)
    for sent in queue:
        sent.sacked = False
