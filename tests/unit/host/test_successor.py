"""A socket that connects again: what its next connection has of the one before."""

from __future__ import annotations

from tcpcore.host.stack import Host
from tcpcore.net.network import Network
from tcpcore.seqnum import MASK
from tcpcore.trace import Trace
from tcpcore.units import ms
from tcpcore.wire.segment import ACK, SYN


def connect_twice(data: bytes = b"") -> Trace:
    net = Network()
    client, server = net.host("client", "10.0.0.1"), net.host("server", "10.0.0.2")
    net.link(client, server, delay=ms(10))

    async def serve(host: Host) -> None:
        listener = host.socket().bind(80).listen(5)
        for _ in range(2):
            await listener.accept()
        await host.pause()

    async def call(host: Host) -> None:
        connection = host.socket()
        await connection.connect("10.0.0.2", 80)
        if data:
            await connection.send(data)
        connection.disconnect()
        await connection.connect("10.0.0.2", 80)

    server.spawn(serve)
    client.spawn(call)
    trace = net.run(until=ms(200))
    assert trace is not None
    return trace


def test_its_numbers_go_on_behind_the_largest_window_and_two() -> None:
    trace = connect_twice(bytes(100))
    syns = [one.segment for one in trace.segments if one.segment.flags & (SYN | ACK) == SYN]
    first, second = syns
    assert (second.seq - first.seq - 1) & MASK == 100 + 65160 + 2
