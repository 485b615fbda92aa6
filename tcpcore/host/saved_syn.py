"""TCP_SAVE_SYN: a listener keeps the headers of the SYN for whoever accepts the connection.

Source: tcp_reqsk_record_syn() in net/ipv4/tcp_input.c, TCP_SAVED_SYN in do_tcp_getsockopt().
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tcpcore.tcp.connection import Connection
from tcpcore.wire.codec import encode
from tcpcore.wire.segment import Segment

if TYPE_CHECKING:
    from tcpcore.host.sockets import Socket


def record(connection: Connection, syn: Segment) -> None:
    """Keep the IP and TCP headers of the SYN, without its data."""
    packet = encode(syn)
    connection.ip.saved_syn = packet[: len(packet) - len(syn.payload)]


def size(socket: Socket) -> int:
    """Bytes that `take` would give."""
    return 0 if socket.connection is None else len(socket.connection.ip.saved_syn)


def take(socket: Socket, _: int) -> bytes:
    """What was kept, once; nothing for a socket that accept() did not give."""
    c = socket.connection
    if c is None:
        return b""
    kept, c.ip.saved_syn = c.ip.saved_syn, b""
    return kept
