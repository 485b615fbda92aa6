"""Socket options that move a connection to another process or host (TCP_REPAIR).

Here a socket is never under repair: the options that ask for that state are refused as Linux
refuses them outside of it.  Source: tcp_can_repair_sock(), do_tcp_setsockopt() in net/ipv4/tcp.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tcpcore.errors import EINVAL, ENOPROTOOPT, EPERM, socket_error
from tcpcore.host.option import INT_MAX, IPPROTO_TCP, Option
from tcpcore.units import MILLISECOND

if TYPE_CHECKING:
    from tcpcore.host.sockets import Socket

_ANY_INT = -INT_MAX - 1
_OFF = (0, -1)
"""Out of repair, with window probes or without."""


def _repair(socket: Socket, value: int) -> int:
    """A listener cannot be repaired; elsewhere only "not under repair" is possible here."""
    if socket.listener is not None or value in (1,):
        raise socket_error(EPERM)
    if value not in _OFF:
        raise socket_error(EINVAL)
    return 0


def _refused(socket: Socket, value: int) -> int:
    raise socket_error(EPERM)


def _sequence(socket: Socket, value: int) -> int:
    """TCP_QUEUE_SEQ: of a closed socket, and of a queue that TCP_REPAIR_QUEUE chose."""
    closed = socket.connection is None and socket.listener is None
    raise socket_error(EINVAL if closed else EPERM)


def _wrong(socket: Socket, value: int) -> int:
    raise socket_error(EINVAL)


def _unreadable(socket: Socket, value: int) -> int:
    raise socket_error(ENOPROTOOPT)


def _clock(socket: Socket, kept: int) -> int:
    """What the next segment's timestamp would be, in milliseconds."""
    c = socket.connection
    return socket.host.now // MILLISECOND + (c.timestamp_offset if c is not None else 0)


OPTIONS: dict[str, Option] = {
    "TCP_REPAIR": Option(IPPROTO_TCP, 19, _ANY_INT, store=_repair),
    "TCP_REPAIR_QUEUE": Option(IPPROTO_TCP, 20, _ANY_INT, store=_refused, show=_wrong),
    "TCP_QUEUE_SEQ": Option(IPPROTO_TCP, 21, _ANY_INT, store=_sequence, show=_wrong),
    "TCP_REPAIR_OPTIONS": Option(IPPROTO_TCP, 22, _ANY_INT, store=_wrong, show=_unreadable),
    "TCP_TIMESTAMP": Option(IPPROTO_TCP, 24, _ANY_INT, store=_refused, show=_clock),
    "TCP_REPAIR_WINDOW": Option(IPPROTO_TCP, 29, _ANY_INT, store=_refused, show=_wrong),
}
"""Options by their Linux names."""
