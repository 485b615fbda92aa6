"""The network's loop: arrivals before timers, and what a host sends to itself."""

from __future__ import annotations

import copy

from tcpcore.host.stack import Host
from tcpcore.net.network import Network
from tcpcore.net.packet import wire_length
from tcpcore.units import ms, seconds
from tcpcore.wire.codec import encode
from tcpcore.wire.options import MSS
from tcpcore.wire.segment import SYN, Segment


def test_at_one_instant_an_arrival_comes_before_a_timer():
    """The SYN+ACK arrives when the SYN's timer is due, after 1 s: the SYN is not sent again."""
    net = Network()
    client, server = net.host("client", "10.0.0.1"), net.host("server", "10.0.0.2")
    net.link(client, server, delay=ms(500))

    async def serve(host: Host) -> None:
        await host.socket().bind(80).listen(1).accept()
        await host.pause()

    async def fetch(host: Host) -> None:
        await host.socket().connect("10.0.0.2", 80)
        await host.pause()

    server.spawn(serve)
    client.spawn(fetch)
    trace = net.run(seconds(10))
    assert [s.sent for s in trace.segments if s.sender == 0] == [0, seconds(1)]


def test_a_host_can_talk_to_itself_without_a_link():
    net = Network()
    host = net.host("host", "10.0.0.1")
    received: list[bytes] = []

    async def serve(own: Host) -> None:
        connection = await own.socket().bind(80).listen(1).accept()
        received.append(await connection.recv(10))

    async def fetch(own: Host) -> None:
        connection = own.socket()
        await connection.connect("10.0.0.1", 80)
        await connection.send(b"me")
        await connection.close()

    host.spawn(serve)
    host.spawn(fetch)
    trace = net.run(seconds(1))
    assert received == [b"me"]
    assert {(s.sender, s.receiver, s.fate) for s in trace.segments} == {(0, 0, "delivered")}
    assert trace.segments[0].segment.options[0] == (2, 65495)


def test_a_host_can_connect_to_itself_from_the_same_port():
    net = Network()
    host = net.host("host", "10.0.0.1")

    async def alone(own: Host) -> None:
        connection = own.socket().bind(34567)
        await connection.connect("10.0.0.1", 34567)
        await connection.send(b"echo")
        assert await connection.recv(10) == b"echo"
        await own.pause()

    host.spawn(alone)
    net.run(seconds(1))
    assert [c.state for c in host.endpoints.values()] == ["ESTABLISHED"]


def test_without_a_trace_the_same_happens():
    net = Network(traced=False)
    client, server = net.host("client", "10.0.0.1"), net.host("server", "10.0.0.2")
    net.link(client, server, delay=ms(5), loss=0.1, duplicate=0.1, corrupt=0.1)
    received = bytearray()

    async def serve(host: Host) -> None:
        connection = await host.socket().bind(80).listen(1).accept()
        while data := await connection.recv(65536):
            received.extend(data)

    async def push(host: Host) -> None:
        connection = host.socket()
        await connection.connect("10.0.0.2", 80)
        await connection.send(bytes(50_000))
        await connection.close()

    server.spawn(serve)
    client.spawn(push)
    net.run(seconds(600))
    assert received == bytes(50_000)


def test_a_segment_is_measured_once_and_its_copy_anew():
    segment = Segment("10.0.0.1", 1, "10.0.0.2", 2, SYN, 1, options=((MSS, 1460),))
    assert segment.size == 0
    assert wire_length(segment) == segment.size == 44
    longer = copy.copy(segment)
    longer.payload = bytes(100)
    assert wire_length(longer) == 144 == len(encode(longer))
