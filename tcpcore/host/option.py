"""What a socket option is: where the kernel has it, which values it takes, what it changes.

`socket_options` has the table of those that TCP cares about, `plain_options` of those that are
only kept, or only mark packets.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tcpcore.errors import EINVAL, ENOPROTOOPT, socket_error

if TYPE_CHECKING:
    from tcpcore.host.sockets import Socket
    from tcpcore.tcp.connection import Connection

SOL_IP = 0
SOL_SOCKET = 1
IPPROTO_TCP = 6
SOL_IPV6 = 41

INT_MAX = 2**31 - 1
INT = 4
"""Bytes of an int."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option: where the kernel has it, which values it takes, what it does.

    `store` makes what is kept from the value (or raises `OSError`), `show` makes the value again;
    `attribute` names what it sets in a connection, `changed` is told when one has it set.
    `form` is how `struct` packs what the system calls take: ``(on, seconds)`` for "ii";
    `raw`: bytes are its value, and no packed int;
    `same_as` names the option that this one only sets in another way.
    """

    level: int
    number: int
    low: int = 0
    high: int = INT_MAX
    store: Callable[[Socket, Any], Any] | None = None
    show: Callable[[Socket, Any], Any] | None = None
    attribute: str = ""
    default: Any = 0
    changed: Callable[[Socket, Any], None] | None = None
    form: str = "i"
    same_as: str = ""
    raw: bool = False

    def give(self, connection: Connection, kept: Any) -> None:
        """Write what is kept into the attribute of a connection, if the option has one.

        Sockets keep flags as 0 and 1, connections as truth values.
        """
        if self.attribute:
            owner, attribute = self._owner(connection)
            flag = isinstance(getattr(owner, attribute), bool)
            setattr(owner, attribute, bool(kept) if flag else kept)

    def in_force(self, connection: Connection, kept: Any) -> Any:
        """What the connection has in that attribute; without one, what is kept."""
        if not self.attribute:
            return kept
        value = getattr(*self._owner(connection))
        return int(value) if isinstance(value, bool) else value

    def _owner(self, connection: Connection) -> tuple[Any, str]:
        """Where `attribute` is kept; ``ip.`` stands before those of the IP header."""
        plain = self.attribute.removeprefix("ip.")
        return (connection if plain == self.attribute else connection.ip), plain


def flag(
    level: int,
    number: int,
    attribute: str = "",
    changed: Callable[[Socket, Any], None] | None = None,
    default: int = 0,
) -> Option:
    """An option that is on or off, whatever number says so."""
    return Option(
        level,
        number,
        -INT_MAX - 1,
        store=_truth,
        attribute=attribute,
        changed=changed,
        default=default,
    )


def _truth(socket: Socket, value: int) -> int:
    return int(bool(value))


def refused(errno: int) -> Callable[[Socket, Any], Any]:
    """A `store` or `show` that fails with that errno, whatever the value."""

    def fail(socket: Socket, value: Any) -> Any:
        raise socket_error(errno)

    return fail


def number(level: int, packed: bytes) -> int:
    """An int as a system call gives it; too few bytes are EINVAL, but IP takes one alone.

    Source: sk_setsockopt(), do_tcp_setsockopt(), do_ip_setsockopt().
    """
    if len(packed) >= INT:
        return int(struct.unpack("<i", packed[:INT])[0])
    if level != SOL_IP:
        raise socket_error(EINVAL)
    return packed[0] if packed else 0


def read_only(socket: Socket, value: int) -> int:
    """`store` of an option that cannot be set."""
    raise socket_error(ENOPROTOOPT)
