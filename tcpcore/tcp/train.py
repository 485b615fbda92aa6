"""Several segments of new data at once: one header's worth of decisions for all of them.

What `departure.emit` decides anew for each segment (window, acknowledgement, timestamps) is the
same for those that leave in one instant, as the kernel's large packet has one header, too.
Source: tcp_write_xmit() and __tcp_transmit_skb() in net/ipv4/tcp_output.c.
"""

from __future__ import annotations

from functools import lru_cache

from tcpcore import reasons
from tcpcore.seqnum import MASK
from tcpcore.tcp import departure, rate, write_queue
from tcpcore.tcp.sent import SentSegment
from tcpcore.tcp.tcb import Tcb
from tcpcore.why import Reason
from tcpcore.wire.segment import ACK, PSH, Segment


@lru_cache(maxsize=64)
def reason_of(length: int) -> Reason:
    """Why so many bytes of new data go out."""
    return Reason(reasons.DATA, {"length": length})


def is_plain(c: Tcb, length: int) -> bool:
    """Whether so many bytes are all there is to tell: no FIN, no urgent data, no SACK, no ECN."""
    return not (
        c.ecn
        or c.snd_up is not None
        or (c.fin_queued is not None and (c.snd_nxt + length) & MASK == c.write_end)
        or c.sack_blocks
        or c.duplicate_block is not None
        or c.snd_una == c.iss
    )


def send(c: Tcb, length: int, mss: int, now: int) -> None:
    """Send `length` bytes in segments of `mss`; the last of several has PSH, for the receiver.

    Only where `is_plain`.
    """
    seq, count, queue = c.snd_nxt, -(-length // mss), c.retransmission_queue
    data, at = c.send_buffer.piece((seq - c.snd_una) & MASK, length), 0
    c.snd_nxt = (seq + length) & MASK
    c.segs_out += count
    c.data_segs_out += count
    c.bytes_sent += length
    if length % mss:
        c.small_sent_end = c.snd_nxt
    ip, acknowledged, out, board = c.ip, c.rcv_nxt, c.out, c.board
    stamp = c.flow.stamp if queue else rate.start(c, now)
    turn = c.turn
    if count > 1:
        c.joined_out += count - 1
    ttl, tos, number = ip.ttl or c.sysctl.ip_default_ttl, ip.tos, ip.id
    departure.arm(c, now)
    departure.data_sent(c, now)
    field, options, headers = departure.header(c, now)
    while length > 0:
        size = mss if length > mss else length
        length -= size
        end = (seq + size) & MASK
        flags = ACK if length else ACK | write_queue.leave(c, end)
        sent = SentSegment(seq, end, flags, now, stamp, turn)  # sent again, it is alone: no PSH
        queue.append(sent)
        if board is not None:
            board.add(sent)
        if length:
            sent.joined = True
        elif count > 1:
            flags |= PSH
        number = (number + 1) & 0xFFFF
        out.append(Segment(
            c.local, c.local_port, c.remote, c.remote_port, flags, seq, acknowledged, field,
            options, data[at : at + size], reason_of(size), 0, ttl, tos, number,
            headers + size,
        ))  # fmt: skip
        at += size
        seq = end
    ip.id = number
