"""Socket options by their Linux names: what `setsockopt` checks, keeps and changes.

    socket.setsockopt("TCP_DEFER_ACCEPT", 5)
    socket.getsockopt("TCP_DEFER_ACCEPT")       # 7: the kernel counts time-outs of 1, 2, 4 s

A socket keeps its options by name; a connection gets those that concern it when it starts, and one
that a listener accepts inherits the listener's.  Source: do_tcp_setsockopt() in net/ipv4/tcp.c.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tcpcore.errors import EINVAL, UsageError, socket_error
from tcpcore.units import MILLISECOND, SECOND

if TYPE_CHECKING:
    from tcpcore.host.sockets import Socket
    from tcpcore.tcp.connection import Connection

SOL_SOCKET = 1
IPPROTO_TCP = 6
_INT_MAX = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Option:
    """One option: where the kernel has it, which values it takes, what it does.

    `store` makes what is kept from the value (or raises `OSError`), `show` makes the value again;
    `attribute` names what it sets in a connection.
    """

    level: int
    number: int
    low: int = 0
    high: int = _INT_MAX
    store: Callable[[Socket, Any], Any] | None = None
    show: Callable[[Socket, Any], Any] | None = None
    attribute: str = ""
    default: Any = 0


def _closed_or_listening(socket: Socket, value: Any) -> Any:
    if socket.connection is not None:
        raise socket_error(EINVAL)
    return value


def _closed(socket: Socket, value: Any) -> Any:
    if socket.connection is not None or socket.listener is not None:
        raise socket_error(EINVAL)
    return value


def time_outs(seconds: int, longest: int) -> int:
    """How many time-outs of 1, 2, 4 ... s it takes to wait `seconds` (secs_to_retrans())."""
    count, period, span = 0, 0, 1
    while period < seconds and count < 255:
        period += span
        span = min(span << 1, longest)
        count += 1
    return count


def seconds_of(count: int, longest: int) -> int:
    """How long so many time-outs take (retrans_to_secs())."""
    period, span = 0, 1
    for _ in range(count):
        period += span
        span = min(span << 1, longest)
    return period


def _rto_max(socket: Socket) -> int:
    return socket.host.sysctl.tcp_rto_max_ms * MILLISECOND // SECOND


def _defer(socket: Socket, value: int) -> int:
    return time_outs(value, _rto_max(socket))


def _deferred(socket: Socket, kept: int) -> int:
    return seconds_of(kept, _rto_max(socket))


def _fast_open_limit(socket: Socket, value: int) -> int:
    return min(int(_closed_or_listening(socket, value)), socket.host.sysctl.somaxconn)


def _fast_open_connect(socket: Socket, value: int) -> int:
    socket.host.fast_open.require_client()
    return int(_closed(socket, value))


def _fast_open_key(socket: Socket, value: Any) -> bytes:
    if not isinstance(value, bytes) or len(value) not in (16, 32):
        raise socket_error(EINVAL)
    return value


def _syn_count(socket: Socket, kept: int) -> int:
    return kept or socket.host.sysctl.tcp_syn_retries


def _microseconds(socket: Socket, value: int) -> int:
    return value * MILLISECOND


def _milliseconds(socket: Socket, kept: int) -> int:
    return kept // MILLISECOND


OPTIONS: dict[str, Option] = {
    "TCP_NODELAY": Option(IPPROTO_TCP, 1, attribute="nodelay"),
    "TCP_SYNCNT": Option(IPPROTO_TCP, 7, 1, 127, show=_syn_count, attribute="syn_retries"),
    "TCP_DEFER_ACCEPT": Option(IPPROTO_TCP, 9, low=-_INT_MAX, store=_defer, show=_deferred),
    "TCP_USER_TIMEOUT": Option(
        IPPROTO_TCP, 18, store=_microseconds, show=_milliseconds, attribute="user_timeout"
    ),
    "TCP_FASTOPEN": Option(IPPROTO_TCP, 23, store=_fast_open_limit),
    "TCP_FASTOPEN_CONNECT": Option(IPPROTO_TCP, 30, 0, 1, store=_fast_open_connect),
    "TCP_FASTOPEN_KEY": Option(IPPROTO_TCP, 33, store=_fast_open_key, default=b""),
    "TCP_FASTOPEN_NO_COOKIE": Option(IPPROTO_TCP, 34, 0, 1, store=_closed_or_listening),
}
"""Every option that the engine knows."""


def find(name: str) -> Option:
    """The option of that name; `UsageError` when there is none."""
    if name not in OPTIONS:
        raise UsageError(f"Unknown socket option {name!r}; known ones are {', '.join(OPTIONS)}.")
    return OPTIONS[name]


def set_option(socket: Socket, name: str, value: Any) -> None:
    """setsockopt(2): check, keep, and change the connection.  EINVAL for a value out of range."""
    option = find(name)
    if not isinstance(value, bytes):
        value = int(value)
        if not option.low <= value <= option.high:
            raise socket_error(EINVAL)
    kept = option.store(socket, value) if option.store is not None else value
    socket.options[name] = kept
    if socket.connection is not None and option.attribute:
        setattr(socket.connection, option.attribute, kept)


def get_option(socket: Socket, name: str) -> Any:
    """getsockopt(2): the value as Linux shows it."""
    option = find(name)
    kept = socket.options.get(name, option.default)
    return option.show(socket, kept) if option.show is not None else kept


def apply(options: dict[str, Any], connection: Connection) -> None:
    """Give a new connection what was set on its socket, or on its listener."""
    for name, kept in options.items():
        attribute = OPTIONS[name].attribute
        if attribute:
            setattr(connection, attribute, kept)
