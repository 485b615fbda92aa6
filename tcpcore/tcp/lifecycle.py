"""How a connection changes state and how it ends: the one way to do each.

State changes go through the table in `state`; everything else that belongs to an ending (timers
stopped, queues emptied, the errno for the application) is here, so that no two endings differ.
"""

from __future__ import annotations

from tcpcore import reasons, trace
from tcpcore.errors import ECONNREFUSED, ECONNRESET, EPIPE, ETIMEDOUT, EngineBug
from tcpcore.seqnum import MASK, gt
from tcpcore.tcp import departure, ecn, state, timers
from tcpcore.tcp.tcb import Tcb
from tcpcore.why import Reason
from tcpcore.wire.segment import FIN, Segment


def change(c: Tcb, event: str, reason: Reason) -> None:
    """Change state by the table.  An event that the table does not know is our bug."""
    row = state.NEXT.get((c.state, event))
    if row is None:
        raise EngineBug(f"{c.name}: {event} in {c.state} is not in the state table")
    old, c.state = c.state, row.next
    c.event(trace.STATE, reason, (old, c.state))


def forget(c: Tcb) -> None:
    """Stop all timers and drop what is queued to be sent; bytes received stay readable."""
    timers.cancel_all(c)
    c.retransmission_queue.clear()
    c.joined_out = c.request_out = c.backoff = 0
    c.board = None
    c.send_buffer.clear()
    c.packets.clear()
    c.snd_up = None
    c.out_of_order.clear()
    c.sack_blocks.clear()
    c.ack_pending = False


def abort(c: Tcb, reason: Reason, now: int) -> None:
    """Send RST and close (tcp_send_active_reset())."""
    departure.send_reset(c, now, reason)
    change(c, state.ABORT, reason)
    forget(c)


def disconnect(c: Tcb, reason: Reason, now: int) -> None:
    """Throw all away and close (tcp_disconnect()).

    RST goes out where the peer may still wait for something: not once both FINs are on their way
    (RFC 9293 §3.10.5; tcp_need_reset()), unless ours is still queued behind data.
    """
    if state.NEXT[c.state, state.ABORT].reply or not c.fin_sent:
        abort(c, reason, now)
    else:
        change(c, state.ABORT, reason)
        forget(c)


def refuse(c: Tcb, segment: Segment, reason: Reason) -> None:
    """Close, and answer the segment as if nobody had known it (tcp_v4_send_reset())."""
    c.out.append(departure.refusal_of(segment, reason))
    change(c, state.ABORT, reason)
    forget(c)


_RESET_ERRORS = {state.SYN_SENT: ECONNREFUSED, state.CLOSE_WAIT: EPIPE}


def reset_by_peer(c: Tcb, reason: Reason) -> None:
    """An acceptable RST came: close, and leave the errno for the next call (tcp_reset())."""
    if c.state != state.TIME_WAIT:
        c.error = _RESET_ERRORS.get(c.state, ECONNRESET)
    change(c, state.RST, reason)
    forget(c)


def give_up(c: Tcb, error: int, reason: Reason) -> None:
    """No answer within the limit: close, and leave the errno (tcp_write_err()).

    What ICMP said before, the soft error, tells more than "timed out".
    """
    c.error = c.soft_error if error == ETIMEDOUT and c.soft_error is not None else error
    change(c, state.TIMEOUT, reason)
    forget(c)


def enter_fin_wait_2(c: Tcb, segment: Segment, now: int) -> None:
    """Nobody holds the socket, and the segment acknowledges our FIN: wait for the peer's.

    Not where TCP_LINGER2 says so, nor where the segment brings data, or a FIN beyond a hole: nobody
    will read what is missing.
    """
    fin = segment.flags & FIN
    if c.linger2 < 0:
        refuse(c, segment, reasons.NO_FIN_WAIT_2())
        c.tally("TcpExtTCPAbortOnData")
    elif segment.length and gt((segment.end - fin) & MASK, c.rcv_nxt):
        refuse(c, segment, reasons.DATA_TO_ORPHAN())
    else:
        timers.set_fin_wait_2(c, now, fin=bool(fin))


def enter_time_wait(c: Tcb, now: int) -> None:
    """Both FINs are done with: stop everything but the 60 s (tcp_time_wait()).

    Who answers from now on knows neither of ECN nor of what SACK would tell.
    """
    timers.cancel_all(c)
    c.ack_pending = False
    if c.ecn:
        c.ecn &= ~ecn.DEMAND_CWR
    c.duplicate_block = None
    timers.set_time_wait(c, now)
