"""MSG_EOR: no segment has data of two records.

Ends are sequence numbers in ``c.record_ends``, in order, kept until they are acknowledged.
Source: tcp_skb_can_collapse_to() and `eor` of struct tcp_skb_cb.
"""

from __future__ import annotations

from tcpcore.seqnum import HALF, MASK
from tcpcore.tcp.tcb import Tcb


def ends_after(c: Tcb, size: int) -> None:
    """The next `size` bytes that are written end a record."""
    c.record_ends.append((c.write_end + size) & MASK)


def part(c: Tcb, unsent: int) -> int:
    """How many of the unsent bytes belong to the first record among them."""
    ends = c.record_ends
    while ends and (ends[0] - c.snd_una) & HALF:
        ends.popleft()
    for end in ends:
        length = (end - c.snd_nxt) & MASK
        if 0 < length < HALF:
            return min(length, unsent)
    return unsent
