"""Socket options by their Linux names: what `setsockopt` checks, keeps and changes.

    socket.setsockopt("TCP_DEFER_ACCEPT", 5)
    socket.getsockopt("TCP_DEFER_ACCEPT")       # 7: the kernel counts time-outs of 1, 2, 4 s

A socket keeps its options by name; a connection gets those that concern it when it starts, and one
that a listener accepts inherits the listener's.  Source: do_tcp_setsockopt() in net/ipv4/tcp.c.
"""

from __future__ import annotations

import struct
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from tcpcore.errors import EDOM, EINVAL, ENOPROTOOPT, UsageError, socket_error
from tcpcore.host import buffer_options as buffers
from tcpcore.host import (
    ip_options,
    notice_options,
    plain_options,
    rate_options,
    repair_options,
    saved_syn,
    timer_options,
)
from tcpcore.host.buffer_options import live
from tcpcore.host.option import (
    INT_MAX,
    IPPROTO_TCP,
    SOL_SOCKET,
    Option,
    flag,
    number,
    read_only,
)
from tcpcore.tcp import keepalive, state
from tcpcore.units import MILLISECOND, SECOND

if TYPE_CHECKING:
    from tcpcore.host.sockets import Socket
    from tcpcore.tcp.connection import Connection

LONGEST_FIN_WAIT_2 = 120
"""Seconds (TCP_FIN_TIMEOUT_MAX)."""

LINGER = "ii"
TIMEVAL = "qq"
"""struct linger and struct timeval."""


def _closed_or_listening(socket: Socket, value: Any) -> Any:
    c = socket.connection
    if socket.deferred is not None or (c is not None and c.state != state.CLOSED):
        raise socket_error(EINVAL)
    return value


def _closed(socket: Socket, value: Any) -> Any:
    if socket.listener is not None:
        raise socket_error(EINVAL)
    return _closed_or_listening(socket, value)


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


def _seconds(socket: Socket, value: int) -> int:
    return value * SECOND


def _keep_idle(socket: Socket, kept: int) -> int:
    return kept // SECOND or socket.host.sysctl.tcp_keepalive_time


def _keep_interval(socket: Socket, kept: int) -> int:
    return kept // SECOND or socket.host.sysctl.tcp_keepalive_intvl


def _keep_count(socket: Socket, kept: int) -> int:
    return kept or socket.host.sysctl.tcp_keepalive_probes


def _pair(form: str, value: Any) -> tuple[int, int]:
    """Two numbers, packed or not; too few bytes are EINVAL."""
    if isinstance(value, bytes):
        size = struct.calcsize(form)
        if len(value) < size:
            raise socket_error(EINVAL)
        value = struct.unpack(form, value[:size])
    first, second = (value, 0) if isinstance(value, int) else value
    return int(first), int(second)


def _linger(socket: Socket, value: Any) -> int | None:
    """``(on, seconds)`` as in `struct linger`, packed or not."""
    on, seconds = _pair(LINGER, value)
    return int(seconds) * SECOND if on else None


