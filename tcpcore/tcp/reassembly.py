"""Out-of-order data: kept sorted until the hole before it is filled (RFC 9293 §3.10.7.4).

Linux keeps packets in a red-black tree (tcp_data_queue_ofo()); a sorted list, in which a place is
found by halving, is enough here.  Packets may overlap, as there: each takes the memory that it came
with.  Where the peer's FIN stands is remembered beside it (``c.fin_at``).
"""

from __future__ import annotations

from bisect import bisect_right

from tcpcore.seqnum import HALF, MASK
from tcpcore.tcp import receive_buffer, sack
from tcpcore.tcp.tcb import Tcb


def keep(c: Tcb, seq: int, payload: bytes, memory: int, room: int) -> list[tuple[int, int]]:
    """Keep data that starts beyond rcv.nxt; its packet takes `memory`, with `room` behind it.

    Returns the parts that were there already, as (first, end) sequence numbers.  A packet with
    anything new stays whole, and the later ones that lie within it go.
    """
    if not payload:
        return []
    base, kept = c.rcv_nxt, c.out_of_order
    start, place = (seq - base) & MASK, len(kept)
    if place:
        last, other, _, _ = kept[-1]
        if ((last - base) & MASK) + len(other) > start:
            place = bisect_right(kept, start, key=lambda piece: (piece[0] - base) & MASK)
        # else it comes at the end, as mostly what is out of order does (`ooo_last_skb`)
    end, known = start + len(payload), list[tuple[int, int]]()
    if place:
        before, other, charge, _ = kept[place - 1]
        behind = ((before - base) & MASK) + len(other)
        if behind >= end:
            return [(seq, (base + end) & MASK)]
        if behind > start:
            known.append((seq, (base + behind) & MASK))
            if before == seq:
                place -= 1
                del kept[place]
                receive_buffer.free(c, charge)
        elif _joins(c, place, seq, payload):
            return []
    if place < len(kept):
        _take_place_of(c, place, end, known)
    c.rmem += memory
    kept.insert(place, (seq, payload, memory, room))
    return known


def _take_place_of(c: Tcb, place: int, end: int, known: list[tuple[int, int]]) -> None:
    """Drop the pieces from `place` on that end by `end`; `known` gets what was there before it."""
    base, kept, behind = c.rcv_nxt, c.out_of_order, place
    while behind < len(kept):
        seq, other, memory, _ = kept[behind]
        left = (seq - base) & MASK
        if left >= end:
            break
        known.append((seq, (base + min(left + len(other), end)) & MASK))
        if left + len(other) > end:
            break
        receive_buffer.free(c, memory)
        behind += 1
    del kept[place:behind]


def _joins(c: Tcb, place: int, seq: int, payload: bytes) -> bool:
    """Move the data into the room behind the piece before `place`, if that ends where it starts.

    And if it fits there.  Source: tcp_ooo_try_coalesce().
    """
    before, other, memory, room = c.out_of_order[place - 1]
    if len(payload) > room or (before + len(other)) & MASK != seq:
        return False
    c.out_of_order[place - 1] = (before, other + payload, memory, room - len(payload))
    return True


def take_in_order(c: Tcb) -> int:
    """Move what is in order by now to the receive buffer; how many bytes that was."""
    high = rcv_nxt = c.rcv_nxt
    moved = taken = 0
    for seq, payload, memory, room in c.out_of_order:
        behind = (rcv_nxt - seq) & MASK
        if behind & HALF:
            break
        taken += 1
        if seq != high and not (high - seq) & HALF:  # the segment brought it once more
            end = (seq + len(payload)) & MASK
            sack.duplicate_too(c, seq, high if (high - end) & HALF else end)
        if behind >= len(payload):  # others have brought all of it
            receive_buffer.free(c, memory)
            continue
        fresh = payload[behind:] if behind else payload
        before = c.rmem
        receive_buffer.put(c, fresh, memory, room, whole=not behind)
        if c.rmem != before:
            receive_buffer.free(c, 0)
        rcv_nxt = (rcv_nxt + len(fresh)) & MASK
        moved += len(fresh)
    c.rcv_nxt = rcv_nxt
    del c.out_of_order[:taken]
    return moved
