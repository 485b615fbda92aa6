"""A large packet whose segments are cut anew: acknowledged to the middle of one, or sent again.

What is left of it begins there, and so does the cut into segments: sent again, they have other
bounds than before.  Source: tcp_tso_acked() and tcp_trim_head(); tcp_fragment() and
tcp_set_skb_tso_segs() where the size of a segment has changed meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from tcpcore.seqnum import MASK, distance
from tcpcore.tcp import scoreboard
from tcpcore.tcp.sent import SentSegment
from tcpcore.tcp.tcb import Tcb
from tcpcore.wire.segment import FIN, PSH, SYN


def head(c: Tcb, ack: int, *, inside: bool) -> list[SentSegment]:
    """Take off what is acknowledged of the oldest segment, less than all of it.

    `inside`: so is what came before it in its packet.
    Returns the segments of its packet that are no more, because what is left needs fewer.
    """
    first = c.retransmission_queue[0]
    start, size = first.seq, distance(first.seq, first.end)
    first.seq = ack
    first.flags &= ~SYN
    packet = _packet(first, islice(c.retransmission_queue, 1, None))
    if len(packet) == 1:
        if c.loss.head_start is None and not inside:
            # a single segment is not cut until it is sent again
            c.loss.head_start = start
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
    if packet[count:]:
        packet[count].seq = start  # what came late, if it did, began there
    c.board = None  # made anew when it is needed
    return packet[count:]


def again(c: Tcb, sent: SentSegment, mss: int) -> None:
    """Cut a packet that is sent again, from `sent` on, into segments of today's size."""
    start, size = sent.seq, distance(sent.seq, sent.end) - (sent.flags & FIN)
    if size == mss or (size < mss and not sent.joined) or sent.flags & SYN:
        return
    queue, place = c.retransmission_queue, scoreboard.behind(c, sent)
    packet = _packet(sent, islice(queue, place, None))
    last = packet[-1]
    end, flags, joined = last.end, last.flags, last.joined
    count = max(-(-(distance(start, end) - (flags & FIN)) // mss), 1)
    if count == len(packet) == 1:
        return
    c.joined_out += count - len(packet)
    c.lost_out += (count - len(packet)) * sent.lost
    if not c.sack_permitted:
        c.sacked_out = max(c.sacked_out - max(len(packet) - count, 0), 0)
    for gone in packet[count:]:
        gone.gone = True
        del queue[place + count - 1]
    pieces = packet[:count]
    while len(pieces) < count:
        pieces.append(_copy(sent))
        queue.insert(place + len(pieces) - 2, pieces[-1])
    for number, piece in enumerate(pieces):
        piece.seq = (start + number * mss) & MASK
        piece.end, piece.flags, piece.joined = (piece.seq + mss) & MASK, flags & ~(PSH | FIN), True
    pieces[-1].end, pieces[-1].flags, pieces[-1].joined = end, flags, joined
    c.board = None  # made anew when it is needed


def _copy(sent: SentSegment) -> SentSegment:
    """A segment that has fared as that one."""
    piece = SentSegment(sent.seq, sent.end, sent.flags, sent.first_sent, sent.stamp, sent.order)
    piece.last_sent, piece.retransmissions, piece.lost = (
        sent.last_sent,
        sent.retransmissions,
        sent.lost,
    )
    return piece


def _packet(first: SentSegment, behind: Iterable[SentSegment]) -> list[SentSegment]:
    """A segment and those `behind` it of its large packet that have fared as it has."""
    packet, fate = [first], _fate(first)
    for sent in behind:
        if not packet[-1].joined or _fate(sent) != fate:
            break
        packet.append(sent)
    return packet


def _fate(sent: SentSegment) -> tuple[int | bool, ...]:
    return sent.last_sent, sent.retransmissions, sent.lost, sent.sacked, sent.again
