"""Segments of the retransmission queue, cut in two and joined, as the size of segments asks for.

Source: tcp_fragment() and tcp_retrans_try_collapse() in net/ipv4/tcp_output.c.
"""

from __future__ import annotations

from tcpcore.seqnum import MASK, distance, gt
from tcpcore.tcp import scoreboard, segment_size
from tcpcore.tcp.sent import SentSegment
from tcpcore.tcp.tcb import Tcb
from tcpcore.wire.segment import FIN, PSH, SYN


def cut(c: Tcb, sent: SentSegment, size: int) -> bool:
    """Leave what is beyond `size` for a segment of its own (tcp_fragment()); whether there is such.

    That is today's size of a segment, or what is left of the window.
    """
    if distance(sent.seq, sent.end) <= size or sent.flags & SYN:
        return False
    middle = (sent.seq + size) & MASK
    rest = SentSegment(middle, sent.end, sent.flags, sent.first_sent, sent.stamp, sent.order)
    if distance(rest.seq, rest.end) <= sent.flags & FIN:
        return False  # the FIN takes no room
    rest.last_sent, rest.retransmissions = sent.last_sent, sent.retransmissions
    rest.lost = sent.lost
    c.lost_out += rest.lost
    sent.end, sent.flags = rest.seq, sent.flags & ~(PSH | FIN)
    c.retransmission_queue.insert(scoreboard.behind(c, sent), rest)
    scoreboard.cut(c, sent, rest)
    return True


def collapse(c: Tcb, sent: SentSegment, length: int) -> int:
    """Let a small segment that is sent again take those after it along, as far as one segment goes.

    The payload's length.  Source: tcp_retrans_try_collapse().
    """
    queue, place = c.retransmission_queue, scoreboard.behind(c, sent)
    window_end = (c.snd_una + c.snd_wnd) & MASK
    while place < len(queue) and not sent.flags & FIN:
        follower = queue[place]
        more = distance(follower.seq, follower.end) - (follower.flags & FIN)
        too_long = length + more > segment_size.mss(c)
        if follower.sacked or too_long or sent.end in c.record_ends or gt(follower.end, window_end):
            break
        length += more
        sent.end = follower.end
        sent.flags |= follower.flags
        c.lost_out -= follower.lost
        c.retrans_out -= follower.again
        c.joined_out -= follower.joined
        c.sacked_out -= min(c.sacked_out, not c.sack_permitted)  # tcp_adjust_pcount()
        follower.gone = True
        del queue[place]
        if c.board is not None:
            c.board.merged(follower)
    return length