def _lingers(socket: Socket, kept: int | None) -> tuple[int, int]:
    return (0, 0) if kept is None else (1, kept // SECOND)


def _linger2(socket: Socket, value: int) -> int:
    """Seconds in FIN_WAIT_2, 120 at most; 0: as the sysctl says, negative: none."""
    return -1 if value < 0 else min(value, LONGEST_FIN_WAIT_2) * SECOND


def _shown_linger2(socket: Socket, kept: int) -> int:
    return -1 if kept < 0 else kept // SECOND or socket.host.sysctl.tcp_fin_timeout


def _take_error(socket: Socket, _: int) -> int:
    """The pending error, else the soft one, each reported once (sk_getsockopt())."""
    c = socket.connection
    if c is None:
        number, socket.error = socket.error or 0, None
        return number
    if c.error is not None:
        number, c.error = c.error, None
        return number
    number, c.soft_error = c.soft_error or 0, None
    return number


def _push(socket: Socket, _: int) -> None:
    """What was held back may go: the cork is pulled."""
    c = live(socket)
    if not c.corked:
        socket.host.transmit(c, c.push(socket.host.now))


def _hurry(socket: Socket, on: int) -> None:
    """TCP_NODELAY: what waits goes now, a cork or not (__tcp_sock_set_nodelay())."""
    if on:
        c = live(socket)
        socket.host.transmit(c, c.push(socket.host.now, whatever=True))


def _be_quick(socket: Socket, on: int) -> None:
    c = live(socket)
    socket.host.transmit(c, c.be_quick(bool(on), socket.host.now))


def _quick(socket: Socket, kept: int) -> int:
    """Whether it acknowledges at once: it is not in ping-pong mode."""
    return int(bool(kept) if socket.connection is None else not socket.connection.pingpong)


def _keep_alive(socket: Socket, _: int) -> None:
    c = live(socket)
    c.keep_alive(bool(socket.options.get("SO_KEEPALIVE")), socket.host.now)
    socket.host.transmit(c, [])


def _keep_idle_changed(socket: Socket, _: int) -> None:
    c = live(socket)
    keepalive.idle_time_changed(c, socket.host.now)
    socket.host.transmit(c, [])


def _time_limit(socket: Socket, value: Any) -> int:
    """``(seconds, microseconds)`` as in `struct timeval`, packed or not; 0: none."""
    seconds, rest = _pair(TIMEVAL, value)
    if not 0 <= rest < SECOND:
        raise socket_error(EDOM)
    return max(int(seconds) * SECOND + int(rest), 0)


def _shown_time_limit(socket: Socket, kept: int) -> tuple[int, int]:
    return divmod(kept, SECOND)


def _unsigned(socket: Socket, value: int) -> int:
    return value & 0xFFFF_FFFF


OPTIONS: dict[str, Option] = {
    **ip_options.OPTIONS,
    **plain_options.OPTIONS,
    **rate_options.OPTIONS,
    **repair_options.OPTIONS,
    **timer_options.OPTIONS,
    **notice_options.OPTIONS,
    "SO_REUSEADDR": flag(SOL_SOCKET, 2, "reuse_address"),
    "SO_REUSEPORT": flag(SOL_SOCKET, 15, "reuse_port"),
    "SO_ERROR": Option(SOL_SOCKET, 4, store=read_only, show=_take_error),
    "SO_SNDBUF": Option(
        SOL_SOCKET,
        7,
        -INT_MAX - 1,
        store=buffers.send_buffer,
        show=buffers.shown_send_buffer,
        attribute="sndbuf",
        changed=buffers.fix_send_buffer,
    ),
    "SO_RCVBUF": Option(
        SOL_SOCKET,
        8,
        -INT_MAX - 1,
        store=buffers.receive_buffer,
        show=buffers.shown_receive_buffer,
        attribute="rcvbuf",
        changed=buffers.fix_receive_buffer,
    ),
    "SO_SNDBUFFORCE": Option(SOL_SOCKET, 32, store=buffers.forced_send_buffer, same_as="SO_SNDBUF"),
    "SO_RCVBUFFORCE": Option(
        SOL_SOCKET, 33, store=buffers.forced_receive_buffer, same_as="SO_RCVBUF"
    ),
    "SO_KEEPALIVE": flag(SOL_SOCKET, 9, "keepalive", _keep_alive),
    "SO_OOBINLINE": flag(SOL_SOCKET, 10, "urg_inline"),
    "SO_RCVLOWAT": Option(
        SOL_SOCKET,
        18,
        -INT_MAX - 1,
        store=buffers.low_water,
        default=1,
        changed=buffers.room_for_low_water,
    ),
    "SO_SNDLOWAT": Option(SOL_SOCKET, 19, store=read_only, default=1),
    "SO_RCVTIMEO": Option(SOL_SOCKET, 20, store=_time_limit, show=_shown_time_limit, form=TIMEVAL),
    "SO_SNDTIMEO": Option(SOL_SOCKET, 21, store=_time_limit, show=_shown_time_limit, form=TIMEVAL),
    "SO_LINGER": Option(
        SOL_SOCKET, 13, store=_linger, show=_lingers, attribute="linger", default=None, form=LINGER
    ),
    "TCP_CORK": flag(IPPROTO_TCP, 3, "corked", _push),
    "TCP_KEEPIDLE": Option(
        IPPROTO_TCP, 4, 1, 32767, _seconds, _keep_idle, "keep_idle", changed=_keep_idle_changed
    ),
    "TCP_KEEPINTVL": Option(IPPROTO_TCP, 5, 1, 32767, _seconds, _keep_interval, "keep_interval"),
    "TCP_KEEPCNT": Option(IPPROTO_TCP, 6, 1, 127, show=_keep_count, attribute="keep_count"),
    "TCP_QUICKACK": Option(
        IPPROTO_TCP, 12, -INT_MAX - 1, changed=_be_quick, show=_quick, default=1
    ),
    "TCP_NODELAY": flag(IPPROTO_TCP, 1, "nodelay", _hurry),
    "TCP_MAXSEG": Option(
        IPPROTO_TCP, 2, store=buffers.segment_size, show=buffers.shown_segment_size
    ),
    "TCP_WINDOW_CLAMP": Option(
        IPPROTO_TCP,
        10,
        -INT_MAX - 1,
        store=buffers.clamp,
        show=buffers.shown_clamp,
        changed=buffers.clamp_window,
    ),
    "TCP_SYNCNT": Option(IPPROTO_TCP, 7, 1, 127, show=_syn_count, attribute="syn_retries"),
    "TCP_LINGER2": Option(
        IPPROTO_TCP, 8, -INT_MAX, store=_linger2, show=_shown_linger2, attribute="linger2"
    ),
    "TCP_DEFER_ACCEPT": Option(
        IPPROTO_TCP, 9, low=-INT_MAX, store=_defer, show=_deferred, attribute="defer_accept"
    ),
    "TCP_USER_TIMEOUT": Option(
        IPPROTO_TCP, 18, store=_microseconds, show=_milliseconds, attribute="user_timeout"
    ),
    "TCP_NOTSENT_LOWAT": Option(
        IPPROTO_TCP,
        25,
        -INT_MAX - 1,
        0xFFFF_FFFF,
        store=_unsigned,
        attribute="notsent_lowat",
        changed=buffers.more_may_wait,
    ),
    "TCP_INQ": Option(IPPROTO_TCP, 36, 0, 1),
    "TCP_SAVE_SYN": Option(IPPROTO_TCP, 27, 0, 2),
    "TCP_SAVED_SYN": Option(IPPROTO_TCP, 28, store=read_only, show=saved_syn.take),
    "TCP_FASTOPEN": Option(IPPROTO_TCP, 23, store=_fast_open_limit),
    "TCP_FASTOPEN_CONNECT": Option(IPPROTO_TCP, 30, 0, 1, store=_fast_open_connect),
    "TCP_FASTOPEN_KEY": Option(IPPROTO_TCP, 33, store=_fast_open_key, default=b"", raw=True),
    "TCP_FASTOPEN_NO_COOKIE": Option(IPPROTO_TCP, 34, 0, 1, store=_closed_or_listening),
}
"""Every option that the engine knows."""


def find(name: str) -> Option:
    """The option of that name; `UsageError` when there is none."""
    if name not in OPTIONS:
        near = get_close_matches(name, OPTIONS)
        hint = f"did you mean {' or '.join(near)}?" if near else "names are as in tcp(7)."
        raise UsageError(f"Unknown socket option {name!r}; {hint}")
    return OPTIONS[name]


def set_option(socket: Socket, name: str, value: Any) -> None:
    """setsockopt(2): check, keep, and change the connection.  EINVAL for a value out of range."""
    option = find(name)
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, bytes) and option.form == "i" and not option.raw:
        value = number(option.level, value)
    if not isinstance(value, (bytes, tuple)):
        value = int(value)
        if option.store is read_only:
            raise socket_error(ENOPROTOOPT)
        if not option.low <= value <= option.high:
            raise socket_error(EINVAL)
    kept = option.store(socket, value) if option.store is not None else value
    if option.same_as:
        name, option = option.same_as, OPTIONS[option.same_as]
    socket.options[name] = kept
    if socket.connection is not None:
        option.give(socket.connection, kept)
        if option.changed is not None:
            option.changed(socket, kept)


