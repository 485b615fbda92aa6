"""Links: delay, rate, queue, MTU and impairments, one `Pipe` for each direction.

A packet on a pipe costs one event: when it will be at the other end is known when it leaves.
Packets that arrive in the order in which they left stand in line, and only the first one is on the
network's agenda.  The same class serves the engine and the wire between recorded kernels, so that
a scenario's links are the same on both.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from tcpcore import reasons
from tcpcore.errors import UsageError
from tcpcore.net.discipline import Waiting
from tcpcore.net.impairment import Chance, Impairments, impairments
from tcpcore.net.packet import Packet, wire_length
from tcpcore.net.queues import discipline_of
from tcpcore.trace import DROPPED, MARKED, PASSED, QueueRecord
from tcpcore.why import Reason

BITS_AND_MICROSECONDS = 8_000_000
NEVER = 1 << 62
"""The number of a packet that no pipe will see."""
MTU = 1500
"""Bytes of an IP packet that Ethernet carries."""

MTU_MIN = 68
"""Every link must carry that much (RFC 791 §3.2)."""


class Node(Protocol):
    """A host or a router: something that links join."""

    name: str
    address: str
    index: int


class Pipe:
    """One direction of a link, toward the node `to`.

    Packets are numbered from 0 on as they enter, `entered` is the next one's number.  Before
    `calm_until` neither rule nor chance touches one, and the queue is a plain one.
    Several at once go by `carry_all` where they have way; one by `carry` where the pipe is calm,
    else by `passes`, and `arrival` or the `discipline`.  `drops` counts what the queue dropped,
    `marks` what it marked.
    """

    __slots__ = (
        "_black_hole",
        "_chance",
        "_held",
        "_numbers",
        "_spared_until",
        "calm_until",
        "cuts",
        "delay",
        "discipline",
        "drops",
        "entered",
        "free_at",
        "leaving",
        "limit",
        "line",
        "marks",
        "mtu",
        "plugged",
        "rate",
        "record",
        "seed",
        "sending",
        "to",
    )

    def __init__(
        self, to: Node, delay: int, rate: int | None, queue: int | str, mtu: int, seed: str
    ) -> None:
        self.to = to
        self.delay = delay
        self.rate = rate
        self.mtu = mtu
        self.seed = seed
        self.limit, self.discipline = discipline_of(queue, rate, mtu, seed)
        self.sending = False  # the discipline's: a packet is being transmitted
        self.record: QueueRecord | None = None
        self.drops = 0
        self.marks = 0
        self.plugged = True
        self.cuts = 0  # how often the cable was pulled out: what was on it then is lost
        self.free_at = 0
        self.leaving: list[int] = []
        # On the way, in the order of arrival: (time, order, function, pipe, packet, tag, cuts, ...)
        self.line: deque[tuple[Any, ...]] = deque()
        self._black_hole = False
        self._numbers: set[int] = set()
        self._held: dict[int, tuple[int, bool]] = {}  # packets that take longer
        self.entered = 0
        self._chance: Chance | None = None
        self._spared_until = NEVER  # chance lets all packets before this one pass
        self._set_calm()

    def _set_calm(self) -> None:
        ruled = min((one for one in self._numbers | self._held.keys() if one >= self.entered),
                    default=NEVER)  # fmt: skip
        free = self.plugged and not self._black_hole and self.discipline is None
        self.calm_until = min(ruled, self._spared_until) if free else 0

    def impair(self, what: Impairments) -> None:
        """Let chance have its way from now on, as `what` says."""
        self._chance = None if what.nothing else Chance(what, self.seed)
        self._look_ahead()
        self._set_calm()

    def _look_ahead(self) -> None:
        """Ask chance which of the next packets pass."""
        self._spared_until = NEVER
        if self._chance is not None:
            self._spared_until = self.entered + self._chance.spared()

    def drop(self, everything: bool, numbers: Iterable[int] = ()) -> None:
        """Lose everything from now on (or no more), or these packets, counted from 0 on."""
        self._black_hole = everything
        self._numbers.update(numbers)
        self._set_calm()

    def hold(self, numbers: Iterable[int], duration: int, in_order: bool) -> None:
        """Let these packets, counted from 0 on, take so much longer (us); see `Link.hold`."""
        self._held.update(dict.fromkeys(numbers, (duration, in_order)))
        self._set_calm()

    def plug(self, plugged: bool) -> None:
        """Pull this direction of the cable out, or put it back."""
        if self.plugged and not plugged:
            self.cuts += 1
        self.plugged = plugged
        self._set_calm()

    def carry(self, size: int, now: int, tag: Any = None) -> int | None:
        """When a packet of `size` bytes that enters now is at the other end; None: no room for it.

        Only for a calm pipe.  `tag` is the packet's number in the trace.
        """
        self.entered += 1
        rate = self.rate
        if rate is None:
            return now + self.delay
        leaving = self.leaving
        if len(leaving) > self.limit:
            del leaving[: bisect_right(leaving, now)]  # who has left; before, nobody need know
            if len(leaving) > self.limit:
                return None
        starts = self.free_at
        if starts < now:
            starts = now
        self.free_at = free_at = starts - (-size * BITS_AND_MICROSECONDS // rate)
        leaving.append(free_at)
        if self.record is not None:
            self.record.passed(now, starts, size, tag)
        return free_at + self.delay

    def usual(self, now: int) -> int:
        """When a packet whose transmission ends by now is at the other end, if nothing holds it."""
        return (self.free_at if self.free_at > now else now) + self.delay

    def carry_all(
        self, packets: Sequence[Packet], tags: Iterable[Any], now: int, order: int
    ) -> bool:
        """What `carry` does for one packet, for all of these; they get in line, from `order` on.

        False, and nothing is done, where they have no way: not all would get through, or one would
        overtake another.
        """
        count, leaving, delay, line = len(packets), self.leaving, self.delay, self.line
        if self.entered + count > self.calm_until:
            return False
        if len(leaving) + count > self.limit + 1:
            del leaving[: bisect_right(leaving, now)]
            if self.rate is not None and len(leaving) + count > self.limit + 1:
                return False
        starts = self.free_at
        if starts < now:
            starts = now
        if line and line[-1][0] > starts + delay:
            return False
        self.entered += count
        cuts, rate, record = self.cuts, self.rate, self.record
        for packet, tag in zip(packets, tags):  # noqa: B905  compiled, a keyword makes it slow
            if rate is not None:
                size = packet.size or wire_length(packet)
                if record is not None:
                    record.passed(now, starts, size, tag)
                starts -= -size * BITS_AND_MICROSECONDS // rate
                leaving.append(starts)
            line.append((starts + delay, order, None, self, packet, tag, cuts))
            order += 1
        if rate is not None:
            self.free_at = starts
        return True

    def passes(self, now: int) -> tuple[Reason | None, int, bool, bool]:
        """``(why lost or None, extra delay, damaged, doubled)`` of the packet that enters now."""
        number = self.entered
        self.entered = number + 1
        held, corrupt, duplicate = self._holds(number, now), False, False
        lost = self._lost_by_rule(number)
        if lost is not None:
            self._spared_until += 1  # chance has no say, and its next word is for the next one
        elif self._chance is not None and number >= self._spared_until:
            fate = self._chance.fate()
            self._look_ahead()
            lost, corrupt, duplicate = fate.lost, fate.corrupt, fate.duplicate
            held += fate.held
        if number == self.calm_until:
            self._set_calm()
        return lost, held, corrupt, duplicate

    def _lost_by_rule(self, number: int) -> Reason | None:
        """Why that packet is lost whatever chance says; None: it is not."""
        if not self.plugged:
            return reasons.LOST_ON_CUT_CABLE()
        if self._black_hole or number in self._numbers:
            return Reason(reasons.LOST_BY_RULE, {"host": self.to.name})
        return None

    def _holds(self, number: int, now: int) -> int:
        """How much longer that packet takes; where the order stays, the whole queue waits first."""
        duration, in_order = self._held.get(number, (0, False))
        if not in_order:
            return duration
        self.free_at = max(self.free_at, now) + duration
        return 0

    def arrival(self, size: int, now: int, tag: Any = None) -> int | None:
        """The same as `carry`, for a packet that `passes` has counted."""
        self.entered -= 1
        return self.carry(size, now, tag)

    def full(self, size: int, now: int, tag: Any) -> Reason:
        """A packet finds no room: why it is lost."""
        self.drops += 1
        if self.record is not None:
            self.record.keep(now, now, size, tag, DROPPED)
        return Reason(reasons.LOST_BY_QUEUE, {"limit": self.limit})

    def transmitted(self, item: Waiting, starts: int) -> int:
        """A packet of the discipline has the line from `starts` on: when it is at the other end."""
        assert self.rate is not None
        self.marks += item.marked
        if self.record is not None:
            fate = MARKED if item.marked else PASSED
            self.record.keep(item.entered, starts, item.size, item.tag, fate)
        self.free_at = starts - (-item.size * BITS_AND_MICROSECONDS // self.rate)
        return self.free_at + self.delay + item.held

    def dropped(self, now: int) -> list[tuple[Waiting, Reason]]:
        """What the discipline has dropped since somebody asked."""
        assert self.discipline is not None
        lost, self.discipline.lost = self.discipline.lost, []
        self.drops += len(lost)
        if self.record is not None:
            for item, _ in lost:
                self.record.keep(item.entered, now, item.size, item.tag, DROPPED)
        return lost


class Link:
    """A cable between two nodes: a pipe each way.  `Network.link` makes it.

    `tell` is called with a node and a sentence when something happens to the cable.
    """

    def __init__(
        self,
        ends: tuple[Any, Any],
        delay: int,
        rate: int | None,
        queue: int | str,
        mtu: int,
        seed: str,
        what: dict[str, Any] | None = None,
        tell: Callable[[Any, str], None] | None = None,
    ) -> None:
        _check(delay, rate, queue, mtu)
        self.ends = ends
        self.mtu = mtu
        self._tell = tell
        self.pipes = {  # by the address that the node had when it was plugged in
            node.address: Pipe(node, delay, rate, queue, mtu, f"{seed}:{number}")
            for number, node in enumerate(ends)
        }
        self.impair(**(what or {}))

    def impair(self, *, to: Any = None, **what: Any) -> None:
        """Set the impairments (see `Impairments`) toward one end, or both ways."""
        for pipe in self._toward(to):
            pipe.impair(impairments(what))

    def drop(self, *, to: Any, numbers: Iterable[int] | None = None) -> None:
        """Lose every packet toward that end from now on, or only those with these numbers.

        Packets are numbered from 0 in the order in which they enter that direction of the link.
        """
        for pipe in self._toward(to):
            pipe.drop(numbers is None, numbers or ())

    def hold(self, *, to: Any, numbers: Iterable[int], by: int, in_order: bool = False) -> None:
        """Let the packets with these numbers take so many us longer toward that end.

        They are numbered as for `drop`.  Later ones overtake them; with `in_order` they wait as
        well, as before a radio link that pauses, which needs a link with a rate.
        """
        for pipe in self._toward(to):
            if in_order and pipe.rate is None:
                raise UsageError("A link without a rate has no queue in which packets could wait.")
            pipe.hold(numbers, by, in_order)

    def restore(self, *, to: Any = None) -> None:
        """End what `drop` began, toward one end or both."""
        for pipe in self._toward(to):
            pipe.drop(False)

    def unplug(self) -> None:
        """Pull the cable out: what is on it is lost, and so is whatever is sent from now on.

        At a host's own plug the kernel drops packets itself, to TCP with the same effect, as long
        as nobody takes the address or the routes away.
        """
        self._set_plugged(False, "cable out")

    def plug(self) -> None:
        """Put the cable back."""
        self._set_plugged(True, "cable back in")

    @property
    def plugged(self) -> bool:
        """Whether the cable is in."""
        return all(pipe.plugged for pipe in self.pipes.values())

    def other(self, node: Any) -> Any:
        """The node at the other end."""
        return self.ends[1] if node is self.ends[0] else self.ends[0]

    def away_from(self, node: Any) -> Pipe:
        """The direction in which that node sends."""
        first, second = self.pipes.values()
        return second if node is self.ends[0] else first

    def _set_plugged(self, plugged: bool, sentence: str) -> None:
        for node in self.ends:
            self.away_from(node).plug(plugged)
            if self._tell is not None:
                self._tell(node, sentence)

    def _toward(self, node: Any) -> list[Pipe]:
        if node is None:
            return list(self.pipes.values())
        if node not in self.ends:
            raise UsageError(f"The link does not lead to {node.name}.")
        return [self.away_from(self.other(node))]


def _check(delay: int, rate: int | None, queue: int | str, mtu: int) -> None:
    short = not isinstance(queue, str) and queue < 1
    if delay < 0 or (rate is not None and rate <= 0) or short or not MTU_MIN <= mtu <= 65535:
        raise UsageError(
            "A link takes a delay of 0 us or more, a rate above 0 bit/s or None, a queue of 1 "
            f"packet or more and an MTU from {MTU_MIN} to 65535 bytes, not {delay=}, {rate=}, "
            f"{queue=}, {mtu=}."
        )
