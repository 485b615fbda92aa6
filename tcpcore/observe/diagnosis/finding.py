"""A finding, and what its finders look at."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from tcpcore.observe.end import End
from tcpcore.observe.follow import Seen
from tcpcore.units import SECOND
from tcpcore.wire.segment import Segment

MOST_PACKETS = 12
"""As many packets as a finding names."""


class Finding(NamedTuple):
    """One thing that happened: `kind` is its name for programs, `text` a sentence for people.

    `packets` are numbers of the file's packets that show it, the first dozen at most; `fault` is
    False for what is only worth knowing.  `cost` is how long it held the connection up, in µs, as
    far as that shows.
    """

    kind: str
    text: str
    packets: tuple[int, ...]
    fault: bool = True
    cost: int = 0

    def __str__(self) -> str:
        """The sentence with its evidence."""
        if not self.packets:
            return self.text
        many = "s" if len(self.packets) > 1 else ""
        return f"{self.text} (packet{many} {', '.join(map(str, self.packets))})"


class Sight(NamedTuple):
    """A segment as a finder sees it: packet `number`, `time` (µs), both ends as they are after it.

    `s` is its sender, `r` its receiver.
    """

    number: int
    time: int
    segment: Segment
    seen: Seen
    s: End
    r: End


class Finder(Protocol):
    """Watches one part of a connection's life."""

    def see(self, sight: Sight) -> None:
        """Look at the next segment."""

    def findings(self, end: int) -> list[Finding]:
        """What was found; `end` is the time of the last segment."""


class Evidence:
    """Packets that show one thing: the first ones by number, all of them by count."""

    __slots__ = ("count", "first", "last", "packets")

    def __init__(self) -> None:
        self.count = 0
        self.packets: list[int] = []
        self.first = 0
        self.last = 0

    def add(self, sight: Sight) -> None:
        """One more."""
        if not self.count:
            self.first = sight.time
        self.last = sight.time
        self.count += 1
        if len(self.packets) < MOST_PACKETS:
            self.packets.append(sight.number)

    def remove(self, number: int) -> None:
        """Packet `number` shows it no more."""
        self.count -= 1
        if number in self.packets:
            self.packets.remove(number)

    def __bool__(self) -> bool:
        return self.count > 0

    @property
    def numbers(self) -> tuple[int, ...]:
        """The packets' numbers."""
        return tuple(self.packets)

    @property
    def times(self) -> str:
        """``once``, ``twice``, ``5 times``."""
        return {1: "once", 2: "twice"}.get(self.count, f"{self.count} times")


def span(microseconds: int) -> str:
    """A duration as people say it: ``3.2 s``, ``41.7 ms``, ``250 µs``."""
    if microseconds >= 10 * SECOND:
        return f"{microseconds / SECOND:.0f} s"
    if microseconds >= SECOND:
        return f"{microseconds / SECOND:.1f} s"
    if microseconds >= 1000:
        return f"{microseconds / 1000:.3g} ms"
    return f"{microseconds} µs"


def many(count: int, noun: str) -> str:
    """``1 segment``, ``3 segments``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
