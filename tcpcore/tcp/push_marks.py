"""Where PSH stands: at the end of each write, and within a long one now and then.

Marks are sequence numbers in ``c.push_marks``, in order; a segment that ends at one has PSH.
Source: tcp_mark_push() and forced_push() in net/ipv4/tcp.c, tcp_grow_skb() in tcp_output.c.
"""

from __future__ import annotations

from tcpcore.seqnum import HALF, MASK, distance
from tcpcore.tcp import segment_size, send_buffer
from tcpcore.tcp.congestion import prr
from tcpcore.tcp.tcb import Tcb


def passes(c: Tcb, end: int) -> bool:
    """Drop the marks that a segment with this end passes; whether one is at its very end."""
    return _drop(c, end) == end


def join(c: Tcb, length: int) -> None:
    """So many bytes go out at once, and packets of the application's are put together for it.

    What the first one was marked with moves to the end; the marks of the others are gone.
    """
    end = (c.snd_nxt + length) & MASK
    if (end - c.push_marks[0]) & HALF:
        return
    first = (c.snd_nxt + send_buffer.large_packet(c)) & MASK
    marked = _drop(c, first if (first - end) & HALF else end)
    _drop(c, end)
    if marked is not None:
        c.push_marks.appendleft(end)


def _drop(c: Tcb, end: int) -> int | None:
    """Drop the marks up to that sequence number; the last of them, or None."""
    marks = c.push_marks
    last: int | None = None
    while marks and not (end - marks[0]) & HALF:
        last = marks.popleft()
    return last


def within(c: Tcb, size: int, packet: int, burst: int) -> None:
    """Mark where PSH stands within a long write, of `size` bytes in packets of up to `packet`.

    `burst` is what leaves at once.  A packet that ends half a window after the last PSH has one,
    and is sent as far as cwnd goes; what remains of it is filled up with the bytes behind it.
    Packets smaller than a burst are put together before they go, and lose what they were marked
    with; those in the window do not wait for that.  Positions count from the write's start.
    Source: tcp_sendmsg_locked(), forced_push(), tcp_push_one(), tcp_grow_skb().
    """
    mss, half = segment_size.mss(c), c.max_window >> 1
    head = -distance(c.snd_nxt, c.write_end)  # the first byte not sent
    window = distance(c.snd_nxt, (c.snd_una + c.snd_wnd) & MASK)
    most = size if packet >= burst else head + window
    goes = head + mss * max(min(c.cwnd - prr.in_flight(c), window // mss), 0)  # may be sent now
    tail = head + -head // packet * packet  # where the packet begins that is being filled
    end, pushed, marked = 0, 0, False
    while end < size:
        if end - tail >= packet:
            tail, marked = end, False
        end = min(tail + packet, size)
        if marked:
            c.push_marks.pop()
            c.push_marks.append((c.write_end + end) & MASK)
        if end == size or end > most:
            break
        if end - pushed > half:
            if not marked:
                c.push_marks.append((c.write_end + end) & MASK)
            pushed, marked = end, True
            head = max(head, min(end, goes))
        elif tail <= head:
            head = max(head, min(head + burst, end, goes))
        tail = max(tail, head)
        marked = marked and tail < end
