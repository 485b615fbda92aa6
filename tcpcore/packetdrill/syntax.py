"""What a script is made of: events with a time, and expressions in calls.

Values here are what the script says, unevaluated; `parser` makes them, the runner gives them sense.
Times are microseconds.  `offset` says where in the source something begins.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from tcpcore.wire.text import Pattern

ABSOLUTE, RELATIVE, ANY = "absolute", "relative", "any"


class Dots:
    """``...``: anything, or nothing that matters."""

    def __repr__(self) -> str:
        return "..."


DOTS = Dots()


@dataclass(slots=True)
class Symbol:
    """A name, such as ``SOCK_STREAM``."""

    name: str


@dataclass(slots=True)
class Either:
    """Values joined by ``|``."""

    parts: list[Expression]


@dataclass(slots=True)
class Apply:
    """A function of values: ``htons(8080)``, ``inet_addr("192.0.2.1")``."""

    name: str
    arguments: list[Expression]


@dataclass(slots=True)
class Struct:
    """``{name=value, ...}``: names are empty where the script gives only values."""

    fields: list[tuple[str, Expression]]

    def get(self, name: str) -> Expression | None:
        """The value of a field, None without it."""
        return next((value for key, value in self.fields if key == name), None)


Expression: TypeAlias = "Dots | int | float | str | Symbol | Either | Apply | Struct | Items"


@dataclass(slots=True)
class Items:
    """``[value, ...]``."""

    values: list[Expression]


@dataclass(slots=True)
class Time:
    """When an event happens: `kind` absolute, relative to the event before, or any time.

    `latest` is the end of a range (``+.1~+.2``), else None; both are counted alike.
    """

    kind: str
    start: int = 0
    latest: int | None = None


@dataclass(slots=True)
class Packet:
    """``< S 0:0(0) win 1000``: a TCP segment that arrives, or that the host must send.

    `ecn` is the mark in brackets (``ect0``), or None; `ports` are source and destination as
    written, or None.
    """

    inbound: bool
    pattern: Pattern
    ecn: str | None = None
    ip: dict[str, int] = field(default_factory=dict)
    ports: tuple[int, int] | None = None


@dataclass(slots=True)
class Icmp:
    """``< icmp unreachable frag_needed mtu 1200 [1:1461(1460)]``; `quoted` is sequence and size."""

    inbound: bool
    type: str
    code: str = ""
    mtu: int | None = None
    quoted: tuple[int, int] | None = None


@dataclass(slots=True)
class Call:
    """A system call: arguments, expected result, errno, and for a blocking one when it returns."""

    name: str
    arguments: list[Expression]
    result: Expression
    errno: str = ""
    note: str = ""
    end: int | None = None


@dataclass(slots=True)
class Command:
    """Shell between backticks."""

    text: str


@dataclass(slots=True)
class Code:
    """Python between ``%{`` and ``}%``; asserts on the socket's tcp_info."""

    text: str


Action: TypeAlias = Packet | Icmp | Call | Command | Code


@dataclass(slots=True)
class Event:
    """One step of a script."""

    time: Time
    action: Action
    offset: int
    end: int


@dataclass(slots=True)
class Script:
    """A whole script: option lines, shell to run first, events, and shell to run last."""

    options: list[tuple[str, str, int]]
    setup: list[Event]
    events: list[Event]
    cleanup: Event | None = None
