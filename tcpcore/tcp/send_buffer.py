"""The send buffer: how much an application may queue before send() blocks.

The buffer grows with cwnd, unless SO_SNDBUF has fixed it.  Source: tcp_sndbuf_expand() and
sk_stream_memory_free() in the kernel.  Linux counts memory; here payload bytes count, plus a fixed
overhead for each segment's worth, which is what its large packets come to.
"""

from __future__ import annotations

from tcpcore.seqnum import distance
from tcpcore.tcp.tcb import INITIAL_CWND, Tcb

HEADERS = 320
"""MAX_TCP_HEADER: room in front of the payload."""

SHARED_INFO = 320
SK_BUFF = 256
DEFAULT_REORDERING = 3


def expand(c: Tcb) -> None:
    """Let the buffer hold two windows of segments, as far as tcp_wmem lets it."""
    if c.sndbuf_locked:
        return
    payload = max(c.snd_mss, 1460)
    memory = (1 << (payload + HEADERS + SHARED_INFO - 1).bit_length()) + SK_BUFF
    segments = max(INITIAL_CWND, c.cwnd, DEFAULT_REORDERING + 1)
    c.sndbuf = max(c.sndbuf, min(2 * segments * memory, c.sysctl.tcp_wmem[2]))


def queued(c: Tcb) -> int:
    """Bytes that wait to be sent or acknowledged."""
    return distance(c.snd_una, c.write_end)


def room(c: Tcb) -> int:
    """Bytes that may be queued now; 0: send() blocks."""
    return max(c.sndbuf - queued(c), 0)


def writable(c: Tcb) -> bool:
    """Whether a blocked send() may go on: a third is free (sk_stream_is_writeable())."""
    return 3 * room(c) >= c.sndbuf
