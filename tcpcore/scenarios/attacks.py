"""Segments that a stranger forges: what he must guess, and what the receiver makes of them."""

from __future__ import annotations

from typing import Any

from tcpcore.scenarios.abnormal import ATTACKER, ROUTER
from tcpcore.scenarios.handshake import CLIENT, PORT, RTT, SERVER
from tcpcore.scenarios.registry import Parameter, scenario
from tcpcore.units import ms, seconds
from tcpcore.wire.segment import ACK, PSH, RST, SYN, Segment

KIND = Parameter("kind", "What is forged", 0, maximum=2, help="0: RST; 1: SYN; 2: 20 bytes of data")
OFFSET = Parameter(
    "offset",
    "Sequence number off by",
    1000,
    minimum=-100_000,
    maximum=100_000,
    step=100,
    unit="bytes",
    help="0: exactly the next byte; inside the window: 1 to 64,000; else outside",
)
ACK_OFFSET = Parameter(
    "ack_offset",
    "Acknowledgment off by",
    0,
    minimum=-200_000,
    maximum=200_000,
    step=100,
    unit="bytes",
    help="of forged data: 0 acknowledges exactly what the server has sent",
)
COUNT = Parameter("count", "Segments", 1, minimum=1, maximum=40, help="the first one at 1 s")
GAP = Parameter("gap", "One every", 100, minimum=10, maximum=1000, step=10, unit="ms", help="apart")
INVALID_RATELIMIT = Parameter(
    "tcp_invalid_ratelimit",
    "tcp_invalid_ratelimit",
    500,
    maximum=2000,
    step=50,
    unit="ms",
    help="at least so long between two answers of an end to what does not fit",
    sysctl=True,
)


@scenario(
    "forged-segments",
    title="Forged segments",
    question="A stranger sends in the client's name: what does the server believe?",
    parameters=(RTT, KIND, OFFSET, ACK_OFFSET, COUNT, GAP, INVALID_RATELIMIT),
    until=seconds(60),
)
def forged_segments(
    net: Any,
    *,
    rtt: int,
    kind: int,
    offset: int,
    ack_offset: int,
    count: int,
    gap: int,
    tcp_invalid_ratelimit: int,
) -> None:
    """A request, an answer; a third host forges segments; later the client writes once more."""
    limit = {"tcp_invalid_ratelimit": tcp_invalid_ratelimit}
    client, server = net.host("client", CLIENT, **limit), net.host("server", SERVER, **limit)
    attacker, router = net.host("attacker", ATTACKER), net.router("router", ROUTER)
    for host in (client, server, attacker):
        net.link(host, router, delay=ms(rtt / 4))

    async def serve(host: Any) -> None:
        connection = await host.socket().bind(PORT).listen(16).accept()
        await connection.recv(4096)
        await connection.send(bytes(1000))
        while await connection.recv(4096):
            pass

    async def write_twice(host: Any) -> None:
        connection = host.socket()
        await connection.connect(SERVER, PORT)
        await connection.send(bytes(100))
        await connection.recv(4096)
        await host.sleep(seconds(2) + ms(count * gap) - host.now)
        await connection.send(bytes(100))
        await host.pause()

    async def attack(host: Any) -> None:
        await host.sleep(seconds(1))
        forged = _forge(kind, net.last_segment(client), offset, ack_offset)
        for _ in range(count):
            host.inject(forged)
            await host.sleep(ms(gap))

    server.spawn(serve)
    client.spawn(write_twice)
    attacker.spawn(attack)


def _forge(kind: int, heard: Segment, offset: int, ack_offset: int) -> Segment:
    """A segment of the client's connection, whose last segment was `heard`, so far beside it."""
    ends = (CLIENT, heard.sport, SERVER, PORT)
    seq, ack = (heard.end + offset) & 0xFFFF_FFFF, (heard.ack + ack_offset) & 0xFFFF_FFFF
    return (
        Segment(*ends, RST, seq),
        Segment(*ends, SYN, seq, window=64240),
        Segment(*ends, PSH | ACK, seq, ack, heard.window, payload=b"a stranger's 20 byte"),
    )[kind]
