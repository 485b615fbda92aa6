"""Header prediction: the two segments that make up most of a transfer, taken in without detours.

Either the next data of a peer to whom we send nothing, or an ACK of what we sent, in a connection
in which nothing is out of the ordinary.  What they do is what `arrival` does, step by step, less
the steps that have nothing to do; a test runs the same worlds with and without this module.
Source: the fast path of tcp_rcv_established() in net/ipv4/tcp_input.c.
"""

from __future__ import annotations

from tcpcore.seqnum import HALF, MASK
from tcpcore.tcp import (
    acknowledgement,
    autotune,
    delayed_ack,
    persist,
    prune,
    receive_buffer,
    reception,
    send_buffer,
    sending,
)
from tcpcore.tcp.tcb import Tcb
from tcpcore.wire.options import TIMESTAMPS
from tcpcore.wire.segment import ACK, PSH, Segment


def takes(c: Tcb, segment: Segment, now: int) -> bool:
    """Take the segment in, in state ESTABLISHED, if it is as predicted; whether it was."""
    if segment.flags & ~PSH != ACK or segment.seq != c.rcv_nxt or c.fin_queued is not None:
        return False
    if c.timestamps:
        options = segment.options
        if len(options) != 3 or options[2][0] != TIMESTAMPS or not c.ts_recent:
            return False
        stamp = options[2][1]
        if (stamp - c.ts_recent) & HALF:
            return False
    else:
        stamp = 0
    if segment.payload:
        return _takes_data(c, segment, stamp, now)
    return _takes_ack(c, segment, stamp, now)


def _takes_data(c: Tcb, segment: Segment, stamp: int, now: int) -> bool:
    """Data in order, from a peer that has acknowledged what it could: our queue is at rest."""
    length = len(segment.payload)
    if (
        segment.ack != c.snd_una
        or c.ecn
        or c.write_end != c.snd_nxt
        or segment.window << c.snd_scale != c.snd_wnd
        or length > c.rcv_wnd - ((c.rcv_nxt - c.rcv_wup) & MASK)
        or c.out_of_order
        or c.fin_at is not None
        or c.urg_data
        or c.probe_deadline is not None
    ):
        return False
    packet = (52 if c.timestamps else 40) + length
    memory = receive_buffer.true_size(packet)
    if c.rmem + memory > c.charged:
        if c.rmem > c.rcvbuf:
            return False
        prune.charge(c, memory)
    _heard(c, segment, stamp, now)
    if stamp:
        autotune.echo_received(c, segment.options, length, now)
    if (c.snd_wl1 - segment.seq) & HALF:
        c.snd_wl1 = segment.seq
    c.rmem += memory
    receive_buffer.put(c, segment.payload, memory, receive_buffer.tail_room(packet))
    c.rcv_nxt = (c.rcv_nxt + length) & MASK
    c.bytes_received += length
    delayed_ack.data_received(c, length, memory, segment.flags, now)
    reception.acknowledge(c, now)
    return True


def _takes_ack(c: Tcb, segment: Segment, stamp: int, now: int) -> bool:
    """An ACK without data that acknowledges something new."""
    before = c.snd_una
    if not 0 < (segment.ack - before) & MASK <= (c.snd_nxt - before) & MASK:
        return False
    if not acknowledgement.take_plain(c, segment, now):
        acknowledgement.take(c, segment, now)
    _heard(c, segment, stamp, now)
    if c.probe_deadline is not None or not c.retransmission_queue:
        persist.answered(c, now)
    sending.send_pending(c, now)
    if not c.retransmission_queue:
        persist.look_after(c, now)
    if c.ack_pending:
        reception.acknowledge(c, now)
    if c.lacks_space:
        send_buffer.check_space(c, now)
    return True


def _heard(c: Tcb, segment: Segment, stamp: int, now: int) -> None:
    """The peer lives, and its timestamp is kept where the next ACK answers it (`paws`)."""
    if c.timestamps and not (c.rcv_wup - segment.seq) & HALF:
        c.ts_recent = stamp
        c.ts_recent_at = now
    c.last_ack_received = now
    c.soft_error = None
    c.probes_out = 0
