"""Socket options about how fast to send: the congestion control, and a limit of the rate.

Source: do_tcp_setsockopt() and do_tcp_getsockopt() in net/ipv4/tcp.c, sk_setsockopt() in
net/core/sock.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tcpcore.errors import EINVAL, ENOENT, EPERM, socket_error
from tcpcore.host.buffer_options import live
from tcpcore.host.option import INT, IPPROTO_TCP, SOL_SOCKET, Option, read_only
from tcpcore.tcp import pacing
from tcpcore.tcp.congestion import registry
from tcpcore.tcp.flow import UNLIMITED

if TYPE_CHECKING:
    from tcpcore.host.sockets import Socket
    from tcpcore.tcp.connection import Connection

NO_LIMIT = 0xFFFF_FFFF
"""What four bytes say of no limit."""


def _algorithm(socket: Socket, value: Any) -> str:
    if not value:
        raise socket_error(EINVAL)
    name = bytes(value).split(b"\0")[0].decode("ascii", "replace")
    by_route = socket.connection.by_route if socket.connection is not None else None
    if by_route is not None and by_route.locked:
        raise socket_error(EPERM)
    if name not in registry.names():
        raise socket_error(ENOENT)
    return name


def _shown_algorithm(socket: Socket, kept: str) -> bytes:
    c = socket.connection
    name = c.congestion.name if c is not None else kept
    return (name or socket.congestion).encode().ljust(16, b"\0")


def _choose(socket: Socket, name: str) -> None:
    c = live(socket)
    c.congestion = registry.create(name)
    c.congestion.on_start(c, socket.host.now)


def _algorithm_info(socket: Socket, _: int) -> bytes:
    c = socket.connection
    return c.congestion.info(c) if c is not None else b""


def _pacing_limit(socket: Socket, value: Any) -> int:
    """Bytes a second, of four bytes or of eight; all bits set: no limit."""
    if isinstance(value, bytes):
        if len(value) < INT:
            raise socket_error(EINVAL)
        value = value[:8] if len(value) >= 8 else value[:INT]
        value = int.from_bytes(value, "little")
        return UNLIMITED if value == NO_LIMIT else value
    return UNLIMITED if value in (-1, NO_LIMIT) else int(value)


def _shown_pacing_limit(socket: Socket, kept: int) -> int:
    return min(kept, NO_LIMIT)


def _limit_pacing(socket: Socket, rate: int) -> None:
    pacing.limit(live(socket), rate)


def apply(options: dict[str, Any], c: Connection) -> None:
    """Give a new connection what was set on its socket, or on its listener."""
    if c.by_route is not None and c.by_route.congestion:  # tcp_ca_dst_init()
        c.congestion = registry.create(c.by_route.congestion)
    elif "TCP_CONGESTION" in options:
        c.congestion = registry.create(options["TCP_CONGESTION"])
    if "SO_MAX_PACING_RATE" in options:
        pacing.limit(c, options["SO_MAX_PACING_RATE"])


OPTIONS: dict[str, Option] = {
    "TCP_CONGESTION": Option(
        IPPROTO_TCP,
        13,
        store=_algorithm,
        show=_shown_algorithm,
        default="",
        changed=_choose,
        raw=True,
    ),
    "TCP_CC_INFO": Option(IPPROTO_TCP, 26, store=read_only, show=_algorithm_info),
    "SO_MAX_PACING_RATE": Option(
        SOL_SOCKET,
        47,
        -1,
        UNLIMITED,
        store=_pacing_limit,
        show=_shown_pacing_limit,
        default=UNLIMITED,
        changed=_limit_pacing,
        raw=True,
    ),
}
"""Options by their Linux names."""
