"""What happened: the segments of a run and its moments, host by host.

A *moment* is one instant at one host: an application's call, an arriving segment or a timer that
fires, with everything that follows from it before time moves on.  Moments are what a player steps
through.  A moment holds events (one tuple each) and, after them, the sections of the host's
snapshot that changed.  Nothing here decides anything: the engine runs the same without a trace.
"""

from __future__ import annotations

from array import array
from typing import Any, NamedTuple

from tcpcore.why import Reason

DELIVERED = "delivered"
LOST = "lost"
IN_FLIGHT = "in flight"

CALL = "call"
ARRIVAL = "arrival"
TIMER = "timer"

SENT = "sent"
STATE = "state"
TIMER_SET = "timer set"
TIMER_CANCELLED = "timer cancelled"
REFUSED = "refused"
NOTE = "note"
NOTED = "noted"

Event = tuple[str, str, Reason | None, Any]
"""``(kind, subject, reason, values)``; see `Moment` for what each kind carries."""


class TracedSegment:
    """A segment with what became of it; times in us, hosts as indices into `Trace.hosts`.

    `left` is False when the sender's own firewall dropped it; `at_door` is when it was at the
    receiver whose firewall dropped it.  `received` is the packet as the receiver got it, where a
    router changed it on the way (its TTL, an address); else None.  `outside` is the packet beyond a
    router that put its own address in the place of the sender's.
    """

    __slots__ = (
        "arrived",
        "at_door",
        "fate",
        "left",
        "lost_because",
        "outside",
        "received",
        "receiver",
        "retransmission",
        "segment",
        "sender",
        "sent",
        "why",
    )

    def __init__(self, segment: Any, sender: int, receiver: int | None, sent: int) -> None:
        self.segment = segment
        self.sender = sender
        self.receiver = receiver
        self.sent = sent
        self.arrived: int | None = None
        self.at_door: int | None = None
        self.left = True
        self.received: Any = None
        self.outside: Any = None
        self.fate = IN_FLIGHT
        self.lost_because: Reason | None = None
        self.why: Reason | None = segment.reason
        self.retransmission = int(segment.reason.values.get("retransmission", 0)) if self.why else 0

    @property
    def public(self) -> Any:
        """The packet by the addresses under which its two ends know each other outside of a NAT."""
        return self.segment if self.outside is None else self.outside


class TracedIcmp:
    """An ICMP error with what became of it.

    `sender` is the name of the router or host that made it, `host` that host's index (None for a
    router), `receiver` the index of the host it goes to; `segment` is the TCP segment quoted.
    """

    __slots__ = (
        "arrived", "fate", "host", "lost_because", "message", "receiver", "sender", "sent",
    )  # fmt: skip

    def __init__(
        self, message: Any, sender: str, host: int | None, receiver: int | None, sent: int
    ) -> None:
        self.message = message
        self.sender = sender
        self.host = host
        self.receiver = receiver
        self.sent = sent
        self.arrived: int | None = None
        self.fate = IN_FLIGHT
        self.lost_because: Reason | None = None

    @property
    def segment(self) -> Any:
        """The TCP segment that the error is about."""
        return self.message.quoted


class Moment:
    """One instant at one host.

    `kind` is CALL, ARRIVAL or TIMER; `label` says which; `segment` is the index of the arriving
    segment.  Events: SENT (values: index of the segment), STATE (subject: the socket; values: old,
    new), TIMER_SET and TIMER_CANCELLED (subject: timer; values: socket, deadline), REFUSED (a
    segment thrown away; subject: the socket), NOTED (a socket remembers or changes something that
    is no state; subject: the socket), NOTE (subject: text for people).
    `sections` maps a section of the host's snapshot to its new content, only where it changed.
    """

    __slots__ = ("_changed", "_show", "events", "host", "kind", "label", "segment", "time")

    def __init__(self, time: int, host: int, kind: str, label: str, segment: int | None) -> None:
        self.time = time
        self.host = host
        self.kind = kind
        self.label = label
        self.segment = segment
        self.events: list[Event] = []
        self._changed: tuple[Any, ...] = ()
        self._show: Any = None

    def keep(self, changed: tuple[Any, ...], show: Any) -> None:
        """Keep the sections that changed, as ``name, content, name, content``; see `sections`."""
        self._changed = changed
        self._show = show

    def kept(self, name: str) -> Any:
        """A section that changed, as it was kept; None: it did not."""
        names = self._changed[::2]
        return self._changed[2 * names.index(name) + 1] if name in names else None

    @property
    def sections(self) -> dict[str, Any]:
        """The sections that changed, made readable now by the host's `show`."""
        changed, show = self._changed, self._show
        pairs = zip(changed[::2], changed[1::2], strict=True)
        return {name: show(name, content) if show else content for name, content in pairs}


PASSED = "passed"
MARKED = "marked"
DROPPED = "dropped"
_IN_A_QUEUE = (PASSED, MARKED, DROPPED)


class Stay(NamedTuple):
    """One packet's time in a queue, in us: `left` is when its own transmission began, or its end.

    `size` is in bytes, `segment` its index in the trace (below 0: the ICMP error -1 - index), and
    `fate` PASSED, MARKED (with CE) or DROPPED; who is dropped at the door leaves as it comes.
    """

    entered: int
    left: int
    size: int
    segment: int
    fate: str


