"""Random early detection: drop or mark before the queue is full, the more the longer it is.

Whoever fills the queue hears of it early, and flows do not all hear of it at once.  The length that
counts is an average that moves slowly, so that a short burst passes unharmed.
Source: Floyd and Jacobson, "Random early detection gateways for congestion avoidance", 1993;
include/net/red.h, net/sched/sch_red.c; tc-red(8).
"""

from __future__ import annotations

import random

from tcpcore import reasons
from tcpcore.errors import UsageError
from tcpcore.net.discipline import Discipline, Waiting, Words, require
from tcpcore.units import SECOND
from tcpcore.why import Reason, Why

AVERAGE_PACKET = 1000
"""tc's avpkt: bytes of a packet, for the time that an idle line counts in packets."""


def weight(least: int, burst: int, average_packet: int) -> int | None:
    """The EWMA's weight W as its negative power of two, such that `burst` packets pass unharmed.

    The largest W with ``burst + 1 - min/avpkt <= (1 - (1 - W)^burst) / W``; None: there is none
    (tc_red_eval_ewma(); the paper's §6).
    """
    for power in range(1, 32):
        steps = 1 << power
        # both sides times W's steps to the burst, so that whole numbers decide
        grown = (steps**burst - (steps - 1) ** burst) * steps * average_packet
        if ((burst + 1) * average_packet - least) * steps**burst <= grown:
            return power
    return None


class Red(Discipline):
    """`limit`, `least`, `most` in bytes; `probability` is where the average reaches `most`.

    `average` is the average queue in bytes, scaled by 2^power.
    """

    name = "red"

    def __init__(
        self,
        limit: int,
        least: int,
        most: int,
        *,
        probability: float,
        power: int,
        packet_time: int,
        seed: str,
        ecn: bool = False,
        harddrop: bool = False,
    ) -> None:
        super().__init__()
        self.limit = limit
        self.least = least
        self.most = most
        self.power = power
        self.ecn = ecn
        self.harddrop = harddrop
        self.average = 0
        self.early = 0  # dropped or marked by chance
        self.forced = 0  # because the average was above `most`
        self.full = 0  # dropped because the queue itself was full
        self._range = max(round((most - least) / probability), 1)
        self._packet_time = max(packet_time, 1)
        self._count = -1  # packets since the last one that was chosen
        self._chosen = 0
        self._idle_since: int | None = 0
        self._random = random.Random(f"{seed}:red")

    def enqueue(self, item: Waiting, now: int) -> None:
        """Let it in, mark it or drop it (red_enqueue())."""
        self._follow(now)
        average = self.average >> self.power
        if average < self.least:
            self._count = -1
        elif average >= self.most:
            self._count = -1
            self.forced += 1
            if self.harddrop or not self.ecn or not self.mark(item):
                self._refuse(item, reasons.LOST_BY_RED_FORCED, average, self.most)
                return
        elif self._by_chance():
            self.early += 1
            if not self.ecn or not self.mark(item):
                self._refuse(item, reasons.LOST_BY_RED, average, self.least)
                return
        if self.backlog + item.size > self.limit:
            self.full += 1
            self.drop(item, Reason(reasons.LOST_BY_BYTES, {"limit": self.limit}))
        else:
            self.join(item)

    def dequeue(self, now: int) -> Waiting | None:
        """The oldest; the average will remember since when the queue has been empty."""
        item = self.leave()
        if item is None and self._idle_since is None:
            self._idle_since = now
        return item

    def _refuse(self, item: Waiting, why: Why, average: int, threshold: int) -> None:
        self.drop(item, Reason(why, {"average": average, "threshold": threshold}))

    def _follow(self, now: int) -> None:
        """The average moves toward the length; over idle time as if small packets had passed."""
        power = self.power
        if self._idle_since is None:
            self.average += self.backlog - (self.average >> power)
            return
        passed = (now - self._idle_since) // self._packet_time
        self._idle_since = None
        if passed >= 32 << power:
            self.average = 0
        elif passed:
            self.average = self.average * ((1 << power) - 1) ** passed >> power * passed

    def _by_chance(self) -> bool:
        """Gaps between those chosen are uniform, not geometric (red_action(); the paper's §7)."""
        self._count += 1
        if self._count:
            share = (self.average - (self.least << self.power)) >> self.power
            if share * self._count < self._chosen:
                return False
            self._count = 0
            self._draw()
            return True
        self._draw()
        return False

    def _draw(self) -> None:
        self._chosen = self._random.randrange(self._range)


def red(words: Words, rate: int, mtu: int, seed: str) -> Discipline:
    """``red limit BYTES [min BYTES] [max BYTES] [probability P] [burst N] [avpkt BYTES] [ecn]``.

    What is left out is as tc has it: max a quarter of the limit, min a third of max, P 0.02.
    """
    limit = words.get("limit")
    if limit is None:
        raise UsageError("The queue red needs its limit in bytes, as in 'red limit 120000'.")
    most = words.get("max", limit // 4)
    least = words.get("min", most // 3)
    packet = words.get("avpkt", AVERAGE_PACKET)
    require(
        0 < least < most <= limit,
        "The queue red needs a min above 0, a max above that, and a limit that is no less: "
        f"not min {least}, max {most}, limit {limit}.",
    )
    require(
        0 < packet <= least,
        "The queue red needs a min of one average packet at least, not "
        f"min {least}, avpkt {packet}.",
    )
    burst = words.get("burst", (2 * least + most) // (3 * packet))
    power = weight(least, burst, packet) if 0 < burst <= 10_000 else None
    if power is None or burst + 1 < least / packet:
        raise UsageError(
            f"The queue red cannot let bursts of {burst} packets pass: a burst takes more than "
            f"min/avpkt, which is {least / packet:g}, and no more than 10000."
        )
    return Red(
        limit,
        least,
        most,
        probability=words.get("probability", 0.02),
        power=power,
        packet_time=packet * 8 * SECOND // words.get("bandwidth", rate),
        seed=seed,
        ecn=words.get("ecn", False),
        harddrop=words.get("harddrop", False),
    )
