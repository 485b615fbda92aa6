"""A virtual network that stops: a check is bounded by events, never by seconds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from labs.kit.verdicts import Failed
from tcpcore.net.network import Network

EVENTS = 200_000


class BoundedNetwork(Network):
    """A `Network` on which at most `events` things are scheduled; then the check fails by name."""

    def __init__(self, *args: Any, events: int = EVENTS, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self._events = events

    def at(self, time: int, function: Callable[[Any], None], argument: Any) -> None:
        self._count()
        super().at(time, function, argument)

    def first_at(self, time: int, function: Callable[[Any], None], argument: Any) -> None:
        self._count()
        super().first_at(time, function, argument)

    def _count(self) -> None:
        self._events -= 1
        if self._events < 0:
            seconds = self.now / 1_000_000
            raise Failed(
                "Too much happens on the network and it does not end: do both ends answer each "
                "answer?",
                where=f"{seconds:g} s of virtual time",
            )
