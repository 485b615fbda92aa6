"""CoDel, the queue that looks at how long packets wait.

A queue that empties within an interval is good: it only absorbs a burst.  When for a whole interval
no packet has waited less than `target`, packets are dropped (or marked) at the head, at first one
an interval, then ever faster, until the waiting is short again.
Source: RFC 8289; include/net/codel_impl.h, net/sched/sch_codel.c; tc-codel(8).
Linux differs: the kernel approximates the square root by Newton steps, and counts 1.024 us.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isqrt

from tcpcore import reasons
from tcpcore.net.discipline import Discipline, Waiting, Words, require
from tcpcore.units import MILLISECOND
from tcpcore.why import Reason

TARGET = 5 * MILLISECOND
INTERVAL = 100 * MILLISECOND
_LATELY = 16
"""Intervals within which a new dropping state goes on where the last one was."""


@dataclass(slots=True)
class Aims:
    """What CoDel wants: times in us, `mtu` in bytes; `ce_threshold` marks whoever waits longer."""

    target: int = TARGET
    interval: int = INTERVAL
    ecn: bool = False
    mtu: int = 1500
    ce_threshold: int | None = None


class Controller:
    """The control law for what `leave` takes out of a discipline's queue (RFC 8289 §5)."""

    __slots__ = (
        "_discipline", "_first_above", "_leave", "aims", "count", "drop_next", "dropping",
        "last_count", "sojourn",
    )  # fmt: skip

    def __init__(
        self, aims: Aims, discipline: Discipline, leave: Callable[[], Waiting | None]
    ) -> None:
        self.aims = aims
        self.count = 0
        self.last_count = 0
        self.dropping = False
        self.drop_next = 0
        self.sojourn = 0  # of the packet that left last
        self._first_above: int | None = None
        self._discipline = discipline
        self._leave = leave

    def next_packet(self, now: int) -> Waiting | None:
        """The packet to send: those before it may have been dropped (codel_dequeue())."""
        item, late = self._take(now)
        if item is None:
            self.dropping = False
            return None
        if self.dropping:
            item = self._go_on(item, late, now)
        elif late:
            item = self._begin(item, now)
        threshold = self.aims.ce_threshold
        if item is not None and threshold is not None and self.sojourn > threshold:
            self._discipline.mark(item)
        return item

    def _take(self, now: int) -> tuple[Waiting | None, bool]:
        """The next packet, and whether the queue has been too slow for a whole interval."""
        item = self._leave()
        if item is None:
            self._first_above = None
            return None, False
        self.sojourn = now - item.entered
        if self.sojourn < self.aims.target or self._discipline.backlog <= self.aims.mtu:
            self._first_above = None
            return item, False
        if self._first_above is None:
            self._first_above = now + self.aims.interval
            return item, False
        return item, now >= self._first_above

    def _begin(self, item: Waiting | None, now: int) -> Waiting | None:
        """Enter the dropping state with one drop; soon after the last one, at about its pace."""
        assert item is not None
        if not self._marked(item):
            self._drop(item)
            item, _ = self._take(now)
        self.dropping = True
        recent = self.count - self.last_count
        lately = now - self.drop_next < _LATELY * self.aims.interval
        self.count = recent if recent > 1 and lately else 1
        self.last_count = self.count
        self.drop_next = now + self.pause()
        return item

    def _go_on(self, item: Waiting | None, late: bool, now: int) -> Waiting | None:
        """In the dropping state: drop what is due, or leave the state."""
        self.dropping = late
        while self.dropping and now >= self.drop_next:
            assert item is not None
            self.count += 1
            if self._marked(item):
                self.drop_next += self.pause()
                break
            self._drop(item)
            item, self.dropping = self._take(now)
            if self.dropping:
                self.drop_next += self.pause()
        return item

    def _marked(self, item: Waiting) -> bool:
        return self.aims.ecn and self._discipline.mark(item)

    def _drop(self, item: Waiting) -> None:
        waited = {"waited": f"{self.sojourn / MILLISECOND:g}"}
        self._discipline.drop(item, Reason(reasons.LOST_BY_CODEL, waited))

    def pause(self) -> int:
        """Until the next drop: the interval by the square root of the count (RFC 8289 §3.3)."""
        interval = self.aims.interval
        return isqrt(interval * interval // self.count)


class CoDel(Discipline):
    """One queue of at most `limit` packets, and the law."""

    name = "codel"

    def __init__(self, aims: Aims, limit: int = 1000) -> None:
        super().__init__()
        self.limit = limit
        self.law = Controller(aims, self, self.leave)

    def enqueue(self, item: Waiting, now: int) -> None:
        """Any packet, as long as there is room."""
        if self.packets >= self.limit:
            self.drop(item, Reason(reasons.LOST_BY_QUEUE, {"limit": self.limit}))
        else:
            self.join(item)

    def dequeue(self, now: int) -> Waiting | None:
        """What the law lets pass."""
        return self.law.next_packet(now)


def aims_of(words: Words, mtu: int, ecn: bool) -> Aims:
    """CoDel's words; `UsageError` for a target that no interval can hold."""
    aims = Aims(
        target=words.get("target", TARGET),
        interval=words.get("interval", INTERVAL),
        ecn=words.get("ecn", ecn),
        mtu=mtu,
        ce_threshold=words.get("ce_threshold"),
    )
    require(
        0 < aims.target < aims.interval,
        "CoDel needs a target above 0 and below its interval, not "
        f"target {aims.target}us, interval {aims.interval}us.",
    )
    return aims


def codel(words: Words, rate: int, mtu: int, seed: str) -> Discipline:
    """``codel [limit PACKETS] [target TIME] [interval TIME] [ce_threshold TIME] [ecn]``."""
    limit = words.get("limit", 1000)
    require(limit > 0, "The queue codel needs a limit of 1 packet or more.")
    return CoDel(aims_of(words, mtu, ecn=False), limit)
