"""Openings that fail, or take long: who did not answer, and what that looks like.

A SYN without an answer, a refusal, a SYN+ACK that nobody acknowledges, a third ACK that the server
does not take (its accept queue is full: tcp_v4_syn_recv_sock()), a SYN inside an open connection.
"""

from __future__ import annotations

from tcpcore.observe.diagnosis.finding import Evidence, Finding, Sight, many, span
from tcpcore.observe.follow import Connection
from tcpcore.observe.meaning import LATE_SYN
from tcpcore.units import ms, seconds
from tcpcore.wire.icmp import IcmpError
from tcpcore.wire.segment import ACK, FIN, RST, SYN

_AT_ONCE = ms(10)
_RTO_MIN = ms(200)
"""TCP_RTO_MIN: what comes again sooner was not sent again by a timer."""
_LONG = seconds(1)
"""After that a SYN+ACK would be sent again: the initial RTO (RFC 6298 §2.1)."""


_HINTS = {
    "admin prohibited": " (a firewall does not let it through)",
    "host prohibited": " (a firewall does not let it through)",
    "net prohibited": " (a firewall does not let it through)",
    "host unreachable": " (no such host answers on its network)",
    "address unreachable": " (no such host answers on its network)",
    "net unreachable": " (no route leads there)",
    "no route": " (no route leads there)",
    "port unreachable": " (a firewall says so, or nothing listens)",
    "time exceeded in transit": " (it went round in circles, a routing loop)",
}
"""What ICMP's words mean for somebody who wanted to connect."""


