"""What a capture sees on a host whose network card cuts large packets (TSO).

The kernel hands the card a whole burst as one packet; a capture stands between the two.  The engine
always emits segments, the last of a burst with PSH (see `tcp.sending`), so bursts can be put
together again.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable

from tcpcore.seqnum import MASK
from tcpcore.wire.segment import FIN, PSH, Segment

LARGEST = 65535 - 60
"""Payload that an IPv4 packet with full headers carries."""


def merged(sent: Iterable[tuple[int, Segment]]) -> list[tuple[int, Segment]]:
    """The packets that were handed over, of ``(time, segment)`` in order of sending."""
    found: list[tuple[int, Segment]] = []
    size = 0  # of each piece of the last packet but its last one
    for time, segment in sent:
        if found and found[-1][0] == time and _continues(found[-1][1], segment, size):
            whole = copy.copy(found[-1][1])
            whole.flags |= segment.flags
            whole.payload += segment.payload
            found[-1] = time, whole
        else:
            size = len(segment.payload)
            found.append((time, segment))
    return found


def _continues(whole: Segment, segment: Segment, size: int) -> bool:
    """Whether the segment is the next piece of that packet."""
    length = len(whole.payload)
    return (
        bool(segment.payload and length)
        and not whole.flags & (PSH | FIN)
        and segment.seq == (whole.seq + length & MASK)
        and length % size == 0
        and len(segment.payload) <= size
        and length + len(segment.payload) <= LARGEST
        and (segment.src, segment.sport, segment.dst, segment.dport, segment.ack, segment.window)
        == (whole.src, whole.sport, whole.dst, whole.dport, whole.ack, whole.window)
        and segment.options == whole.options
    )
