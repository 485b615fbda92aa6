"""The cable between two recorded hosts: delay, rate, queue and loss, as on a link of the engine.

The rules and their order are those of `net.link`, and chance has the same seeds, so that the same
scenario loses the same segments; here they act on IP packets of real kernels.
"""

from __future__ import annotations

import random
from collections import deque
from typing import TYPE_CHECKING

from tcpcore.errors import UsageError

if TYPE_CHECKING:
    from tcpcore.linux.sockets import KernelHost
    from tcpcore.linux.tun import Tun

BITS_AND_MICROSECONDS = 8_000_000


class Captured:
    """One TCP segment as the wire saw it: `sent` and `arrived` in µs, `fate` as in a trace."""

    __slots__ = ("arrived", "fate", "packet", "receiver", "sender", "sent")

    def __init__(self, sender: int, receiver: int, sent: int, packet: bytes) -> None:
        self.sender = sender
        self.receiver = receiver
        self.sent = sent
        self.arrived: int | None = None
        self.fate = "in flight"
        self.packet = packet


class Direction:
    """One direction of a cable, toward the host `to`."""

    def __init__(
        self, to: KernelHost, delay: int, rate: int | None, loss: float, limit: int, seed: str
    ) -> None:
        self.to = to
        self.delay = delay
        self.rate = rate
        self.loss = loss
        self.limit = limit
        self.black_hole = False
        self._free_at = 0
        self._leaving: deque[int] = deque()
        self._random = random.Random(seed)

    def loses(self, now: int) -> bool:
        """Whether the packet that enters now is lost."""
        if self.black_hole or (self.loss and self._random.random() < self.loss):
            return True
        while self._leaving and self._leaving[0] <= now:
            self._leaving.popleft()
        return len(self._leaving) > self.limit

    def arrival(self, size: int, now: int) -> int:
        """When a packet of `size` bytes that enters now is at the other end."""
        if self.rate is None:
            return now + self.delay
        self._free_at = max(now, self._free_at) - (-size * BITS_AND_MICROSECONDS // self.rate)
        self._leaving.append(self._free_at)
        return self._free_at + self.delay


class KernelLink:
    """A cable between two hosts; `delay` in µs one way, `rate` in bit/s, `loss` a probability."""

    def __init__(
        self,
        ends: tuple[KernelHost, KernelHost],
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
        self.tuns: dict[int, Tun] = {}
        self._toward = {
            host.index: Direction(host, delay, rate, loss, limit, f"{seed}:{number}")
            for number, host in enumerate(ends)
        }

    def drop(self, *, to: KernelHost) -> None:
        """Lose every packet toward that host from now on."""
        if to not in self.ends:
            raise UsageError(f"The link does not lead to {to.name}: it cannot drop packets there.")
        self._toward[to.index].black_hole = True

    def other(self, host: KernelHost) -> KernelHost:
        """The host at the other end."""
        return self.ends[1] if host is self.ends[0] else self.ends[0]

    def away_from(self, host: KernelHost) -> Direction:
        """The direction in which that host sends."""
        return self._toward[self.other(host).index]
