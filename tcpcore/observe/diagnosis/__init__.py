"""What is wrong with a connection of a capture, in plain words, with the packets that show it.

`finding` says what a finding is; `opening`, `losing`, `marking`, `waiting` and `ending` each watch
one part of a connection's life; `Diagnosis` below has them all look at every segment.  What they
keep does not grow with the connection, so that captures of any size can be read.
"""

from __future__ import annotations

from tcpcore.observe.diagnosis.ending import Ending
from tcpcore.observe.diagnosis.finding import MOST_PACKETS, Finding, Sight, many, span
from tcpcore.observe.diagnosis.gravity import gravest_first, others
from tcpcore.observe.diagnosis.losing import Losing
from tcpcore.observe.diagnosis.marking import Marking
from tcpcore.observe.diagnosis.opening import Opening
from tcpcore.observe.diagnosis.waiting import Waiting
from tcpcore.observe.follow import Connection
from tcpcore.tcp.state import ESTABLISHED
from tcpcore.units import SECOND
from tcpcore.wire.icmp import IcmpError

__all__ = ["Diagnosis", "Finding", "Sight"]


class Diagnosis:
    """The findings about one connection; `see` takes every segment of it, in order."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._losing = Losing(connection)
        self._opening = Opening(connection)
        self._watchers = (
            self._opening,
            self._losing,
            Waiting(connection),
            Ending(connection),
            Marking(connection),
        )
        self._messages: dict[tuple[str, str], list[int]] = {}
        self._bytes = [0, 0]
        self._first: int | None = None
        self._last = 0
        self._end = 0

    def see(self, sight: Sight) -> None:
        """Look at the next segment."""
        if self._first is None:
            self._first = sight.time
        self._last = self._end = max(self._last, sight.time)
        if sight.seen.damaged:
            self._losing.see_damaged(sight)
            return
        if sight.seen.doubled:
            self._losing.see_double(sight)
            return
        if sight.seen.fresh:
            self._bytes[sight.seen.sender] += len(sight.segment.payload)
        for watcher in self._watchers:
            watcher.see(sight)

    def hear(self, number: int, error: IcmpError) -> None:
        """An ICMP error about one of the connection's segments: packet `number`."""
        self._losing.hear(error)
        self._opening.hear(error)
        kind = "packet-too-big" if error.too_big else "icmp"
        said = f"{error.src} says by ICMP: {error.name}"
        packets = self._messages.setdefault((kind, said), [])
        if len(packets) < MOST_PACKETS:
            packets.append(number)

    def finish(self, end: int) -> None:
        """The capture ends at that time, in µs."""
        self._end = max(end, self._last)

    def findings(self) -> list[Finding]:
        """What there is to say: faults first, the gravest of them at the front (see `gravity`)."""
        found = [Finding(kind, text, tuple(at)) for (kind, text), at in self._messages.items()]
        found += [one for watcher in self._watchers for one in watcher.findings(self._end)]
        if any(one.kind == "turned-away" for one in found):  # which tells what ICMP said
            found = [one._replace(fault=one.fault and one.kind != "icmp") for one in found]
        found = [one._replace(packets=tuple(sorted(set(one.packets)))) for one in found]
        return gravest_first(found)

    def verdict(self, found: list[Finding]) -> str:
        """The gravest of the findings and the names of the others; or what it did without any."""
        if found and found[0].fault:
            more = others(found)
            return f"{found[0].text}; also {more}" if more else found[0].text
        there, back = self._bytes
        took = span(self._last - (self._first or 0))
        text = f"nothing unusual: {many(there, 'byte')} there and {back} back in {took}"
        silent = self._end - self._last
        if silent >= SECOND and all(one.state == ESTABLISHED for one in self._connection.ends):
            text += f"; then silence for {span(silent)}, and still open when the capture ends"
        return text
