"""Socket options that ask for notices: SO_ZEROCOPY, SO_TIMESTAMPING, SO_TIMESTAMP, IP_RECVERR.

Source: sk_setsockopt(), sock_set_timestamping() and sock_set_timestamp() in net/core/sock.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tcpcore.errors import EINVAL, EOPNOTSUPP, socket_error
from tcpcore.host import notices, timestamping
from tcpcore.host.option import INT_MAX, SOL_IP, SOL_IPV6, SOL_SOCKET, Option
from tcpcore.host.timestamping import BIND_PHC, KNOWN, OPT_ID, OPT_ID_TCP, OPT_STATS, OPT_TSONLY

if TYPE_CHECKING:
    from tcpcore.host.sockets import Socket

_ANY_INT = -INT_MAX - 1


def _noticed(socket: Socket, value: int) -> int:
    notices.of(socket)
    return int(bool(value))


def _timestamping(socket: Socket, value: int) -> int:
    """Flags; OPT_ID counts from what is acknowledged now, with OPT_ID_TCP from what is written."""
    c, before = socket.connection, socket.options.get("SO_TIMESTAMPING", 0)
    if value & ~KNOWN or (value & OPT_ID_TCP and not value & OPT_ID):
        raise socket_error(EINVAL)
    if value & OPT_ID and not before & OPT_ID and c is None:
        raise socket_error(EINVAL)
    stamps = notices.of(socket).stamps
    if value & OPT_ID and not before & OPT_ID and c is not None:
        stamps.base = c.write_end if value & OPT_ID_TCP else c.snd_una
    if value & OPT_STATS and not value & OPT_TSONLY:
        raise socket_error(EINVAL)
    if value & BIND_PHC:
        raise socket_error(EOPNOTSUPP)  # no card with a clock
    socket.options["SO_TIMESTAMPING"] = value
    stamps.receiving = timestamping.wants_arrivals(socket.options)
    return value


def _timestamp(kind: int, socket: Socket, value: int) -> int:
    kept = kind if value else 0
    socket.options["SO_TIMESTAMP"] = kept
    stamps = notices.of(socket).stamps
    stamps.receiving = timestamping.wants_arrivals(socket.options)
    return kept


def _stamp(number: int, kind: int) -> Option:
    """The option with that number, which asks for stamps of that kind; there is one at a time."""
    return Option(
        SOL_SOCKET,
        number,
        _ANY_INT,
        store=lambda socket, value: _timestamp(kind, socket, value),
        show=lambda socket, _: int(socket.options.get("SO_TIMESTAMP", 0) == kind),
    )


OPTIONS: dict[str, Option] = {
    "SO_ZEROCOPY": Option(SOL_SOCKET, 60, 0, 1, store=_noticed),
    "SO_TIMESTAMPING": Option(SOL_SOCKET, 37, _ANY_INT, store=_timestamping),
    "SO_TIMESTAMP": _stamp(29, timestamping.MICROSECONDS),
    "SO_TIMESTAMPNS": _stamp(35, timestamping.NANOSECONDS),
    "IP_RECVERR": Option(SOL_IP, 11, _ANY_INT, store=_noticed, attribute="ip.receives_errors"),
    "IPV6_RECVERR": Option(SOL_IPV6, 25, _ANY_INT, store=_noticed, attribute="ip.receives_errors"),
}
"""Options by their Linux names."""
