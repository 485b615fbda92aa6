"""What the ends of a socket are called: getsockname(2) and getpeername(2).

Source: inet_getname() in net/ipv4/af_inet.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tcpcore.errors import ENOTCONN, socket_error
from tcpcore.tcp import state

if TYPE_CHECKING:
    from tcpcore.host.sockets import Socket


def own(socket: Socket) -> tuple[str, int]:
    """Address and port of this end; 0.0.0.0 and 0 while it has none."""
    c = socket.connection
    if c is not None:
        return c.local, c.local_port
    return socket.address, socket.port


def peer(socket: Socket) -> tuple[str, int]:
    """Address and port of the other end; ENOTCONN unless the handshake got that far."""
    c = socket.connection
    if c is None or c.state in (state.CLOSED, state.SYN_SENT):
        raise socket_error(ENOTCONN)
    return c.remote, c.remote_port
