"""Fast Open before the end of the handshake, at both ends (RFC 7413).

The server's connection in SYN_RECV passes the checks of a request, although it is one already; the
client learns from the SYN+ACK whether the data of its SYN was taken.
Source: tcp_check_req() with `fastopen`, tcp_rcv_fastopen_synack().
"""

from __future__ import annotations

from tcpcore import reasons, trace
from tcpcore.seqnum import MASK, distance
from tcpcore.tcp import (
    acknowledgement,
    challenge,
    chrono,
    departure,
    lifecycle,
    pacing,
    paws,
    rate,
    receive_buffer,
    reception,
    recovery,
    resend,
    rtt,
    state,
    timers,
    undo,
    window,
)
from tcpcore.tcp.loss_state import LOSS
from tcpcore.tcp.sent import SentSegment
from tcpcore.tcp.tcb import Tcb
from tcpcore.why import Reason
from tcpcore.wire import options as wire_options
from tcpcore.wire.segment import ACK, FIN, RST, SYN, Segment

NO_COOKIE, DATA_NOT_TAKEN, SYN_SENT_AGAIN = 1, 2, 3
"""Why a client's Fast Open was none (enum tcp_fastopen_client_fail)."""
_AGAIN = {"retransmission": 1}


def shut_down(c: Tcb, reason: Reason) -> bool:
    """shutdown() in SYN_RECV: FIN waits for the end of the handshake; whether it does.

    Source: tcp_shutdown() and tcp_rcv_state_process(), since 6.10.
    """
    if c.state != state.SYN_RECV:
        return False
    c.shut_early = c.shut_early or reason
    return True


def send_fin(c: Tcb, now: int) -> None:
    """The handshake is over: a FIN that waits for that may go."""
    if c.shut_early is not None:
        close_sending(c, c.shut_early, now)
    elif c.no_writer and c.fin_queued is None:
        close_sending(c, reasons.SHUTDOWN_CALLED(), now)


def close_sending(c: Tcb, reason: Reason, now: int) -> None:
    """The connection opens with its sending side shut down: a FIN is due."""
    c.fin_queued = reason
    chrono.start(c, chrono.BUSY, now)
    lifecycle.change(c, state.CLOSE, reason)


def take_ack(c: Tcb, segment: Segment, now: int) -> None:
    """The last ACK: first for data that went before it, then for the request's SYN+ACK.

    Source: tcp_rcv_state_process() in SYN_RECV, tcp_rcv_synrecv_state_fastopen().
    """
    syn_ack = c.retransmission_queue.popleft()
    syn_ack.gone, c.request_out = True, 0
    assert c.fast_open is not None
    c.fast_open.opened = True
    c.snd_wl1 = c.irs
    if c.board is not None:
        c.board.acknowledged(c.retransmission_queue[0] if c.retransmission_queue else None)
    acknowledgement.take(c, segment, now)
    opens = c.state == state.SYN_RECV  # else it was closed before
    c.delivered += opens
    if opens and not c.srtt:
        _measure(c, segment, syn_ack, now)
    if c.ca_state == LOSS and not c.retransmission_queue:
        undo.try_recovery(c, segment, now)
    recovery.time_outs_over(c, now)
    c.retransmissions = c.retransmit_since = 0
    undo.clean_stamp(c)
    timers.cancel_retransmission(c)
    if c.retransmission_queue:
        timers.set_retransmission(c, now)
    c.last_challenge = None  # what the request kept apart is over
    if opens:
        lifecycle.change(c, state.ACK_OF_SYN, reasons.OUR_SYN_ACKED())
        pacing.update_rate(c)
        c.last_data_sent = now


def _measure(c: Tcb, segment: Segment, syn_ack: SentSegment, now: int) -> None:
    """No data gave a round trip: the SYN+ACK may, or the timestamp (tcp_synack_rtt_meas())."""
    measured = None if syn_ack.retransmissions else now - syn_ack.first_sent
    if measured is None:
        measured = acknowledgement.by_timestamp(c, segment, now)
    if measured is not None:
        rate.measured(c, measured, now, delayed=False)
        rtt.sample(c, measured)
    rtt.forget_syn_round_trip(c)


