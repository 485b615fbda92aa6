"""What one connection has sent and received so far, counted from the trace.

The engine keeps no such counters, for speed; the trace has every segment.  Counted as the kernel
counts for `struct tcp_info`: RFC 4898's names, with Linux's way of starting a passive connection.
"""

from __future__ import annotations

from typing import Any

from tcpcore.seqnum import distance, leq
from tcpcore.tcp.connection import Connection
from tcpcore.wire.segment import ACK, SYN


class Tally:
    """Counts of segments and bytes; `opened` is when the handshake ended here (us), or None."""

    __slots__ = (
        "bytes_retransmitted",
        "bytes_sent",
        "data_segments_in",
        "data_segments_out",
        "delivered",
        "opened",
        "passive",
        "retransmissions",
        "segments_in",
        "segments_out",
    )

    def __init__(self) -> None:
        self.segments_out = self.segments_in = 0
        self.data_segments_out = self.data_segments_in = 0
        self.bytes_sent = self.bytes_retransmitted = 0
        self.retransmissions = 0
        self.delivered = 0
        self.opened: int | None = None
        self.passive = False


def of(host: Any, c: Connection) -> Tally | None:
    """The counts of a connection of that host; None when the network keeps no trace."""
    trace = host.network.trace
    if trace is None:
        return None
    tally = Tally()
    there = (c.remote, c.remote_port, c.local, c.local_port)
    here = (c.local, c.local_port, c.remote, c.remote_port)
    arrived_syn = False
    for traced in _since_opening(trace.segments, c, here):
        one = traced.segment
        if (one.src, one.sport, one.dst, one.dport) == here and traced.sender == host.index:
            _sent(tally, c, traced)
        one = traced.received or one
        ends = (one.src, one.sport, one.dst, one.dport)
        if ends == there and traced.receiver == host.index and traced.arrived is not None:
            if one.flags & (SYN | ACK) == SYN:
                if arrived_syn:
                    continue  # a SYN that came again met the request, not the connection
                arrived_syn = True
            tally.segments_in += 1
            tally.data_segments_in += bool(one.payload)
            if tally.opened is None and one.flags & ACK:
                tally.opened = traced.arrived
    return tally


def _since_opening(segments: list[Any], c: Connection, here: tuple[Any, ...]) -> list[Any]:
    """The segments from this connection's first SYN on: ports may have been used before."""
    for number, traced in enumerate(segments):
        one = traced.segment
        if not one.flags & SYN:
            continue
        ours = (one.src, one.sport, one.dst, one.dport) == here and one.seq == c.iss
        one = traced.received or one
        if ours or ((one.dst, one.dport, one.src, one.sport) == here and one.seq == c.irs):
            return segments[number:]
    return []


def _sent(tally: Tally, c: Connection, traced: Any) -> None:
    one = traced.segment
    if traced.retransmission:
        tally.retransmissions += 1
        tally.bytes_retransmitted += len(one.payload)
    elif one.length and leq(one.end, c.snd_una) and distance(c.iss, one.seq) >= 0:
        tally.delivered += 1
    if one.flags & (SYN | ACK) == SYN | ACK:
        tally.passive = True
        return  # the request's, not the connection's
    tally.segments_out += 1
    tally.data_segments_out += bool(one.payload)
    tally.bytes_sent += len(one.payload)
