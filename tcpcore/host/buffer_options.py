"""Socket options around buffers, windows and segment sizes: what is kept, shown and changed.

`socket_options` has the table; each function takes the socket and the value given, or kept.
Source: sk_setsockopt() in net/core/sock.c, tcp_set_window_clamp() in net/ipv4/tcp.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tcpcore.errors import EINVAL, socket_error
from tcpcore.host.option import INT_MAX
from tcpcore.tcp import receive_buffer as unread
from tcpcore.tcp import segment_size as full
from tcpcore.tcp import send_buffer as unsent
from tcpcore.tcp.connection import Connection
from tcpcore.tcp.tcb import DEFAULT_SEND_MSS

if TYPE_CHECKING:
    from tcpcore.host.sockets import Socket

SMALLEST_RECEIVE_BUFFER = 2304
SMALLEST_SEND_BUFFER = 4608
"""SOCK_MIN_RCVBUF and SOCK_MIN_SNDBUF."""

SMALLEST_MSS, LARGEST_MSS = 88, 32767
"""TCP_MIN_MSS and MAX_TCP_WINDOW: the limits of TCP_MAXSEG."""


def live(socket: Socket) -> Connection:
    """The connection of a socket that has one."""
    assert socket.connection is not None
    return socket.connection


def receive_buffer(socket: Socket, value: int) -> int:
    """SO_RCVBUF: twice what was asked for, within limits (__sock_set_rcvbuf()); -1: the most."""
    return max(2 * min(value & 0xFFFF_FFFF, socket.host.sysctl.rmem_max), SMALLEST_RECEIVE_BUFFER)


def send_buffer(socket: Socket, value: int) -> int:
    """SO_SNDBUF: twice what was asked for, within limits; -1: the most."""
    return max(2 * min(value & 0xFFFF_FFFF, socket.host.sysctl.wmem_max), SMALLEST_SEND_BUFFER)


def shown_receive_buffer(socket: Socket, kept: int) -> int:
    """The size that it has now."""
    c = socket.connection
    if c is not None:
        return c.rcvbuf
    grown = grown_for_low_water(socket.options)
    return kept or max(socket.host.sysctl.tcp_rmem[1], grown)


def shown_send_buffer(socket: Socket, kept: int) -> int:
    """The size that it has now."""
    c = socket.connection
    return c.sndbuf if c is not None else kept or socket.host.sysctl.tcp_wmem[1]


def more_may_wait(socket: Socket, _: int) -> None:
    """Whoever waits for room looks again (sk_write_space())."""
    unsent.check_space(live(socket), socket.host.now)
    socket.waiters.wake()


def low_water(socket: Socket, value: int) -> int:
    """At most half of what the buffer may become; 0 is 1 (tcp_set_rcvlowat())."""
    most = socket.host.sysctl.tcp_rmem[2]
    if "SO_RCVBUF" in socket.options:
        most = socket.options["SO_RCVBUF"]
    return min(value if value >= 0 else most, most >> 1) or 1


def grown_for_low_water(options: dict[str, Any]) -> int:
    """What SO_RCVLOWAT made of the buffer before there was a connection; 0: nothing."""
    return 0 if "SO_RCVBUF" in options else 2 * options.get("SO_RCVLOWAT", 0)


def room_for_low_water(socket: Socket, kept: int) -> None:
    """A buffer that grows by itself holds as much at least; a reader may have enough now."""
    c = live(socket)
    if not c.rcvbuf_locked:
        needed = (kept << 8) // c.scaling_ratio
        if needed > c.rcvbuf:
            c.rcvbuf = needed
            c.window_clamp = max(c.window_clamp, kept)
    socket.waiters.wake()


def fix_send_buffer(socket: Socket, _: int) -> None:
    """It was set: it grows by itself no more."""
    live(socket).sndbuf_locked = True
    more_may_wait(socket, 0)


def fix_receive_buffer(socket: Socket, _: int) -> None:
    """It was set: it grows by itself no more."""
    live(socket).rcvbuf_locked = True


def forced_receive_buffer(socket: Socket, value: int) -> int:
    """SO_RCVBUFFORCE: without the limit of rmem_max."""
    return max(2 * min(max(value, 0), INT_MAX // 2), SMALLEST_RECEIVE_BUFFER)


def forced_send_buffer(socket: Socket, value: int) -> int:
    """SO_SNDBUFFORCE: without the limit of wmem_max."""
    return max(2 * min(max(value, 0), INT_MAX // 2), SMALLEST_SEND_BUFFER)


def segment_size(socket: Socket, value: int) -> int:
    """TCP_MAXSEG; 0 takes it back."""
    if value and not SMALLEST_MSS <= value <= LARGEST_MSS:
        raise socket_error(EINVAL)
    return value


def shown_segment_size(socket: Socket, kept: int) -> int:
    """What is sent now; before there is a connection, what was asked for."""
    c = socket.connection
    return full.mss(c) if c is not None else kept or DEFAULT_SEND_MSS


def clamp(socket: Socket, value: int) -> int:
    """0 is no clamp, and only for a socket that is closed (tcp_set_window_clamp())."""
    if not value and (socket.connection is not None or socket.listener is not None):
        raise socket_error(EINVAL)
    return max(value, unread.SMALLEST_CLAMP) if value else 0


def shown_clamp(socket: Socket, kept: int) -> int:
    """The clamp that is in force."""
    return socket.connection.window_clamp if socket.connection is not None else kept


def clamp_window(socket: Socket, clamp: int) -> None:
    """TCP_WINDOW_CLAMP of an open connection."""
    unread.clamp_window(live(socket), clamp)
