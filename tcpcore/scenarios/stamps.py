"""What timestamps are good for: old segments, round trips after a loss, ports used again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tcpcore.scenarios.handshake import CLIENT, PORT, RTT, SERVER
from tcpcore.scenarios.registry import Parameter, scenario
from tcpcore.units import ms, seconds
from tcpcore.wire.options import TIMESTAMPS as KIND
from tcpcore.wire.segment import ACK, PSH, RST, Segment

SIZE = 100
ONE_PORT = (40000, 40000)

TIMESTAMPS = Parameter(
    "tcp_timestamps",
    "tcp_timestamps",
    1,
    help="the client's; both ends must offer them in their SYNs",
)
AGE = Parameter(
    "age",
    "Timestamp older by",
    5000,
    maximum=60_000,
    unit="ms",
    help="than that of the client's last segment",
)
RESET = Parameter("reset", "It is an RST", False, help="off: 100 bytes of data")
OFFSET = Parameter(
    "offset",
    "Beside the right number",
    0,
    maximum=60_000,
    step=100,
    unit="bytes",
    help="0: exactly the next byte; more: further on in the window",
)


@scenario(
    "stale-segment",
    title="A segment from long ago",
    question="The network kept a segment until its sequence numbers are in use again: who notices?",
    parameters=(RTT, TIMESTAMPS, AGE, RESET, OFFSET),
    until=seconds(20),
)
def stale_segment(
    net: Any, *, rtt: int, tcp_timestamps: int, age: int, reset: bool, offset: int
) -> None:
    """The client sends 100 bytes; a second later comes a segment from long ago, and then more."""
    client = net.host("client", CLIENT, tcp_timestamps=tcp_timestamps)
    server = net.host("server", SERVER)
    net.link(client, server, delay=ms(rtt / 2))

    async def serve(host: Any) -> None:
        connection = await host.socket().bind(PORT).listen(16).accept()
        while await connection.recv(4096):
            pass

    async def talk(host: Any) -> None:
        connection = host.socket()
        await connection.connect(SERVER, PORT)
        await connection.send(_named(b"first"))
        await host.sleep(ms(1000))
        host.inject(_from_long_ago(net.last_segment(client), age, reset, offset))
        await host.sleep(ms(1000))
        await connection.send(_named(b"second"))
        await host.pause()

    server.spawn(serve)
    client.spawn(talk)


def _named(name: bytes) -> bytes:
    return name.ljust(SIZE, b"\0")


def _from_long_ago(last: Segment, age: int, reset: bool, offset: int) -> Segment:
    """What could come `offset` bytes after `last`, with a timestamp that is older by `age` ms."""
    options = tuple(
        (KIND, (option[1] - age) & 0xFFFF_FFFF, option[2]) if option[0] == KIND else option
        for option in last.options
    )
    return Segment(
        last.src,
        last.sport,
        last.dst,
        last.dport,
        RST if reset else PSH | ACK,
        (last.end + offset) & 0xFFFF_FFFF,
        0 if reset else last.ack,
        last.window,
        options,
        b"" if reset else _named(b"stale"),
    )


@scenario(
    "first-rto",
    title="The first time-out",
    question="How long does a connection wait that has measured no round trip but the handshake's?",
    parameters=(RTT, TIMESTAMPS),
    until=seconds(30),
)
def first_rto(net: Any, *, rtt: int, tcp_timestamps: int) -> None:
    """The client connects and sends a request: lose that, and the SYN as well.

    There is no tail loss probe (tcp_early_retrans=0), so that only the time-out sends it again.
    """
    client = net.host("client", CLIENT, tcp_timestamps=tcp_timestamps, tcp_early_retrans=0)
    server = net.host("server", SERVER)
    net.link(client, server, delay=ms(rtt / 2))

    async def serve(host: Any) -> None:
        connection = await host.socket().bind(PORT).listen(16).accept()
        await connection.recv(4096)
        await host.pause()

    async def talk(host: Any) -> None:
        connection = host.socket()
        await connection.connect(SERVER, PORT)
        await connection.send(_named(b"request"))
        await host.pause()

    server.spawn(serve)
    client.spawn(talk)


@scenario(
    "reuse-with-timestamps",
    title="A port in TIME_WAIT, wanted again",
    question="What do timestamps have to do with using a port of TIME_WAIT again?",
    parameters=(
        RTT,
        replace(TIMESTAMPS, help="the client's; without them nothing tells old segments from new"),
    ),
    until=seconds(10),
)
def reuse_with_timestamps(net: Any, *, rtt: int, tcp_timestamps: int) -> None:
    """A client with a single port and tcp_tw_reuse=1 connects, closes, and connects again."""
    client = net.host(
        "client",
        CLIENT,
        tcp_timestamps=tcp_timestamps,
        tcp_tw_reuse=1,
        ip_local_port_range=ONE_PORT,
    )
    server = net.host("server", SERVER)
    net.link(client, server, delay=ms(rtt / 2))

    async def serve(host: Any) -> None:
        listener = host.socket().bind(PORT).listen(16)
        for _ in range(2):
            connection = await listener.accept()
            await connection.recv(4096)
            await connection.close()

    async def connect_twice(host: Any) -> None:
        for number in range(2):
            connection = host.socket()
            await connection.connect(SERVER, PORT)
            await connection.close()
            if not number:
                await host.sleep(ms(2000))

    server.spawn(serve)
    client.spawn(connect_twice)
