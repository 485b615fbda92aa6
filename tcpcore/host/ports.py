"""A host's local ports: which one a new socket gets, and which ones bind() may have.

Source: inet_csk_get_port() and inet_bind_conflict() in net/ipv4/inet_connection_sock.c,
__inet_hash_connect() and __inet_check_established() in net/ipv4/inet_hashtables.c.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

from tcpcore.errors import EADDRINUSE, EADDRNOTAVAIL, socket_error
from tcpcore.host.secrets import FourTuple
from tcpcore.tcp.connection import Connection

if TYPE_CHECKING:
    from tcpcore.host.sockets import Socket
    from tcpcore.host.stack import Host

_FEW = 4
"""A range of fewer ports has no lower half."""


def bind(socket: Socket, port: int) -> None:
    """Take a port for bind(); 0: a free one, at once or when it connects; EADDRINUSE.

    Source: __inet_bind().
    """
    host = socket.host
    if port and taken(host, port, socket.options):
        raise socket_error(EADDRINUSE)
    if not port and socket.options.get("IP_BIND_ADDRESS_NO_PORT"):
        return
    socket.port = port or to_bind(host, socket.options)
    host.bound_ports.setdefault(socket.port, []).append(socket)


def holds(socket: Socket) -> bool:
    """Whether bind() took the socket's port, and not connect() or listen()."""
    return socket in socket.host.bound_ports.get(socket.port, ())


def give_back(socket: Socket) -> None:
    """What bind() took is free again."""
    if holds(socket):
        holders = socket.host.bound_ports[socket.port]
        holders.remove(socket)
        if not holders:
            del socket.host.bound_ports[socket.port]


def to_bind(host: Host, options: dict[str, Any]) -> int:
    """An ephemeral port for bind(), or for a listener that has none; EADDRINUSE without one.

    They begin at odd offsets, to leave the others to connect(); with SO_REUSEADDR in the lower half
    of the range.  Source: inet_csk_find_open_port().
    """
    low, high = _range(host, options)
    ends = [(low, high + 1)]
    if options.get("SO_REUSEADDR") and high + 1 - low >= _FEW:
        half = low + ((high + 1 - low) >> 2 << 1)
        ends = [(low, half), (half, high + 1)]
    bound = {key[1] for key in host.endpoints} | _reserved(host)
    for first, end in ends:
        start = host.random_below(end - first) // 2
        odd, even = range(first + 1, end, 2), range(first, end, 2)
        for port in chain(odd[start:], odd[:start], even):
            if port not in host.listeners and port not in host.bound_ports and port not in bound:
                return port
    raise socket_error(EADDRINUSE)


def to_connect(host: Host, options: dict[str, Any], remote: str, remote_port: int) -> int:
    """An ephemeral port for connect(): at even offsets first; EADDRNOTAVAIL without one.

    Only the four-tuple must be free, or be in a TIME_WAIT that may be reused.
    """
    low, high = _range(host, options)
    own, reserved = bool(options.get("IP_LOCAL_PORT_RANGE")), _reserved(host)
    for port in _in_turn(low, high, host.random_below(high - low + 1), own):
        if port in host.listeners or port in host.bound_ports or port in reserved:
            continue
        if not _in_the_way(host, (host.address, port, remote, remote_port)):
            return port
    raise socket_error(EADDRNOTAVAIL)


def _reserved(host: Host) -> set[int]:
    """The ports of ip_local_reserved_ports, a list such as ``8080,9000-9010``."""
    text = host.sysctl.ip_local_reserved_ports
    pairs = (part.partition("-") for part in text.split(",")) if text else ()
    return {port for low, _, high in pairs for port in range(int(low), int(high or low) + 1)}


def _in_turn(low: int, high: int, start: int, own: bool) -> Iterator[int]:
    """A range from a place on; where it is not the socket's `own`, every other port first."""
    if own:
        every = range(low, high + 1)
        return chain(every[start:], every[:start])
    even, odd = range(low, high + 1, 2), range(low + 1, high + 1, 2)
    return chain(even[start // 2 :], even[: start // 2], odd)


def _range(host: Host, options: dict[str, Any]) -> tuple[int, int]:
    """The sysctl's, within it what IP_LOCAL_PORT_RANGE says (inet_sk_get_local_port_range())."""
    low, high = host.sysctl.ip_local_port_range
    own = options.get("IP_LOCAL_PORT_RANGE", 0)
    least, most = own & 0xFFFF, own >> 16 & 0xFFFF
    return least if low <= least <= high else low, most if low <= most <= high else high


def _in_the_way(host: Host, ends: FourTuple) -> bool:
    """Whether an endpoint keeps its port from a new connection to the same peer."""
    old = host.endpoints.get(ends)
    return old is not None and not (isinstance(old, Connection) and host.time_waits.reusable(old))


def taken(host: Host, port: int, options: dict[str, Any]) -> bool:
    """Whether a socket with these options cannot have the port.

    Another bound socket and a connection, even one in TIME_WAIT, are not in the way when both sides
    have SO_REUSEADDR; what accept() gave has its listener's.  A listener is, unless both have
    SO_REUSEPORT.  Half-open requests hold no port.
    """
    reuse, share = bool(options.get("SO_REUSEADDR")), bool(options.get("SO_REUSEPORT"))
    for one in host.sharing(port):
        if not (share and one.options.get("SO_REUSEPORT")):
            return True
    listening = [one.options for one in host.sharing(port)]
    for holder in host.bound_ports.get(port, ()):
        theirs = holder.options
        if any(theirs is those for those in listening):
            continue
        if not _agree(reuse, share, theirs.get("SO_REUSEADDR"), theirs.get("SO_REUSEPORT")):
            return True
    connections = (
        one for key, one in host.endpoints.items() if key[1] == port and isinstance(one, Connection)
    )
    return not all(_agree(reuse, share, one.reuse_address, one.reuse_port) for one in connections)


def _agree(reuse: bool, share: bool, their_reuse: Any, their_share: Any) -> bool:
    """Whether two sockets may have one port (inet_bind_conflict())."""
    return bool((reuse and their_reuse) or (share and their_share))
