"""Queue disciplines: who waits before a link, who is dropped, who is marked.

A link that only counts packets (`queue=100`) needs none of this: `Pipe` computes when each of them
leaves.  A discipline holds its packets until the line is free, because it may drop or mark them
while they wait.  It is named in `tc`'s own words: ``queue="codel limit 300 target 5ms ecn"``.
Source: struct Qdisc_ops in include/net/sch_generic.h; tc-red(8), tc-codel(8), tc-fq_codel(8).
"""

from __future__ import annotations

import copy
import re
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from tcpcore import reasons
from tcpcore.errors import UsageError
from tcpcore.net.packet import Packet
from tcpcore.tcp import ecn
from tcpcore.units import MILLISECOND, SECOND
from tcpcore.why import Reason
from tcpcore.wire.segment import Segment

Words = dict[str, Any]


class Waiting:
    """A packet in a queue: `size` in bytes, `entered` in us; what else the link will do to it."""

    __slots__ = (
        "corrupt",
        "cuts",
        "duplicate",
        "entered",
        "held",
        "marked",
        "packet",
        "size",
        "tag",
    )

    def __init__(self, packet: Packet, size: int, entered: int, tag: Any = None) -> None:
        self.packet = packet
        self.size = size
        self.entered = entered
        self.tag = tag
        self.marked = False
        self.corrupt = False
        self.duplicate = False
        self.held = 0
        self.cuts = 0

    def mark(self) -> bool:
        """Say "congestion" instead, if its sender understands that (INET_ECN_set_ce())."""
        packet = self.packet
        if not isinstance(packet, Segment) or packet.tos & ecn.MASK == ecn.NOT_ECT:
            return False
        if packet.tos & ecn.MASK != ecn.CE:
            self.packet = packet = copy.copy(packet)
            packet.tos |= ecn.CE
        self.marked = True
        return True


class Discipline(ABC):
    """One direction's queue: `packets` and `backlog` (bytes) wait now; drops, marks are counted.

    Whoever drives it empties `lost` after each call: packets that were dropped, and why.
    """

    name = ""

    def __init__(self) -> None:
        self.packets = 0
        self.backlog = 0
        self.drops = 0
        self.marks = 0
        self.lost: list[tuple[Waiting, Reason]] = []
        self._waiting: deque[Waiting] = deque()

    @abstractmethod
    def enqueue(self, item: Waiting, now: int) -> None:
        """A packet comes."""

    @abstractmethod
    def dequeue(self, now: int) -> Waiting | None:
        """The line is free: the packet to send now, or None when none waits."""

    def join(self, item: Waiting) -> None:
        """The packet waits at the end."""
        self._waiting.append(item)
        self.packets += 1
        self.backlog += item.size

    def leave(self) -> Waiting | None:
        """The packet at the head leaves."""
        if not self._waiting:
            return None
        item = self._waiting.popleft()
        self.packets -= 1
        self.backlog -= item.size
        return item

    def drop(self, item: Waiting, reason: Reason) -> None:
        """The packet goes no further."""
        self.drops += 1
        self.lost.append((item, reason))

    def mark(self, item: Waiting) -> bool:
        """Mark the packet; False when its sender does not speak ECN."""
        done = item.mark()
        self.marks += done
        return done


class ByteFifo(Discipline):
    """First in, first out, as many bytes as fit (sch_fifo.c)."""

    name = "bfifo"

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit

    def enqueue(self, item: Waiting, now: int) -> None:
        """Room, or not."""
        if self.backlog + item.size > self.limit:
            self.drop(item, Reason(reasons.LOST_BY_BYTES, {"limit": self.limit}))
        else:
            self.join(item)

    def dequeue(self, now: int) -> Waiting | None:
        """The oldest."""
        return self.leave()


# --- tc's words ----------------------------------------------------------------------------------

Reader = Callable[[str], Any]
Maker = Callable[[Words, int, int, str], Discipline]
"""``(words, rate in bit/s, MTU, seed)`` make a discipline."""

_TIME = {"us": 1, "usec": 1, "ms": MILLISECOND, "msec": MILLISECOND, "s": SECOND, "": 1}
_SIZE = {"": 1, "b": 1, "k": 1024, "kb": 1024, "m": 1 << 20, "mb": 1 << 20}
_RATE = {"bit": 1, "kbit": 10**3, "mbit": 10**6, "gbit": 10**9, "": 1}
_MEASURE = re.compile(r"(\d+(?:\.\d+)?)([a-zA-Z]*)")


def _measured(units: Mapping[str, int]) -> Reader:
    def read(text: str) -> int:
        found = _MEASURE.fullmatch(text)
        if found is None or found[2].lower() not in units:
            raise ValueError
        return round(float(found[1]) * units[found[2].lower()])

    return read


def _count(text: str) -> int:
    if not text.isdecimal():
        raise ValueError
    return int(text)


def _chance(text: str) -> float:
    chance = float(text)
    if not 0 < chance <= 1:
        raise ValueError
    return chance


time_of, size_of, rate_of = _measured(_TIME), _measured(_SIZE), _measured(_RATE)

KINDS: dict[Reader, str] = {
    time_of: "a time such as 5ms",
    size_of: "bytes such as 30000 or 30k",
    rate_of: "a rate such as 10mbit",
    _count: "a whole number",
    _chance: "a chance above 0 and up to 1",
}
COUNT, CHANCE, TIME, SIZE, RATE = _count, _chance, time_of, size_of, rate_of
FLAG: Reader | None = None
"""A word that stands alone, and begins with `no` to say the opposite."""


class Grammar:
    """The words that one discipline understands, and how it is made of them."""

    def __init__(self, make: Maker, **words: Reader | None) -> None:
        self.make = make
        self.words = words

    def read(self, name: str, text: list[str]) -> Words:
        """The words' values; `UsageError` for one that is unknown or has none that fits."""
        found: Words = {}
        rest = iter(text)
        for word in rest:
            plain = word.removeprefix("no") if word not in self.words else word
            if plain not in self.words or (plain != word and self.words[plain] is not None):
                known = ", ".join(self.words) or "no words"
                raise UsageError(f"The queue {name} does not know {word!r}; it takes {known}.")
            reader = self.words[plain]
            if reader is None:
                found[plain] = plain == word
                continue
            value = next(rest, "")
            try:
                found[plain] = reader(value)
            except ValueError:
                given = f"not {value!r}" if value else "and nothing follows it"
                raise UsageError(
                    f"The queue {name} takes {KINDS[reader]} after {word!r}, {given}."
                ) from None
        return found


def require(fits: bool, sentence: str) -> None:
    """`UsageError` with that sentence unless it fits."""
    if not fits:
        raise UsageError(sentence)


def byte_fifo(words: Words, rate: int, mtu: int, seed: str) -> Discipline:
    """``bfifo limit BYTES``."""
    limit = words.get("limit", 1000 * mtu)
    require(limit >= mtu, f"The queue bfifo needs a limit of one packet's {mtu} bytes at least.")
    return ByteFifo(limit)
