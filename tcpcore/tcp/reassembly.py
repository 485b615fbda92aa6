"""Out-of-order data: kept sorted until the hole before it is filled (RFC 9293 §3.10.7.4).

Linux keeps segments in a red-black tree (tcp_data_queue_ofo()); a sorted list of pieces that never
overlap, in which a place is found by halving, is enough here.  Where the peer's FIN stands is
remembered beside it (``c.fin_at``).
"""

from __future__ import annotations

from bisect import bisect_right

from tcpcore.seqnum import HALF, MASK
from tcpcore.tcp import receive_buffer, sack
from tcpcore.tcp.tcb import Tcb


def keep(c: Tcb, seq: int, payload: bytes, memory: int, room: int) -> list[tuple[int, int]]:
    """Keep data that starts beyond rcv.nxt; its packet takes `memory`, with `room` behind it.

    Returns the parts that were there already, as (first, end) sequence numbers.
    """
    base, kept = c.rcv_nxt, c.out_of_order
    start, place = (seq - base) & MASK, len(kept)
    if place:
        last, other, _, _ = kept[-1]
        if ((last - base) & MASK) + len(other) > start:
            place = _first_beyond(c, start)
        # else it comes at the end, as mostly what is out of order does (`ooo_last_skb`)
    if place == len(kept) or (kept[place][0] - base) & MASK >= start + len(payload):  # all is new
        if payload and not _joins(c, place, seq, payload):
            c.rmem += memory
            kept.insert(place, (seq, payload, memory, room))
        return []
    return _fill_in(c, place, start, payload, memory, room)


def _first_beyond(c: Tcb, start: int) -> int:
    """Which piece is the first one that ends more than `start` bytes beyond rcv.nxt."""
    base, kept = c.rcv_nxt, c.out_of_order
    place = bisect_right(kept, start, key=lambda piece: (piece[0] - base) & MASK)
    if place:
        seq, payload, _, _ = kept[place - 1]
        if ((seq - base) & MASK) + len(payload) > start:
            return place - 1
    return place


def _fill_in(
    c: Tcb, place: int, start: int, payload: bytes, memory: int, room: int
) -> list[tuple[int, int]]:
    """Keep what is new of data that overlaps pieces, the one at `place` first; see `keep`."""
    base, kept = c.rcv_nxt, c.out_of_order
    cursor, end, behind = start, start + len(payload), place
    known: list[tuple[int, int]] = []
    new: list[tuple[int, bytes]] = []
    while behind < len(kept):
        seq, other, _, _ = kept[behind]
        left = (seq - base) & MASK
        if left >= end:
            break
        right = left + len(other)
        if left > cursor:
            new.append((cursor, payload[cursor - start : left - start]))
        known.append(((base + max(left, cursor)) & MASK, (base + min(right, end)) & MASK))
        cursor = right
        behind += 1
    if cursor < end:
        new.append((cursor, payload[cursor - start :]))
    if new:
        c.rmem += memory
        charges = [memory] + [0] * (len(new) - 1)  # once for all of them
        made = [
            ((base + offset) & MASK, part, charge, room)
            for (offset, part), charge in zip(new, charges, strict=True)
        ]
        both = kept[place:behind] + made
        kept[place:behind] = sorted(both, key=lambda piece: (piece[0] - base) & MASK)
    return known


def _joins(c: Tcb, place: int, seq: int, payload: bytes) -> bool:
    """Move the data into the room behind the piece before `place`, if that ends where it starts.

    And if it fits there.  Source: tcp_ooo_try_coalesce().
    """
    if not place:
        return False
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
        fresh = payload[behind:] if behind else payload
        receive_buffer.put(c, fresh, memory, room)
        rcv_nxt = (rcv_nxt + len(fresh)) & MASK
        moved += len(fresh)
    c.rcv_nxt = rcv_nxt
    del c.out_of_order[:taken]
    return moved
