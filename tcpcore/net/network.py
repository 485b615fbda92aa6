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

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from heapq import heappop, heappush, heapreplace
from itertools import repeat
from typing import Any

from tcpcore import trace as tracing
from tcpcore.errors import UsageError
from tcpcore.host import profiles, snapshot
from tcpcore.host.process import Process
from tcpcore.host.stack import Host
from tcpcore.net.link import Link, Pipe
from tcpcore.net.packet import Packet
from tcpcore.net.wires import Wires
from tcpcore.trace import QueueRecord, Trace
from tcpcore.units import SECOND
from tcpcore.why import Reason
from tcpcore.wire.icmp import IcmpError
from tcpcore.wire.segment import Segment

ARRIVALS_FIRST = 1 << 62
"""Taken off an arrival's order, so that at one instant arrivals come before everything else."""
_NO_TAGS = repeat(None)


class Network(Wires):
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
        super().__init__()
        self.now = 0
        self.seed = seed
        self.profile = profile
        self.sysctls = dict(sysctls or {})
        self.hosts: list[Any] = []  # `Host`, and nodes that stand in for one (a bridge's far end)
        self.run_queue: deque[Process] = deque()
        self.trace: Trace | None = Trace() if traced else None
        # (time, order, function, argument), or the first one in a pipe's line: see `on_the_way`
        self._heap: list[tuple[Any, ...]] = []
        self._scheduled = 0
        if self.trace is not None:
            self.trace.profile = profile

    # --- building --------------------------------------------------------------------------------

    def host(self, name: str, address: str, **sysctls: Any) -> Host:
        """A host with one address; keywords are sysctls by their short names."""
        host = Host(self, name, address, self.profile, f"{self.seed}:host:{len(self.hosts)}")
        for sysctl, value in {**self.sysctls, **sysctls}.items():
            host.sysctl.set(sysctl, value)
        host.index = len(self.hosts)
        self.add_node(host)
        self.hosts.append(host)
        if self.trace is not None:
            self.trace.add_watched(name, address, snapshot.Watch(host).changes, snapshot.show)
        return host

    # --- running ---------------------------------------------------------------------------------

    def run(self, until: int = 3600 * SECOND) -> Trace:
        """Let things happen up to `until` (us, included), or until nothing is left to happen."""
        self.advance(until)
        if self._heap:
            self.now = until
        trace = self.trace if self.trace is not None else Trace()
        trace.finish()
        return trace

    def advance(self, until: int) -> None:
        """Do all that is due up to `until` (us, included); the clock stops at the last of it."""
        self._run_processes()
        heap, run_queue, traced = self._heap, self.run_queue, self.trace
        pipe: Pipe
        while heap:
            entry = heap[0]
            now = entry[0]
            if now > until:
                return
            self.now = now
            function = entry[2]
            if function is not None:
                if traced is not None:
                    traced.time_is(now)
                heappop(heap)
                function(entry[3])
            else:  # who came by `Pipe.carry_all`, a whole segment, is first in line
                _, _, _, pipe, segment, tag, cuts = entry
                line, node = pipe.line, pipe.to
                line.popleft()
                if line:
                    heapreplace(heap, line[0])
                else:
                    heappop(heap)
                if (
                    cuts == pipe.cuts
                    and isinstance(node, Host)
                    and node.powered
                    and not node.firewall.active
                ):
                    if tag is not None and traced is not None:
                        traced.arrived(tag, segment, now)
                    node.receive(segment, tag)  # and with it begins a moment
                else:
                    if traced is not None:
                        traced.time_is(now)
                    self._arrive((pipe, segment, tag, cuts, False))
            if run_queue:
                self._run_processes()

    @property
    def next_event(self) -> int | None:
        """When something is due next, in us; None: nothing is."""
        return self._heap[0][0] if self._heap else None

    def _run_processes(self) -> None:
        queue = self.run_queue
        while queue:
            queue.popleft().run()

    # --- for hosts and processes -----------------------------------------------------------------

    def at(self, time: int, function: Callable[[Any], None], argument: Any) -> None:
        """Call ``function(argument)`` at `time`, after everything scheduled for it before."""
        self._scheduled += 1
        heappush(self._heap, (time, self._scheduled, function, argument))

    def first_at(self, time: int, function: Callable[[Any], None], argument: Any) -> None:
        """Deliver at `time`, before timers that are due then: a kernel's timers are always late."""
        self._scheduled += 1
        heappush(self._heap, (time, self._scheduled - ARRIVALS_FIRST, function, argument))

    def transmit(self, host: Any, packets: Sequence[Packet]) -> None:
        """Carry what leaves a host at once toward the one that has their address, or lose it.

        Several packets are TCP segments of one connection.
        """
        packet, now, kept = packets[0], self.now, self.trace
        ways = self._routes.get(host.index)
        pipe = None if ways is None else ways.get(packet.dst)
        if pipe is None or packet.__class__ is not Segment or self._to_drop or host.firewall.active:
            for packet in packets:
                tag = None if kept is None else self.originate(host, packet)
                self.send(host, packet, tag, isinstance(packet, Segment))
            return
        tags: Iterable[Any] = _NO_TAGS
        if kept is not None:
            node = pipe.to
            to = node.index if node.__class__ is Host else self._receiving_host(packet)
            tags = kept.sent_together(packets, host.index, to, now)
        if pipe.carry_all(packets, tags, now, self._scheduled + 1 - ARRIVALS_FIRST):
            count = len(packets)  # nothing in the host had a say, nor had the pipe
            self._sent += count
            self._scheduled += count
            if len(pipe.line) == count:
                heappush(self._heap, pipe.line[0])
        else:
            for packet, tag in zip(packets, tags, strict=False):
                self.send(host, packet, tag)

    def enter(self, pipe: Pipe, packet: Packet, tag: Any, corrupt: bool = False) -> None:
        """A packet, perhaps damaged before, enters one direction of a link."""
        order = self._scheduled + 1
        if (
            pipe.entered < pipe.calm_until
            and packet.__class__ is Segment
            and not corrupt
            and pipe.carry_all((packet,), (tag,), self.now, order - ARRIVALS_FIRST)
        ):
            self._scheduled = order
            if len(pipe.line) == 1:
                heappush(self._heap, pipe.line[0])
        else:
            super().enter(pipe, packet, tag, corrupt)

    def on_the_way(
        self, pipe: Pipe, at: int, packet: Packet, tag: Any, corrupt: bool, cuts: int
    ) -> None:
        """The packet gets in line; one that is held, or overtakes others, goes its own way.

        Only the first one of a line is in the heap, by the very entry that it has in the line.
        """
        self._scheduled = order = self._scheduled + 1
        line = pipe.line
        if at > pipe.usual(self.now) or (line and at < line[-1][0]):
            argument = (pipe, packet, tag, cuts, corrupt)
            heappush(self._heap, (at, order - ARRIVALS_FIRST, self._arrive, argument))
            return
        order -= ARRIVALS_FIRST
        entry = (at, order, self._odd_in_line, pipe, packet, tag, cuts, corrupt)
        if not line:
            heappush(self._heap, entry)
        line.append(entry)

    def _odd_in_line(self, pipe: Pipe) -> None:
        """Who came by `on_the_way` is first in line, and has left the heap."""
        _, _, _, _, packet, tag, cuts, corrupt = pipe.line.popleft()
        if pipe.line:
            heappush(self._heap, pipe.line[0])
        self._arrive((pipe, packet, tag, cuts, corrupt))

    def last_segment(self, host: Host) -> Segment:
        """The last segment that a host sent, as somebody who listens on its cable knows it."""
        if self.trace is not None:
            for traced in reversed(self.trace.segments):
                if traced.sender == host.index:
                    found: Segment = traced.segment
                    return found
        raise UsageError(f"{host.name} has sent no segment that this network remembers.")

    # --- for the wires: tags are indices into the trace, those of ICMP errors counted down from -1

    def originate(self, node: Any, packet: Packet, alone: bool = False) -> Any:
        """Record a packet as it leaves the node that made it."""
        if self.trace is None:
            return None
        index = self._receiving_host(packet)
        if isinstance(packet, IcmpError):
            return -1 - self.trace.icmp_sent(packet, node.name, node.index, index, self.now)
        if not alone:
            return self.trace.sent(packet, node.index, index, self.now)
        sender = node if node.index >= 0 else self.node_at(packet.src)
        if not isinstance(sender, Host):  # a router's own: shown at the far end of the ladder
            sender = next((host for host in self.hosts if host.index != index), self.hosts[0])
        self.trace.begin(self.now, sender.index, tracing.CALL, f"{node.name} answers")
        return self.trace.sent(packet, sender.index, index, self.now)

    def _receiving_host(self, packet: Packet) -> int | None:
        """The index of the host that will get the packet; None: no host will."""
        receiver = self.receiver_of(packet)
        return receiver.index if receiver is not None and receiver.index >= 0 else None

    def _traced(self, tag: int) -> Any:
        assert self.trace is not None
        return self.trace.segments[tag] if tag >= 0 else self.trace.icmp[-1 - tag]

    def lose(self, tag: Any, reason: Reason) -> None:
        """Write down that the packet is lost, and why."""
        if tag is None:
            return
        traced = self._traced(tag)
        if traced.fate != tracing.DELIVERED:  # else this was its second copy
            traced.fate = tracing.LOST
            traced.lost_because = reason

    def refused(self, tag: Any, chain: str) -> None:
        """Write down how far it came: out of its host, or to the other's door."""
        if tag is not None and tag >= 0:
            traced = self._traced(tag)
            traced.left = chain != "OUTPUT"
            traced.at_door = self.now if traced.left else None

    def masked(self, tag: Any, packet: Packet) -> None:
        """Keep the packet as the world outside sees it."""
        if tag is not None and tag >= 0:
            self._traced(tag).outside = packet

    def hand_over(self, host: Any, packet: Packet, tag: Any, corrupt: bool) -> None:
        """The packet has reached its host: let it in."""
        if tag is not None and self.trace is not None:
            if tag >= 0:
                self.trace.arrived(tag, packet, self.now, corrupt)
            else:
                self.trace.icmp_arrived(-1 - tag, self.now)
        if isinstance(packet, IcmpError):
            host.receive_icmp(packet)
        elif corrupt:
            host.receive_damaged(packet, tag)
        else:
            host.receive(packet, tag)

    def keep_queues(self, link: Link, discipline: str) -> None:
        """Keep a record of who waits before the link."""
        if self.trace is None:
            return
        for end in link.ends:
            pipe = link.away_from(end)
            assert pipe.rate is not None
            pipe.record = QueueRecord(end.name, pipe.to.name, discipline, pipe.rate)
            self.trace.queues.append(pipe.record)

    def remark(self, node: Any, sentence: str) -> None:
        """A note at the host."""
        if isinstance(node, Host):
            node.note(sentence)
