"""A large packet that is acknowledged up to the middle of one of its segments.

What is left of it begins there, and so does the cut into segments: sent again, they have other
bounds than before.  Source: tcp_tso_acked() and tcp_trim_head() in net/ipv4/.
"""

from __future__ import annotations

from itertools import islice

from tcpcore.seqnum import MASK, distance
from tcpcore.tcp.sent import SentSegment
from tcpcore.tcp.tcb import Tcb
from tcpcore.wire.segment import FIN, SYN


def head(c: Tcb, ack: int) -> list[SentSegment]:
    """Take off what is acknowledged of the oldest segment, less than all of it.

    Returns the segments of its packet that are no more, because what is left needs fewer.
    """
    first = c.retransmission_queue[0]
    size = distance(first.seq, first.end)
    first.seq = ack
    first.flags &= ~SYN
    packet = _packet(c, first)
    if len(packet) == 1:
        return []
    last = packet[-1]
    end, flags, joined = last.end, last.flags, last.joined
    left = distance(ack, end) - (flags & FIN)
    count = max(-(-left // size), 1)
    for number, sent in enumerate(packet[:count]):
        sent.seq = (ack + number * size) & MASK
        sent.end = (sent.seq + size) & MASK
    packet[count - 1].end, packet[count - 1].flags = end, flags
    c.joined_out += joined - packet[count - 1].joined
    packet[count - 1].joined = joined
    for _ in packet[count:]:
        del c.retransmission_queue[count]
    c.board = None  # made anew when it is needed
    return packet[count:]


def _packet(c: Tcb, first: SentSegment) -> list[SentSegment]:
    """The oldest segment and those of its large packet that have fared as it has."""
    packet, fate = [first], _fate(first)
    for sent in islice(c.retransmission_queue, 1, None):
        if not packet[-1].joined or _fate(sent) != fate:
            break
        packet.append(sent)
    return packet


def _fate(sent: SentSegment) -> tuple[int | bool, ...]:
    return sent.last_sent, sent.retransmissions, sent.lost, sent.sacked, sent.again
