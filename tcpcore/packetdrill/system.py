"""What a script needs of a host under test: system calls, a wire, a clock, and its variables.

`engine_backend` is one in virtual time, `kernel_backend` one on this machine's kernel.  Times are
microseconds since the script began.  Handles are the backend's own descriptors: whatever `socket`,
`accept` or `epoll_create` gave.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from tcpcore.wire.icmp import IcmpError
from tcpcore.wire.segment import Segment


@dataclass(slots=True)
class Pending:
    """A system call that was started: `result`, or `errno`, once it is `done`."""

    name: str
    started: int
    done: bool = False
    result: Any = None
    errno: int | None = None
    returned: int | None = None
    trouble: BaseException | None = None


@dataclass(slots=True, frozen=True)
class Sent:
    """A segment that the host sent, and when."""

    time: int
    segment: Segment


IPV4, IPV6, MAPPED = "ipv4", "ipv6", "ipv4-mapped-ipv6"
"""IP versions: the last one is IPv4 on the wire, for sockets of IPv6."""


@dataclass(slots=True, frozen=True)
class Settings:
    """How a script is run: the addresses and ports of both ends, and the tolerance of time.

    `tolerance` is in microseconds; an event may also be late by an eighth of its distance from the
    one before.  `tick` is one of the host's timestamp clock, in microseconds; 0:
    timestamps are not looked at.  `merged_mss`: packets with more data than that arrive as if a
    network card had merged them of segments of that size (GRO); 0: as single segments.
    """

    local: str = "192.168.0.1"
    remote: str = "192.0.2.1"
    bind_port: int = 8080
    connect_port: int = 8080
    mtu: int = 1500
    merged_mss: int = 0
    tolerance: int = 4_000
    tick: int = 1_000
    strict_segments: bool = False
    ip_version: str = IPV4


class Unsupported(Exception):
    """A call, an option or a command that this backend cannot do; the text says which."""


class System(ABC):
    """A host under test."""

    kind: str
    settings: Settings

    @property
    @abstractmethod
    def now(self) -> int:
        """Microseconds since the script began."""

    @abstractmethod
    def begin(self) -> None:
        """The script's clock starts: how long the shell before it took does not count."""

    @abstractmethod
    def start(self, name: str, *arguments: Any) -> Pending:
        """Start a system call; it is done when this returns, unless it blocks."""

    @abstractmethod
    def wait(self, pending: Pending, until: int) -> None:
        """Let time pass until the call has returned, or it is `until`."""

    @abstractmethod
    def pass_time(self, until: int) -> None:
        """Let time pass; what the host sends is kept."""

    def reach(self, time: int) -> None:
        """Let time pass before a packet arrives; timers that are due then come after it."""
        self.pass_time(time)

    @abstractmethod
    def next_sent(self, until: int) -> Sent | None:
        """The next segment that the host sent, in order; None when it is `until` without one."""

    @abstractmethod
    def inject(self, packet: Segment | IcmpError) -> None:
        """Let a packet arrive now."""

    @abstractmethod
    def ends(self, handle: Any) -> tuple[int, int] | None:
        """Local and remote port of a socket; None while it has no peer."""

    @abstractmethod
    def info(self, handle: Any, ports: tuple[int, int] | None) -> dict[str, int]:
        """The fields of ``struct tcp_info`` by name (``tcpi_snd_cwnd``) of a socket.

        Without a handle, of the connection with these ports, where the backend can find it.
        """

    @abstractmethod
    def set_sysctl(self, name: str, value: str) -> str | None:
        """Set a sysctl by its full or short name; a remark when it has no effect here.

        Raises `UsageError` for a value that the host refuses.
        """

    @abstractmethod
    def set_parameter(self, module: str, name: str, value: str) -> str | None:
        """Set a parameter of a kernel module; a remark when it has no effect here.

        Raises `UsageError` for a value that it refuses.
        """

    @abstractmethod
    def shell(self, command: str) -> str | None:
        """Run one command of the shell that is no sysctl; a remark when it is ignored."""

    @abstractmethod
    def story(self) -> list[str]:
        """What the host would tell when a script fails: its sockets, timers, reasons."""

    @abstractmethod
    def close(self) -> None:
        """Leave nothing behind."""
