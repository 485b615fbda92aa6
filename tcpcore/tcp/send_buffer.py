"""The send buffer: how much an application may queue before send() blocks.

Where the buffer, and not cwnd, limits a connection it grows with cwnd, unless SO_SNDBUF has fixed
it.  Source: tcp_sndbuf_expand(), tcp_new_space() and sk_stream_memory_free() in the kernel.  Linux
counts memory: the bytes, and a fixed overhead for each of its large packets.
"""

from __future__ import annotations

from functools import lru_cache

from tcpcore.seqnum import distance
from tcpcore.tcp import chrono, segment_size
from tcpcore.tcp.congestion import prr
from tcpcore.tcp.tcb import INITIAL_CWND, Tcb

HEADERS = 256
"""Room in front of the payload, as the smallest buffer of a packet has it."""
MAX_TCP_HEADER = 192
"""What of it TCP asks for; 256 or 320 where a kernel knows tunnels or wireless networks."""

GSO_MAX_SIZE = 65536

SHARED_INFO = 320
SK_BUFF = 256
OVERHEAD = HEADERS + SHARED_INFO + SK_BUFF
"""Memory of a packet beside its bytes (tcp_stream_alloc_skb())."""


def expand(c: Tcb) -> None:
    """Let the buffer hold windows of segments, mostly two, as far as tcp_wmem lets it."""
    if c.sndbuf_locked:
        return
    windows, cwnd = c.congestion.buffer_windows, c.cwnd
    payload = c.peer_mss if c.peer_mss > c.snd_mss else c.snd_mss
    wanted = windows * _memory(payload) * (cwnd if cwnd > INITIAL_CWND else INITIAL_CWND)
    if wanted > c.sndbuf:
        c.sndbuf = max(c.sndbuf, min(wanted, c.sysctl.tcp_wmem[2]))


@lru_cache(maxsize=64)
def _memory(payload: int) -> int:
    """What a segment's worth takes."""
    return (1 << (payload + MAX_TCP_HEADER + SHARED_INFO - 1).bit_length()) + SK_BUFF


def queued(c: Tcb) -> int:
    """Bytes that wait to be sent or acknowledged."""
    return distance(c.snd_una, c.write_end)


def memory(c: Tcb) -> int:
    """What the kernel counts for them: bytes, and the overhead of each large packet."""
    sent = len(c.retransmission_queue) - c.request_out - c.joined_out
    return queued(c) + OVERHEAD * (sent + len(c.packets))


def writable(c: Tcb, *, waking: bool = False) -> bool:
    """Whether a third is free, and little waits to be sent (sk_stream_is_writeable()).

    `waking`: so little that whoever waits is told.
    """
    if unsent(c) << waking >= notsent_limit(c):
        return False
    return 3 * (c.sndbuf - memory(c)) >= c.sndbuf


def check_space(c: Tcb, now: int) -> None:
    """There may be room again for an application that found none (tcp_check_space()).

    Where cwnd is not filled the buffer is what limits the connection, and it may grow.  So it does
    where this ACK let several large packets go: measured so, and probably because Linux looks when
    only the first has left (tcp_small_queue_check()).
    """
    if not c.lacks_space:
        return
    if prr.in_flight(c) < c.cwnd or _several_went(c, now):
        expand(c)
        c.loss.cwnd_stamp = now
    if writable(c, waking=True):
        c.lacks_space = False
        c.spaces += 1
        chrono.stop(c, chrono.SNDBUF_LIMITED, now)


def _several_went(c: Tcb, now: int) -> bool:
    """Whether more than one large packet of new data was sent just now."""
    found = False
    for sent in reversed(c.retransmission_queue):
        if sent.first_sent != now:
            break
        if not sent.joined:
            if found:
                return True
            found = True
    return False


def unsent(c: Tcb) -> int:
    """Bytes that wait to be sent."""
    return max(distance(c.snd_nxt, c.write_end), 0)


def notsent_limit(c: Tcb) -> int:
    """TCP_NOTSENT_LOWAT, else tcp_notsent_lowat."""
    return c.notsent_lowat or c.sysctl.tcp_notsent_lowat


def large_packet(c: Tcb) -> int:
    """Bytes that are queued before anybody looks again: a large packet (tcp_xmit_size_goal())."""
    mss = segment_size.current(c)
    return max(segment_size.in_half_window(c, GSO_MAX_SIZE - HEADERS, c.max_window) // mss, 1) * mss
