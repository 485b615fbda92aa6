"""Out-of-order data: kept sorted until the hole before it is filled (RFC 9293 §3.10.7.4).

Linux keeps segments in a red-black tree (tcp_data_queue_ofo()); a sorted list of pieces that never
overlap is enough here.  Where the peer's FIN stands is remembered beside it (``c.fin_at``).
"""

from __future__ import annotations

from tcpcore.seqnum import MASK
from tcpcore.tcp import receive_buffer, sack
from tcpcore.tcp.tcb import Tcb


def keep(c: Tcb, seq: int, payload: bytes, packet: int) -> tuple[int, int] | None:
    """Keep data that starts beyond rcv.nxt and came in an IP packet of so many bytes.

    Returns the first part that was there already, as (first, end) sequence numbers, or None.
    """
    base = c.rcv_nxt
    start = cursor = (seq - base) & MASK
    end = start + len(payload)
    known: tuple[int, int] | None = None
    pieces: list[tuple[int, bytes]] = []
    for other_seq, other, *_ in c.out_of_order:
        left = (other_seq - base) & MASK
        right = left + len(other)
        if right <= cursor:
            continue
        if left >= end:
            break
        if left > cursor:
            pieces.append((cursor, payload[cursor - start : left - start]))
        if known is None:
            known = (base + max(left, cursor)) & MASK, (base + min(right, end)) & MASK
        cursor = right
    if cursor < end:
        pieces.append((cursor, payload[cursor - start :]))
    if not pieces or (known is None and _joins(c, seq, payload)):
        return known
    memory, room = receive_buffer.true_size(packet), receive_buffer.tail_room(packet)
    c.rmem += memory
    for offset, piece in pieces:
        c.out_of_order.append(((base + offset) & MASK, piece, memory, room))
        memory = 0  # charged once
    c.out_of_order.sort(key=lambda kept: (kept[0] - base) & MASK)
    return known


def _joins(c: Tcb, seq: int, payload: bytes) -> bool:
    """Move the data into the room behind the packet that ends where it starts, if it fits there.

    Source: tcp_ooo_try_coalesce().
    """
    for place, (other_seq, other, memory, room) in enumerate(c.out_of_order):
        if (other_seq + len(other)) & MASK == seq and len(payload) <= room:
            joined = (other_seq, other + payload, memory, room - len(payload))
            c.out_of_order[place] = joined
            return True
    return False


def take_in_order(c: Tcb) -> int:
    """Move what is in order by now to the receive buffer; how many bytes that was."""
    moved, high = 0, c.rcv_nxt
    while c.out_of_order:
        seq, payload, memory, room = c.out_of_order[0]
        behind = (c.rcv_nxt - seq) & MASK
        if behind > MASK >> 1:
            break
        del c.out_of_order[0]
        if (high - seq) & MASK <= MASK >> 1 and seq != high:  # the segment brought it once more
            end = (seq + len(payload)) & MASK
            sack.duplicate(c, seq, end if (high - end) & MASK <= MASK >> 1 else high)
        fresh = payload[behind:]
        receive_buffer.put(c, fresh, memory, room)
        c.rcv_nxt = (c.rcv_nxt + len(fresh)) & MASK
        moved += len(fresh)
    return moved
