"""Socket options that TCP only keeps, or writes into the IP header of what it sends.

Marks for routing and queueing (SO_MARK, SO_PRIORITY) leave a host of one link unchanged.
Source: sk_setsockopt() in net/core/sock.c, do_ip_setsockopt() in net/ipv4/ip_sockglue.c,
do_ipv6_setsockopt() in net/ipv6/ipv6_sockglue.c.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from tcpcore.errors import (
    EINVAL,
    ENODATA,
    ENODEV,
    ENOENT,
    ENOPROTOOPT,
    ENOTCONN,
    EOPNOTSUPP,
    EPERM,
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
    refused,
)
from tcpcore.tcp import receive_buffer, send_buffer
from tcpcore.wire import address

if TYPE_CHECKING:
    from tcpcore.host.sockets import Socket

AF_INET = 2
_ECN = 3
_LONGEST_NAME = 16
_AUTHENTICATION = (
    "TCP_AO_ADD_KEY", "TCP_AO_DEL_KEY", "TCP_AO_INFO", "TCP_AO_GET_KEYS", "TCP_AO_REPAIR",
)  # fmt: skip
"""Options of a kernel with CONFIG_TCP_AO: others know none of them."""
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


def _shown_service(socket: Socket, kept: int) -> int:
    """What is in force: it may be the peer's (tcp_reflect_tos)."""
    return kept if socket.connection is None else socket.connection.ip.tos


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
    if value == b"mptcp":  # the kernel's own
        raise socket_error(EOPNOTSUPP)
    raise socket_error(EINVAL if value == b"" else ENOENT)


def _needs_more(socket: Socket, value: bytes | int) -> bytes:
    """A `struct tcp_md5sig`, and no number."""
    raise socket_error(EINVAL)


def _not_for_tcp(number: int) -> Option:
    """An option of UNIX sockets."""
    return Option(SOL_SOCKET, number, _ANY_INT, store=refused(EOPNOTSUPP), show=refused(EOPNOTSUPP))


def _only_6(socket: Socket, value: int) -> int:
    """IPV6_V6ONLY, before there is a port."""
    if socket.port:
        raise socket_error(EINVAL)
    return int(bool(value))


def _family(socket: Socket, _: int) -> int:
    return socket.family


def _peer_name(socket: Socket, _: int) -> bytes:
    """The other end as a `struct sockaddr_in` or `sockaddr_in6`."""
    c = socket.connection
    if c is None:
        raise socket_error(ENOTCONN)
    port = c.remote_port.to_bytes(2, "big")
    if socket.family == AF_INET:
        return AF_INET.to_bytes(2, "little") + port + address.pack(c.remote).ljust(12, b"\0")
    packed = address.pack(c.remote)
    packed = packed if len(packed) == 16 else bytes(10) + b"\xff\xff" + packed
    return socket.family.to_bytes(2, "little") + port + bytes(4) + packed + bytes(4)


def _memory(socket: Socket, _: int) -> bytes:
    """SO_MEMINFO: nine counts of bytes; what lies in the device's queue is not modelled."""
    return struct.pack("<9I", *memory(socket).values())


def memory(socket: Socket) -> dict[str, int]:
    """What a socket takes of memory, by the kernel's names (sk_get_meminfo())."""
    c = socket.connection
    numbers = dict.fromkeys(MEMORY, 0)
    if c is not None:
        numbers |= {"RMEM_ALLOC": c.rmem, "RCVBUF": c.rcvbuf, "SNDBUF": c.sndbuf}
        sending = send_buffer.memory(c)
        left = c.charged - c.rmem - sending  # memory is taken by the page
        numbers |= {"FWD_ALLOC": left if left >= 0 else left % receive_buffer.PAGE}
        numbers |= {"WMEM_QUEUED": sending}
    else:
        s = socket.host.sysctl
        numbers["RCVBUF"] = socket.options.get("SO_RCVBUF") or s.tcp_rmem[1]
        numbers["SNDBUF"] = socket.options.get("SO_SNDBUF") or s.tcp_wmem[1]
    return {f"SK_MEMINFO_{name}": value for name, value in numbers.items()}


MEMORY = (
    "RMEM_ALLOC", "RCVBUF", "WMEM_ALLOC", "SNDBUF", "FWD_ALLOC", "WMEM_QUEUED", "OPTMEM",
    "BACKLOG", "DROPS",
)  # fmt: skip
"""Names of SO_MEMINFO's counts, in order."""


def _transmit_time(socket: Socket, value: bytes | tuple[int, int]) -> bytes:
    """SO_TXTIME: a clock (MONOTONIC, REALTIME or TAI) and flags; TCP sends when it wants."""
    data = struct.pack("<iI", *value) if isinstance(value, tuple) else bytes(value)
    if len(data) != 8:
        raise socket_error(EINVAL)
    clock, flags = struct.unpack("<iI", data)
    if flags & ~3 or clock not in (0, 1, 11):
        raise socket_error(EINVAL)
    return data


def _locked(socket: Socket, _: int) -> int:
    """SO_BUF_LOCK: 1, the send buffer, and 2, the receive buffer, do not grow by themselves."""
    c = socket.connection
    if c is not None:
        return int(c.sndbuf_locked) | int(c.rcvbuf_locked) << 1
    return ("SO_SNDBUF" in socket.options) | ("SO_RCVBUF" in socket.options) << 1


def _lock(socket: Socket, value: int) -> None:
    c = socket.connection
    if c is not None:
        c.sndbuf_locked, c.rcvbuf_locked = bool(value & 1), bool(value & 2)


