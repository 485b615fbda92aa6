"""Routers: they pass packets on, count hops, know MTUs, translate addresses, and answer with ICMP.

The order of a Linux router: translate what comes back, find the route, look at TTL and size, ask
the FORWARD chain, translate what goes out (ip_rcv(), ip_forward(), nf_nat).
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from tcpcore import reasons
from tcpcore.host.firewall import ACCEPT, Firewall
from tcpcore.net.nat import Nat
from tcpcore.net.packet import Packet, wire_length
from tcpcore.tcp import departure
from tcpcore.units import SECOND
from tcpcore.why import Reason
from tcpcore.wire import icmp
from tcpcore.wire.icmp import IcmpError
from tcpcore.wire.segment import RST, Segment

if TYPE_CHECKING:
    from tcpcore.net.link import Pipe
    from tcpcore.net.wires import Wires

ARP_GIVES_UP = 3 * SECOND
"""Three ARP requests, a second apart, without an answer (mcast_solicit, retrans_time_ms)."""


class Router:
    """A router with one address; `Network.router` makes it.

    `firewall` takes rules for the chain FORWARD; `masquerade` shares the router's address.
    """

    def __init__(self, wires: Wires, name: str, address: str, index: int) -> None:
        self.name = name
        self.address = address
        self.index = index
        self.powered = True
        self.firewall = Firewall(name, f"{wires.seed}:firewall:{name}")
        self.nat: Nat | None = None
        self.forwarded = 0
        self._former: set[str] = set()
        self._wires = wires

    def masquerade(self, inside: str, *, loose: bool = True, **timeouts: int) -> Nat:
        """Let the hosts of a network (``10.0.0.0/24``) share this router's address: see `Nat`."""
        self.nat = Nat(self.name, self.address, inside, loose=loose, **timeouts)
        return self.nat

    def renumber(self, address: str) -> None:
        """Take another address from now on, or a former one again; the mappings stay.

        It is what happens outside when a telephone leaves one network for another.  What comes to
        the former address is lost in silence.  `UsageError` when another node has the address.
        """
        self._wires.rename(self, address)
        self._former.add(self.address)
        self._former.discard(address)
        self.address = address
        if self.nat is not None:
            self.nat.address = address

    def inside(self, segment: Segment) -> Any:
        """The node behind address translation that a segment to this router is meant for."""
        address = self.nat.inside_of(segment) if self.nat is not None else None
        return self._wires.node_at(address) if address is not None else self

    # --- packets ---------------------------------------------------------------------------------

    def takes(self, packet: Packet, tag: Any, corrupt: bool) -> None:
        """A packet arrived: pass it on, or drop it and say why."""
        wires, came = self._wires, packet
        now = wires.now
        if packet.dst in self._former:
            values = {"router": self.name, "address": packet.dst}
            wires.lose(tag, Reason(reasons.ROUTER_MOVED, values))
            return
        if self.nat is not None and packet.dst == self.address:
            packet = self.nat.inward(packet, now)
        if packet.dst == self.address:
            self._for_ourselves(packet, tag)
            return
        pipe = wires.route(self, packet.dst)
        if pipe is None:
            values = {"router": self.name, "address": packet.dst}
            self._refuse(came, tag, Reason(reasons.ROUTER_NO_ROUTE, values), icmp.NET)
            return
        if packet.ttl <= 1:
            wires.lose(tag, Reason(reasons.ROUTER_TTL, {"router": self.name}))
            wires.complain(self, came, icmp.TIME_EXCEEDED, 0)
            return
        size = wire_length(packet)
        if size > pipe.mtu:
            reason = reasons.ROUTER_TOO_BIG(router=self.name, size=size, mtu=pipe.mtu)
            self._refuse(came, tag, reason, icmp.FRAG_NEEDED, pipe.mtu)
            return
        if self.firewall.active and not self._admitted(packet, size, tag):
            return
        if not pipe.plugged:
            wires.at(now + ARP_GIVES_UP, self._no_answer, (pipe, packet, came, tag, corrupt))
            return
        self._pass_on(pipe, packet, tag, corrupt)

    def _pass_on(self, pipe: Pipe, packet: Packet, tag: Any, corrupt: bool) -> None:
        onward = packet.as_long() if isinstance(packet, Segment) else copy.copy(packet)
        onward.ttl -= 1
        refused = self.nat.outward(onward, self._wires.now) if self.nat is not None else None
        if onward.src != packet.src:
            self._wires.masked(tag, onward)
        if refused is not None:
            self._wires.lose(tag, refused)
            return
        self.forwarded += 1
        self._wires.enter(pipe, onward, tag, corrupt)

    def _admitted(self, packet: Packet, size: int, tag: Any) -> bool:
        verdict = self.firewall.judge("FORWARD", packet, size, self._wires.now)
        if verdict.target == ACCEPT:
            return True
        self._wires.lose(tag, verdict.reason(self.name))
        if verdict.answer is not None:
            self._wires.reject(self, packet, verdict)
        return False

    def _no_answer(self, argument: tuple[Pipe, Packet, Packet, Any, bool]) -> None:
        """The packet has waited for the neighbour's ARP reply; with the cable out, none came."""
        pipe, packet, came, tag, corrupt = argument
        if pipe.plugged:
            self._pass_on(pipe, packet, tag, corrupt)
            return
        values = {"router": self.name, "address": packet.dst}
        self._refuse(came, tag, Reason(reasons.ROUTER_NO_NEIGHBOUR, values), icmp.HOST)

    def _refuse(self, packet: Packet, tag: Any, reason: Reason, code: int, mtu: int = 0) -> None:
        self._wires.lose(tag, reason)
        self._wires.complain(self, packet, icmp.UNREACHABLE, code, mtu)

    def _for_ourselves(self, packet: Packet, tag: Any) -> None:
        """To the router's own address, and no mapping knows it: nobody here speaks TCP."""
        if isinstance(packet, IcmpError):
            return
        reason = Reason(reasons.NAT_UNKNOWN, {"router": self.name, "port": packet.dport})
        self._wires.lose(tag, reason)
        if not packet.flags & RST:
            self._wires.dispatch(self, departure.refusal_of(packet, reason))
