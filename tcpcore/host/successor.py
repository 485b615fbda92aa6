"""What a connection leaves to the next one of its socket, and what it takes with it.

connect() to AF_UNSPEC, and a connect() that failed, leave a socket that may connect again.  Linux
forgets by name: what tcp_disconnect() does not set back goes on, such as buffers that have grown,
the payload that memory was found to hold, the least round trip, and the rates.
Source: tcp_disconnect() in net/ipv4/tcp.c, tcp_connect_init() in tcp_output.c, tcp_v4_connect().
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tcpcore.seqnum import MASK, distance
from tcpcore.tcp.connection import Connection

if TYPE_CHECKING:
    from tcpcore.host.sockets import Socket

_RTO_MIN = 200_000
"""Microseconds: TCP_RTO_MIN, whatever tcp_rto_min_us says."""
_FORGOTTEN = (
    "SO_PEEK_OFF",
    "TCP_DELACK_MAX_US",
    "TCP_MAXSEG",
    "TCP_QUICKACK",
    "TCP_WINDOW_CLAMP",
)


def forget_options(socket: Socket) -> None:
    """Set back the options that are no more than the connection's own."""
    for name in _FORGOTTEN:
        socket.options.pop(name, None)
    socket.options["TCP_RTO_MIN_US"] = _RTO_MIN


def first_number(old: Connection | None) -> int | None:
    """Where the numbers of the next one begin: behind the largest window, and 2; None: anywhere."""
    if old is None:
        return None
    waits = old.fin_queued is not None and not old.fin_sent
    unsent = max(distance(old.snd_nxt, old.write_end), 0) + waits
    return (old.snd_nxt + unsent + old.max_window + 2) & MASK or 1


def inherit(c: Connection, old: Connection) -> None:
    """Give the new connection what the old one of its socket has left."""
    if not c.rcvbuf_locked:
        c.rcvbuf = max(c.rcvbuf, old.rcvbuf)
    if not c.sndbuf_locked:
        c.sndbuf = max(c.sndbuf, old.sndbuf)
    c.scaling_ratio = old.scaling_ratio
    c.loss.reordering = old.loss.reordering
    c.min_rtt, c.rehashes = old.min_rtt, old.rehashes
    c.chrono, c.chrono_since, c.chrono_spent = old.chrono, old.chrono_since, old.chrono_spent
    c.tuning = old.tuning
    c.tuning.echo = None
    flow, before = c.flow, old.flow
    flow.rtts, flow.wstamp = before.rtts, before.wstamp
    flow.pacing_rate = min(before.pacing_rate, flow.max_pacing_rate)
    flow.rate_delivered, flow.rate_interval = before.rate_delivered, before.rate_interval
