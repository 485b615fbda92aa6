"""What happened: the segments of a run and its moments, host by host.

A *moment* is one instant at one host: an application's call, an arriving segment or a timer that
fires, with everything that follows from it before time moves on.  Moments are what a player steps
through.  A moment holds events (one tuple each) and, after them, the sections of the host's
snapshot that changed.  Nothing here decides anything: the engine runs the same without a trace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any

from tcpcore.queue_record import DROPPED as DROPPED
from tcpcore.queue_record import MARKED as MARKED
from tcpcore.queue_record import PASSED as PASSED
from tcpcore.queue_record import QueueRecord as QueueRecord
from tcpcore.queue_record import Stay as Stay
from tcpcore.traced import DELIVERED as DELIVERED
from tcpcore.traced import IN_FLIGHT as IN_FLIGHT
from tcpcore.traced import LOST as LOST
from tcpcore.traced import TracedIcmp as TracedIcmp
from tcpcore.traced import TracedSegment as TracedSegment
from tcpcore.why import Reason, Why

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


class Moment:
    """One instant at one host.

    `kind` is CALL, ARRIVAL or TIMER; `label` says which; `segment` is the index of the arriving
    segment.  Events: SENT (values: index of the segment), STATE (subject: the socket; values: old,
    new), TIMER_SET and TIMER_CANCELLED (subject: timer; values: socket, deadline), REFUSED (a
    segment thrown away; subject: the socket), NOTED (a socket remembers or changes something that
    is no state; subject: the socket), NOTE (subject: text for people).
    `sections` maps a section of the host's snapshot to its new content, only where it changed.
    """

    __slots__ = ("_items", "_show", "_told", "host", "kind", "label", "segment", "time")

    def __init__(
        self,
        time: int,
        host: int,
        kind: str,
        label: str,
        segment: int | None,
        items: tuple[Any, ...] = (),
        told: int = 0,
        show: Any = None,
    ) -> None:
        self.time = time
        self.host = host
        self.kind = kind
        self.label = label
        self.segment = segment
        # One flat tuple, since moments are many: the events, four items each, and from item `told`
        # on the sections, each as its name, how many items it has, and these.
        self._items = items
        self._told = told
        self._show = show

    def kept(self, name: str) -> tuple[Any, ...] | None:
        """The items of a section that changed; None: it did not."""
        return next((items for one, items in self._kept() if one == name), None)

    def _kept(self) -> Iterator[tuple[str, tuple[Any, ...]]]:
        items, place = self._items, self._told
        while place < len(items):
            end = place + 2 + items[place + 1]
            yield items[place], items[place + 2 : end]
            place = end

    @property
    def events(self) -> list[Event]:
        """What happened, in its order."""
        items = iter(self._items[: self._told])
        return [self._event(*one) for one in zip(items, items, items, items, strict=True)]

    def _event(self, kind: Any, subject: str, reason: Any, values: Any) -> Event:
        if kind.__class__ is Why:  # see `Trace.timer_set`
            return TIMER_SET, subject, Reason(kind, values - self.time), (reason, values)
        if kind is None:
            return TIMER_CANCELLED, subject, None, (reason, values)
        return kind, subject, reason, values

    @property
    def sections(self) -> dict[str, Any]:
        """The sections that changed, made readable now by the host's `show`."""
        show = self._show
        return {name: show(name, items) if show else items[0] for name, items in self._kept()}


Changes = Callable[[list[Any]], None]
"""Appends the sections that are new: name, number of items, and the items of each."""

_time: Callable[[Moment], int] = attrgetter("time")


class _Watch:
    """Which sections of a snapshot are not what they were."""

    def __init__(self, snapshot: Callable[[], Mapping[str, Any]]) -> None:
        self._snapshot = snapshot
        self._last: dict[str, Any] = {}

    def changes(self, told: list[Any]) -> None:
        """Append name, 1 and content of each that changed since the last call."""
        for name, content in self._snapshot().items():
            if self._last.get(name) != content:
                self._last[name] = content
                told += (name, 1, content)


