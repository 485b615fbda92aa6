"""Urgent data: a mark in the stream of bytes, and the one byte before it (RFC 9293 §3.8.5).

The sender's URG flag and pointer say where its urgent data ends; they stay on every segment until
that is acknowledged.  The receiver takes the last urgent byte out of the stream, unless
SO_OOBINLINE leaves it there, and reading stops once at the mark.
Linux differs: the pointer names the byte after the urgent one, as BSD's did, unless tcp_stdurg=1.
Source: tcp_mark_urg() and tcp_recv_urg() in net/ipv4/tcp.c; tcp_check_urg(), tcp_urg().
"""

from __future__ import annotations

from tcpcore import reasons, trace
from tcpcore.errors import EAGAIN, EINVAL, ENOTCONN, socket_error
from tcpcore.seqnum import MASK, distance, gt, lt
from tcpcore.tcp import receive_buffer, state
from tcpcore.tcp.tcb import Tcb
from tcpcore.why import Reason
from tcpcore.wire.segment import SYN, URG, Segment

VALID = 0x100
"""The urgent byte is here (and in the low eight bits)."""
NOT_YET = 0x200
"""It was announced, and has not come."""
READ = 0x400
"""It came, and recv(MSG_OOB) took it."""

FURTHEST = 0xFFFF
"""How far ahead a pointer can point."""

# --- the sender's side ---------------------------------------------------------------------------


def mark(c: Tcb, more: int) -> None:
    """The next `more` bytes that are written end with urgent data (tcp_mark_urg())."""
    c.snd_up = (c.write_end + more) & MASK


def acknowledged(c: Tcb, ack: int) -> None:
    """Leave urgent mode when the peer has all of it."""
    if c.snd_up is not None and not lt(ack, c.snd_up):
        c.snd_up = None


def pointer(c: Tcb, seq: int) -> int:
    """The urgent pointer of a segment at `seq`; 0: it carries no URG (__tcp_transmit_skb())."""
    ahead = 0 if c.snd_up is None else max(distance(seq, c.snd_up), 0)
    if ahead > FURTHEST:
        ahead = FURTHEST if gt((seq + FURTHEST) & MASK, c.snd_nxt) else 0
    return ahead


# --- the receiver's side -------------------------------------------------------------------------


def arrives(c: Tcb, segment: Segment) -> None:
    """Take note of a segment's urgent pointer, and of the urgent byte once it comes (tcp_urg())."""
    if segment.flags & URG:
        _check(c, segment)
    if c.urg_data == NOT_YET:
        place = (c.urg_seq - segment.seq - (1 if segment.flags & SYN else 0)) & MASK
        if place < len(segment.payload):
            c.urg_data = VALID | segment.payload[place]


def _check(c: Tcb, segment: Segment) -> None:
    """A new urgent pointer takes the place of the one before (tcp_check_urg())."""
    ahead = segment.urgent
    if ahead and not c.sysctl.tcp_stdurg:
        ahead -= 1
    urgent = (segment.seq + ahead) & MASK
    here = copied(c)
    if gt(here, urgent) or lt(urgent, c.rcv_nxt):
        return
    if c.urg_data and not gt(urgent, c.urg_seq):
        return
    if c.urg_seq == here and c.urg_data and not c.urg_inline and c.receive_buffer:
        receive_buffer.take(c, 1)  # the one before it is not read any more
    c.urg_data = NOT_YET
    c.urg_seq = urgent
    c.event(trace.NOTED, Reason(reasons.URGENT_AHEAD, {"at": distance(c.irs, urgent)}))


def copied(c: Tcb) -> int:
    """The sequence number of the next byte to read (tp->copied_seq)."""
    return (c.rcv_nxt - c.rcv_closed - len(c.receive_buffer)) & MASK


def at_mark(c: Tcb) -> bool:
    """Whether the next byte to read is the urgent one, or its place (SIOCATMARK)."""
    return bool(c.urg_data) and c.urg_seq == copied(c)


def before_mark(c: Tcb) -> int:
    """Bytes that can be read without crossing the mark (SIOCINQ)."""
    waiting = len(c.receive_buffer)
    if not c.urg_data or c.urg_inline:
        return waiting
    ahead = (c.urg_seq - copied(c)) & MASK
    return ahead if ahead < waiting else waiting


def read(c: Tcb, most: int) -> bytes:
    """Up to `most` bytes of the stream, but none beyond a mark that lies ahead.

    A read that starts at the mark passes it, and leaves out the urgent byte unless it is inline;
    so it may find nothing.  Source: tcp_recvmsg_locked().
    """
    ahead = (c.urg_seq - copied(c)) & MASK
    waiting = len(c.receive_buffer)
    if ahead >= waiting:
        return receive_buffer.take(c, most)
    if ahead:
        return receive_buffer.take(c, min(ahead, most))
    if not c.urg_inline:
        receive_buffer.take(c, 1)
    elif not most:
        return b""
    c.urg_data = 0
    return receive_buffer.take(c, most)


def peek(c: Tcb, most: int) -> bytes:
    """What `read` would return, and leave everything as it is (MSG_PEEK)."""
    start, end = 0, most
    if c.urg_data:
        ahead = (c.urg_seq - copied(c)) & MASK
        if ahead:
            end = min(ahead, most)
        elif not c.urg_inline:
            start, end = 1, most + 1
    return bytes(c.receive_buffer[start:end])


def read_byte(c: Tcb, most: int, *, peek: bool = False) -> bytes:
    """recv(MSG_OOB): the urgent byte; EINVAL without one, EAGAIN while it is on its way.

    ``b""`` when it can come no more.  Source: tcp_recv_urg().
    """
    if c.urg_inline or c.urg_data in (0, READ):
        raise socket_error(EINVAL)
    if c.state == state.CLOSED and not c.rcv_closed:
        raise socket_error(ENOTCONN)
    if c.urg_data & VALID:
        byte = bytes([c.urg_data & 0xFF])
        if not peek:
            c.urg_data = READ
        return byte[:most]
    if c.state == state.CLOSED or c.rcv_closed or c.no_reader:
        return b""
    raise socket_error(EAGAIN)
