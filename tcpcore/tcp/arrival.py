"""What an arriving segment does: the checks of RFC 9293 §3.10.7 in their order, one function each.

Sequence, RST, SYN, ACK, urgent data, text, FIN; then new data out, and an ACK now or later.
A segment that fails a check is dropped with a reason in the journal; nothing raises.
Linux's order is tcp_validate_incoming(), tcp_ack(), tcp_data_queue(), tcp_fin().
"""

from __future__ import annotations

from tcpcore import reasons, trace
from tcpcore.seqnum import HALF, MASK, distance, gt, leq, lt
from tcpcore.tcp import (
    acknowledgement,
    autotune,
    challenge,
    delayed_ack,
    departure,
    early,
    ecn,
    keepalive,
    lifecycle,
    metrics,
    mtu_probing,
    paws,
    persist,
    receive_buffer,
    reception,
    segment_size,
    send_buffer,
    sending,
    signature,
    state,
    time_wait,
    timers,
    undo,
    urgent,
    window,
)
from tcpcore.tcp.congestion import usage
from tcpcore.tcp.tcb import Tcb
from tcpcore.why import Reason
from tcpcore.wire import options as wire_options
from tcpcore.wire.segment import ACK, CWR, FIN, PSH, RST, SYN, URG, Segment


def process(c: Tcb, segment: Segment, now: int) -> None:
    """Take in a segment that is not as predicted (`prediction`); replies go to ``c.out``."""
    before, flags = c.state, segment.flags
    if segment.options and before != _TIME_WAIT and signature.unexpected(segment):
        c.segs_in -= 1  # it goes before anybody counts
        c.data_segs_in -= bool(segment.payload)
        _drop(c, reasons.SIGNED())
        return
    if before != _ESTABLISHED and _by_state(c, segment, now):
        return
    if not flags & _UNUSUAL:
        _drop(c, reasons.NO_ACK_FLAG())
        return
    if not _check_sequence(c, segment, now):
        return
    if flags & _UNUSUAL != ACK and not _is_one_to_take(c, segment, now):
        return
    if segment.tos & ecn.MASK and before == _ESTABLISHED:
        ecn.mark_arrived(c)
    if flags & CWR:
        ecn.reduction_arrived(c)
    snd_una, rcv_nxt, spaces = c.snd_una, c.rcv_nxt, c.spaces
    quiet = bool(segment.payload) and _brings_only_data(c, segment)
    heard = c.last_ack_received
    if not _check_ack(c, segment, now):
        return
    if quiet:  # nobody looks at its acknowledgement
        c.last_ack_received = heard
    if flags & URG or c.urg_data:
        urgent.arrives(c, segment)
    why = None
    if c.timestamps and before == _ESTABLISHED:
        stamps = wire_options.timestamps(segment.options)
        if stamps is not None and stamps[1] != c.tuning.echo:
            autotune.echo_received(c, stamps[1], len(segment.payload), now)
    if segment.payload or flags & _COUNTED:
        why = reception.take_text(c, segment, now)
    if c.state != _CLOSED:
        if not quiet:
            sending.send_pending(c, now)
            if not c.retransmission_queue:
                persist.look_after(c, now)
        if c.ack_pending:
            reception.acknowledge(c, now, why)
        if c.lacks_space and not quiet:
            send_buffer.check_space(c, now)
        still = c.snd_una == snd_una and c.rcv_nxt == rcv_nxt and c.spaces == spaces
        c.no_news = still and c.state == before and not c.urg_data


_CLOSED, _ESTABLISHED, _TIME_WAIT = state.CLOSED, state.ESTABLISHED, state.TIME_WAIT
_UNUSUAL = RST | SYN | ACK
_COUNTED = SYN | FIN


def _is_one_to_take(c: Tcb, segment: Segment, now: int) -> bool:
    """Second and fourth: whether one that is not as most are, in its flags, is taken in at all."""
    if segment.flags & RST:
        _check_reset(c, segment, now)
        return False
    if segment.flags & SYN and not _crossing_syn_ack(c, segment):
        challenge.ask(c, now, reasons.DUPLICATE_SYN())
        return False
    return True