class Opening:
    """See the module."""

    def __init__(self, connection: Connection) -> None:
        self._client, self._server = connection.ends
        self._syns = Evidence()
        self._syn_acks = Evidence()
        self._deaf = Evidence()  # SYNs after a SYN+ACK
        self._again = Evidence()  # SYN+ACKs after the third ACK
        self._third: Sight | None = None
        self._went_on = False  # the client acknowledged a SYN+ACK, seen or not
        self._refusals = Evidence()
        self._crossing = Evidence()
        self._inside = Evidence()  # SYNs in an open connection, and how that ends
        self._challenged = Evidence()
        self._data = 0  # segments with data after the third ACK
        self._early = Evidence()
        self._older = Evidence()  # answers out of an older connection
        self._twice = Evidence()  # SYN+ACKs that came twice at a time
        self._answered = 0  # when the last SYN+ACK came
        self._icmp: list[str] = []  # what ICMP said while the connection was opening
        self._slammed: Sight | None = None
        self._reset = False

    def see(self, sight: Sight) -> None:
        """Look at the next segment."""
        flags = sight.segment.flags
        if "older connection" in sight.seen.meaning:
            self._older.add(sight)
        elif flags & SYN:
            self._synchronises(sight)
        elif flags & RST:
            self._resets(sight)
        else:
            self._goes_on(sight)

    def _synchronises(self, sight: Sight) -> None:
        segment = sight.segment
        if segment.flags & ACK:
            self._accepts(sight)
        elif sight.seen.meaning.startswith("SYN inside"):
            self._inside.add(sight)
        elif sight.s is self._client:
            self._syns.add(sight)
            if self._syn_acks and not sight.seen.meaning.endswith(LATE_SYN):
                self._deaf.add(sight)
            if segment.payload:
                self._early.add(sight)
        else:
            self._crossing.add(sight)

    def _accepts(self, sight: Sight) -> None:
        """A SYN+ACK; two at a time answer two SYNs, or were doubled: no timer is that quick."""
        soon = self._syn_acks and sight.time - self._answered < _RTO_MIN
        self._answered = sight.time
        if self._third is None:
            self._syn_acks.add(sight)
        elif soon:
            self._twice.add(sight)
        else:
            self._again.add(sight)

    def hear(self, error: IcmpError) -> None:
        """An ICMP error: while the connection opens, it may be why it does not."""
        if not self._went_on and not error.too_big and error.quoted.flags & SYN:
            said = f"{error.src} says by ICMP: {error.name}{_HINTS.get(error.name, '')}"
            if said not in self._icmp:
                self._icmp.append(said)

    def _resets(self, sight: Sight) -> None:
        self._reset = True
        if sight.seen.meaning.startswith("refused"):
            self._refusals.add(sight)
        elif self._inside and not self._challenged:
            self._challenged.add(sight)
        third = self._third
        if (
            third is not None
            and sight.s is self._server
            and not self._data
            and sight.seen.changes
            and sight.time - third.time <= _AT_ONCE + third.time - self._syn_acks.last
        ):
            self._slammed = sight

    def _goes_on(self, sight: Sight) -> None:
        self._went_on |= sight.s is self._client and bool(sight.segment.flags & ACK)
        if self._third is None:
            if sight.s is self._client and self._syn_acks and sight.segment.flags & ACK:
                self._third = sight
        elif sight.segment.payload or sight.segment.flags & FIN:
            self._data += 1

    def findings(self, end: int) -> list[Finding]:
        """What was found."""
        found = []
        if self._refusals:
            found.append(self._refused())
        elif self._syns and not self._syn_acks and not self._crossing and not self._went_on:
            found.append(self._unanswered())
        elif self._older:
            found.append(self._known_from_before())
        elif self._syns.count > 1 and (self._syn_acks or self._went_on) and not self._deaf:
            found.append(self._late())
        if self._deaf and self._syn_acks:
            found.append(self._never_came())
        elif self._syn_acks.count > 1 and self._third is None and not self._refusals:
            found.append(self._unacknowledged())
        elif self._syn_acks and self._syns and not (self._third or self._reset or self._crossing):
            found.append(self._unopened(end))
        if self._again:
            found.append(self._ignored())
        elif self._third is not None and self._syn_acks.count > 1 and not self._deaf:
            found += self._waited_for(self._third)
        if self._twice:
            text = "the SYN+ACK came twice at a time: it or the SYN was doubled, or both SYNs came"
            found.append(Finding("syn-ack-twice", text, self._twice.numbers, fault=False))
        if self._slammed is not None:
            found.append(self._slam(self._slammed))
        if self._inside:
            found.append(self._half_open())
        if self._crossing and self._syns:
            text = "both ends opened at once (simultaneous open)"
            found.append(Finding("simultaneous-open", text, self._crossing.numbers, fault=False))
        if self._early:
            found.append(self._fast_open())
        return found

    def _refused(self) -> Finding:
        server = self._server
        text = (
            f"refused: nothing listens on port {server.port} of {server.address}, or a firewall "
            "says so; the SYN was answered by RST"
        )
        return Finding("refused", text, self._syns.numbers + self._refusals.numbers)

    def _unanswered(self) -> Finding:
        server, syns = self._server, self._syns
        tries = f"sent {syns.times}"
        if syns.count > 1:
            tries += f" in {span(syns.last - syns.first)}"
        if self._icmp:
            why = "; ".join(self._icmp)
            text = f"the SYN to {server.socket} was turned away ({tries}): {why}"
            return Finding("turned-away", text, syns.numbers)
        text = (
            f"nobody answered the SYN to {server.socket} ({tries}): the host is down, a firewall "
            "drops it, or the server's queues are full"
        )
        return Finding("syn-unanswered", text, syns.numbers)

    def _late(self) -> Finding:
        syns = self._syns
        lost = syns.count - 1
        text = (
            f"the connection opened {span(syns.last - syns.first)} late: "
            f"{many(lost, 'SYN')} got no answer in time (lost, or dropped by a full queue)"
        )
        return Finding("syn-lost", text, syns.numbers, cost=syns.last - syns.first)

    def _known_from_before(self) -> Finding:
        """The other end still has a connection of the same addresses and ports."""
        syns = self._syns
        text = (
            f"the {self._server.name} still knew an older connection of the same addresses and "
            "ports, and answered the SYN with an ACK of that one"
        )
        if self._syn_acks or self._went_on:
            text += "; the client reset it, and its next SYN opened this one"
            cost = syns.last - syns.first
            return Finding("old-connection", text, self._older.numbers + syns.numbers, cost=cost)
        text += ", which this one did not survive"
        return Finding("half-open", text, self._older.numbers + syns.numbers)

    def _waited_for(self, third: Sight) -> list[Finding]:
        """SYN+ACKs that the timer sent before the client's ACK came at last."""
        again = self._syn_acks
        if again.last - again.first < _RTO_MIN:
            return []
        late = third.time - again.first
        text = (
            f"the client's ACK of the SYN+ACK came only after {span(late)}, when the SYN+ACK had "
            f"been sent {again.times}: it or the SYN+ACK was lost on the way"
        )
        return [Finding("third-ack-late", text, (*again.numbers, third.number), cost=late)]

    def _never_came(self) -> Finding:
        text = (
            "the SYN+ACK did not come through: the client sent its SYN again "
            f"{self._deaf.times} after it (lost, or filtered on the way back)"
        )
        packets = self._syn_acks.numbers[:6] + self._deaf.numbers[:6]
        cost = self._deaf.last - self._syn_acks.first
        if self._third is None:
            text += "; it never opened"
        return Finding("syn-ack-lost", text, packets, cost=cost)

    def _unopened(self, end: int) -> Finding:
        """One SYN+ACK that nothing followed: a SYN cookie is not sent again (RFC 4987 §3.6)."""
        waited = end - self._syn_acks.first
        text = (
            f"it never opened: the SYN+ACK got no ACK in the {span(waited)} until the capture "
            "ends; the client is gone, its address is forged (SYN flood; a server that answers "
            "with SYN cookies sends them once), or the way back is broken"
        )
        if waited < _LONG:
            text = f"the capture ends {span(waited)} after the SYN+ACK, before the client's ACK"
        return Finding("unopened", text, self._syn_acks.numbers, fault=waited >= _LONG)

    def _unacknowledged(self) -> Finding:
        again = self._syn_acks
        text = (
            f"the SYN+ACK was sent {again.times} in {span(again.last - again.first)} and never "
            "acknowledged: the client is gone, its address is forged (SYN flood), or the way back "
            "is broken"
        )
        return Finding("syn-ack-unanswered", text, again.numbers)

    def _ignored(self) -> Finding:
        assert self._third is not None
        packets = (self._third.number, *self._again.numbers)
        often = f"SYN+ACK was sent again {self._again.times}"
        text = (
            f"the {self._server.name}'s accept queue overflowed: the third ACK was ignored and "
            f"{often}"
        )
        if self._again.count == 1:
            text = (
                f"the third ACK did not count: {often} after it; the {self._server.name}'s accept "
                "queue overflowed, or the ACK was lost on its way"
            )
        if not self._data:
            text += " (a server with TCP_DEFER_ACCEPT that waits for data looks the same)"
        return Finding("accept-queue-overflow", text, packets)

    def _slam(self, reset: Sight) -> Finding:
        assert self._third is not None
        text = (
            f"the {self._server.name} reset the connection right after the handshake: its accept "
            "queue was full and tcp_abort_on_overflow is set, or the application closed at once"
        )
        return Finding("reset-after-handshake", text, (self._third.number, reset.number))

    def _half_open(self) -> Finding:
        text = "a SYN came inside an open connection, which answers it with a challenge ACK"
        packets, kind = self._inside.numbers, "syn-inside"
        if self._challenged:
            kind = "half-open"
            text = (
                "half-open: one end had forgotten the connection (a crash, a reboot) and opened it "
                "anew; the other's challenge ACK was answered by RST"
            )
            packets += self._challenged.numbers
        return Finding(kind, text, packets)

    def _fast_open(self) -> Finding:
        text = "data came with the SYN (TCP Fast Open)"
        return Finding("fast-open", text, self._early.numbers, fault=False)
