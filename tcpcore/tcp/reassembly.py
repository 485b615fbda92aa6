"""Out-of-order segments: kept sorted until the hole before them is filled (RFC 9293 §3.10.7.4).

Linux keeps them in a red-black tree (tcp_data_queue_ofo()); a sorted list is enough here.
"""

from __future__ import annotations

from bisect import insort

from tcpcore.seqnum import MASK, distance
from tcpcore.tcp.tcb import Tcb


def keep(c: Tcb, seq: int, payload: bytes, fin: bool) -> None:
    """Keep a segment that starts beyond rcv_nxt."""
    entry = (seq, payload, fin)
    if entry not in c.out_of_order:
        base = c.rcv_nxt
        insort(c.out_of_order, entry, key=lambda kept: (kept[0] - base) & MASK)


def take_in_order(c: Tcb) -> tuple[int, bool]:
    """Move what is now in order to the receive buffer: ``(bytes moved, whether a FIN came)``."""
    moved = 0
    while c.out_of_order:
        seq, payload, fin = c.out_of_order[0]
        already = distance(seq, c.rcv_nxt)
        if already < 0:
            break
        c.out_of_order.pop(0)
        fresh = payload[already:]
        if not fresh and not (fin and already == len(payload)):
            continue
        c.receive_buffer += fresh
        c.rcv_nxt = (c.rcv_nxt + len(fresh)) & MASK
        moved += len(fresh)
        if fin:
            c.out_of_order.clear()
            return moved, True
    return moved, False
