"""Header prediction is a short cut: with it and without it, the same happens."""

from __future__ import annotations

from typing import Any

import pytest

from tcpcore.net.network import Network
from tcpcore.tcp import prediction
from tcpcore.trace import Trace
from tcpcore.units import mbit, ms, seconds
from tcpcore.view.document import document, dumps


def talk(seed: int, *, both_ways: bool = False, slow: int = 0, **impairments: Any) -> Trace:
    """A request and a long answer, over a path that may lose, double, damage and reorder."""
    net = Network(seed)
    client, server = net.host("client", "10.0.0.1"), net.host("server", "10.0.0.2")
    net.link(client, server, delay=ms(10), rate=mbit(20), queue=30, **impairments)

    async def serve(host: Any) -> None:
        connection = await host.socket().bind(80).listen().accept()
        while data := await connection.recv(4000):
            if both_ways:
                await connection.send(data)
            await host.sleep(slow)
        await connection.close()

    async def send(host: Any) -> None:
        connection = host.socket()
        await connection.connect("10.0.0.2", 80)
        for size in (1, 100, 60_000, 1_000, 100_000):
            await connection.send(bytes(size))
            await host.sleep(ms(size % 7))
        connection.shutdown("write")
        while await connection.recv(9000):
            pass
        await connection.close()

    server.spawn(serve)
    client.spawn(send)
    return net.run(seconds(200))


WORLDS = {
    "quiet": {},
    "slow reader": {"slow": ms(30)},
    "both ways": {"both_ways": True},
    "lossy": {"loss": 0.03},
    "hostile": {"loss": 0.02, "reorder": 0.05, "duplicate": 0.05, "corrupt": 0.02},
    "hostile both ways": {"loss": 0.02, "reorder": 0.05, "duplicate": 0.05, "both_ways": True},
}


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("seed", range(3))
def test_the_short_cut_changes_nothing_that_can_be_seen(
    world: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = []
    original = prediction.takes

    def counted(*arguments: Any) -> bool:
        taken.append(original(*arguments))
        return taken[-1]

    monkeypatch.setattr(prediction, "takes", counted)
    quick = dumps(document(talk(seed, **WORLDS[world])))
    monkeypatch.setattr(prediction, "takes", lambda *_: False)
    assert dumps(document(talk(seed, **WORLDS[world]))) == quick
    assert any(taken), "nothing was predicted"