class QueueRecord:
    """The queue before one direction of a link with a rate: who waited in it, and how long.

    `sender` and `to` are the names of its ends, `discipline` what it is called in `tc`'s words and
    `rate` the link's, in bit/s.  The packet that is being transmitted does not wait any more.
    """

    __slots__ = ("_numbers", "discipline", "rate", "sender", "to")

    def __init__(self, sender: str, to: str, discipline: str, rate: int) -> None:
        self.sender = sender
        self.to = to
        self.discipline = discipline
        self.rate = rate
        self._numbers = array("q")  # the fields of each stay: 40 bytes instead of 200

    def keep(self, entered: int, left: int, size: int, segment: int, fate: str = PASSED) -> None:
        """Take note of a stay, when its end is known."""
        self._numbers.extend((entered, left, size, segment, _IN_A_QUEUE.index(fate)))

    def stays(self) -> list[Stay]:
        """All of them, in the order in which their ends became known."""
        fields = iter(self._numbers)
        rows = zip(fields, fields, fields, fields, fields, strict=True)
        return [Stay(*row[:4], _IN_A_QUEUE[row[4]]) for row in rows]

    def lengths(self) -> list[tuple[int, int, int]]:
        """``(time, packets, bytes)`` that wait from that time on, wherever it changes."""
        changes: dict[int, list[int]] = {}
        for stay in self.stays():
            if stay.left > stay.entered:
                for time, sign in ((stay.entered, 1), (stay.left, -1)):
                    change = changes.setdefault(time, [0, 0])
                    change[0] += sign
                    change[1] += sign * stay.size
        found, packets, size = [], 0, 0
        for time in sorted(changes):
            packets += changes[time][0]
            size += changes[time][1]
            found.append((time, packets, size))
        return found

    def sojourns(self) -> list[tuple[int, int]]:
        """``(time, wait)`` of each packet that got through, at the time at which its wait ended."""
        return [(s.left, s.left - s.entered) for s in self.stays() if s.fate != DROPPED]


class Trace:
    """All that happened in one run.

    `hosts` are (name, address), `icmp` the ICMP errors in order of sending, `calls` are
    (time, host, call, result) of calls that returned, `moved` how many bytes the call with that
    index moved, `outputs` what programs printed: (time, host, command, text),
    `queues` are those before links with a rate, one for each direction,
    `end` is when the last thing happened (us), `dropped` the segments lost on purpose.
    """

    recording = True

    def __init__(self) -> None:
        self.hosts: list[tuple[str, str]] = []
        self.segments: list[TracedSegment] = []
        self.icmp: list[TracedIcmp] = []
        self.moments: list[Moment] = []
        self.calls: list[tuple[int, int, str, str]] = []
        self.moved: dict[int, int] = {}
        self.outputs: list[tuple[int, int, str, str]] = []
        self.queues: list[QueueRecord] = []
        self.end = 0
        self.profile = ""
        self.scenario = ""
        self.parameters: dict[str, Any] = {}
        self.dropped: tuple[int, ...] = ()
        self._open: Moment | None = None
        self._last_sections: list[dict[str, Any]] = []
        self._snapshots: list[Any] = []

    def add_host(self, name: str, address: str, snapshot: Any, show: Any = None) -> int:
        """Register a host; `snapshot` is called after each moment and returns its sections.

        With `show`, they are kept as they are and made readable by ``show(name, content)`` when
        somebody looks.
        """
        self.hosts.append((name, address))
        self._last_sections.append({})
        self._snapshots.append((snapshot, show))
        return len(self.hosts) - 1

    def begin(
        self, time: int, host: int, kind: str, label: str, segment: int | None = None
    ) -> None:
        """Start a moment; the one before it is closed."""
        self.close()
        self._open = Moment(time, host, kind, label, segment)

    def time_is(self, now: int) -> None:
        """Time has moved: what comes later is no part of the moment before."""
        if self._open is not None and self._open.time != now:
            self.close()

    def close(self) -> None:
        """End the current moment: keep it when something happened or changed in it."""
        moment = self._open
        if moment is None:
            return
        self._open = None
        last = self._last_sections[moment.host]
        snapshot, show = self._snapshots[moment.host]
        changed: list[Any] = []
        for name, content in snapshot().items():
            if last.get(name) != content:
                last[name] = content
                changed += (name, content)
        if changed:
            moment.keep(tuple(changed), show)
        if moment.events or changed or moment.kind == ARRIVAL:
            self.moments.append(moment)

    def finish(self) -> None:
        """Close the last moment; `end` is when the last thing happened."""
        self.close()
        self.end = max((moment.time for moment in self.moments), default=0)

    def event(
        self, kind: str, subject: str, reason: Reason | None = None, values: Any = None
    ) -> None:
        """Add an event to the current moment."""
        if self._open is not None:
            self._open.events.append((kind, subject, reason, values))

    def sent(self, segment: Any, sender: int, receiver: int | None, now: int) -> int:
        """Record a segment as it leaves its host; its index."""
        index = len(self.segments)
        self.segments.append(TracedSegment(segment, sender, receiver, now))
        self.event(SENT, "", segment.reason, index)
        return index

    def icmp_sent(
        self, message: Any, sender: str, host: int, receiver: int | None, now: int
    ) -> int:
        """Record an ICMP error as it leaves a router (index below 0) or a host; its index."""
        own = host if host >= 0 else None
        self.icmp.append(TracedIcmp(message, sender, own, receiver, now))
        if own is not None:
            self.note(now, own, f"sends ICMP {message.name}")
        return len(self.icmp) - 1

    def note(self, time: int, host: int, text: str) -> None:
        """Add a remark to the current moment of that host, or to a moment of its own."""
        if self._open is None or self._open.host != host or self._open.time != time:
            self.begin(time, host, CALL, text)
        self.event(NOTE, text)

    def call_returned(
        self, time: int, host: int, call: str, result: str, moved: int | None = None
    ) -> None:
        """Record what an application's call came to; `result` is ``ok`` or an errno's name."""
        if moved is not None:
            self.moved[len(self.calls)] = moved
        self.calls.append((time, host, call, result))
