"""Socket options that TCP only keeps, or writes into the IP header of what it sends.

Marks for routing and queueing (SO_MARK, SO_PRIORITY) leave a host of one link unchanged.
Source: sk_setsockopt() in net/core/sock.c, do_ip_setsockopt() in net/ipv4/ip_sockglue.c,
do_ipv6_setsockopt() in net/ipv6/ipv6_sockglue.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tcpcore.errors import (
    EINVAL,
    ENODEV,
    ENOENT,
    ENOPROTOOPT,
    ENOTCONN,
    EOPNOTSUPP,
    socket_error,
)
from tcpcore.host.option import (
    INT_MAX,
    IPPROTO_TCP,
    SOL_IP,
    SOL_IPV6,
    SOL_SOCKET,
    Option,
    flag,
    read_only,
)

if TYPE_CHECKING:
    from tcpcore.host.sockets import Socket

_ECN = 3
_LONGEST_NAME = 16
_WANT = 1
_PRIORITIES = (0, 1, 0, 0, 2, 2, 2, 2, 6, 6, 6, 6, 4, 4, 4, 4)
"""ip_tos2prio: what a type of service means to queues."""
_ANY_INT = -INT_MAX - 1
_LONGEST_DELAY = (1 << 28) - 1


def _type_of_service(socket: Socket, value: int) -> int:
    """IP_TOS: the two ECN bits are TCP's own; the priority follows (__ip_sock_set_tos())."""
    kept = value & 0xFF & ~_ECN
    socket.options["SO_PRIORITY"] = _PRIORITIES[(kept & 0x1E) >> 1]
    return kept


def _traffic_class(socket: Socket, value: int) -> int:
    if not -1 <= value <= 0xFF:
        raise socket_error(EINVAL)
    return max(value, 0) & ~_ECN


def _hops(socket: Socket, value: int) -> int:
    """IP_TTL: 1 to 255; -1 takes it back."""
    if value != -1 and not 1 <= value <= 255:
        raise socket_error(EINVAL)
    return max(value, 0)


def _hops_6(socket: Socket, value: int) -> int:
    if not -1 <= value <= 255:
        raise socket_error(EINVAL)
    return max(value, 0)


def _shown_hops(socket: Socket, kept: int) -> int:
    return kept or socket.host.sysctl.ip_default_ttl


def _shown_mtu(socket: Socket, kept: int) -> int:
    """IP_MTU: the path's, of a socket that has one."""
    if socket.connection is None:
        raise socket_error(ENOTCONN)
    return socket.host.mtu_to(socket.connection.remote)


def _device(socket: Socket, value: bytes | int) -> bytes:
    """SO_BINDTODEVICE: one of the host's links, by name; empty takes it back."""
    name = bytes(value).split(b"\0")[0] if isinstance(value, bytes) else b""
    if len(name) >= _LONGEST_NAME:
        raise socket_error(EINVAL)
    if name and name not in (b"lo", b"eth0", b"tun0"):
        raise socket_error(ENODEV)
    return name


def _port_range(socket: Socket, value: int) -> int:
    """IP_LOCAL_PORT_RANGE: the lowest port below, the highest above 16 bits; 0: the sysctl's."""
    low, high = value & 0xFFFF, value >> 16 & 0xFFFF
    if low and high and low > high:
        raise socket_error(EINVAL)
    return value


def _rehash(socket: Socket, value: int) -> int:
    """SO_TXREHASH: -1 is what net.core.txrehash says."""
    return 1 if value == -1 else value


def _no_memory(socket: Socket, value: int) -> int:
    """SO_RESERVE_MEM is for kernels that account memory by cgroups."""
    raise socket_error(EOPNOTSUPP)


def _no_filter(socket: Socket, value: int) -> int:
    raise socket_error(ENOENT)


def _unreadable(socket: Socket, kept: int) -> int:
    raise socket_error(ENOPROTOOPT)


def _nothing_kept(socket: Socket, kept: int) -> int:
    """TCP_THIN_DUPACK does nothing since Linux 4.11."""
    return 0


def _protocol_above(socket: Socket, value: bytes | int) -> bytes:
    """TCP_ULP: no such protocol is loaded."""
    raise socket_error(EINVAL if value == b"" else ENOENT)


def _needs_more(socket: Socket, value: bytes | int) -> bytes:
    """A `struct tcp_md5sig`, and no number."""
    raise socket_error(EINVAL)


def _family(socket: Socket, _: int) -> int:
    return socket.family


