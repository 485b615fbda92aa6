"""Taking in data and FIN, in order or kept until they are, and the ACK that this calls for.

The seventh and eighth steps of RFC 9293 §3.10.7.4.  Source: tcp_data_queue(), tcp_fin() and
tcp_ack_snd_check() in net/ipv4/tcp_input.c.
"""

from __future__ import annotations

from tcpcore import reasons, trace
from tcpcore.errors import ECONNRESET
from tcpcore.seqnum import HALF, MASK, gt, lt
from tcpcore.tcp import (
    ack_compression,
    autotune,
    delayed_ack,
    departure,
    ecn,
    lifecycle,
    prune,
    reassembly,
    receive_buffer,
    sack,
    state,
    window,
)
from tcpcore.tcp.tcb import Tcb
from tcpcore.why import Why
from tcpcore.wire.segment import FIN, Segment

_FIN_WAIT = frozenset((state.FIN_WAIT_1, state.FIN_WAIT_2))


def take_text(c: Tcb, segment: Segment, now: int) -> Why | None:
    """Take in the payload and the FIN of an acceptable segment; why to acknowledge at once, if so.

    What may be sent now goes first, and carries that ACK.
    """
    length = segment.length
    if not length:
        return None
    if not (c.rcv_nxt - segment.seq - length) & HALF:  # all of it came before: our ACK may be lost
        duplicate(c, segment)
        c.ack_pending = True
        return reasons.ACK_DUPLICATE
    if c.state not in state.RECEIVES_DATA:
        fin = segment.flags & FIN
        beyond = lt(segment.seq, c.rcv_nxt) and gt(segment.end, (c.rcv_nxt + fin) & MASK)
        if beyond and c.state != state.TIME_WAIT:
            lifecycle.refuse(c, segment, reasons.DATA_AFTER_FIN())
        return None
    if segment.payload and (c.orphan or c.no_reader) and c.state in _FIN_WAIT:
        c.error = None if c.orphan else ECONNRESET
        lifecycle.refuse(c, segment, reasons.DATA_TO_ORPHAN())
        return None
    seq = segment.seq
    if seq == (c.rcv_nxt + window.current(c)) & MASK and (segment.payload or seq != c.rcv_nxt):
        return _behind_the_window(c)
    fin_known = c.fin_at
    if segment.flags & FIN:
        c.fin_at = (segment.seq + len(segment.payload)) & MASK
    if c.ecn & ecn.OK and segment.payload and ecn.data_arrived(c, segment):
        delayed_ack.enter_quick_mode(c, 2)
    if (c.rcv_nxt - seq) & HALF:
        return keep(c, segment, now, segment.flags & FIN and c.fin_at == fin_known)
    _take_in_order(c, segment, now)
    return None


def _behind_the_window(c: Tcb) -> Why:
    """The segment begins where the window ends: nothing of it is wanted, but a bare FIN there."""
    c.event(trace.REFUSED, reasons.BEHIND_THE_WINDOW())
    delayed_ack.enter_quick_mode(c)
    c.ack_pending = True
    return reasons.ACK_QUICK


def duplicate(c: Tcb, segment: Segment) -> None:
    """Bytes that were received before: report them, and be quick with ACKs from now on."""
    if not segment.length or not lt(segment.seq, c.rcv_nxt):
        return
    delayed_ack.enter_quick_mode(c)
    end = c.rcv_nxt if gt(segment.end, c.rcv_nxt) else segment.end
    sack.duplicate(c, segment.seq, end)


