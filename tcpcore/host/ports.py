"""A host's local ports: which one a new socket gets, and which ones bind() may have.

Source: inet_csk_get_port() and inet_bind_conflict() in net/ipv4/inet_connection_sock.c,
__inet_hash_connect() and __inet_check_established() in net/ipv4/inet_hashtables.c.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from tcpcore.errors import EADDRNOTAVAIL, socket_error
from tcpcore.host.secrets import FourTuple
from tcpcore.tcp.connection import Connection

if TYPE_CHECKING:
    from tcpcore.host.stack import Host


def free(host: Host, remote: str = "", remote_port: int = 0) -> int:
    """An ephemeral port: at even offsets first, as connect() takes; EADDRNOTAVAIL without one.

    For a connection, only the four-tuple must be free, or be in a TIME_WAIT that may be reused.
    """
    low, high = host.sysctl.ip_local_port_range
    bound = {key[1] for key in host.endpoints} if not remote else set()
    reserved = host.sysctl.ip_local_reserved_ports
    if reserved:
        bound = bound | _listed(reserved)
    start = host.random_below(high - low + 1) // 2
    even, odd = range(low, high + 1, 2), range(low + 1, high + 1, 2)
    for port in chain(even[start:], even[:start], odd):
        if port in host.listeners or port in host.bound_ports or port in bound:
            continue
        if not remote or not _in_the_way(host, (host.address, port, remote, remote_port)):
            return port
    raise socket_error(EADDRNOTAVAIL)


def _listed(text: str) -> set[int]:
    """The ports of a list such as ``8080,9000-9010``."""
    pairs = (part.partition("-") for part in text.split(","))
    return {port for low, _, high in pairs for port in range(int(low), int(high or low) + 1)}


def _in_the_way(host: Host, ends: FourTuple) -> bool:
    """Whether an endpoint keeps its port from a new connection to the same peer."""
    old = host.endpoints.get(ends)
    return old is not None and not (isinstance(old, Connection) and host.time_waits.reusable(old))


def taken(host: Host, port: int, reuse: bool) -> bool:
    """Whether bind() cannot have the port; `reuse` says that its socket has SO_REUSEADDR.

    A listener is always in the way.  Another bound socket and a connection, even one in TIME_WAIT,
    are not when both sides have SO_REUSEADDR; what accept() gave has its listener's.  Half-open
    requests hold no port.
    """
    if port in host.listeners:
        return True
    holder = host.bound_ports.get(port)
    if holder is not None and not (reuse and holder.options.get("SO_REUSEADDR")):
        return True
    old = (host.endpoints[key] for key in host.endpoints if key[1] == port)
    return any(isinstance(one, Connection) and not (reuse and one.reuse_address) for one in old)
