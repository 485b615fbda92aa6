"""Fast Open before the end of the handshake, at both ends (RFC 7413).

The server's connection in SYN_RECV passes the checks of a request, although it is one already; the
client learns from the SYN+ACK whether the data of its SYN was taken.
Source: tcp_check_req() with `fastopen`, tcp_rcv_fastopen_synack().
"""

from __future__ import annotations

from tcpcore import reasons, trace
from tcpcore.seqnum import MASK, distance
from tcpcore.tcp import (
    challenge,
    chrono,
    departure,
    lifecycle,
    receive_buffer,
    reception,
    resend,
    state,
    window,
)
from tcpcore.tcp.tcb import Tcb
from tcpcore.why import Reason
from tcpcore.wire import options as wire_options
from tcpcore.wire.segment import ACK, FIN, RST, SYN, Segment

NO_COOKIE, DATA_NOT_TAKEN, SYN_SENT_AGAIN = 1, 2, 3
"""Why a client's Fast Open was none (enum tcp_fastopen_client_fail)."""
_AGAIN = {"retransmission": 1}


def is_early(c: Tcb) -> bool:
    """A server's connection that Fast Open made before the last ACK."""
    return c.state == state.SYN_RECV and c.fast_open is not None and c.fast_open.passive


def shut_down(c: Tcb, reason: Reason) -> bool:
    """shutdown() of an early connection: FIN waits for the end of the handshake; whether it does.

    Source: tcp_shutdown() and tcp_rcv_state_process(), since 6.10.
    """
    if not is_early(c):
        return False
    assert c.fast_open is not None
    c.fast_open.shut = c.fast_open.shut or reason
    return True


def is_shut(c: Tcb) -> bool:
    """Whether it is, so that nothing more may be written."""
    return c.fast_open is not None and c.fast_open.shut is not None


def opened(c: Tcb, now: int) -> None:
    """The last ACK came: what the request kept apart is over, and a FIN that waits may go."""
    c.last_challenge = None
    assert c.fast_open is not None
    if c.fast_open.shut is not None:
        close_sending(c, c.fast_open.shut, now)


def close_sending(c: Tcb, reason: Reason, now: int) -> None:
    """The connection opens with its sending side shut down: a FIN is due."""
    c.fin_queued = reason
    chrono.start(c, chrono.BUSY, now)
    lifecycle.change(c, state.CLOSE, reason)


def fits(c: Tcb, segment: Segment, now: int) -> bool:
    """The checks of a request, for an early connection (tcp_check_req() with `fastopen`)."""
    if segment.seq == c.irs and segment.flags & (SYN | ACK | RST) == SYN:
        if not challenge.too_soon(c, now, reasons.RATE_LIMITED_OPENING):  # the SYN+ACK was lost
            c.total_retrans += 1
            c.retransmission_queue[0].retransmissions += 1  # its round trip is not measured
            departure.send_syn(c, now, Reason(reasons.SYN_ANSWERED_AGAIN, _AGAIN), SYN | ACK)
        return False
    held = window.holds(c, segment)
    if segment.flags & RST:
        return not held or segment.seq == c.rcv_nxt or _question_reset(c, now)
    if held:
        return True
    c.event(trace.REFUSED, reasons.ACK_DUPLICATE())
    data = segment.length > 0 and not segment.flags & SYN  # worth an answer at any rate
    if data or not challenge.too_soon(c, now, reasons.RATE_LIMITED_OPENING):
        departure.send_early_ack(c, now, reasons.ACK_DUPLICATE())
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
    c.data_segs_in += 1
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
