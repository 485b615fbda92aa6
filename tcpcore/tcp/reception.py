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

_DUPLICATE = reasons.ACK_DUPLICATE
_FIN_WAIT = frozenset((state.FIN_WAIT_1, state.FIN_WAIT_2))


def take_text(c: Tcb, segment: Segment, now: int) -> Why | None:
    """Take in the payload and the FIN of an acceptable segment; why to acknowledge at once, if so.

    What may be sent now goes first, and carries that ACK.
    """
    length = segment.length
    if not length:
        return None
    c.duplicate_block = None  # what waits to be told of an earlier one is forgotten
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
    alone = not segment.payload and segment.seq == c.rcv_nxt  # a FIN needs no room
    if not alone and not _fits(c, segment):
        _does_not_fit(c)
        return None
    fin_known = c.fin_at
    if segment.flags & FIN:
        c.fin_at = (segment.seq + len(segment.payload)) & MASK
    if (c.rcv_nxt - segment.seq) & HALF:
        _look_for_mark(c, segment)
        return keep(c, segment, now, segment.flags & FIN and c.fin_at == fin_known)
    _take_in_order(c, segment, now)
    return None


def _look_for_mark(c: Tcb, segment: Segment) -> None:
    """Be quick with ACKs where data that is taken in was marked on the way, or sent again."""
    if c.ecn & ecn.OK and segment.payload and ecn.data_arrived(c, segment):
        delayed_ack.enter_quick_mode(c, 2)


def _fits(c: Tcb, segment: Segment) -> bool:
    """Whether the window has room for where it begins: not if it is shut (tcp_data_queue())."""
    room, ahead = window.current(c), (segment.seq - c.rcv_nxt) & MASK
    if not ahead & HALF:
        return ahead < room
    if not room:
        sack.duplicate(c, segment.seq, c.rcv_nxt)
    return room > 0


def _does_not_fit(c: Tcb) -> None:
    """Drop it, and be quick to say what there is room for."""
    c.event(trace.REFUSED, reasons.BEHIND_THE_WINDOW())
    delayed_ack.enter_quick_mode(c)
    c.ack_pending = True


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
    c.duplicate_block = None
    seq, payload = segment.seq, segment.payload
    length = len(payload)
    memory, room = receive_buffer.of_packet(length + (52 if c.timestamps else 40))
    if not prune.has_room(c, memory, seq):
        c.event(trace.REFUSED, reasons.OUT_OF_ORDER_QUEUE_FULL())
        return None
    delayed_ack.measure_peer_mss(c, length, memory, segment.flags)
    c.ack_pending = True  # so that the ACK counts as one of the quick ones
    c.rcv_ooopack += 1
    c.unpredicted = True
    before = c.rmem
    known = reassembly.keep(c, seq, payload, memory, room)
    if known or fin_again:
        _report(c, segment, known, fin_again)
    if c.sack_permitted:
        if c.held_acks:
            ack_compression.before_block(c, seq, segment.end, now)
        sack.received_beyond(c, seq, segment.end)
        if known != [(seq, (seq + length) & MASK)]:  # not all of it was there
            alone = known or c.rmem != before  # else it lies with the one before it
            receive_buffer.grow(c, length, memory, c.rmem - memory if alone else before)
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
        receive_buffer.put(c, fresh, memory, room, not behind)
        c.rcv_nxt = (c.rcv_nxt + len(fresh)) & MASK
        c.bytes_received += len(fresh)
        delayed_ack.data_received(c, len(payload), memory, segment.flags, now)
        if c.ecn:  # after the first data has begun quick-ACK mode
            _look_for_mark(c, segment)
    elif segment.flags & FIN:
        _keep_fin(c, segment)
    if c.out_of_order or fin_waits:
        c.bytes_received += reassembly.take_in_order(c)
        filled = not c.out_of_order and (not fin_waits or c.fin_at == c.rcv_nxt)
        c.ack_now = filled  # say so at once (RFC 5681 §4.2)
        sack.hole_filled(c)
    if c.unpredicted and c.rcv_wnd and c.rmem < c.rcvbuf and not (c.out_of_order or c.urg_data):
        c.unpredicted = False  # tcp_fast_path_check()
    if c.fin_at == c.rcv_nxt:
        take_fin(c, now)


def _keep_fin(c: Tcb, segment: Segment) -> None:
    """A FIN by itself is a packet, too, and always finds room; one that waits there takes it in."""
    memory, room = receive_buffer.of_packet(52 if c.timestamps else 40)
    if c.rmem > c.rcvbuf and not prune.has_room(c, memory, segment.seq):
        c.ack_pending = c.ack_now = c.no_memory = True
    if not c.unread:
        c.rmem += memory  # nothing comes after it: what is charged does not matter any more
        c.unread.append([0, memory, room])


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
    elif why is _DUPLICATE and not c.ack_now and delayed_ack.due_now(c) is None:
        why = None  # there is too little room to be quick
    if why is None and c.out_of_order:
        why = reasons.ACK_OUT_OF_ORDER
    if why is reasons.ACK_OUT_OF_ORDER and ack_compression.holds_back(c, now):
        return
    if why is not None:
        departure.send_ack(c, now, why())
    elif not delayed_ack.delay(c, now):
        departure.send_ack(c, now, reasons.ACK_NEARLY_DUE())
