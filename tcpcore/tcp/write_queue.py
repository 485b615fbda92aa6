"""The write queue: bytes that were written and not yet sent lie in large packets, as in the kernel.

A write fills the packet at the end of the queue and begins new ones.  What is handed to the device
at once is the packet in front, or a part of it; so packets decide where PSH stands, what Nagle's
rule is asked about, and how much goes together.  ``c.packets`` has ``[end, push]`` of each.
Source: tcp_sendmsg_locked(), tcp_mark_push() and forced_push() in net/ipv4/tcp.c; tcp_grow_skb(),
tcp_fragment() in tcp_output.c.
"""

from __future__ import annotations

from itertools import pairwise

from tcpcore.seqnum import HALF, MASK
from tcpcore.tcp.tcb import Tcb
from tcpcore.wire.segment import PSH


def begin(c: Tcb, size: int, *, first: bool) -> None:
    """A write may go on with the last packet, of up to `size` bytes, whose PSH is gone then.

    Unless it is not the `first` part of one that had to wait.
    """
    if c.packets and first and last_length(c) < size and not _ends_record(c):
        c.packets[-1][1] = 0


def fill(c: Tcb, data: bytes, at: int, size: int) -> int:
    """Add what fits of ``data[at:]`` to a packet of up to `size` bytes; how much that was."""
    packets, records = c.packets, c.record_ends
    if not packets or (room := size - last_length(c)) <= 0 or (records and _ends_record(c)):
        packets.append([c.write_end, 0])
        room = size
    if records:
        room = min(room, _to_record_end(c))
    part = data[at : at + room] if at or len(data) > room else data
    c.send_buffer.add(part)
    packets[-1][0] = c.write_end = (c.write_end + len(part)) & MASK
    if records and _ends_record(c):
        push(c)
    return len(part)


def behind_syn(c: Tcb, data: bytes) -> None:
    """What was written before the connection opens; some of it the SYN may have carried."""
    c.send_buffer.add(data)
    c.write_end = (c.write_end + len(data)) & MASK
    if c.write_end != c.snd_nxt:
        c.packets.append([c.write_end, PSH])


def push(c: Tcb) -> None:
    """Everything so far is to be seen by the application there (tcp_mark_push())."""
    if c.packets:
        c.packets[-1][1] = PSH
        c.pushed_seq = c.write_end


def must_push(c: Tcb) -> bool:
    """Whether half of the largest window was written since the last PSH (forced_push())."""
    written = (c.write_end - c.pushed_seq) & MASK
    return c.max_window >> 1 < written < HALF


def head(c: Tcb, most: int) -> int:
    """Bytes of the first packet, after it took of the next one what makes it up to `most`.

    It does so once for each sending (tcp_grow_skb()).
    """
    packets = c.packets
    if not packets:
        packets.append([c.write_end, PSH])
    first = packets[0]
    length = (first[0] - c.snd_nxt) & MASK
    if length >= most or len(packets) == 1 or (c.record_ends and first[0] in c.record_ends):
        return length
    after = packets[1]
    next_length = (after[0] - first[0]) & MASK
    more = min(most - length, next_length)
    first[0] = (first[0] + more) & MASK
    if more == next_length:
        first[1] |= after[1]
        del packets[1]
    return length + more


def leave(c: Tcb, end: int) -> int:
    """What ends there is sent: PSH if a packet with it does, else 0."""
    packets, mark = c.packets, 0
    while packets and not (end - packets[0][0]) & HALF:
        last = packets.popleft()
        mark = last[1] if last[0] == end else 0
    return mark


def last_length(c: Tcb) -> int:
    """Bytes of the packet that the next write goes on with; 0: it begins one."""
    packets = c.packets
    if not packets:
        return 0
    start = packets[-2][0] if len(packets) > 1 else c.snd_nxt
    return (packets[-1][0] - start) & MASK


def lengths(c: Tcb) -> list[int]:
    """Bytes of each packet."""
    ends = [packet[0] for packet in c.packets]
    return [(end - start) & MASK for start, end in pairwise([c.snd_nxt, *ends])]


def _ends_record(c: Tcb) -> bool:
    return bool(c.record_ends) and c.packets[-1][0] in c.record_ends


def _to_record_end(c: Tcb) -> int:
    """Bytes that may follow until the next record begins."""
    left = ((end - c.write_end) & MASK for end in c.record_ends)
    return min((count for count in left if 0 < count < HALF), default=HALF)
