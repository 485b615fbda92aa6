"""MSG_EOR: no segment has data of two records.

Ends are sequence numbers in ``c.record_ends``, in order, kept until they are acknowledged.
Source: tcp_skb_can_collapse_to() and `eor` of struct tcp_skb_cb.
"""

from __future__ import annotations

from tcpcore.seqnum import MASK
from tcpcore.tcp.tcb import Tcb


def ends_after(c: Tcb, size: int) -> None:
    """The next `size` bytes that are written end a record."""
    c.record_ends.append((c.write_end + size) & MASK)
