"""Packets of a run: what arrives, and whether what the host sends is what the script expects.

Which connection a packet belongs to follows from the SYNs: the first one that arrives, or is sent,
begins a connection, and the script's packets belong to the latest.  packetdrill takes every later
SYN for one on that connection until there is another listener; here one that a listening socket may
take begins a new connection, too, if the script then expects a SYN+ACK that it did not have before.
"""

from __future__ import annotations

from collections import deque

from tcpcore.packetdrill.flow import Flow
from tcpcore.packetdrill.match import differences, joined, joins
from tcpcore.packetdrill.outcome import Failed, Failure
from tcpcore.packetdrill.syntax import Icmp, Packet
from tcpcore.packetdrill.system import Sent, System, Unsupported
from tcpcore.seqnum import HALF, distance
from tcpcore.units import SECOND, format_seconds
from tcpcore.wire import icmp
from tcpcore.wire import options as kinds
from tcpcore.wire.icmp import IcmpError
from tcpcore.wire.segment import ACK, FIN, RST, SYN, Segment
from tcpcore.wire.text import Pattern, format_pattern

FIRST_PEER_PORT = 40_001
ANY_TIME = 3600 * SECOND
LATE = 5 * SECOND
"""How much longer to listen, after an expected packet did not come, for one to show instead."""

_UNREACHABLE = {
    "net_unreachable": 0,
    "host_unreachable": 1,
    "protocol_unreachable": 2,
    "port_unreachable": 3,
    "frag_needed": 4,
    "source_route_failed": 5,
    "net_unknown": 6,
    "host_unknown": 7,
    "source_host_isolated": 8,
    "net_prohibited": 9,
    "host_prohibited": 10,
    "net_unreachable_for_tos": 11,
    "host_unreachable_for_tos": 12,
    "packet_filtered": 13,
    "comm_prohibited": 13,
    "host_precedence_violation": 14,
    "precedence_cutoff": 15,
}
_UNREACHABLE_6 = {
    "no_route": 0,
    "prohibited": 1,
    "admin_prohibited": 1,
    "beyond_scope": 2,
    "not_neighbour": 2,
    "address_unreachable": 3,
    "addr_unreachable": 3,
    "port_unreachable": 4,
    "policy_failed": 5,
    "reject_route": 6,
}
_EXCEEDED = {"exceed_ttl": 0, "exceed_frag": 1, "ttl_exceeded": 0, "fragment_reassembly": 1}
_CODES = {
    "unreachable": (icmp.UNREACHABLE, _UNREACHABLE),
    "time_exceeded": (icmp.TIME_EXCEEDED, _EXCEEDED),
    "source_quench": (icmp.SOURCE_QUENCH, {"": 0}),
    "redirect": (icmp.REDIRECT, {"net": 0, "host": 1, "net_for_tos": 2, "host_for_tos": 3}),
    "parameter_problem": (
        icmp.PARAMETER_PROBLEM,
        {"": 0, "pointer": 0, "missing_option": 1, "bad_length": 2},
    ),
}
_CODES_6 = {
    "unreachable": (icmp.UNREACHABLE_6, _UNREACHABLE_6),
    "packet_too_big": (icmp.TOO_BIG_6, {"": 0}),
    "time_exceeded": (icmp.TIME_EXCEEDED_6, _EXCEEDED),
    "parameter_problem": (
        icmp.PARAMETER_PROBLEM_6,
        {"": 0, "bad_header": 0, "bad_next_header": 1, "bad_option": 2},
    ),
}


def icmp_words(error: IcmpError) -> str | None:
    """``icmp unreachable frag_needed mtu 1200``; None for what a script cannot say."""
    for name, (kind, codes) in (_CODES_6 if error.over_ipv6 else _CODES).items():
        for code, number in codes.items():
            if (kind, number) == (error.type, error.code):
                words = f"icmp {name} {code}".rstrip()
                return f"{words} mtu {error.mtu}" if error.too_big else words
    return None


Window = tuple[int, int, int, int]
"""First and last moment of an expected packet, how far off it may be, and by how much the script
as a whole is late so far (us)."""