def fits(c: Tcb, segment: Segment, now: int) -> bool:
    """The checks of a request, for an early connection (tcp_check_req() with `fastopen`)."""
    old = paws.is_old(c, segment)
    if segment.seq == c.irs and segment.flags & (SYN | ACK | RST) == SYN and not old:
        if not challenge.too_soon(c, now, reasons.RATE_LIMITED_OPENING):  # the SYN+ACK was lost
            c.total_retrans += 1
            c.retransmission_queue[0].retransmissions += 1  # its round trip is not measured
            departure.send_syn(c, now, Reason(reasons.SYN_ANSWERED_AGAIN, _AGAIN), SYN | ACK)
        return False
    problem = None if window.holds(c, segment) else reasons.ACK_DUPLICATE()
    problem = reasons.OLD_TIMESTAMP() if old else problem
    if segment.flags & RST:
        exact = segment.seq == c.rcv_nxt
        return problem is None and (exact or _question_reset(c, now))
    if problem is None:
        return True
    c.event(trace.REFUSED, problem)
    data = segment.length > 0 and not segment.flags & SYN  # worth an answer at any rate
    if data or not challenge.too_soon(c, now, reasons.RATE_LIMITED_OPENING):
        departure.send_early_ack(c, now, problem)
    return False


def _question_reset(c: Tcb, now: int) -> bool:
    """Question an RST that is in the window, but not exact; False: that is all."""
    reason = Reason(reasons.CHALLENGE_RST, {"expected": distance(c.irs, c.rcv_nxt)})
    c.event(trace.REFUSED, reason)
    if not challenge.too_soon(c, now):
        departure.send_early_ack(c, now, reason)
    return False


def data_taken(c: Tcb, segment: Segment, sent_again: bool, now: int) -> bool:
    """Whether the data of our SYN was taken; else it goes again, and carries the ACK.

    Source: tcp_rcv_fastopen_synack().
    """
    queue = c.retransmission_queue
    assert c.fast_open is not None
    if c.fast_open.keeper is not None:
        mss = wire_options.find(segment.options, wire_options.MSS)
        c.fast_open.keeper.answered(
            segment.options, mss[1] if mss else c.fast_open.clamp, sent_again, taken=not queue
        )
    if not queue:
        c.fast_open.taken = c.fast_open.carried > 0
        c.delivered -= c.fast_open.taken  # a SYN with data is one packet
        if segment.length > 1 and (c.fast_open.asked or c.fast_open.carried):
            _take_data(c, segment, now)
        return True
    c.fast_open.failed = SYN_SENT_AGAIN if sent_again else DATA_NOT_TAKEN
    for sent in queue:
        c.lost_out += not sent.lost
        sent.lost = True
    c.board = None
    resend.without_congestion(c, now, reasons.FAST_OPEN_DATA_AGAIN)
    return False


def _take_data(c: Tcb, segment: Segment, now: int) -> None:
    """A server may answer in its SYN+ACK, to a client that asked for Fast Open.

    Source: tcp_fastopen_add_skb().
    """
    assert c.fast_open is not None
    keep_data(c, segment.payload)
    c.fast_open.taken = True
    c.segs_in = 1
    c.data_segs_in += bool(segment.payload)
    if segment.flags & FIN:
        reception.take_fin(c, now)
        c.bytes_received -= 1  # not counted here


def keep_data(c: Tcb, data: bytes) -> None:
    """What a SYN or SYN+ACK brought waits for the program."""
    packet = 40 + len(data)
    memory = receive_buffer.true_size(packet)
    c.rmem += memory
    receive_buffer.put(c, data, memory, receive_buffer.tail_room(packet))
    c.rcv_nxt = (c.rcv_nxt + len(data)) & MASK
    c.bytes_received = len(data)
