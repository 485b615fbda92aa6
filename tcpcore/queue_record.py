"""Who waited before a link, and for how long: one record for each direction, part of a trace."""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

PASSED = "passed"
MARKED = "marked"
DROPPED = "dropped"
_IN_A_QUEUE = (PASSED, MARKED, DROPPED)
_PASSED = _IN_A_QUEUE.index(PASSED)
_FIELDS = Struct("<5q")
_PACK = _FIELDS.pack


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

    __slots__ = ("_packed", "discipline", "rate", "sender", "to")

    def __init__(self, sender: str, to: str, discipline: str, rate: int) -> None:
        self.sender = sender
        self.to = to
        self.discipline = discipline
        self.rate = rate
        self._packed = bytearray()  # the fields of each stay: 40 bytes instead of 200

    def passed(self, entered: int, left: int, size: int, segment: int | None) -> None:
        """What `keep` does for one that PASSED, as nearly all do."""
        if segment is not None:
            self._packed += _PACK(entered, left, size, segment, _PASSED)

    def keep(self, entered: int, left: int, size: int, segment: int | None, fate: str) -> None:
        """Take note of a stay, when its end is known; not of a packet that the trace left out."""
        if segment is not None:
            self._packed += _PACK(entered, left, size, segment, _IN_A_QUEUE.index(fate))

    def stays(self) -> list[Stay]:
        """All of them, in the order in which their ends became known."""
        return [
            Stay(entered, left, size, segment, _IN_A_QUEUE[fate])
            for entered, left, size, segment, fate in _FIELDS.iter_unpack(self._packed)
        ]

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