def _by_state(c: Tcb, segment: Segment, now: int) -> bool:
    """What some states do instead of the checks that all others share; whether that was it."""
    if c.state == state.SYN_SENT:
        _in_syn_sent(c, segment, now)
    elif c.state == state.CLOSED:
        _drop(c, reasons.SEGMENT_TO_CLOSED())
    elif c.state == state.TIME_WAIT:
        time_wait.arrives(c, segment, now)
    elif c.state == state.FIN_WAIT_2 and c.orphan and c.keepalive_deadline is None:
        time_wait.orphan_arrives(c, segment, now)
    else:
        return c.request_out > 0 and not early.fits(c, segment, now)
    return True


def _brings_only_data(c: Tcb, segment: Segment) -> bool:
    """The next data, and no news of ours: what waits to be sent goes on waiting.

    Linux's header prediction then looks at nothing else (tcp_rcv_established()); what MSG_MORE
    held back, for instance, does not go with the ACK.
    """
    return (
        segment.flags & ~PSH == ACK
        and segment.seq == c.rcv_nxt
        and segment.ack == c.snd_una
        and segment.window << c.snd_scale == c.snd_wnd
        and c.state == state.ESTABLISHED
        and not (c.out_of_order or c.urg_data or c.unpredicted)
        and not any(option[0] == wire_options.SACK for option in segment.options)
    )


def _crossing_syn_ack(c: Tcb, segment: Segment) -> bool:
    """The peer's SYN+ACK after both ends sent a SYN: its SYN is the one that we have."""
    return (
        c.state == state.SYN_RECV
        and bool(segment.flags & ACK)
        and segment.length == 1
        and segment.end == c.rcv_nxt
        and segment.ack == c.snd_nxt
    )


def _drop(c: Tcb, reason: Reason) -> None:
    c.event(trace.REFUSED, reason)


# --- SYN_SENT: RFC 9293 §3.10.7.3 ---------------------------------------------------------------


def _in_syn_sent(c: Tcb, segment: Segment, now: int) -> None:
    """The answer to our SYN: is it one?"""
    flags = segment.flags
    if flags & ACK and not (gt(segment.ack, c.snd_una) and leq(segment.ack, c.snd_nxt)):
        reason = Reason(reasons.BAD_ACK_IN_SYN_SENT, {"ack": distance(c.iss, segment.ack)})
        _drop(c, reason)
        if (
            not c.retransmissions and c.sysctl.hurried_syns
        ):  # the peer sits on an old connection: our RST will free it
            timers.set_retransmission(c, now, 2 * timers.TICK)
        if not flags & RST:
            c.out.append(departure.refusal_of(segment, reason))
        return
    if flags & RST:
        if flags & ACK:
            lifecycle.reset_by_peer(c, reasons.REFUSED())
        else:
            _drop(c, reasons.WRONG_IN_SYN_SENT())
        return
    if not flags & SYN:
        _drop(c, reasons.WRONG_IN_SYN_SENT())
        return
    if flags & ACK and _echoes_nothing(c, segment, now):
        c.tally("TcpExtPAWSActive")
        _drop(c, reasons.BAD_TIMESTAMP_ECHO())
        c.out.append(departure.refusal_of(segment, reasons.BAD_TIMESTAMP_ECHO()))
        return
    scale = c.rcv_scale
    agree_on_options(c, segment, now)
    if not flags & ACK:
        c.rcv_scale = scale  # Linux differs: in SYNs that cross, ours goes on offering to scale
    c.irs = segment.seq
    c.rcv_nxt = c.rcv_wup = (segment.seq + 1) & MASK
    c.snd_wnd = c.max_window = c.mss_window = segment.window  # the window of a SYN is never scaled
    c.snd_wl1 = segment.seq
    if flags & ACK:
        _open_after_syn_ack(c, segment, now)
    else:
        usage.start(c)
        reason = reasons.SIMULTANEOUS_SYN()
        lifecycle.change(c, state.SYN, reason)
        head = c.retransmission_queue[0]
        head.flags, head.last_sent = SYN | ACK, now  # what is measured from now on
        departure.send_syn(c, now, reason, SYN | ACK)


def _echoes_nothing(c: Tcb, segment: Segment, now: int) -> bool:
    """Whether the SYN+ACK echoes a timestamp that none of our SYNs had (tcp_rcv_synsent_...())."""
    stamps = wire_options.timestamps(segment.options) if c.sysctl.tcp_timestamps else None
    if stamps is None or not stamps[1]:
        return False
    first = departure.timestamp(c.timestamp_offset, c.retransmission_queue[0].first_sent)
    last = departure.timestamp(c.timestamp_offset, now)
    return gt(first, stamps[1]) or gt(stamps[1], last)


