"""What tests of queue disciplines share: packets that come, and queues by their words."""

from __future__ import annotations

from typing import Any

from tcpcore.net.discipline import Discipline, Waiting
from tcpcore.net.queues import discipline_of
from tcpcore.units import mbit
from tcpcore.wire.segment import ACK, Segment

SIZE = 1500


def packet(tos: int = 0, sport: int = 1000, size: int = SIZE) -> Segment:
    return Segment("10.0.0.1", sport, "10.0.0.2", 80, ACK, 0, payload=bytes(size - 40), tos=tos)


def come(queue: Discipline, now: int, **what: Any) -> Waiting:
    segment = packet(**what)
    item = Waiting(segment, 40 + len(segment.payload), now)
    queue.enqueue(item, now)
    return item


def made(words: str, rate: int = mbit(12)) -> Any:
    """The discipline of these words; at 12 Mbit/s a packet takes 1 ms."""
    return discipline_of(words, rate, SIZE, "seed")[1]
