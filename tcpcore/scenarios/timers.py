"""Silence: data that nobody acknowledges, and a connection on which nobody says anything."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tcpcore.scenarios.handshake import CLIENT, PORT, RTO_MAX, RTT, SERVER, pair
from tcpcore.scenarios.registry import Parameter, scenario
from tcpcore.units import minutes, ms, seconds

RETRIES = Parameter(
    "tcp_retries2",
    "tcp_retries2",
    15,
    minimum=1,
    maximum=20,
    help="how long data is sent again: as many time-outs from 200 ms on, none over 120 s",
    sysctl=True,
)
RTO_MIN = Parameter(
    "tcp_rto_min_us",
    "tcp_rto_min_us",
    200_000,
    minimum=10_000,
    maximum=1_000_000,
    step=10_000,
    unit="us",
    help="what a wait has beyond the round trip at least (Linux 6.11 and later; before, 200 ms)",
    sysctl=True,
)
USER_TIMEOUT = Parameter(
    "user_timeout",
    "TCP_USER_TIMEOUT",
    0,
    maximum=60000,
    step=500,
    unit="ms",
    help="the application's own limit; 0: tcp_retries2 decides",
)
KEEPALIVE = Parameter(
    "keepalive", "SO_KEEPALIVE", False, help="on: a probe after 3 s of silence, three 2 s apart"
)
ANSWERS = Parameter("answers", "The peer answers", False, help="off: it is gone without a word")
IDLE = Parameter(
    "idle", "TCP_KEEPIDLE", 3, minimum=1, maximum=7200, unit="s", help="silence before a probe"
)
INTERVAL = Parameter(
    "interval", "TCP_KEEPINTVL", 2, minimum=1, maximum=75, unit="s", help="between probes"
)
COUNT = Parameter(
    "count", "TCP_KEEPCNT", 3, minimum=1, maximum=9, unit="probes", help="unanswered: it is over"
)
BREAK = ms(100)
"""How long after the handshake the way to the server breaks."""


@scenario(
    "data-unanswered",
    title="Data that nobody acknowledges",
    question="How often, and for how long, does a host send the same bytes again?",
    parameters=(
        replace(RTT, default=0, minimum=0),
        RETRIES,
        RTO_MIN,
        RTO_MAX,
        USER_TIMEOUT,
        KEEPALIVE,
    ),
    until=minutes(40),
)
def data_unanswered(
    net: Any, *, rtt: int, tcp_retries2: int, user_timeout: int, keepalive: bool, **limits: int
) -> None:
    """After the handshake the way to the server breaks; then the client writes, and waits."""
    client = net.host("client", CLIENT, tcp_retries2=tcp_retries2, **limits)
    server = net.host("server", SERVER)
    link = net.link(client, server, delay=ms(rtt / 2))
    net.after(ms(2 * rtt) + BREAK, lambda: link.drop(to=server))

    async def write(host: Any) -> None:
        connection = host.socket()
        if user_timeout:
            connection.setsockopt("TCP_USER_TIMEOUT", user_timeout)
        if keepalive:
            _probe(connection, idle=3, interval=2, count=3)
        await connection.connect(SERVER, PORT)
        await host.sleep(ms(2 * rtt) + 2 * BREAK)
        await connection.send(bytes(100))
        await connection.recv(4096)

    server.spawn(hold_one)
    client.spawn(write)


@scenario(
    "keepalive",
    title="Keepalive: is anybody there?",
    question="How does an idle end notice that the other one is gone?",
    parameters=(RTT, IDLE, INTERVAL, COUNT, ANSWERS),
    until=minutes(2),
)
def keepalive(net: Any, *, rtt: int, idle: int, interval: int, count: int, answers: bool) -> None:
    """The client waits for data with SO_KEEPALIVE set, but the way to the server is broken."""
    client, server, link = pair(net, rtt)
    if not answers:
        net.after(ms(2 * rtt) + BREAK, lambda: link.drop(to=server))

    async def wait(host: Any) -> None:
        connection = host.socket()
        _probe(connection, idle, interval, count)
        await connection.connect(SERVER, PORT)
        await connection.recv(4096)

    async def serve(host: Any) -> None:
        connection = await host.socket().bind(PORT).listen(16).accept()
        await host.sleep(seconds(idle + count * interval + 5))
        await connection.send(bytes(100))
        await host.pause()

    server.spawn(serve if answers else hold_one)
    client.spawn(wait)


def _probe(connection: Any, idle: int, interval: int, count: int) -> None:
    """Switch keepalive on; times in seconds."""
    connection.setsockopt("TCP_KEEPIDLE", idle)
    connection.setsockopt("TCP_KEEPINTVL", interval)
    connection.setsockopt("TCP_KEEPCNT", count)
    connection.setsockopt("SO_KEEPALIVE", 1)


async def hold_one(host: Any) -> None:
    """Accept a connection and hold it."""
    await host.socket().bind(PORT).listen(16).accept()
    await host.pause()
