"""Address translation: many hosts behind one address, as a home router does it (SNAT, masquerade).

A mapping lives as long as its connection seems to: Linux's connection tracking has a time for each
phase.  What it forgets, it no longer passes in: the host outside gets RST from the router, and the
host inside may be mapped anew (nf_conntrack_tcp_loose), perhaps to another port, unless the router
is strict and lets only a SYN begin a connection.
Source: nf_nat_core.c, nf_conntrack_proto_tcp.c; RFC 5382.
"""

from __future__ import annotations

import copy
import ipaddress

from tcpcore import reasons
from tcpcore.errors import UsageError
from tcpcore.net.packet import Packet
from tcpcore.units import SECOND
from tcpcore.why import Reason
from tcpcore.wire.address import inside as address_test
from tcpcore.wire.icmp import IcmpError
from tcpcore.wire.segment import ACK, FIN, RST, SYN, Segment

Flow = tuple[str, int, str, int]
"""Inside address and port, outside host's address and port."""

LOWEST_PORT = 1024


class Mapping:
    """One connection through the router; times in microseconds."""

    __slots__ = ("expires", "fins", "flow", "port", "state")

    def __init__(self, flow: Flow, port: int) -> None:
        self.flow = flow
        self.port = port
        self.state = "SYN_SENT"
        self.fins: set[str] = set()
        self.expires = 0


class Nat:
    """The table of one router.  `inside` is a network such as ``10.0.0.0/24``.

    `established` (us) is how long an idle connection is remembered: Linux's 5 days; RFC 5382 asks
    for 2 h 4 min at least, and cheap routers keep a few minutes.  `opening` and `closing` are for
    connections that begin or end.  Without `loose` only a SYN makes a mapping.
    """

    def __init__(
        self,
        name: str,
        address: str,
        inside: str,
        *,
        established: int = 432_000 * SECOND,
        opening: int = 120 * SECOND,
        closing: int = 120 * SECOND,
        reset: int = 10 * SECOND,
        loose: bool = True,
    ) -> None:
        try:
            network = ipaddress.ip_network(inside)
        except ValueError as error:
            raise UsageError(f"{name} shares its address with a network, and {error}.") from None
        self._lies_behind = address_test(network.network_address.packed, network.prefixlen)
        self.name = name
        self.address = address
        self.timeouts = {
            "SYN_SENT": opening, "ESTABLISHED": established, "CLOSING": closing, "CLOSE": reset,
        }  # fmt: skip
        self.loose = loose
        self.mappings: dict[Flow, Mapping] = {}
        self._by_port: dict[tuple[int, str, int], Mapping] = {}

    def forget(self) -> None:
        """Lose the whole table, as when the router restarts."""
        self.mappings.clear()
        self._by_port.clear()

    def table(self, now: int) -> list[str]:
        """The mappings as `conntrack -L` shows them, in order of opening."""
        rows = []
        for flow, mapping in self.mappings.items():
            left = max(mapping.expires - now, 0) // SECOND
            rows.append(
                f"tcp 6 {left} {mapping.state} src={flow[0]} dst={flow[2]} sport={flow[1]} "
                f"dport={flow[3]} src={flow[2]} dst={self.address} sport={flow[3]} "
                f"dport={mapping.port}"
            )
        return rows

    # --- packets ---------------------------------------------------------------------------------

    def inside_of(self, segment: Segment) -> str | None:
        """The address behind the router that a segment from outside is for."""
        mapping = self._by_port.get((segment.dport, segment.src, segment.sport))
        return mapping.flow[0] if mapping is not None else None

    def inward(self, packet: Packet, now: int) -> Packet:
        """A packet to the shared address: a copy for the inside host, or itself when unknown."""
        if isinstance(packet, IcmpError):
            return self._icmp_inward(packet)
        mapping = self._by_port.get((packet.dport, packet.src, packet.sport))
        if mapping is None or self._expired(mapping, now):
            return packet
        self._refresh(mapping, packet, now)
        translated = packet.as_long()
        translated.dst, translated.dport = mapping.flow[0], mapping.flow[1]
        return translated

    def _icmp_inward(self, error: IcmpError) -> IcmpError:
        quoted = error.quoted
        mapping = self._by_port.get((quoted.sport, quoted.dst, quoted.dport))
        if mapping is None:
            return error
        translated, original = copy.copy(error), copy.copy(quoted)
        original.src, original.sport = mapping.flow[0], mapping.flow[1]
        translated.dst, translated.quoted = mapping.flow[0], original
        return translated

    def outward(self, packet: Packet, now: int) -> Reason | None:
        """Give a packet that leaves the shared address; the reason when it must not go on."""
        if not self._lies_behind(packet.src):
            return None
        if isinstance(packet, IcmpError):
            packet.src = self.address
            return None
        if self._lies_behind(packet.dst):
            return None
        flow = (packet.src, packet.sport, packet.dst, packet.dport)
        mapping = self.mappings.get(flow)
        if mapping is not None and self._expired(mapping, now):
            mapping = None
        if mapping is None:
            if not self.loose and packet.flags & (SYN | ACK) != SYN:
                packet.src = self.address  # under which the peer knows it; but it gets no further
                return Reason(reasons.NAT_STRICT, {"router": self.name, "port": packet.sport})
            mapping = self._map(flow)
            if mapping is None:
                return Reason(reasons.NAT_NO_PORT, {"router": self.name})
        self._refresh(mapping, packet, now)
        packet.src, packet.sport = self.address, mapping.port
        return None

    # --- the table -------------------------------------------------------------------------------

    def _map(self, flow: Flow) -> Mapping | None:
        """The host's own port where it is free toward that peer, else the next one that is."""
        wanted = flow[1]
        span = 65536 - LOWEST_PORT
        for step in range(span):
            port = wanted if not step else LOWEST_PORT + (wanted - LOWEST_PORT + step) % span
            key = (port, flow[2], flow[3])
            if key not in self._by_port:
                mapping = self._by_port[key] = self.mappings[flow] = Mapping(flow, port)
                return mapping
        return None

    def _expired(self, mapping: Mapping, now: int) -> bool:
        if now < mapping.expires:
            return False
        self.mappings.pop(mapping.flow, None)
        self._by_port.pop((mapping.port, mapping.flow[2], mapping.flow[3]), None)
        return True

    def _refresh(self, mapping: Mapping, segment: Segment, now: int) -> None:
        flags = segment.flags
        if flags & RST:
            mapping.state = "CLOSE"
        elif flags & FIN:
            mapping.fins.add(segment.src)
            mapping.state = "CLOSING"
        elif flags & SYN:
            mapping.state = "SYN_SENT"
            mapping.fins.clear()
        elif flags & ACK and mapping.state == "SYN_SENT":
            mapping.state = "ESTABLISHED"
        mapping.expires = now + self.timeouts[mapping.state]