def _open_after_syn_ack(c: Tcb, segment: Segment, now: int) -> None:
    reason = reasons.SYN_ACKED()
    sent_again = c.total_retrans > 0
    undo.syn_was_not_lost(c, segment, c.retransmission_queue[0].first_sent)
    acknowledgement.take(c, segment, now)
    lifecycle.change(c, state.SYN_ACK, reason)
    metrics.recall(c)
    c.congestion.on_start(c, now)
    c.last_data_sent = c.last_data_received = c.last_ack_received = now
    usage.start(c)
    mtu_probing.start(c, now, at_once=True)
    receive_buffer.established(c, now)
    delayed_ack.expect_segments(c)
    send_buffer.expand(c)
    keepalive.start(c, now)
    writing = c.fast_open is not None and c.fast_open.writing
    if c.fast_open is not None and not early.data_taken(c, segment, sent_again, now):
        sending.send_pending(c, now)
        return
    if not writing and c.write_end == c.snd_nxt and not (c.defer_accept or c.pingpong):
        departure.send_ack(c, now, reason)
        sending.send_pending(c, now)
        return
    c.ack_pending = True  # data waits, or is to come at once: it will carry the ACK
    delayed_ack.enter_quick_mode(c)
    sending.send_pending(c, now)
    if c.ack_pending:
        timers.set_ack(c, now + delayed_ack.DELAY_MAX, now)


def agree_on_options(c: Tcb, segment: Segment, now: int) -> None:
    """Settle MSS, scaling, timestamps and SACK from the peer's SYN (tcp_parse_options())."""
    offered = {option[0]: option for option in segment.options}
    s = c.sysctl
    mss = offered.get(wire_options.MSS)
    segment_size.agree(c, mss[1] if mss else 0)  # 0 says nothing
    scale = offered.get(wire_options.WINDOW_SCALE)
    c.scaling = bool(scale and s.tcp_window_scaling)
    c.snd_scale = min(scale[1], window.MAX_SCALE) if c.scaling and scale else 0
    if not c.scaling:
        window.without_scaling(c)
    stamps = offered.get(wire_options.TIMESTAMPS)
    c.timestamps = bool(stamps and s.tcp_timestamps)
    if c.timestamps and stamps:
        c.ts_recent = stamps[1]
        c.ts_recent_at = now
        c.snd_mss -= departure.TIMESTAMP_SPACE
    c.sack_permitted = bool(wire_options.SACK_PERMITTED in offered and s.tcp_sack)
    if segment.flags & ACK:
        ecn.syn_ack_arrived(c, segment)
    else:
        ecn.syn_arrived(c, segment)


# --- the checks, in the RFC's order -------------------------------------------------------------


def _check_sequence(c: Tcb, segment: Segment, now: int) -> bool:
    """First: not from long ago (PAWS), and in the window (RFC 9293 §3.10.7.4; tcp_sequence())."""
    rst = segment.flags & RST
    if not rst and paws.rejects(c, segment, now):
        if segment.flags & SYN:
            challenge.ask(c, now, reasons.DUPLICATE_SYN())
        elif segment.flags & ACK and not segment.length and lt(segment.seq, c.rcv_nxt):
            _drop(c, reasons.OVERTAKEN_ACK())
        else:
            reception.duplicate(c, segment)
            challenge.answer(c, segment, now, reasons.OLD_TIMESTAMP())
        return False
    if _in_window(c, segment):
        return True
    if rst and _resets(c, segment):
        return True
    if rst:
        _drop(c, reasons.OLD_RST())
    elif segment.flags & SYN:
        challenge.ask(c, now, reasons.DUPLICATE_SYN())
    else:
        reception.duplicate(c, segment)
        challenge.answer(c, segment, now, reasons.ACK_DUPLICATE())
    return False


def _in_window(c: Tcb, segment: Segment) -> bool:
    """Whether any of it is new and fits (tcp_sequence()).

    Since Linux 6.17, what reaches beyond the window is taken only while nothing lies unread.
    """
    seq = segment.seq
    window_end = c.rcv_nxt + window.current(c)
    if (seq + segment.length - c.rcv_wup) & HALF or (window_end - seq) & HALF:
        return False
    return not (window_end - seq - len(segment.payload)) & HALF or not c.receive_buffer