def keep(c: Tcb, segment: Segment, now: int, fin_again: int = 0) -> Why | None:
    """A hole is before it: keep it, and let the ACK say what is still missing.

    `fin_again`: its FIN was there before.
    """
    seq, payload = segment.seq, segment.payload
    length = len(payload)
    memory, room = receive_buffer.of_packet(length + (52 if c.timestamps else 40))
    if not prune.has_room(c, memory, seq):
        c.event(trace.REFUSED, reasons.OUT_OF_ORDER_QUEUE_FULL())
        return None
    if length:
        delayed_ack.measure_peer_mss(c, length, memory, segment.flags)
    c.ack_pending = True  # so that the ACK counts as one of the quick ones
    c.rcv_ooopack += 1
    held = c.rmem
    known = reassembly.keep(c, seq, payload, memory, room)
    if known or fin_again:
        _report(c, segment, known, fin_again)
    if c.sack_permitted:
        if c.held_acks:
            ack_compression.before_block(c, seq, segment.end, now)
        sack.received_beyond(c, seq, segment.end)
        if known != [(seq, (seq + length) & MASK)]:  # not all of it was there
            receive_buffer.grow(c, length, memory, held)
    autotune.grow(c, c.tuning.space)
    return reasons.ACK_OUT_OF_ORDER


def _report(c: Tcb, segment: Segment, known: list[tuple[int, int]], fin_again: int) -> None:
    """Tell the sender which parts of a segment beyond the hole were there already, or its FIN."""
    told = list(known)
    if fin_again and not told:
        told = [((segment.end - 1) & MASK, segment.end)]
    elif fin_again and (told[-1][1] + 1) & MASK == segment.end:
        told[-1] = (told[-1][0], segment.end)
    for first, end in told:
        if first == segment.seq:
            sack.duplicate(c, first, end)
        else:
            sack.duplicate_too(c, first, end)


def _take_in_order(c: Tcb, segment: Segment, now: int) -> None:
    behind = (c.rcv_nxt - segment.seq) & MASK
    fin_waits = c.fin_at is not None and not segment.flags & FIN
    if behind:
        sack.duplicate(c, segment.seq, c.rcv_nxt)
    payload = segment.payload
    fresh = payload[behind:] if behind else payload
    if fresh:
        memory, room = receive_buffer.of_packet(len(payload) + (52 if c.timestamps else 40))
        if not prune.has_room(c, memory, segment.seq):
            c.ack_pending = c.ack_now = c.no_memory = True
            if c.unread:
                c.event(trace.REFUSED, reasons.RECEIVE_QUEUE_FULL())
                return
            prune.charge(c, memory)
        c.rmem += memory
        receive_buffer.put(c, fresh, memory, room)
        c.rcv_nxt = (c.rcv_nxt + len(fresh)) & MASK
        c.bytes_received += len(fresh)
        delayed_ack.data_received(c, len(payload), memory, segment.flags, now)
    if c.out_of_order or fin_waits:
        c.bytes_received += reassembly.take_in_order(c)
        filled = not c.out_of_order and (not fin_waits or c.fin_at == c.rcv_nxt)
        c.ack_now = filled  # say so at once (RFC 5681 §4.2)
        sack.hole_filled(c)
    if c.fin_at == c.rcv_nxt:
        take_fin(c, now)


def take_fin(c: Tcb, now: int) -> None:
    """The peer will send no more (tcp_fin())."""
    c.rcv_nxt = (c.rcv_nxt + 1) & MASK
    c.bytes_received += 1
    c.rcv_closed = True
    c.out_of_order.clear()
    c.sack_blocks.clear()
    was = c.state
    lifecycle.change(c, state.FIN, reasons.FIN_RECEIVED())
    if was == state.ESTABLISHED:
        c.ack_pending = True
        c.pingpong = 1  # the application will answer soon: let its FIN carry the ACK
        return
    departure.send_ack(c, now, reasons.ACK_OF_FIN())
    if c.state == state.TIME_WAIT:
        lifecycle.enter_time_wait(c, now)


def acknowledge(c: Tcb, now: int, why: Why | None = None) -> None:
    """An ACK is pending: send it now (`why`, if that is known), or let it wait."""
    if not c.ack_pending:
        return
    if why is None:
        why = reasons.ACK_HOLE_FILLED if c.ack_now else delayed_ack.due_now(c)
    if why is None and c.out_of_order:
        why = reasons.ACK_OUT_OF_ORDER
    if why is reasons.ACK_OUT_OF_ORDER and ack_compression.holds_back(c, now):
        return
    if why is not None:
        departure.send_ack(c, now, why())
    elif not delayed_ack.delay(c, now):
        departure.send_ack(c, now, reasons.ACK_NEARLY_DUE())
