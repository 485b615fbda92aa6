"""The recorded cable decides as the engine's link does: same losses, same arrivals."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tcpcore.errors import UsageError
from tcpcore.linux.cable import KernelLink
from tcpcore.net.network import Network
from tcpcore.units import mbit, ms
from tcpcore.wire import codec
from tcpcore.wire.segment import ACK, Segment

ENDS: Any = (
    SimpleNamespace(index=0, name="client", address="10.0.0.1"),
    SimpleNamespace(index=1, name="server", address="10.0.0.2"),
)
SEGMENT = Segment("10.0.0.1", 5, "10.0.0.2", 80, ACK, 1, 1, payload=bytes(1000))
SIZE = len(codec.encode(SEGMENT))


def both(**options: Any):
    """The cable toward the server, and the engine's pipe for the same link."""
    network = Network(seed=7)
    hosts = network.host("client", "10.0.0.1"), network.host("server", "10.0.0.2")
    pipe = network.link(*hosts, **options).pipes["10.0.0.2"]
    values = {"delay": 0, "rate": None, "loss": 0.0, "limit": 1000} | options
    values["limit"] = values.pop("queue", values["limit"])
    cable = KernelLink(ENDS, **values, seed="7:link:0")
    return cable.away_from(ENDS[0]), pipe


def test_chance_loses_the_same_packets_as_on_the_engine():
    cable, pipe = both(loss=0.3)
    ours = [cable.loses(0) for _ in range(200)]
    assert ours == [pipe.passes(0)[0] is not None for _ in range(200)]
    assert 30 < sum(ours) < 90


def test_rate_queue_and_delay_are_as_on_the_engine():
    cable, pipe = both(delay=ms(5), rate=mbit(1), queue=3)
    ours, engines = [], []
    for now in (0, 0, 0, 0, 0, 0, 5_000, 60_000):
        ours.append(None if cable.loses(now) else cable.arrival(SIZE, now))
        engines.append(None if pipe.passes(now)[0] else pipe.arrival(SIZE, now))
    assert ours == engines
    assert None in ours
    assert ours[0] == ms(5) + SIZE * 8


def test_a_black_hole_is_one_way():
    link = KernelLink(ENDS, 0, None, 0.0, 10, "x")
    link.drop(to=ENDS[1])
    assert link.away_from(ENDS[0]).loses(0)
    assert not link.away_from(ENDS[1]).loses(0)
    stranger: Any = SimpleNamespace(index=2, name="stranger")
    with pytest.raises(UsageError, match="does not lead to stranger"):
        link.drop(to=stranger)


@pytest.mark.parametrize(
    "change", [{"delay": -1}, {"rate": 0}, {"loss": 1.5}, {"limit": 0}], ids=str
)
def test_an_impossible_link_is_one_sentence(change: dict[str, Any]):
    values = {"delay": 0, "rate": None, "loss": 0.0, "limit": 10, "seed": "x"} | change
    with pytest.raises(UsageError, match=r"A link takes a delay of 0 us or more, .*\.$"):
        KernelLink(ENDS, **values)
