"""MSG_EOR: no segment has data of two records.

Ends are sequence numbers in ``c.record_ends``, in order; those that are acknowledged leave when the
next one comes.  Source: tcp_skb_can_collapse_to() and `eor` of struct tcp_skb_cb.
"""

from __future__ import annotations

from tcpcore.seqnum import HALF, MASK
from tcpcore.tcp.tcb import Tcb


def ends_after(c: Tcb, size: int) -> None:
    """The next `size` bytes that are written end a record."""
    ends_at(c, (c.write_end + size) & MASK)


def ends_at(c: Tcb, place: int) -> None:
    """A record ends at that sequence number, which nothing is written beyond yet."""
    ends = c.record_ends
    while ends and (c.snd_una - ends[0]) & MASK < HALF:
        ends.popleft()
    ends.append(place)