class Trace:
    """All that happened in one run.

    `hosts` are (name, address), `icmp` the ICMP errors in order of sending, `calls` are
    (time, host, call, result) of calls that returned, `moved` how many bytes the call with that
    index moved, `outputs` what programs printed: (time, host, command, text),
    `queues` are those before links with a rate, one for each direction,
    `end` is when the last thing happened (us), `dropped` the segments lost on purpose.
    """

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
        # The moment of now: time, host, kind, label, segment; and its events.
        self._open: tuple[int, int, str, str, int | None] | None = None
        self._events: list[Any] = []
        self._watchers: list[tuple[Changes, Any]] = []

    def add_host(self, name: str, address: str, snapshot: Callable[[], Mapping[str, Any]]) -> int:
        """Register a host; `snapshot` is called after each moment and returns its sections."""
        return self.add_watched(name, address, _Watch(snapshot).changes)

    def add_watched(self, name: str, address: str, changes: Changes, show: Any = None) -> int:
        """The same where ``changes()`` tells which sections are new.

        With `show`, their items are kept as they are, and made readable by ``show(name, items)``
        when somebody looks.
        """
        self.hosts.append((name, address))
        self._watchers.append((changes, show))
        return len(self.hosts) - 1

    def begin(
        self, time: int, host: int, kind: str, label: str, segment: int | None = None
    ) -> None:
        """Start a moment; the one before it is closed."""
        if self._open is not None:
            self.close()
        self._open = (time, host, kind, label, segment)

    def time_is(self, now: int) -> None:
        """Time has moved: what comes later is no part of the moment before."""
        if self._open is not None and self._open[0] != now:
            self.close()

    def close(self) -> None:
        """End the current moment: keep it when something happened or changed in it."""
        if self._open is None:
            return
        time, host, kind, label, segment = self._open
        self._open, items = None, self._events
        told = len(items)
        changes, show = self._watchers[host]
        changes(items)
        if items or kind == ARRIVAL:
            self.moments.append(Moment(time, host, kind, label, segment, tuple(items), told, show))
            items.clear()

    def finish(self) -> None:
        """Close the last moment; `end` is when the last thing happened."""
        self.close()
        self.end = max(map(_time, self.moments), default=0)

    def event(
        self, kind: str, subject: str, reason: Reason | None = None, values: Any = None
    ) -> None:
        """Add an event to the current moment."""
        if self._open is not None:
            self._events += (kind, subject, reason, values)

    def timer_set(self, timer: str, subject: str, why: Why, deadline: int) -> None:
        """The event TIMER_SET, kept as what it is made of: it is told most often of all."""
        if self._open is not None:
            self._events += (why, timer, subject, deadline)

    def timer_cancelled(self, timer: str, subject: str) -> None:
        """The event TIMER_CANCELLED, kept in the same way."""
        if self._open is not None:
            self._events += (None, timer, subject, None)

    def sent(self, segment: Any, sender: int, receiver: int | None, now: int) -> int:
        """Record a segment as it leaves its host; its index."""
        index = len(self.segments)
        self.sent_together((segment,), sender, receiver, now)
        return index

    def sent_together(
        self, segments: Sequence[Any], sender: int, receiver: int | None, now: int
    ) -> Sequence[int | None]:
        """The same of several; None: this trace keeps no more."""
        kept, told = self.segments, self._events if self._open is not None else None
        first = index = len(kept)
        for segment in segments:
            kept.append(TracedSegment(segment, sender, receiver, now))
            if told is not None:
                told += (SENT, "", segment.reason, index)
            index += 1
        return range(first, index)

    def arrived(self, index: int, segment: Any, now: int, corrupt: bool = False) -> None:
        """The segment with that index has reached its receiver, as `segment` or damaged."""
        traced = self.segments[index]
        if traced.arrived is None:
            traced.fate = DELIVERED
            traced.arrived = now
            if traced.segment is not segment and not corrupt:
                traced.received = segment

    def icmp_sent(
        self, message: Any, sender: str, host: int, receiver: int | None, now: int
    ) -> int:
        """Record an ICMP error as it leaves a router (index below 0) or a host; its index."""
        own = host if host >= 0 else None
        self.icmp.append(TracedIcmp(message, sender, own, receiver, now))
        if own is not None:
            self.note(now, own, f"sends ICMP {message.name}")
        return len(self.icmp) - 1

    def icmp_arrived(self, index: int, now: int) -> None:
        """The ICMP error with that index has reached its receiver."""
        traced = self.icmp[index]
        if traced.arrived is None:
            traced.fate = DELIVERED
            traced.arrived = now

    def note(self, time: int, host: int, text: str) -> None:
        """Add a remark to the current moment of that host, or to a moment of its own."""
        opened = self._open
        if opened is None or opened[0] != time or opened[1] != host:
            self.begin(time, host, CALL, text)
        self._events += (NOTE, text, None, None)

    def call_returned(
        self, time: int, host: int, call: str, result: str, moved: int | None = None
    ) -> None:
        """Record what an application's call came to; `result` is ``ok`` or an errno's name."""
        if moved is not None:
            self.moved[len(self.calls)] = moved
        self.calls.append((time, host, call, result))
