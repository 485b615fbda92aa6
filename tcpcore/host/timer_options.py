"""Socket options that bound a connection's own timers, in place of the host's sysctls.

Source: do_tcp_setsockopt() in net/ipv4/tcp.c (tcp_rto_max(), tcp_rto_min(), tcp_delack_max()).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tcpcore.errors import EINVAL, socket_error
from tcpcore.host.option import IPPROTO_TCP, Option
from tcpcore.tcp.delayed_ack import DELAY_MAX
from tcpcore.tcp.timers import TICK

if TYPE_CHECKING:
    from tcpcore.host.sockets import Socket
    from tcpcore.tcp.connection import Connection

_LONGEST = 200_000
"""Microseconds: TCP_RTO_MIN and TCP_DELACK_MAX."""


def _ticks(socket: Socket, value: int) -> int:
    """Whole ticks, two at least, 200 ms at most."""
    rounded = -(-value // TICK) * TICK
    if not 2 * TICK <= rounded <= _LONGEST:
        raise socket_error(EINVAL)
    return rounded


def _shown_most(socket: Socket, kept: int) -> int:
    return kept or socket.host.sysctl.tcp_rto_max_ms


def _shown_least(socket: Socket, kept: int) -> int:
    return kept or socket.host.sysctl.tcp_rto_min_us


def _bound(socket: Socket, _: int) -> None:
    if socket.connection is not None:
        apply(socket.options, socket.connection)


def apply(options: dict[str, int], c: Connection) -> None:
    """Give a connection limits of its own; the sysctls are no longer looked at for them."""
    most, least = options.get("TCP_RTO_MAX_MS"), options.get("TCP_RTO_MIN_US")
    if most:
        c.sysctl = replace(c.sysctl, tcp_rto_max_ms=most)
    if least:
        c.sysctl = replace(c.sysctl, tcp_rto_min_us=least)


OPTIONS: dict[str, Option] = {
    "TCP_THIN_LINEAR_TIMEOUTS": Option(IPPROTO_TCP, 16, 0, 1, attribute="thin_linear"),
    "TCP_RTO_MAX_MS": Option(IPPROTO_TCP, 44, 1000, 120_000, show=_shown_most, changed=_bound),
    "TCP_RTO_MIN_US": Option(IPPROTO_TCP, 45, store=_ticks, show=_shown_least, changed=_bound),
    "TCP_DELACK_MAX_US": Option(
        IPPROTO_TCP, 46, store=_ticks, attribute="delay_max", default=DELAY_MAX
    ),
}
"""Options by their Linux names."""
