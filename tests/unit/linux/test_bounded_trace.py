"""The bridge's trace keeps so many segments, and the link goes on without it."""

from __future__ import annotations

from typing import Any

import pytest

from tcpcore.linux.bridge.gate import BoundedTrace
from tcpcore.net.network import Network
from tcpcore.units import mbit, ms, seconds


@pytest.mark.parametrize("limit", [1, 2, 7, 30])
def test_a_full_trace_keeps_no_more_and_holds_nothing_up(limit: int) -> None:
    net = Network(1)
    net.trace = BoundedTrace(limit)
    near, far = net.host("client", "10.0.0.1"), net.host("server", "10.0.0.2")
    net.link(near, far, delay=ms(5), rate=mbit(10))
    came = bytearray()

    async def serve(host: Any) -> None:
        connection = await host.socket().bind(80).listen(1).accept()
        while part := await connection.recv(65536):
            came.extend(part)

    async def write(host: Any) -> None:
        connection = host.socket()
        await connection.connect("10.0.0.2", 80)
        await connection.send(bytes(100_000))
        await connection.close()

    far.spawn(serve)
    near.spawn(write)
    trace = net.run(seconds(60))
    assert len(came) == 100_000
    assert len(trace.segments) == limit
    stays = [stay for queue in trace.queues for stay in queue.stays()]
    assert {stay.segment for stay in stays} <= set(range(limit))
