"""What theory speaks of, measured on a network that has run; worker processes can see these."""

from __future__ import annotations

from itertools import pairwise
from statistics import mean, median
from typing import Any

from tcpcore.host import counters
from tcpcore.net.network import Network
from tcpcore.trace import DROPPED, QueueRecord
from tcpcore.units import SECOND, ms, seconds

SETTLED = seconds(5)
"""From here on slow start is over and no longer counts."""


def sent(network: Network) -> dict[str, Any]:
    """Segments that the first host sent for the first time, and those that it sent again."""
    counted = network.hosts[0].counters
    return {"new": counted[counters.OUT_SEGS], "again": counted[counters.RETRANS_SEGS]}


def busy_queue(network: Network) -> QueueRecord:
    """The queue before the slow link."""
    assert network.trace is not None
    return next(queue for queue in network.trace.queues if queue.sender == "router")


def oscillation(network: Network) -> dict[str, Any]:
    """The longest queue, and the median of the shortest ones between two drops, in packets."""
    queue, until = busy_queue(network), last_departure(network)
    lengths = [(t, packets) for t, packets, _ in queue.lengths() if SETTLED <= t < until]
    drops = [stay.left for stay in queue.stays() if stay.fate == DROPPED and stay.left >= SETTLED]
    rounds = [
        [packets for t, packets in lengths if start <= t < end]
        for start, end in pairwise(drops)
        if end - start > SECOND // 2  # drops of one overflow belong together
    ]
    most = max(packets for _, packets in lengths)
    return {"most": most, "least": median(min(one) for one in rounds), "rounds": len(rounds)}


def mean_backlog(network: Network) -> dict[str, Any]:
    """The mean of the bytes that waited, by time."""
    queue, until = busy_queue(network), last_departure(network)
    lengths = [(t, size) for t, _, size in queue.lengths() if SETTLED <= t < until]
    spans = pairwise(lengths)
    waited = sum(size * (later - now) for (now, size), (later, _) in spans)
    return {"mean": waited / (lengths[-1][0] - lengths[0][0])}


def standing_wait(network: Network) -> dict[str, Any]:
    """How long even the luckiest packet of each interval of 100 ms waited: mean, in us."""
    least: dict[int, int] = {}
    for left, wait in busy_queue(network).sojourns():
        if SETTLED <= left < last_departure(network):
            slot = left // ms(100)
            least[slot] = min(wait, least.get(slot, wait))
    return {"standing": mean(least.values())}


def last_departure(network: Network) -> int:
    """When the flows were told to stop: after that the queue only drains."""
    assert network.trace is not None
    lasts: int = network.trace.parameters["lasts"]
    return seconds(lasts)