OPTIONS: dict[str, Option] = {
    "SO_TYPE": Option(SOL_SOCKET, 3, store=read_only, default=1),
    "SO_PROTOCOL": Option(SOL_SOCKET, 38, store=read_only, default=IPPROTO_TCP),
    "SO_DOMAIN": Option(SOL_SOCKET, 39, store=read_only, show=_family),
    "SO_ACCEPTCONN": Option(
        SOL_SOCKET, 30, store=read_only, show=lambda socket, _: int(socket.listener is not None)
    ),
    "SO_DEBUG": flag(SOL_SOCKET, 1),
    "SO_DONTROUTE": flag(SOL_SOCKET, 5),
    "SO_BROADCAST": flag(SOL_SOCKET, 6),
    "SO_PRIORITY": Option(SOL_SOCKET, 12, _ANY_INT),
    "SO_MARK": Option(SOL_SOCKET, 36, _ANY_INT),
    "SO_BINDTODEVICE": Option(SOL_SOCKET, 25, store=_device, default=b"", raw=True),
    "SO_PEEK_OFF": Option(SOL_SOCKET, 42, _ANY_INT, default=-1),
    "SO_BUSY_POLL": Option(SOL_SOCKET, 46),
    "SO_NO_CHECK": flag(SOL_SOCKET, 11),
    "SO_DETACH_FILTER": Option(SOL_SOCKET, 27, _ANY_INT, store=_no_filter, show=_unreadable),
    "SO_RXQ_OVFL": flag(SOL_SOCKET, 40),
    "SO_INCOMING_CPU": Option(SOL_SOCKET, 49, _ANY_INT, default=-1),
    "SO_INCOMING_NAPI_ID": Option(SOL_SOCKET, 56, store=read_only),
    "SO_BINDTOIFINDEX": Option(SOL_SOCKET, 62),
    "SO_PREFER_BUSY_POLL": flag(SOL_SOCKET, 69),
    "SO_RESERVE_MEM": Option(SOL_SOCKET, 73, store=_no_memory),
    "SO_TXREHASH": Option(SOL_SOCKET, 74, -1, 1, store=_rehash, default=1),
    "SO_RCVMARK": flag(SOL_SOCKET, 75),
    "SO_RCVPRIORITY": flag(SOL_SOCKET, 82),
    "IP_LOCAL_PORT_RANGE": Option(SOL_IP, 51, _ANY_INT, store=_port_range),
    "IP_TOS": Option(SOL_IP, 1, _ANY_INT, store=_type_of_service, attribute="ip.tos"),
    "IP_TTL": Option(SOL_IP, 2, _ANY_INT, store=_hops, show=_shown_hops, attribute="ip.ttl"),
    "IP_PKTINFO": flag(SOL_IP, 8),
    "IP_MTU_DISCOVER": Option(SOL_IP, 10, 0, 5, default=_WANT),
    "IP_RECVTTL": flag(SOL_IP, 12),
    "IP_RECVTOS": flag(SOL_IP, 13),
    "IP_MTU": Option(SOL_IP, 14, store=read_only, show=_shown_mtu),
    "IP_FREEBIND": flag(SOL_IP, 15),
    "IP_TRANSPARENT": flag(SOL_IP, 19),
    "IP_MINTTL": Option(SOL_IP, 21, 0, 255),
    "IP_BIND_ADDRESS_NO_PORT": flag(SOL_IP, 24),
    "IPV6_UNICAST_HOPS": Option(
        SOL_IPV6, 16, _ANY_INT, store=_hops_6, show=_shown_hops, attribute="ip.ttl"
    ),
    "IPV6_MTU_DISCOVER": Option(SOL_IPV6, 23, 0, 5, default=_WANT),
    "IPV6_MTU": Option(SOL_IPV6, 24, show=_shown_mtu),
    "IPV6_V6ONLY": flag(SOL_IPV6, 26),
    "IPV6_TCLASS": Option(SOL_IPV6, 67, _ANY_INT, store=_traffic_class, attribute="ip.tos"),
    "IPV6_RECVTCLASS": flag(SOL_IPV6, 66),
    "TCP_THIN_DUPACK": Option(IPPROTO_TCP, 17, 0, 1, show=_nothing_kept),
    "TCP_TX_DELAY": Option(IPPROTO_TCP, 37, 0, _LONGEST_DELAY),
    "TCP_ULP": Option(IPPROTO_TCP, 31, store=_protocol_above, default=b"", raw=True),
    "TCP_MD5SIG": Option(IPPROTO_TCP, 14, store=_needs_more, show=_unreadable, raw=True),
    "TCP_MD5SIG_EXT": Option(IPPROTO_TCP, 32, store=_needs_more, show=_unreadable, raw=True),
    "TCP_IS_MPTCP": Option(IPPROTO_TCP, 43, store=read_only),
}
"""Options by their Linux names."""
