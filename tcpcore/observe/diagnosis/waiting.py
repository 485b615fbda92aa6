"""Waits that are nobody's loss: closed windows, Nagle against delayed ACKs, slow applications.

Also keep-alive probes and long silences, which break where something on the way forgets.
"""

from __future__ import annotations

from collections import deque

from tcpcore.observe.diagnosis.finding import Evidence, Finding, Sight, many, span
from tcpcore.observe.end import End
from tcpcore.observe.follow import Connection
from tcpcore.seqnum import MASK, leq
from tcpcore.units import ms, seconds
from tcpcore.wire.segment import ACK, FIN, RST, SYN

_DELAYED = (ms(30), ms(260))
"""How long a delayed ACK takes on the systems there are: 40 ms on Linux, up to 200 ms on others."""
_PROMPT = ms(8)
_SLOW = seconds(0.5)
_BRIEF = ms(1)
"""A window that was closed for less than that let nobody wait."""
_MANY = 3
_MEMORY = 256
"""Segments whose ACKs are awaited, to time them."""


class _Side:
    """What one end waited for, or let others wait for."""

    def __init__(self) -> None:
        self.shut_at: Sight | None = None
        self.shut_for = 0
        self.deaf = 0  # probes of its closed window that it has not answered
        self.last = 0  # when the last segment of either end came, RST included
        self.shut = Evidence()
        self.opened: list[int] = []
        self.window_probes = Evidence()
        self.keepalives = Evidence()
        self.unanswered = 0
        self.last_data: Sight | None = None  # its last segment with data
        self.waited: Sight | None = None  # the delayed ACK that it waited for
        self.stalls = Evidence()
        self.stalled = 0
        self.held = 0
        self.asked: Sight | None = None  # the last of the other's that it has not answered
        self.heard = 0  # when it acknowledged all of that
        self.rtt = 0  # how long its last ACK took to come, in µs: delayed, or from afar
        self.out: deque[tuple[int, int]] = deque(maxlen=_MEMORY)  # (end, µs) of its data
        self.edge: int | None = None  # where its window ended before its last ACK
        self.waits = 0  # µs that its data waited for delayed ACKs, all together
        self.slowest: tuple[int, int, int] = (0, 0, 0)  # µs, request, answer