def _cookie(socket: Socket, _: int) -> bytes:
    """SO_COOKIE: a number that no other socket of the host has."""
    if "SO_COOKIE" not in socket.options:
        socket.host.cookies += 1
        socket.options["SO_COOKIE"] = socket.host.cookies
    kept: int = socket.options["SO_COOKIE"]
    return kept.to_bytes(8, "little")


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
    "SO_BSDCOMPAT": Option(SOL_SOCKET, 14, _ANY_INT, show=_nothing_kept),
    "SO_PASSCRED": _not_for_tcp(16),
    "SO_PEERCRED": Option(
        SOL_SOCKET, 17, store=read_only, default=bytes(4) + b"\xff" * 8, raw=True
    ),
    "SO_PEERNAME": Option(SOL_SOCKET, 28, store=read_only, show=_peer_name),
    "SO_PEERSEC": Option(SOL_SOCKET, 31, store=read_only, show=_unreadable),
    "SO_PASSSEC": _not_for_tcp(34),
    "SO_WIFI_STATUS": flag(SOL_SOCKET, 41),
    "SO_NOFCS": flag(SOL_SOCKET, 43),
    "SO_LOCK_FILTER": flag(SOL_SOCKET, 44),
    "SO_SELECT_ERR_QUEUE": flag(SOL_SOCKET, 45),
    "SO_BPF_EXTENSIONS": Option(SOL_SOCKET, 48, store=read_only, default=64),
    "SO_ATTACH_REUSEPORT_CBPF": Option(
        SOL_SOCKET, 51, _ANY_INT, store=refused(EINVAL), show=_unreadable
    ),
    "SO_ATTACH_REUSEPORT_EBPF": Option(
        SOL_SOCKET, 52, _ANY_INT, store=refused(EPERM), show=_unreadable
    ),
    "SO_CNX_ADVICE": Option(SOL_SOCKET, 53, _ANY_INT, show=_unreadable),
    "SO_MEMINFO": Option(SOL_SOCKET, 55, store=read_only, show=_memory),
    "SO_COOKIE": Option(SOL_SOCKET, 57, store=read_only, show=_cookie),
    "SO_PEERGROUPS": Option(SOL_SOCKET, 59, store=read_only, show=refused(ENODATA)),
    "SO_TXTIME": Option(SOL_SOCKET, 61, store=_transmit_time, default=bytes(8), raw=True),
    "SO_DETACH_REUSEPORT_BPF": Option(SOL_SOCKET, 68, _ANY_INT, store=_no_filter, show=_unreadable),
    "SO_BUSY_POLL_BUDGET": Option(SOL_SOCKET, 70, 0, 0xFFFF, show=_unreadable),
    "SO_BUF_LOCK": Option(SOL_SOCKET, 72, 0, 3, show=_locked, changed=_lock),
    "SO_PASSPIDFD": _not_for_tcp(76),
    "SO_PEERPIDFD": Option(SOL_SOCKET, 77, store=read_only, show=refused(ENODATA)),
    "SO_PASSRIGHTS": _not_for_tcp(83),
    "IP_LOCAL_PORT_RANGE": Option(SOL_IP, 51, _ANY_INT, store=_port_range),
    "IP_TOS": Option(
        SOL_IP, 1, _ANY_INT, store=_type_of_service, show=_shown_service, attribute="ip.tos"
    ),
    "IP_TTL": Option(SOL_IP, 2, _ANY_INT, store=_hops, show=_shown_hops, attribute="ip.ttl"),
    "IP_PKTINFO": flag(SOL_IP, 8),
    "IP_MTU_DISCOVER": Option(SOL_IP, 10, 0, 5, default=_WANT, attribute="ip.mtu_discovery"),
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
    "IPV6_MTU_DISCOVER": Option(SOL_IPV6, 23, 0, 5, default=_WANT, attribute="ip.mtu_discovery"),
    "IPV6_MTU": Option(SOL_IPV6, 24, show=_shown_mtu),
    "IPV6_V6ONLY": Option(SOL_IPV6, 26, _ANY_INT, store=_only_6),
    "IPV6_TCLASS": Option(SOL_IPV6, 67, _ANY_INT, store=_traffic_class, attribute="ip.tos"),
    "IPV6_RECVTCLASS": flag(SOL_IPV6, 66),
    "TCP_THIN_DUPACK": Option(IPPROTO_TCP, 17, 0, 1, show=_nothing_kept),
    "TCP_TX_DELAY": Option(IPPROTO_TCP, 37, 0, _LONGEST_DELAY),
    "TCP_ULP": Option(IPPROTO_TCP, 31, store=_protocol_above, default=b"", raw=True),
    "TCP_MD5SIG": Option(IPPROTO_TCP, 14, store=_needs_more, show=_unreadable, raw=True),
    "TCP_MD5SIG_EXT": Option(IPPROTO_TCP, 32, store=_needs_more, show=_unreadable, raw=True),
    **{
        name: Option(IPPROTO_TCP, number, _ANY_INT, store=_unreadable, show=_unreadable, raw=True)
        for number, name in enumerate(_AUTHENTICATION, 38)
    },
    "TCP_ZEROCOPY_RECEIVE": Option(IPPROTO_TCP, 35, store=read_only, show=refused(EINVAL)),
    "TCP_IS_MPTCP": Option(IPPROTO_TCP, 43, store=read_only),
}
"""Options by their Linux names."""
