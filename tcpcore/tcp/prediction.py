"""Header prediction: the segments that make up most of a transfer, taken in without detours.

Either data of a peer to whom we send nothing, mostly the next, or an ACK of what we sent, in a
connection in which nothing is out of the ordinary but what was lost.  What they do is what
`arrival` does, step by step, less the steps that have nothing to do; a test runs the same worlds
with and without this module.
Source: the fast path of tcp_rcv_established() in net/ipv4/tcp_input.c.
"""

from __future__ import annotations

from tcpcore.seqnum import HALF, MASK
from tcpcore.tcp import (
    acknowledgement,
    ecn,
    in_order,
    out_of_order,
    persist,
    reception,
    send_buffer,
    sending,
    state,
)
from tcpcore.tcp.tcb import Tcb
from tcpcore.wire.options import NOP_OPTION, SACK, TIMESTAMPS
from tcpcore.wire.segment import ACK, PSH, Segment

_SENDING = frozenset((state.CLOSE_WAIT, state.FIN_WAIT_1, state.CLOSING, state.LAST_ACK))
"""Where data may still wait to be acknowledged after one of the two has closed."""
_ESTABLISHED = state.ESTABLISHED
_NOT_PSH, _MARKED = ~PSH, ecn.MASK
_TWO_NOPS = (NOP_OPTION, NOP_OPTION)


def takes(c: Tcb, segment: Segment, now: int) -> bool:
    """Take the segment in if it is as predicted; whether it was."""
    if segment.flags & _NOT_PSH != ACK or segment.tos & _MARKED:
        return False
    if segment.seq != c.rcv_nxt:
        return out_of_order.takes(c, segment, now)
    payload = segment.payload
    if c.state != _ESTABLISHED and (
        payload or c.state not in _SENDING or (c.fin_sent and segment.ack == c.snd_nxt)
    ):
        return False
    stamp, reports = 0, False
    if c.timestamps:
        options = segment.options
        if len(options) != 3:
            reports = _is_report(segment)
            if not reports:
                return False
        third, recent = options[2], c.ts_recent
        if third[0] != TIMESTAMPS or not recent:
            return False
        stamp = third[1]
        if (stamp - recent) & HALF:
            return False
    elif segment.options:
        return False
    if payload:
        return in_order.takes(c, segment, stamp, now)
    return _takes_ack(c, segment, stamp, reports, now)


def _is_report(segment: Segment) -> bool:
    """Whether it has no data, but SACK blocks behind its timestamps."""
    options = segment.options
    return (
        len(options) == 6
        and not segment.payload
        and options[3:5] == _TWO_NOPS
        and options[5][0] == SACK
    )


def _takes_ack(c: Tcb, segment: Segment, stamp: int, reports: bool, now: int) -> bool:
    """An ACK without data that acknowledges something new, or `reports` selectively."""
    before = c.snd_una
    ahead = (segment.ack - before) & MASK
    if ahead > (c.snd_nxt - before) & MASK or not (ahead or reports):
        return False
    if c.timestamps:
        c.tuning.echo = segment.options[2][2]  # data that echoes it, too, tells nothing new
        if not (c.rcv_wup - segment.seq) & HALF:
            c.ts_recent = stamp  # the next ACK answers this one (`paws`)
            c.ts_recent_at = now
    if reports or not acknowledgement.take_plain(c, segment, now):
        fresh_window = acknowledgement.update_send_window(c, segment, before)
        acknowledgement.take_in(c, segment, before, fresh_window, now)
    c.last_ack_received = now
    c.soft_error = None  # something gets through
    c.probes_out = 0
    queue = c.retransmission_queue
    if c.probe_deadline is not None:
        persist.answered(c, now)
    sending.send_pending(c, now)
    if not queue:
        persist.look_after(c, now)
    if c.ack_pending:
        reception.acknowledge(c, now)
    spaces = c.spaces
    if c.lacks_space:
        send_buffer.check_space(c, now)
    c.no_news = c.spaces == spaces
    return True
