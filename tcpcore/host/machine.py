"""A host beside its TCP: power, processes that fork, firewall, ICMP, path MTUs, damaged packets.

`stack.Host` is one; what is here needs no more of it than the attributes named below.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import tcpcore
from tcpcore import reasons, trace
from tcpcore.errors import UsageError
from tcpcore.host import counters, path_mtu, power
from tcpcore.host.counters import Counters
from tcpcore.host.firewall import Firewall
from tcpcore.host.path_mtu import PathMtus
from tcpcore.host.process import Application, Process
from tcpcore.host.routes import UNSET, Route, route
from tcpcore.seqnum import MASK
from tcpcore.tcp.connection import Connection
from tcpcore.tcp.icmp import in_flight
from tcpcore.units import MILLISECOND
from tcpcore.wire.icmp import UNREACHABLE, IcmpError
from tcpcore.wire.segment import Segment

if TYPE_CHECKING:
    from tcpcore.host.fastopen_client import Cache
    from tcpcore.host.listener import Listener
    from tcpcore.host.peers import Peers
    from tcpcore.host.request import Request
    from tcpcore.host.secrets import FourTuple
    from tcpcore.host.sockets import Socket
    from tcpcore.host.stack import Wire
    from tcpcore.sysctl import Sysctls
    from tcpcore.tcp.connection import Connection


class Machine(ABC):
    """What a host is made of, and what can happen to it."""

    name: str
    index: int
    sysctl: Sysctls
    network: Wire
    counters: Counters
    endpoints: dict[FourTuple, Connection | Request]
    listeners: dict[int, Listener]
    bound_ports: dict[int, list[Socket]]  # by sockets that called bind() and are open
    routes: dict[str, Route]
    peers: Peers
    fast_open: Cache
    processes: list[Process]
    running: Process | None
    uptime: int  # ms at time 0; anything, where nobody says
    _random: random.Random
    _scheduled: dict[FourTuple, int]

    def __init__(self, name: str, seed: str) -> None:
        self.powered = True
        self.offload = False  # whether its network cards cut large packets: see observe.offload
        self.firewall = Firewall(name, f"{seed}:firewall")
        self.path_mtus = PathMtus()
        self.socket_type: type[Socket] | None = None  # what programs get, where not plain ones

    @property
    def now(self) -> int:
        """Virtual time in microseconds."""
        return self.network.now

    def sh(self, command: str) -> str:
        """What a command such as ``ss -tan`` prints on this host now; see `observe.shell`."""
        return tcpcore.sh(self, command)

    async def look(self, command: str) -> str:
        """`sh` for an application in the middle of a run: what was printed stays in the trace."""
        process = self.running
        if process is not None:
            process.looking = True
        try:
            text = await tcpcore.look(self, command)
        finally:
            if process is not None:
                process.looking = False
        if self.network.trace is not None:
            self.network.trace.outputs.append((self.now, self.index, command, text))
        return text

    # --- processes -------------------------------------------------------------------------------

    def fork(self, application: Application, name: str = "") -> Process:
        """The running process starts a child that holds all its sockets, too (fork(2))."""
        if self.running is None:
            raise UsageError(f"fork() is for a running process of {self.name}.")
        return self.running.fork(application, name)

    # --- power -----------------------------------------------------------------------------------

    def been_up(self, duration: int) -> None:
        """The host booted `duration` us ago: what its timestamps tell, until Linux 4.10."""
        self.uptime = (duration - self.now) // MILLISECOND & MASK

    def crash(self) -> None:
        """The power fails: no word to anybody, and everything is forgotten."""
        power.crash(self)

    def reboot(self, after: int = power.REBOOT, application: Application | None = None) -> None:
        """Crash now and come up `after` us later; then start `application`."""
        power.reboot(self, after, application)

    def shut_down(self, grace: int = power.GRACE) -> None:
        """End all processes now, and switch off `grace` us later."""
        power.shut_down(self, grace)

    def fresh_key(self) -> bytes:
        """16 random bytes, others at every call."""
        return self._random.getrandbits(128).to_bytes(16, "big")

    def random_below(self, bound: int) -> int:
        """A random whole number from 0, less than `bound`."""
        return self._random.randrange(bound)

    def sharing(self, port: int) -> list[Listener]:
        """Who listens on a port: several with SO_REUSEPORT."""
        first = self.listeners.get(port)
        return [] if first is None else list(first.group) or [first]

    def forget_everything(self) -> None:
        """Memory is lost: sockets, queues, timers, caches, counters, firewall rules."""
        for known in (self.listeners, self.bound_ports, self.endpoints, self.counters):
            known.clear()
        self._scheduled.clear()
        self.firewall = Firewall(self.name, f"{self.name}:rebooted")
        self.path_mtus = PathMtus()

    # --- firewall --------------------------------------------------------------------------------

    def change_route(self, to: str, **attributes: Any) -> None:
        """``ip route change TO ... initcwnd N``: for connections that open from now on.

        `attributes` are those of `routes.Route`; what is not among them is the kernel's own
        default again.  UsageError for a number that does not fit.
        """
        self.routes[to] = route(attributes)

    def forget_peers(self, prefix: str = "") -> None:
        """``ip tcp_metrics flush PREFIX``: nothing is known any more of the hosts there.

        Without `prefix`, of no host: neither cookies for Fast Open nor that they are alive.
        Connections that are open keep what they took from there.
        """
        self.peers.forget(prefix)
        self.fast_open.forget(prefix)

    def iptables(self, line: str) -> str:
        """Carry out one line of iptables, and return what it prints: ``-L -n -v``, ``-S``."""
        return self.firewall.run(line)

    # --- what the network brings beside good segments --------------------------------------------

    def receive_damaged(self, segment: Segment, number: int | None) -> None:
        """A segment arrived whose checksum does not fit (tcp_v4_rcv())."""
        label = f"{segment.src}:{segment.sport} > {segment.dst}:{segment.dport}"
        self._begin(trace.ARRIVAL, label, number)
        for name in (counters.IN_SEGS, counters.IN_CSUM_ERRORS, counters.IN_ERRS):
            self.count(name)
        self.event(trace.REFUSED, "", reasons.BAD_CHECKSUM())
        self.note("the checksum does not fit: dropped")

    def receive_icmp(self, error: IcmpError) -> None:
        """An ICMP error arrived: tell the connection that it is about (tcp_v4_err())."""
        self._begin(trace.ARRIVAL, f"ICMP {error.name} arrives", None)
        self.note(f"ICMP {error.name}, from {error.src}")
        self.count(counters.ICMP_IN)
        if not error.over_ipv6:
            unreachable = error.type == UNREACHABLE
            self.count(counters.ICMP_UNREACHABLE if unreachable else counters.ICMP_TIME_EXCEEDED)
        q = error.quoted
        endpoint = self.endpoints.get((q.src, q.sport, q.dst, q.dport))
        if path_mtu.unheard(self, error):
            return
        fixed = "mtu" in self.routes.get(q.dst, UNSET).locked
        if isinstance(endpoint, Connection) and in_flight(endpoint, q.seq) and not fixed:
            path_mtu.learn(self, error)
        if endpoint is None:
            self.event(trace.REFUSED, "", reasons.ICMP_STRANGER())
            return
        out = endpoint.icmp(error.type, error.code, q.seq, self.mtu_to(q.dst), self.now)
        self.transmit(endpoint, out)

    def mtu_to(self, address: str) -> int:
        """The path MTU toward an address, as far as this host knows."""
        link = self.network.mtu_of(self, address)
        mtu = self.routes.get(address, UNSET).mtu
        return self.path_mtus.get(address, min(mtu or link, link), self.now)

    # --- what the stack fills in -----------------------------------------------------------------

    @abstractmethod
    def spawn(self, application: Application, name: str = "") -> Process:
        """Start a process."""

    @abstractmethod
    def start_afresh(self) -> None:
        """Make new what a kernel makes when it boots."""

    @abstractmethod
    def _begin(self, kind: str, label: str, number: int | None) -> None:
        """Begin a moment of the trace."""

    @abstractmethod
    def transmit(self, endpoint: Any, segments: list[Segment]) -> None:
        """Send what an endpoint made."""

    @abstractmethod
    def event(self, kind: str, subject: str, reason: Any = None, values: Any = None) -> None:
        """Add to the journal."""

    @abstractmethod
    def count(self, name: str, times: int = 1) -> None:
        """Move a counter."""

    @abstractmethod
    def note(self, text: str) -> None:
        """Add a remark."""

    @abstractmethod
    def call(self, label: str) -> None:
        """Begin a moment."""
