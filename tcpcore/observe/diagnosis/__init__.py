"""What is wrong with a connection of a capture, in plain words, with the packets that show it.

`finding` says what a finding is; `opening`, `losing`, `marking`, `waiting` and `ending` each watch
one part of a connection's life; `Diagnosis` below has them all look at every segment.  What they
keep does not grow with the connection, so that captures of any size can be read.
"""

from __future__ import annotations

from tcpcore.observe.diagnosis.ending import Ending
from tcpcore.observe.diagnosis.finding import MOST_PACKETS, Finding, Sight, many, span
from tcpcore.observe.diagnosis.losing import Losing
from tcpcore.observe.diagnosis.marking import Marking
from tcpcore.observe.diagnosis.opening import Opening
from tcpcore.observe.diagnosis.waiting import Waiting
from tcpcore.observe.follow import Connection
from tcpcore.wire.icmp import IcmpError

__all__ = ["Diagnosis", "Finding", "Sight"]


class Diagnosis:
    """The findings about one connection; `see` takes every segment of it, in order."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._losing = Losing(connection)
        self._watchers = (
            Opening(connection),
            self._losing,
            Waiting(connection),
            Ending(connection),
            Marking(connection),
        )
        self._messages: dict[str, list[int]] = {}
        self._bytes = [0, 0]
        self._first: int | None = None
        self._last = 0
        self._end = 0

    def see(self, sight: Sight) -> None:
        """Look at the next segment."""
        if self._first is None:
            self._first = sight.time
        self._last = self._end = max(self._last, sight.time)
        if sight.seen.doubled:
            self._losing.see_double(sight)
            return
        if not sight.seen.retransmission:
            self._bytes[sight.seen.sender] += len(sight.segment.payload)
        for watcher in self._watchers:
            watcher.see(sight)

    def hear(self, number: int, error: IcmpError) -> None:
        """An ICMP error about one of the connection's segments: packet `number`."""
        self._losing.hear(error)
        packets = self._messages.setdefault(f"{error.name}, said {error.src} by ICMP", [])
        if len(packets) < MOST_PACKETS:
            packets.append(number)

    def finish(self, end: int) -> None:
        """The capture ends at that time, in µs."""
        self._end = max(end, self._last)

    def findings(self) -> list[Finding]:
        """What there is to say: faults first, then what is merely worth knowing."""
        found = [Finding("icmp", text, tuple(at)) for text, at in self._messages.items()]
        found += [one for watcher in self._watchers for one in watcher.findings(self._end)]
        found = [one._replace(packets=tuple(sorted(set(one.packets)))) for one in found]
        return sorted(found, key=lambda one: not one.fault)

    def verdict(self, found: list[Finding]) -> str:
        """The most important of the findings, or what an uneventful connection did."""
        if found and found[0].fault:
            return found[0].text
        there, back = self._bytes
        took = span(self._last - (self._first or 0))
        return f"nothing unusual: {many(there, 'byte')} there and {back} back in {took}"
