"""A virtual network: hosts, links and one clock, run event by event.

    net = Network(seed=7)
    client, server = net.host("client", "10.0.0.1"), net.host("server", "10.0.0.2")
    net.link(client, server, delay=ms(50))
    server.spawn(serve); client.spawn(fetch)
    trace = net.run(until=seconds(10))

Same seed, same trace, byte for byte: time is whole microseconds, ties are broken by order of
scheduling, and every source of chance has its own seeded generator.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tcpcore import reasons
from tcpcore import trace as tracing
from tcpcore.errors import UsageError
from tcpcore.host import profiles
from tcpcore.host.process import Process
from tcpcore.host.stack import Host
from tcpcore.net.link import Link, Pipe
from tcpcore.trace import Trace
from tcpcore.units import SECOND
from tcpcore.why import Reason
from tcpcore.wire.segment import Segment

ARRIVALS_FIRST = 1 << 62
"""Taken off an arrival's order, so that at one instant arrivals come before everything else."""

DEFAULT_QUEUE = 1000
"""Packets that a link with a rate keeps waiting (Linux's txqueuelen)."""


class Network:
    """See the module.

    `sysctls` are set on every host that does not set them itself.  `traced=False` keeps no trace:
    faster, and no memory for what happened.
    """

    def __init__(
        self,
        seed: int = 1,
        profile: str = profiles.DEFAULT,
        *,
        sysctls: Mapping[str, Any] | None = None,
        traced: bool = True,
    ) -> None:
        self.now = 0
        self.seed = seed
        self.profile = profile
        self.sysctls = dict(sysctls or {})
        self.hosts: list[Host] = []
        self.links: list[Link] = []
        self.run_queue: deque[Process] = deque()
        self.trace: Trace | None = Trace() if traced else None
        self._heap: list[tuple[int, int, Callable[[Any], None], Any]] = []
        self._scheduled = 0
        self._sent = 0
        self._to_drop: set[int] = set()
        self._routes: dict[tuple[int, str], Pipe] = {}
        if self.trace is not None:
            self.trace.profile = profile

    # --- building --------------------------------------------------------------------------------

    def host(self, name: str, address: str, **sysctls: Any) -> Host:
        """A host with one address; keywords are sysctls by their short names."""
        if any(known.address == address or known.name == name for known in self.hosts):
            raise UsageError(f"Two hosts cannot share a name or an address: {name}, {address}.")
        host = Host(self, name, address, self.profile, f"{self.seed}:host:{len(self.hosts)}")
        for sysctl, value in {**self.sysctls, **sysctls}.items():
            host.sysctl.set(sysctl, value)
        host.index = len(self.hosts)
        self.hosts.append(host)
        if self.trace is not None:
            self.trace.add_host(name, address, host.snapshot)
        return host

    def link(
        self,
        first: Host,
        second: Host,
        *,
        delay: int = 0,
        rate: int | None = None,
        loss: float = 0.0,
        queue: int = DEFAULT_QUEUE,
    ) -> Link:
        """Join two hosts: `delay` one way in us, `rate` in bit/s or None, `loss` from 0 to 1."""
        seed = f"{self.seed}:link:{len(self.links)}"
        link = Link((first, second), delay, rate, loss, queue, seed)
        self.links.append(link)
        self._routes[first.index, second.address] = link.pipes[second.address]
        self._routes[second.index, first.address] = link.pipes[first.address]
        return link

    def drop_segments(self, numbers: Iterable[int]) -> None:
        """Lose these segments, counted from 0 in order of sending, all hosts together."""
        self._to_drop.update(numbers)

    # --- running ---------------------------------------------------------------------------------

    def run(self, until: int = 3600 * SECOND) -> Trace:
        """Let things happen up to `until` (us, included), or until nothing is left to happen."""
        self._run_processes()
        heap = self._heap
        while heap and heap[0][0] <= until:
            self.now, _, function, argument = heapq.heappop(heap)
            if self.trace is not None:
                self.trace.time_is(self.now)
            function(argument)
            if self.run_queue:
                self._run_processes()
        if heap:
            self.now = until
        trace = self.trace if self.trace is not None else Trace()
        trace.finish()
        return trace

    def _run_processes(self) -> None:
        queue = self.run_queue
        while queue:
            process = queue.popleft()
            process.host.running = process
            process.run()
            process.host.running = None

    # --- for hosts and processes -----------------------------------------------------------------

    def at(self, time: int, function: Callable[[Any], None], argument: Any) -> None:
        """Call ``function(argument)`` at `time`, after everything scheduled for it before."""
        self._scheduled += 1
        heapq.heappush(self._heap, (time, self._scheduled, function, argument))

    def transmit(self, host: Host, segment: Segment) -> None:
        """Carry a segment toward the host that has its destination address, or lose it."""
        number = self._sent
        self._sent += 1
        pipe = self._routes.get((host.index, segment.dst))
        if self.trace is not None:
            receiver = host.index if segment.dst == host.address else None
            self.trace.sent(segment, host.index, pipe.to.index if pipe else receiver, self.now)
        if number in self._to_drop:
            self._lose(number, reasons.LOST_BY_READER())
            return
        if segment.dst == host.address:  # loopback
            self._arrives(self.now, (host, segment, number))
            return
        if pipe is None:
            self._lose(number, Reason(reasons.NO_ROUTE, {"address": segment.dst}))
            return
        lost = pipe.lost(self.now)
        if lost is not None:
            self._lose(number, lost)
            return
        self._arrives(pipe.arrival(segment, self.now), (pipe.to, segment, number))

    def _arrives(self, time: int, what: tuple[Host, Segment, int]) -> None:
        """Deliver at `time`, before timers that are due then: a kernel's timers are always late."""
        self._scheduled += 1
        order = self._scheduled - ARRIVALS_FIRST
        heapq.heappush(self._heap, (time, order, self._deliver, what))

    def _lose(self, number: int, reason: Reason) -> None:
        if self.trace is not None:
            traced = self.trace.segments[number]
            traced.fate = tracing.LOST
            traced.lost_because = reason

    def _deliver(self, argument: tuple[Host, Segment, int]) -> None:
        host, segment, number = argument
        if self.trace is None:
            host.receive(segment, None)
            return
        traced = self.trace.segments[number]
        traced.fate = tracing.DELIVERED
        traced.arrived = self.now
        host.receive(segment, number)
