"""Links: delay, rate, queue and loss, one `Pipe` for each direction.

A packet on a pipe costs one event: when it will be at the other end is known when it leaves.
"""

from __future__ import annotations

import random
from collections import deque

from tcpcore import reasons
from tcpcore.errors import UsageError
from tcpcore.host.stack import Host
from tcpcore.why import Reason
from tcpcore.wire.option_codec import encode_options
from tcpcore.wire.segment import Segment

BITS_AND_MICROSECONDS = 8_000_000


def wire_length(segment: Segment) -> int:
    """Bytes of the IP packet that carries the segment."""
    header = 60 if ":" in segment.src else 40
    return header + len(encode_options(segment.options)) + len(segment.payload)


class Pipe:
    """One direction of a link; the rules of loss are asked in the order of `lost`."""

    __slots__ = (
        "_random",
        "black_hole",
        "delay",
        "free_at",
        "leaving",
        "limit",
        "loss",
        "rate",
        "to",
    )

    def __init__(
        self, to: Host, delay: int, rate: int | None, loss: float, limit: int, seed: str
    ) -> None:
        self.to = to
        self.delay = delay
        self.rate = rate
        self.loss = loss
        self.limit = limit
        self.black_hole = False
        self.free_at = 0
        self.leaving: deque[int] = deque()
        self._random = random.Random(seed)

    def lost(self, now: int) -> Reason | None:
        """Why the packet that enters now is lost; None: it is not."""
        if self.black_hole:
            return Reason(reasons.LOST_BY_RULE, {"host": self.to.name})
        if self.loss and self._random.random() < self.loss:
            return Reason(reasons.LOST_BY_CHANCE, {"percent": f"{self.loss * 100:g}"})
        leaving = self.leaving
        while leaving and leaving[0] <= now:
            leaving.popleft()
        if len(leaving) > self.limit:
            return Reason(reasons.LOST_BY_QUEUE, {"limit": self.limit})
        return None

    def arrival(self, segment: Segment, now: int) -> int:
        """When the segment that enters now is at the other end, in microseconds."""
        if self.rate is None:
            return now + self.delay
        starts = self.free_at if self.free_at > now else now
        self.free_at = starts - (-wire_length(segment) * BITS_AND_MICROSECONDS // self.rate)
        self.leaving.append(self.free_at)
        return self.free_at + self.delay


class Link:
    """A cable between two hosts: a pipe each way."""

    def __init__(
        self,
        ends: tuple[Host, Host],
        delay: int,
        rate: int | None,
        loss: float,
        limit: int,
        seed: str,
    ) -> None:
        if delay < 0 or not 0 <= loss <= 1 or (rate is not None and rate <= 0) or limit < 1:
            raise UsageError(
                "A link takes a delay of 0 us or more, a loss from 0 to 1, a rate above 0 bit/s or "
                f"None and a queue of 1 packet or more, not {delay=}, {loss=}, {rate=}, {limit=}."
            )
        self.ends = ends
        self.pipes = {
            host.address: Pipe(host, delay, rate, loss, limit, f"{seed}:{number}")
            for number, host in enumerate(ends)
        }

    def drop(self, *, to: Host) -> None:
        """Lose every packet toward that host from now on."""
        if to not in self.ends:
            raise UsageError(f"The link does not lead to {to.name}: it cannot drop packets there.")
        self.pipes[to.address].black_hole = True