class Sniffer:
    """Both directions of the wire."""

    def __init__(self, system: System, remarks: list[str]) -> None:
        self.system = system
        self.remarks = remarks
        self.flow: Flow | None = None
        self.cookies = False  # whether the host answers every SYN with a cookie
        self.behind: int | None = None
        """How late the host was by the last packet's timestamp (us); None: it had none."""
        self.listeners: set[int] = set()  # the script's descriptors of sockets that listen
        self._fresh_listener = False  # a socket listens that has had no SYN yet
        self._flows: dict[tuple[int, int], Flow] = {}
        self._waiting: deque[Sent] = deque()
        self._aside: list[Sent] = []  # of other connections than the script named
        self._next_port = FIRST_PEER_PORT

    @property
    def ports(self) -> tuple[int, int] | None:
        """Local and remote port of the connection that packets belong to."""
        return self.flow.ports if self.flow is not None else None

    # --- toward the host -------------------------------------------------------------------------

    def inject(self, packet: Packet, answer: Pattern | None = None) -> None:
        """A packet of the script arrives; `answer` is what the host has to send next."""
        opens = packet.pattern.flags & (SYN | ACK) == SYN
        known = self._flows.get(packet.ports[::-1]) if packet.ports is not None else None
        new = packet.ports is not None and known is None
        begins = opens and (self._taken(answer) or new or self.flow is None)
        self.flow = known or self.flow
        flow = self._new_from_peer(packet) if begins else self._current()
        size = packet.pattern.size
        self.system.inject(flow.incoming(packet, bytes(size)))

    def _taken(self, answer: Pattern | None) -> bool:
        """Whether a socket that listens takes the SYN, not the connection that there is."""
        fresh, self._fresh_listener = self._fresh_listener, False
        if fresh or not self.listeners:
            return bool(self.listeners)
        offered = answer is not None and answer.flags & (SYN | ACK) == SYN | ACK
        return offered and not (self.flow is not None and self.flow.offers(answer))

    def listens(self, descriptor: int) -> None:
        """The script's socket listens from now on."""
        self.listeners.add(descriptor)
        self._fresh_listener = True

    def _new_from_peer(self, packet: Packet) -> Flow:
        settings = self.system.settings
        remote, local = packet.ports or (self._next_port, settings.bind_port)
        known = self._flows.get((local, remote))
        if packet.ports and known is not None:
            self.flow = known
            return known
        self._next_port += 1
        flow = Flow(settings.local, local, settings.remote, remote, cookies=self.cookies)
        return self._know(flow)

    def _know(self, flow: Flow) -> Flow:
        self._flows[flow.ports] = self.flow = flow
        return flow

    def _current(self) -> Flow:
        if self.flow is None:
            settings = self.system.settings
            port = self._next_port
            return self._know(Flow(settings.local, settings.bind_port, settings.remote, port))
        return self.flow

    def inject_icmp(self, packet: Icmp) -> None:
        """An ICMP error of the script arrives, from the peer's address."""
        six = ":" in self.system.settings.remote
        kind, codes = (_CODES_6 if six else _CODES).get(packet.type, (None, {}))
        code = codes.get(packet.code) if packet.code else 0
        if kind is None or code is None:
            raise Unsupported(f"icmp {packet.type} {packet.code}".rstrip())
        flow = self._current()
        seq, size = packet.quoted or (0, 0)
        quoted = Segment(
            flow.local,
            flow.local_port,
            flow.remote,
            flow.remote_port,
            ACK,
            flow.sent(seq),
            payload=bytes(size),
        )
        error = IcmpError(flow.remote, flow.local, kind, code, quoted, packet.mtu or 0)
        self.system.inject(error)

    # --- from the host ---------------------------------------------------------------------------

    def expect(self, packet: Packet, offset: int, window: Window | None) -> int:
        """Wait for what the host must send, and compare; when it was sent.  Raises `Failed`."""
        deadline = self.system.now + ANY_TIME if window is None else window[1] + window[2]
        sent = self._take(packet, deadline)
        text = "> " + format_pattern(packet.pattern)
        if sent is None:
            raise Failed(self._nothing(offset, text, window))
        segment, flow = sent.segment, self._current()
        known = flow.stamps_ahead
        flow.learn(segment, packet.pattern)
        if flow.stamps_ahead != known and window is not None:
            flow.late = window[3] + sent.time - window[1]
        found = flow.outgoing(segment)
        different = differences(packet, found, segment, self._ticks(window, flow))
        if different:
            problem = "the packet differs: " + ", ".join(
                f"{one.field} is {one.found}, not {one.expected}" for one in different
            )
            shown = "> " + format_pattern(found)
            raise Failed(Failure(offset, problem, text, shown, different, sent=sent.time))
        if window is not None:
            self._require_time(sent.time, offset, text, window)
        self.behind = self._behind(packet, found)
        return sent.time

    def _behind(self, packet: Packet, found: Pattern) -> int | None:
        said = kinds.timestamps(packet.pattern.options or ())
        shown = kinds.timestamps(found.options or ())
        if said is None or shown is None or not self.system.settings.tick:
            return None
        return self._current().late + distance(said[0], shown[0]) * self.system.settings.tick

    def _ticks(self, window: Window | None, flow: Flow) -> tuple[int, int]:
        """How much less and more the host's timestamp may be: what its time may be off.

        A host that was late since its first one is late in its timestamps, too.  With a tick of 0
        the script wants any timestamp.
        """
        tick = self.system.settings.tick
        if not tick:
            return HALF, HALF
        if window is None:
            return 0, 0
        first, last, slack, late = window
        late -= flow.late
        return (slack + last - first - late) // tick, (slack + last - first + late) // tick

    def _require_time(self, time: int, offset: int, text: str, window: Window) -> None:
        first, last, slack, _ = window
        if first - slack <= time <= last + slack:
            return
        due = (
            format_seconds(first)
            if first == last
            else (f"{format_seconds(first)} to {format_seconds(last)}")
        )
        early = "early" if time < first else "late"
        by = format_seconds(first - time if time < first else time - last)
        problem = (
            f"the packet is {by} s too {early}: sent at {format_seconds(time)} s, not at {due} s"
        )
        raise Failed(Failure(offset, problem, text, f"sent at {format_seconds(time)} s"))

    def _nothing(self, offset: int, text: str, window: Window | None) -> Failure:
        """Nothing was sent in time; what comes next, if anything does soon."""
        by = format_seconds(self.system.now)
        later = self.system.next_sent(self.system.now + LATE)
        found = f"nothing by {by} s"
        if later is not None:
            shown = format_pattern(self._current().outgoing(later.segment))
            found += f"; at {format_seconds(later.time)} s it sends > {shown}"
        return Failure(offset, "the host sends nothing", text, found)

    def _take(self, packet: Packet, deadline: int) -> Sent | None:
        """The next packet of the connection, several joined to one where the script does so.

        Where a script names ports, those of other connections are kept: each has its own order.
        """
        for kept in self._aside:
            if packet.ports == (kept.segment.sport, kept.segment.dport):
                self._aside.remove(kept)
                self._belongs(packet, kept.segment)
                return kept
        while True:
            sent = self._next(deadline)
            if sent is None:
                return None
            if not self._belongs(packet, sent.segment):
                if packet.ports is not None:
                    self._aside.append(sent)
                continue
            if self._to_skip(packet, sent.segment):
                self.remarks.append(
                    f"at {format_seconds(sent.time)} s: an ACK that the script leaves out"
                )
                continue
            return self._join(packet, sent)

    def _next(self, deadline: int) -> Sent | None:
        if self._waiting:
            return self._waiting.popleft()
        return self.system.next_sent(deadline)

    def _belongs(self, packet: Packet, segment: Segment) -> bool:
        """Whether it is of the script's connection; a SYN of the host's begins one."""
        ports = (segment.sport, segment.dport)
        if (segment.flags & (SYN | ACK) == SYN and ports not in self._flows) or self.flow is None:
            settings = self.system.settings
            self._know(Flow(settings.local, segment.sport, settings.remote, segment.dport))
        if packet.ports is not None and packet.ports in self._flows:
            self.flow = self._flows[packet.ports]
        assert self.flow is not None
        return self.flow.owns(segment)

    @staticmethod
    def _to_skip(packet: Packet, segment: Segment) -> bool:
        """A pure ACK ahead of the data that the script expects."""
        wants = packet.pattern
        return wants.size > 0 and not segment.payload and not segment.flags & (SYN | FIN | RST)

    def _join(self, packet: Packet, sent: Sent) -> Sent:
        wanted = packet.pattern.size
        if self.system.settings.strict_segments:
            return sent
        segment = sent.segment
        while 0 < len(segment.payload) < wanted:
            more = self._next(sent.time + self.system.settings.tolerance)
            if more is None:
                break
            if not joins(segment, more.segment, wanted):
                self._waiting.appendleft(more)
                break
            segment = joined(segment, more.segment)
        return Sent(sent.time, segment)