def get_option(socket: Socket, name: str) -> Any:
    """getsockopt(2): the value as Linux shows it."""
    option = find(name)
    if option.same_as:
        raise socket_error(ENOPROTOOPT)
    kept = socket.options.get(name, option.default)
    return option.show(socket, kept) if option.show is not None else kept


_NOT_INHERITED = ("SO_COOKIE", "SO_INCOMING_CPU", "SO_PRIORITY", "TCP_FASTOPEN", "TCP_FASTOPEN_KEY")


def inherited(options: dict[str, Any], connection: Connection) -> dict[str, Any]:
    """The options of a socket that accept() gives: its listener's (sk_clone_lock())."""
    return {
        name: OPTIONS[name].in_force(connection, kept)
        for name, kept in options.items()
        if name not in _NOT_INHERITED
    }


def apply(options: dict[str, Any], connection: Connection) -> None:
    """Give a new connection what was set on its socket, or on its listener."""
    for name, kept in options.items():
        OPTIONS[name].give(connection, kept)
    if not connection.rcv_wnd:  # what a route says holds where the program says nothing
        connection.window_clamp = options.get("TCP_WINDOW_CLAMP", 0) or connection.window_clamp
    if options.get("TCP_MAXSEG"):
        connection.advertised_mss = min(connection.advertised_mss, options["TCP_MAXSEG"])
        connection.mss_limit = min(connection.mss_limit, options["TCP_MAXSEG"])
    rate_options.apply(options, connection)
    timer_options.apply(options, connection)
    connection.rcvbuf_locked = "SO_RCVBUF" in options
    connection.rcvbuf = max(connection.rcvbuf, buffers.grown_for_low_water(options))
    connection.sndbuf_locked = "SO_SNDBUF" in options
