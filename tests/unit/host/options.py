"""Socket options and Fast Open's call on both kinds of socket that scripts hold."""

from __future__ import annotations

import socket
from typing import Any

from tcpcore.host import socket_options
from tcpcore.host.sockets import Socket
from tests.notation import PEER, PEER_PORT, STREAM, Call, Sock


def set_option(sock: Sock, name: str, value: Any) -> None:
    """setsockopt(2) by Linux's name."""
    if isinstance(sock.raw, Socket):
        sock.raw.setsockopt(name, value)
    else:
        option = socket_options.find(name)
        sock.raw.setsockopt(option.level, option.number, value)


def get_option(sock: Sock, name: str) -> Any:
    """getsockopt(2) by Linux's name."""
    if isinstance(sock.raw, Socket):
        return sock.raw.getsockopt(name)
    option = socket_options.find(name)
    if isinstance(option.default, bytes):
        return sock.raw.getsockopt(option.level, option.number, 32)
    return sock.raw.getsockopt(option.level, option.number)


def sendto(sock: Sock, size: int, port: int = PEER_PORT) -> Call:
    """sendto(2) with MSG_FASTOPEN: the first `size` bytes of the stream."""
    data = STREAM[1 : size + 1]
    sock._written = size + 1
    if isinstance(sock.raw, Socket):
        return sock.wire.call("sendto", sock.raw.sendto(data, PEER, port))
    destination = (PEER, port)
    call: Call = sock._call(  # type: ignore[attr-defined]
        "sendto", lambda: sock.raw.sendto(data, socket.MSG_FASTOPEN, destination)
    )
    return call


def listening(wire: Any, backlog: int = 16, **options: Any) -> Sock:
    """A listener with these options, set before listen()."""
    sock: Sock = wire.socket(wire.port)
    for name, value in options.items():
        set_option(sock, name, value)
    sock.raw.listen(backlog)
    return sock
