"""Many flows through one bottleneck, and a transfer with losses: what a segment costs then."""

from __future__ import annotations

from typing import Any

from benchmarks import floor, transfer
from benchmarks.speed import cost
from tcpcore.net.network import Network
from tcpcore.units import gbit, ms, seconds


def share(flows: int, size: int) -> int:
    """Let so many connections send `size` bytes each at once; the segments with data sent.

    One gigabit a second, 10 ms, and a queue for all of them that holds what they send at first.
    """
    net = Network(traced=False)
    client, server = net.host("client", "10.0.0.1"), net.host("server", "10.0.0.2")
    net.link(client, server, delay=ms(10), rate=gbit(1), queue=20_000)
    sent: list[int] = []

    async def serve(host: Any) -> None:
        listener = host.socket().bind(80).listen(flows)
        for _ in range(flows):
            connection = await listener.accept()

            async def read(host: Any, connection: Any = connection) -> None:
                while await connection.recv(transfer.READ):
                    pass
                await connection.close()

            host.fork(read)  # it holds the socket, too, and keeps it
            await connection.close()

    async def send(host: Any) -> None:
        connection = host.socket()
        await connection.connect("10.0.0.2", 80)
        await connection.send(bytes(size))
        await connection.close()
        sent.append(connection.connection.data_segs_out)

    server.spawn(serve)
    for _ in range(flows):
        client.spawn(send)
    net.run(seconds(3600))
    assert len(sent) == flows, f"{len(sent)} of {flows} flows were done"
    return -(-size // floor.MSS) * flows


def cost_of_a_segment(flows: int, segments: int) -> float:
    """Processor seconds for each segment, when `flows` of them share `segments`."""
    size = segments // flows * floor.MSS
    count = 0

    def work() -> None:
        nonlocal count
        count = share(flows, size)

    return cost(work) / count


def lossy_ratio(size: int, loss: float = 0.01) -> float:
    """How fast a transfer with loss is simulated, by segments, as a part of one without."""
    lossless = cost(lambda: transfer.run(size, traced=False))
    return lossless / cost(lambda: transfer.run(size, traced=False, loss=loss))