class Waiting:
    """See the module."""

    def __init__(self, connection: Connection) -> None:
        self._ends = connection.ends
        self._sides = (_Side(), _Side())
        self._near = [0, 0]  # µs from the capture to each end and back, by the handshake
        self._at: dict[str, int] = {}
        self._mss = 0
        self._asks: End | None = None  # who sent data first
        self._edges: list[int | None] = [None, None]

    def see(self, sight: Sight) -> None:
        """Look at the next segment."""
        segment, index = sight.segment, sight.seen.sender
        side, other = self._sides[index], self._sides[1 - index]
        if segment.flags & SYN:
            self._handshake(sight)
            return
        if not (sight.s.closed and sight.r.closed) or sight.seen.changes:
            side.last = other.last = sight.time
        if segment.flags & RST:
            return
        side.deaf = 0
        if "SYN+ACK" in self._at and sight.s is self._ends[0]:
            self._near[0] = sight.time - self._at.pop("SYN+ACK")
        self._window(sight, side)
        edge = self._edges[index]
        if sight.s.rcv is not None and sight.s.window is not None:
            self._edges[index] = sight.s.rcv + sight.s.window & MASK
        while other.out and sight.s.rcv is not None and leq(other.out[0][0], sight.s.rcv):
            _, sent = other.out.popleft()
            if not segment.length:  # an answer's own ACK may have waited for the application
                side.rtt = sight.time - sent
        if "probe:" in sight.seen.meaning:
            self._probe(sight, side)
            return
        other.unanswered = 0
        if segment.payload:
            self._mss = max(self._mss, len(segment.payload))
            self._asks = self._asks or sight.s
            self._data(sight, side, other)
        elif segment.flags & ACK and not segment.flags & FIN:
            side.edge = edge
            self._pure_ack(sight, other)
        if segment.payload or (segment.flags & FIN and sight.r.fin is not None):
            self._answers(sight, side)
        if segment.payload or segment.flags & FIN:
            other.asked = sight

    def _handshake(self, sight: Sight) -> None:
        if not sight.segment.flags & ACK:
            self._at["SYN"] = sight.time
        elif "SYN" in self._at:
            self._near[1] = sight.time - self._at.pop("SYN")
            self._at["SYN+ACK"] = sight.time

    def _window(self, sight: Sight, side: _Side) -> None:
        window = sight.s.advertised(sight.segment)
        if window == 0:
            if side.shut_at is None:
                side.shut_at = sight
                side.shut.add(sight)
        elif side.shut_at is not None:
            side.shut_for = max(side.shut_for, sight.time - side.shut_at.time)
            side.shut_at = None
            if len(side.opened) < 6:
                side.opened.append(sight.number)

    def _probe(self, sight: Sight, side: _Side) -> None:
        if sight.seen.meaning.startswith("keep-alive"):
            side.keepalives.add(sight)
            side.unanswered += 1
        else:
            side.window_probes.add(sight)
            self._sides[1 - sight.seen.sender].deaf += 1

    def _data(self, sight: Sight, side: _Side, other: _Side) -> None:
        """Data: did it wait for a delayed ACK?  RFC 9293 §3.7.4, RFC 1122 §4.2.3.2."""
        waited = side.waited
        if waited is not None and not sight.seen.retransmission:
            late = sight.time - waited.time - self._near[sight.seen.sender]
            if abs(late) <= _PROMPT and _had_room(sight, other):
                side.stalls.add(sight)
                side.stalled = max(side.stalled, side.held)
                side.waits += side.held
        side.waited = None
        side.last_data = sight
        if not sight.seen.retransmission:
            side.out.append((sight.segment.end, sight.time))

    def _pure_ack(self, sight: Sight, other: _Side) -> None:
        """An ACK without data; the other may have waited for it with a small segment out."""
        if sight.r.idle and sight.seen.meaning.startswith("acknowledges"):
            self._sides[sight.seen.sender].heard = sight.time
        sent = other.last_data
        other.waited = None
        if sent is None or not sight.r.idle or sent.seen.retransmission:
            return
        small = len(sent.segment.payload) < max(self._mss, 536) or self._mss < 536
        held = sight.time - sent.time - self._near[sight.seen.sender]
        low, high = _DELAYED
        if small and low <= held <= high:
            other.waited, other.held = sight, held

    def _answers(self, sight: Sight, side: _Side) -> None:
        asked = side.asked
        if asked is not None and not sight.seen.retransmission:
            near = max(self._near[sight.seen.sender], side.rtt)
            took = sight.time - max(asked.time + near, side.heard)
            if took > side.slowest[0]:
                side.slowest = (took, asked.number, sight.number)
            side.asked = None

    def findings(self, end: int) -> list[Finding]:
        """What was found."""
        found = []
        for index, side in enumerate(self._sides):
            s, r = self._ends[index], self._ends[1 - index]
            found += self._of(side, s, r, end)
        return found

    def _of(self, side: _Side, s: End, r: End, end: int) -> list[Finding]:
        found = []
        probes = self._sides[self._ends.index(r)].window_probes
        if side.shut:
            found.append(_shut(side, s, r, end, probes))
        if side.stalls:
            each = (
                span(side.stalled) if side.stalls.count == 1 else f"up to {span(side.stalled)} each"
            )
            text = (
                f"delayed ACK met Nagle: the {s.name} held back small data until the {r.name}'s "
                f"delayed ACK came, {side.stalls.times}, {each}"
            )
            found.append(Finding("nagle-delayed-ack", text, side.stalls.numbers, cost=side.waits))
        if side.keepalives:
            found.append(_kept_alive(side, s, r))
        took, asked, answered = side.slowest
        if took >= _SLOW and not side.shut:
            text = f"the {s.name}'s application took {span(took)} to answer"
            if self._asks is s:
                text = f"the {s.name}'s application waited {span(took)} before it sent more"
            found.append(Finding("slow-application", text, (asked, answered), fault=False))
        return found


def _had_room(sight: Sight, peer: _Side) -> bool:
    """Whether the data would have fitted in the window that was known before the last ACK came."""
    return peer.edge is None or leq(sight.segment.end, peer.edge)


def _shut(side: _Side, s: End, r: End, end: int, probes: Evidence) -> Finding:
    """The window was closed: for how long, and did it open again?"""
    asked = f", {many(probes.count, 'probe')} asked" if probes else ""
    packets = tuple(sorted(side.shut.numbers[:6] + tuple(side.opened)))
    if side.shut_at is not None and not (s.closed or r.closed):
        still = end - side.shut_at.time
        text = (
            f"the {s.name}'s window is closed at the end, for {span(still)} so far{asked}: its "
            "application does not read"
        )
        if side.deaf >= _MANY:
            text += f", or is gone: the last {side.deaf} probes got no answer"
        return Finding("window-stays-closed", text, packets, cost=still)
    shut_for = side.shut_for
    if side.shut_at is not None:
        shut_for = max(shut_for, side.last - side.shut_at.time)
        text = (
            f"the {s.name}'s window was still closed when the connection ended, for "
            f"{span(side.last - side.shut_at.time)}{asked}: its application did not read"
        )
    else:
        longest = " at most" if side.shut.count > 1 else ""
        often = f" {side.shut.times}," if side.shut.count > 1 else ""
        text = (
            f"the {s.name}'s window was closed{often} for {span(side.shut_for)}{longest}{asked}: "
            "its application did not read"
        )
    return Finding("zero-window", text, packets, shut_for >= _BRIEF, shut_for)


def _kept_alive(side: _Side, s: End, r: End) -> Finding:
    probes = side.keepalives
    if side.unanswered >= _MANY or (side.unanswered > 1 and r.closed):
        text = (
            f"the {r.name} is gone: the last {side.unanswered} keep-alive probes of the {s.name} "
            "got no answer"
        )
        return Finding("keepalive-unanswered", text, probes.numbers)
    text = f"the {s.name} sent {many(probes.count, 'keep-alive probe')}"
    return Finding("keepalive", text, probes.numbers, fault=False)
