"""RACK: a segment is lost when one that was sent enough later has arrived (RFC 8985 §6).

"Enough" is the reordering window: nothing once loss is clear, else a quarter of the least round
trip, more when duplicates were reported.  Source: net/ipv4/tcp_recovery.c.
"""

from __future__ import annotations

from tcpcore.seqnum import distance, gt
from tcpcore.tcp import scoreboard, timers
from tcpcore.tcp.loss_state import RECOVERY
from tcpcore.tcp.sent import SentSegment
from tcpcore.tcp.tcb import Tcb

STATIC_WINDOW, NO_DUPACK_THRESHOLD = 2, 4
"""Bits of tcp_recovery."""
PERSIST = 16
"""Recoveries for which a wider window stays."""
MOST_STEPS = 255


def newest_before(c: Tcb, sent: SentSegment) -> bool:
    """Whether the latest sending of what arrived came before this one (tcp_skb_sent_after()).

    In one microsecond the `order` of sending decides; where that is one, the sequence number.
    """
    loss = c.loss
    if sent.last_sent != loss.rack_time:
        return sent.last_sent > loss.rack_time
    if sent.order != loss.rack_order:
        return sent.order > loss.rack_order
    return not gt(loss.rack_end, sent.end)


def advance(c: Tcb, sent: SentSegment, now: int) -> None:
    """A segment is known to have arrived (tcp_rack_advance())."""
    loss = c.loss
    rtt = now - sent.last_sent
    if sent.retransmissions and (not c.min_rtt or rtt < c.min_rtt):
        return  # the answer may be to an earlier sending
    loss.rack_advanced = True
    loss.rack_rtt, loss.rack_rtt_order = rtt, sent.order
    if sent.last_sent > loss.rack_time or newest_before(c, sent):
        loss.rack_time, loss.rack_order, loss.rack_end = sent.last_sent, sent.order, sent.end


def window(c: Tcb) -> int:
    """The reordering window in us (tcp_rack_reo_wnd())."""
    loss = c.loss
    if not loss.reordering_seen:
        if c.ca_state >= RECOVERY:
            return 0
        if c.sacked_out >= loss.reordering and not c.sysctl.tcp_recovery & NO_DUPACK_THRESHOLD:
            return 0
    return min((c.min_rtt >> 2) * loss.rack_steps, c.srtt >> 3)


def left(c: Tcb, sent: SentSegment, reordering: int, now: int) -> int:
    """How long (us) until the segment counts as lost; not above 0: it does.

    Of what went in one microsecond, what has a later `order` is a little younger.
    """
    loss = c.loss
    age = now - sent.last_sent
    younger = age == loss.rack_rtt and sent.order > loss.rack_rtt_order
    return loss.rack_rtt + reordering - age + younger


def detect(c: Tcb, now: int) -> int:
    """Count as lost what was sent too long before the latest arrival.

    How long until the next one would be, in us; 0: none waits (tcp_rack_detect_loss()).
    """
    board = scoreboard.of(c)
    waiting, overtaken = board.waiting, board.overtaken
    while waiting and not newest_before(c, sent := next(iter(waiting))):
        del waiting[sent]
        overtaken[sent] = None
    if not overtaken:
        return 0
    reordering = window(c)
    while overtaken and left(c, sent := next(iter(overtaken)), reordering, now) <= 0:
        mark_lost(c, sent)
        board.settled(sent)
    return left(c, next(reversed(overtaken)), reordering, now) if overtaken else 0


def mark_lost(c: Tcb, sent: SentSegment) -> None:
    """Count a segment, or the retransmission of it, as lost (tcp_mark_skb_lost())."""
    if sent.sacked:
        return
    if sent.lost:
        if not sent.again:
            return
        sent.again = False
        c.retrans_out -= 1
        c.tally("TcpExtTCPLostRetransmit")
    else:
        sent.lost = True
        c.lost_out += 1
    c.loss.lost += 1
    scoreboard.of(c).lost(sent)


def look(c: Tcb, now: int) -> bool:
    """After an ACK that told of an arrival; whether a timer now waits for more.

    Source: tcp_rack_mark_lost().
    """
    if not c.loss.rack_advanced:
        return False
    c.loss.rack_advanced = False
    wait = detect(c, now)
    if not wait:
        return False
    timers.set_reordering(c, now, wait + timers.TIMEOUT_MIN)
    return True


def adapt(c: Tcb, prior_delivered: int) -> None:
    """Widen the window when duplicates show that it was too small (tcp_rack_update_reo_wnd()).

    `prior_delivered`: what had been delivered when the newest of what arrived now was sent; 0:
    nothing arrived.
    """
    loss = c.loss
    if c.sysctl.tcp_recovery & STATIC_WINDOW or not prior_delivered:
        return
    if prior_delivered < loss.rack_last_delivered:
        loss.rack_dsack_seen = False
    if loss.rack_dsack_seen:
        loss.rack_steps = min(MOST_STEPS, loss.rack_steps + 1)
        loss.rack_dsack_seen = False
        loss.rack_last_delivered = c.delivered
        loss.rack_steps_persist = PERSIST
    elif not loss.rack_steps_persist:
        loss.rack_steps = 1


def note_reordering(c: Tcb, low: int, by_timestamp: bool = False) -> None:
    """Something arrived later than what was sent after it; `low` is where it begins.

    Source: tcp_check_sack_reordering().
    """
    ahead = distance(low, highest_sacked(c))
    if ahead <= 0:
        return
    loss = c.loss
    if ahead > loss.reordering * c.snd_mss:
        loss.reordering = min(-(-ahead // c.snd_mss), c.sysctl.tcp_max_reordering)
    loss.reordering_seen += 1
    c.tally("TcpExtTCPTSReorder" if by_timestamp else "TcpExtTCPSACKReorder")


def highest_sacked(c: Tcb) -> int:
    """Where what lies behind the highest selective acknowledgement begins.

    Without SACK that is the oldest segment (`highest_sack` follows the queue's head).
    """
    if not c.sacked_out or not c.sack_permitted:
        return c.snd_una
    board = c.board
    if board is None:
        board = scoreboard.of(c)
    return board.sequence(board.highest)