_FIN_TAKEN = frozenset((state.CLOSE_WAIT, state.CLOSING, state.LAST_ACK))


def _resets(c: Tcb, segment: Segment) -> bool:
    """Whether an RST stands where the peer may rightly send one.

    That is rcv.nxt.  Linux differs: it adds the FIN's own place (tcp_reset_check()) and, with SACK,
    the end of what came out of order.
    """
    if segment.seq == c.rcv_nxt or c.sysctl.exact_resets:
        return segment.seq == c.rcv_nxt
    if c.state in _FIN_TAKEN and segment.seq == (c.rcv_nxt - 1) & MASK:
        return True
    furthest = max((distance(c.rcv_nxt, end) for _, end in c.sack_blocks), default=0)
    return furthest > 0 and segment.seq == (c.rcv_nxt + furthest) & MASK


def _check_reset(c: Tcb, segment: Segment, now: int) -> None:
    """Second: RST, exactly at rcv.nxt or nowhere (RFC 5961 §3)."""
    if _resets(c, segment):
        lifecycle.reset_by_peer(c, reasons.RESET_BY_PEER())
        return
    challenge.ask(c, now, Reason(reasons.CHALLENGE_RST, {"expected": distance(c.irs, c.rcv_nxt)}))


def _check_ack(c: Tcb, segment: Segment, now: int) -> bool:
    """Fifth: the acknowledgement (Linux has no third check, security).  False: drop the rest."""
    ack = segment.ack
    if c.state == state.SYN_RECV and not (gt(ack, c.iss) and leq(ack, c.snd_nxt)):
        reason = Reason(reasons.BAD_ACK_IN_SYN_RECV, {"ack": distance(c.iss, ack)})
        _drop(c, reason)
        c.out.append(departure.refusal_of(segment, reason))
        return False
    oldest = c.snd_una - min(c.max_window, c.bytes_acked)  # RFC 5961 §5.2
    if (c.snd_nxt - ack) & HALF or (ack - oldest) & HALF:
        challenge.ask(c, now, Reason(reasons.CHALLENGE_ACK, {"ack": distance(c.iss, ack)}))
        return False
    opens, old = c.state == state.SYN_RECV, (ack - c.snd_una) & HALF
    if c.request_out:
        early.take_ack(c, segment, now)
    elif opens:
        _take_third_ack(c, segment, now)
    else:
        acknowledgement.take(c, segment, now)
    if opens:
        early.send_fin(c, now)
        delayed_ack.expect_segments(c)
        send_buffer.expand(c)
    if not old:
        c.last_ack_received = now
        c.soft_error = None  # something gets through: what ICMP said is over
        c.probes_out = 0
        if c.probe_deadline is not None:
            persist.answered(c, now)
    if c.fin_sent and c.snd_una == c.snd_nxt:
        _fin_acknowledged(c, segment, now)
    return c.state not in _NOTHING_MORE


def _take_third_ack(c: Tcb, segment: Segment, now: int) -> None:
    c.snd_wl1 = segment.seq
    c.delivered += c.bytes_acked >= 0  # SYNs that crossed count twice
    acknowledgement.take(c, segment, now)
    lifecycle.change(c, state.ACK_OF_SYN, reasons.OUR_SYN_ACKED())
    metrics.recall(c)
    c.congestion.on_start(c, now)
    c.last_data_sent = now
    mtu_probing.start(c, now, at_once=False)
    receive_buffer.established(c, now)
    keepalive.start(c, now)


_NOTHING_MORE = frozenset((state.CLOSED, state.TIME_WAIT))
"""Where the ACK of our FIN leads out of LAST_ACK and CLOSING: Linux looks no further then, not even
at a FIN that the peer has sent again (tcp_rcv_state_process(): goto consume)."""


def _fin_acknowledged(c: Tcb, segment: Segment, now: int) -> None:
    if (c.state, state.ACK_OF_FIN) not in state.NEXT:
        return
    lifecycle.change(c, state.ACK_OF_FIN, reasons.OUR_FIN_ACKED())
    if c.state == state.TIME_WAIT:
        lifecycle.enter_time_wait(c, now)
    elif c.state == state.CLOSED:
        lifecycle.forget(c)
    elif c.orphan:
        lifecycle.enter_fin_wait_2(c, segment, now)
