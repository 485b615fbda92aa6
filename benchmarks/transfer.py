"""The transfer that is measured: one connection carries bytes as fast as its path allows.

100 Mbit/s, 10 ms one way, SACK, timestamps, window scaling; the receiving application reads at
once.  The receive buffer is fixed at a size whose window fills the path and a short queue (262,144
bytes): nothing is lost, and the floor's window is the same.
"""

from __future__ import annotations

from typing import Any

from tcpcore.net.network import Network
from tcpcore.trace import Trace
from tcpcore.units import mbit, ms, seconds

CLIENT, SERVER, PORT = "10.0.0.1", "10.0.0.2", 80
RATE = mbit(100)
DELAY = ms(10)
RECEIVE_BUFFER = "4096 524288 524288"
WRITE = 1 << 18
READ = 1 << 16


def build(
    size: int, *, traced: bool, receive_buffer: str, loss: float = 0.0
) -> tuple[Network, list[int]]:
    """The network, ready to run, and a list that will hold how many bytes were read."""
    net = Network(traced=traced)
    client = net.host("client", CLIENT)
    server = net.host("server", SERVER, tcp_rmem=receive_buffer)
    net.link(client, server, delay=DELAY, rate=RATE, loss=loss)
    read: list[int] = []

    async def serve(host: Any) -> None:
        connection = await host.socket().bind(PORT).listen().accept()
        total = 0
        while data := await connection.recv(READ):
            total += len(data)
        read.append(total)
        await connection.close()

    async def send(host: Any) -> None:
        connection = host.socket()
        await connection.connect(SERVER, PORT)
        chunk = bytes(WRITE)
        for start in range(0, size, WRITE):
            await connection.send(chunk[: min(WRITE, size - start)])
        await connection.close()

    server.spawn(serve)
    client.spawn(send)
    return net, read


def run(
    size: int, *, traced: bool, receive_buffer: str = RECEIVE_BUFFER, loss: float = 0.0
) -> Trace:
    """Carry `size` bytes and look that all of them came; the trace is empty when untraced."""
    net, read = build(size, traced=traced, receive_buffer=receive_buffer, loss=loss)
    trace = net.run(seconds(3600))
    assert read == [size], f"{read} bytes came instead of {size}"
    return trace
