"""Several segments of new data at once: one header's worth of decisions for all of them.

What `departure.emit` decides anew for each segment (window, acknowledgement, timestamps) is the
same for those that leave in one instant, as the kernel's large packet has one header, too.
Source: tcp_write_xmit() and __tcp_transmit_skb() in net/ipv4/tcp_output.c.
"""

from __future__ import annotations

from functools import lru_cache

from tcpcore import reasons
from tcpcore.seqnum import MASK
from tcpcore.tcp import delayed_ack, departure, write_queue
from tcpcore.tcp.tcb import Tcb
from tcpcore.why import Reason
from tcpcore.wire.options import Option
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
    seq, several = c.snd_nxt, length > mss
    at = (seq - c.snd_una) & MASK
    c.segs_out += (count := -(-length // mss))
    c.data_segs_out += count
    c.bytes_sent += length
    field = -1
    options: tuple[Option, ...] = ()
    ip, acknowledged, data, out = c.ip, c.rcv_nxt, c.send_buffer, c.out
    ttl = ip.ttl or c.sysctl.ip_default_ttl
    while length > 0:
        size = mss if length > mss else length
        length -= size
        c.snd_nxt = end = (seq + size) & MASK
        if size < mss:
            c.small_sent_end = end
        flags = ACK if length else ACK | write_queue.leave(c, end)
        departure.queue(c, seq, flags, now)  # sent again, it is alone: no PSH for being the last
        if field < 0:
            delayed_ack.data_sent(c, now)
            field, options = departure.header(c, now)
        if length:
            c.retransmission_queue[-1].joined = True
        elif several:
            flags |= PSH
        ip.id = number = (ip.id + 1) & 0xFFFF
        out.append(Segment(
            c.local, c.local_port, c.remote, c.remote_port, flags, seq, acknowledged, field,
            options, bytes(data[at : at + size]), reason_of(size), 0, ttl, ip.tos, number,
        ))  # fmt: skip
        at += size
        seq = end
