"""Memory: what an idle connection takes, and what a record of a trace takes; in bytes.

Counted with `tracemalloc`, as the difference between a large and a small world, so that what a
world takes in any case does not count.
"""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from typing import Any

from benchmarks import transfer
from tcpcore.net.network import Network
from tcpcore.trace import Trace
from tcpcore.units import ms, seconds


def _kept(build: Callable[[], Any]) -> tuple[int, Any]:
    """``(bytes, result)``: what the result of `build` keeps alive."""
    gc.collect()
    tracemalloc.start()
    try:
        result = build()
        gc.collect()
        return tracemalloc.get_traced_memory()[0], result
    finally:
        tracemalloc.stop()


def _idle(connections: int) -> Network:
    """Two hosts with so many open connections that nobody uses."""
    net = Network(traced=False)
    client, server = net.host("client", "10.0.0.1"), net.host("server", "10.0.0.2")
    net.link(client, server, delay=ms(1))

    async def serve(host: Any) -> None:
        listener = host.socket().bind(80).listen(connections)
        opened = [await listener.accept() for _ in range(connections)]
        await host.sleep(seconds(3600) * len(opened))

    async def connect(host: Any) -> None:
        opened = [host.socket() for _ in range(connections)]
        for socket in opened:
            await socket.connect("10.0.0.2", 80)
        await host.sleep(seconds(3600) * len(opened))

    server.spawn(serve)
    client.spawn(connect)
    net.run(seconds(60))
    assert len(server.endpoints) == connections, "not all connections opened"
    return net


def idle_connection() -> float:
    """Bytes for one end of an open connection, its socket included."""
    few, many = 50, 250
    _idle(few)  # whatever is made once is made now
    ends = 2 * (many - few)
    return (_kept(lambda: _idle(many))[0] - _kept(lambda: _idle(few))[0]) / ends


def records(trace: Trace) -> int:
    """How many records a trace holds: segments, moments, and events within the moments."""
    return len(trace.segments) + sum(1 + len(moment.events) for moment in trace.moments)


def trace_record(size: int = 1_000_000) -> float:
    """Bytes for one record of the trace of a transfer, its payload not counted."""
    transfer.run(size, traced=True)
    small, short = _kept(lambda: transfer.run(size, traced=True))
    large, long = _kept(lambda: transfer.run(3 * size, traced=True))
    return (large - small - 2 * size) / (records(long) - records(short))
