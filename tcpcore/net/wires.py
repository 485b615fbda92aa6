"""What lies between hosts: links, routers and the way a packet takes through them.

`Wires` is shared: the engine's `Network` gives it virtual time and virtual hosts, the recorder's
gives it the real clock and real kernels.  So a scenario's world is the same on both, rule by rule.

A packet is a TCP `Segment` or an `IcmpError`.  `tag` travels beside it and is the network's own
business (an index into the trace, a captured packet); it is None for what nobody keeps.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from tcpcore import reasons
from tcpcore.errors import UsageError
from tcpcore.host.firewall import ACCEPT, Verdict
from tcpcore.net.discipline import Discipline, Waiting
from tcpcore.net.link import MTU, Link, Pipe
from tcpcore.net.packet import Packet, wire_length
from tcpcore.net.router import Router
from tcpcore.why import Reason
from tcpcore.wire import icmp
from tcpcore.wire.segment import Segment

DEFAULT_QUEUE = 1000
"""Packets that a link with a rate keeps waiting (Linux's txqueuelen)."""

LOOPBACK_MTU = 65535
"""What IP can carry; the device `lo` would take 65536."""


class Wires(ABC):
    """Links and routers; a network derives from it and says what time it is and who receives."""

    seed: int
    now: Any  # microseconds; the recorder computes it

    def __init__(self) -> None:
        self.links: list[Link] = []
        self.routers: list[Router] = []
        self._nodes: dict[str, Any] = {}  # by address
        self._routes: dict[int, dict[str, Pipe | None]] = {}  # by index of the node, and address
        self._sent = 0
        self._to_drop: set[int] = set()

    # --- what a network fills in -----------------------------------------------------------------

    @abstractmethod
    def at(self, time: int, function: Callable[[Any], None], argument: Any) -> None:
        """Call ``function(argument)`` at `time`."""

    def first_at(self, time: int, function: Callable[[Any], None], argument: Any) -> None:
        """The same, for an arrival: before timers that are due at the same instant."""
        self.at(time, function, argument)

    @abstractmethod
    def lose(self, tag: Any, reason: Reason) -> None:
        """The packet is lost, for that reason."""

    @abstractmethod
    def hand_over(self, host: Any, packet: Packet, tag: Any, corrupt: bool) -> None:
        """The packet has reached its host."""

    @abstractmethod
    def originate(self, node: Any, packet: Packet, alone: bool = False) -> Any:
        """A node makes a packet: the tag for it.  `alone`: outside of its TCP (a firewall's)."""

    def refused(self, tag: Any, chain: str) -> None:  # noqa: B027 - where nothing is traced
        """A host's firewall dropped the packet in that chain."""

    def masked(self, tag: Any, packet: Packet) -> None:  # noqa: B027 - nor told
        """A router put its own address into the packet."""

    def keep_queues(self, link: Link, discipline: str) -> None:  # noqa: B027 - nor told
        """A link with a rate was made, and so with queues."""

    def remark(self, node: Any, sentence: str) -> None:  # noqa: B027 - nor told
        """Something happened to a node that a reader may like to see."""

    # --- building --------------------------------------------------------------------------------

    def add_node(self, node: Any) -> None:
        """Make a host or router known by its address.  `UsageError` when name or address is."""
        for known in self._nodes.values():
            if known.address == node.address or known.name == node.name:
                raise UsageError(
                    f"Two nodes cannot share a name or an address: {node.name}, {node.address}."
                )
        self._nodes[node.address] = node

    def rename(self, node: Any, address: str) -> None:
        """Make a node known by one more address.  `UsageError` when it is another's."""
        other = self._nodes.get(address, node)
        if other is not node:
            raise UsageError(f"{other.name} has the address {address} already.")
        self._nodes[address] = node
        self._routes.clear()
        self.remark(node, f"{node.name} now has the address {address}")

    def router(self, name: str, address: str) -> Router:
        """A router with one address; links join it to hosts and other routers."""
        router = Router(self, name, address, -1 - len(self.routers))
        self.add_node(router)
        self.routers.append(router)
        return router

    def link(
        self,
        first: Any,
        second: Any,
        *,
        delay: int = 0,
        rate: int | None = None,
        queue: int | str = DEFAULT_QUEUE,
        mtu: int = MTU,
        **impairments: Any,
    ) -> Link:
        """Join two nodes: `delay` one way in us, `rate` in bit/s or None, `queue` in packets.

        `queue` may also be a discipline in `tc`'s words, such as ``"codel target 5ms ecn"``: see
        `net.queues`; each direction has its own.
        More keywords are impairments, the same both ways: see `net.impairment.Impairments`.
        """
        seed = f"{self.seed}:link:{len(self.links)}"
        ends = (first, second)
        link = Link(ends, delay, rate, queue, mtu, seed, impairments, self.remark)
        self.links.append(link)
        self._routes.clear()
        if rate is not None:
            self.keep_queues(link, queue if isinstance(queue, str) else f"pfifo limit {queue}")
        return link

    def drop_segments(self, numbers: Iterable[int]) -> None:
        """Lose these segments, counted from 0 in order of sending, all hosts together."""
        self._to_drop.update(numbers)

    def after(self, duration: int, action: Callable[[], Any]) -> None:
        """Do something to the world later (us from now): ``net.after(ms(5), link.unplug)``."""
        self.at(self.now + duration, lambda _: action(), None)

    # --- the way of a packet ---------------------------------------------------------------------

    def send(self, host: Any, packet: Packet, tag: Any, counted: bool = True) -> None:
        """A packet leaves a host; only TCP segments are counted for `drop_segments`."""
        if counted:
            number = self._sent
            self._sent = number + 1
            if number in self._to_drop:
                self.lose(tag, reasons.LOST_BY_READER())
                return
        if host.firewall.active and not self._admitted("OUTPUT", host, packet, tag):
            return
        if packet.dst == host.address:
            self.first_at(self.now, self._loop, (host, packet, tag))
            return
        pipe = self.route(host, packet.dst)
        if pipe is None:
            self.lose(tag, Reason(reasons.NO_ROUTE, {"address": packet.dst}))
            return
        self.enter(pipe, packet, tag)

    def enter(self, pipe: Pipe, packet: Packet, tag: Any, corrupt: bool = False) -> None:
        """A packet, perhaps damaged before, enters one direction of a link."""
        now = self.now
        if pipe.entered < pipe.calm_until:
            size = wire_length(packet)
            at = pipe.carry(size, now, tag)
            if at is None:
                self.lose(tag, pipe.full(size, now, tag))
            else:
                self.on_the_way(pipe, at, packet, tag, corrupt, pipe.cuts)
            return
        lost, held, damaged, duplicate = pipe.passes(now)
        if lost is not None:
            self.lose(tag, lost)
            return
        item = Waiting(packet, wire_length(packet), now, tag)
        item.corrupt, item.duplicate = corrupt or damaged, duplicate
        item.held, item.cuts = held, pipe.cuts
        if pipe.discipline is not None:
            self._wait(pipe, pipe.discipline, item)
            return
        at = pipe.arrival(item.size, now, tag)
        if at is None:
            self.lose(tag, pipe.full(item.size, now, tag))
        else:
            self._on_its_way(pipe, item, at + held)

    def _wait(self, pipe: Pipe, discipline: Discipline, item: Waiting) -> None:
        """A packet comes to a queue with a discipline; the line may be free."""
        discipline.enqueue(item, self.now)
        if pipe.sending:
            self._lose_dropped(pipe)
        else:
            self._line_is_free((pipe, discipline, self.now))

    def _line_is_free(self, argument: tuple[Pipe, Discipline, int]) -> None:
        """Transmit the next packet.  The time is when the line was free: a real clock is late."""
        pipe, discipline, free_at = argument
        item = discipline.dequeue(free_at)
        self._lose_dropped(pipe)
        pipe.sending = item is not None
        if item is not None:
            arrival = pipe.transmitted(item, free_at)
            self._on_its_way(pipe, item, arrival)
            self.at(pipe.free_at, self._line_is_free, (pipe, discipline, pipe.free_at))

    def _lose_dropped(self, pipe: Pipe) -> None:
        for item, reason in pipe.dropped(self.now):
            self.lose(item.tag, reason)

    def _on_its_way(self, pipe: Pipe, item: Waiting, arrival: int) -> None:
        self.on_the_way(pipe, arrival, item.packet, item.tag, item.corrupt, item.cuts)
        if item.duplicate:
            self.on_the_way(pipe, arrival, item.packet, item.tag, item.corrupt, item.cuts)

    def on_the_way(
        self, pipe: Pipe, at: int, packet: Packet, tag: Any, corrupt: bool, cuts: int
    ) -> None:
        """The packet will be at the other end of the pipe at that time, if it is still whole."""
        self.first_at(at, self._arrive, (pipe, packet, tag, cuts, corrupt))

    def _loop(self, argument: tuple[Any, Packet, Any]) -> None:
        """What a host sends to itself is there at once."""
        self.deliver(*argument)

    def _arrive(self, argument: tuple[Pipe, Packet, Any, int, bool]) -> None:
        pipe, packet, tag, cuts, corrupt = argument
        node: Any = pipe.to
        if cuts != pipe.cuts:
            self.lose(tag, reasons.LOST_WITH_THE_CABLE())
        elif isinstance(node, Router):
            node.takes(packet, tag, corrupt)
        elif node.powered and not node.firewall.active:
            self.hand_over(node, packet, tag, corrupt)
        else:
            self.deliver(node, packet, tag, corrupt)

    def deliver(self, host: Any, packet: Packet, tag: Any, corrupt: bool = False) -> None:
        """A packet is at its host's door: switched on? past the firewall?"""
        if not host.powered:
            self.lose(tag, Reason(reasons.HOST_IS_DOWN, {"host": host.name}))
        elif not host.firewall.active or self._admitted("INPUT", host, packet, tag):
            self.hand_over(host, packet, tag, corrupt)

    # --- routes ----------------------------------------------------------------------------------

    def route(self, node: Any, address: str) -> Pipe | None:
        """The direction of the link by which `node` sends to an address; None: it knows none."""
        known = self._routes.setdefault(node.index, {})
        if address not in known:
            known[address] = self._find_route(node, address)
        return known[address]

    def _find_route(self, node: Any, address: str) -> Pipe | None:
        """The fewest links to the address; only routers are passed through."""
        if address == node.address:
            itself = Pipe(node, 0, None, DEFAULT_QUEUE, LOOPBACK_MTU, f"{self.seed}:lo")
            itself.calm_until = 0  # nothing enters it: see `send`
            return itself
        target = self._nodes.get(address)
        seen = {node.address}
        paths: deque[tuple[Any, Pipe | None]] = deque([(node, None)])
        while paths:
            here, first = paths.popleft()
            for link in self.links:
                if here not in link.ends:
                    continue
                pipe = link.away_from(here)
                if pipe.to is target:
                    return first or pipe
                if isinstance(pipe.to, Router) and pipe.to.address not in seen:
                    seen.add(pipe.to.address)
                    paths.append((pipe.to, first or pipe))
        if target is None and not isinstance(node, Router):
            # Nobody has that address: a host asks its router, whose answer is ICMP.
            own = [link.away_from(node) for link in self.links if node in link.ends]
            return next((pipe for pipe in own if isinstance(pipe.to, Router)), None)
        return None

    def mtu_of(self, host: Any, address: str) -> int:
        """The MTU of the link by which the host sends to that address; to itself, loopback's."""
        if address == host.address:
            return LOOPBACK_MTU
        pipe = self.route(host, address)
        return pipe.mtu if pipe is not None else MTU

    def node_at(self, address: str) -> Any:
        """The node with that address; None: nobody."""
        return self._nodes.get(address)

    def receiver_of(self, packet: Packet) -> Any:
        """The node that will get the packet, behind address translation too; None: nobody."""
        node = self._nodes.get(packet.dst)
        if isinstance(node, Router) and isinstance(packet, Segment):
            return node.inside(packet)
        return node

    # --- firewalls -------------------------------------------------------------------------------

    def _admitted(self, chain: str, host: Any, packet: Packet, tag: Any) -> bool:
        verdict: Verdict = host.firewall.judge(chain, packet, wire_length(packet), self.now)
        if verdict.target == ACCEPT:
            return True
        self.lose(tag, verdict.reason(host.name))
        self.refused(tag, chain)
        if verdict.answer is not None:
            self.reject(host, packet, verdict, locally=chain == "OUTPUT")
        return False

    def reject(self, node: Any, packet: Packet, verdict: Verdict, locally: bool = False) -> None:
        """Say to the sender of a packet that a firewall refuses it (ipt_REJECT)."""
        answer = verdict.reply(node.address, packet)
        if answer is None:
            return
        if locally:  # the sender is this host itself
            self.at(self.now, self._deliver_locally, (node, answer))
        else:
            self.dispatch(node, answer)

    def _deliver_locally(self, argument: tuple[Any, Packet]) -> None:
        host, packet = argument
        self.hand_over(host, packet, self.originate(host, packet, alone=True), False)

    def dispatch(self, node: Any, packet: Packet) -> None:
        """Send a packet that a router, or a host's firewall, made itself."""
        tag = self.originate(node, packet, alone=True)
        pipe = self.route(node, packet.dst)
        if isinstance(packet, Segment):
            self._sent += 1
        if pipe is None:
            self.lose(tag, Reason(reasons.NO_ROUTE, {"address": packet.dst}))
        else:
            self.enter(pipe, packet, tag)

    def complain(self, node: Any, about: Packet, kind: int, code: int, mtu: int = 0) -> None:
        """Send an ICMP error about a packet; never about an ICMP error (RFC 1122 §3.2.2)."""
        if isinstance(about, Segment) and ":" not in about.src:
            self.dispatch(node, icmp.IcmpError(node.address, about.src, kind, code, about, mtu))
