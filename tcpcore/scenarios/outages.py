"""Silence: hosts and cables that are gone while nobody sends, and what comes too late."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tcpcore.scenarios.abnormal import RETRIES
from tcpcore.scenarios.handshake import PORT, RTT, SERVER, pair
from tcpcore.scenarios.registry import Parameter, scenario
from tcpcore.scenarios.timers import COUNT, IDLE, INTERVAL
from tcpcore.units import minutes, ms, seconds

KEEPALIVE = Parameter("keepalive", "SO_KEEPALIVE", False, help="the client's; Linux's default: off")
CABLE = Parameter(
    "cable",
    "The cable instead of the host",
    False,
    help="off: the server's host loses its power; on: somebody pulls the cable out",
)
OUT = Parameter(
    "out",
    "The cable is out for",
    10,
    minimum=1,
    maximum=120,
    unit="s",
    help="from 1 s on; the server writes two seconds after it is back",
)
GRACE = Parameter(
    "grace",
    "From SIGTERM to the end of power",
    1000,
    minimum=0,
    maximum=10_000,
    step=50,
    unit="ms",
    help="long enough for the last segments of the close, or not",
)


@scenario(
    "gone-while-idle",
    title="The other end is gone, and nobody has anything to say",
    question="How long does an idle connection outlive its other end?",
    parameters=(
        RTT,
        KEEPALIVE,
        replace(IDLE, default=7200),
        replace(INTERVAL, default=75),
        replace(COUNT, default=9),
        CABLE,
    ),
    until=minutes(140),
)
def gone_while_idle(
    net: Any, *, rtt: int, keepalive: bool, idle: int, interval: int, count: int, cable: bool
) -> None:
    """After 1 s the server is gone; the client waits in recv(), and nobody writes."""
    client, server, link = pair(net, rtt)

    async def wait(host: Any) -> None:
        connection = host.socket()
        connection.setsockopt("TCP_KEEPIDLE", idle)
        connection.setsockopt("TCP_KEEPINTVL", interval)
        connection.setsockopt("TCP_KEEPCNT", count)
        connection.setsockopt("SO_KEEPALIVE", int(keepalive))
        await connection.connect(SERVER, PORT)
        await connection.recv(4096)

    server.spawn(hold_one)
    client.spawn(wait)
    net.after(seconds(1), link.unplug if cable else server.crash)


@scenario(
    "cable-back-too-late",
    title="The cable comes back too late",
    question="One end has given up, the other knows nothing of it: what happens when they meet?",
    parameters=(RTT, OUT, replace(RETRIES, default=3)),
    until=minutes(30),
)
def cable_back_too_late(net: Any, *, rtt: int, out: int, tcp_retries2: int) -> None:
    """The client writes while the cable is out; the server writes when it is in again."""
    client, server, link = pair(net, rtt, tcp_retries2=tcp_retries2)

    async def write(host: Any) -> None:
        connection = host.socket()
        await connection.connect(SERVER, PORT)
        await host.sleep(ms(1500) - host.now)
        await connection.send(bytes(100))
        await connection.recv(4096)

    async def serve(host: Any) -> None:
        connection = await host.socket().bind(PORT).listen(16).accept()
        await host.sleep(seconds(3 + out) - host.now)
        await connection.send(bytes(100))
        await connection.recv(4096)
        await connection.recv(4096)

    server.spawn(serve)
    client.spawn(write)
    net.after(seconds(1), link.unplug)
    net.after(seconds(1 + out), link.plug)


@scenario(
    "host-shutdown",
    title="A host is shut down",
    question="What does a host say before its power goes off?",
    parameters=(RTT, GRACE),
    until=minutes(30),
)
def host_shutdown(net: Any, *, rtt: int, grace: int) -> None:
    """After 1 s all processes of the server end, as by SIGTERM; a little later the power goes."""
    client, server, _ = pair(net, rtt)

    async def read(host: Any) -> None:
        connection = host.socket()
        await connection.connect(SERVER, PORT)
        await connection.recv(4096)
        await connection.close()

    server.spawn(hold_one)
    client.spawn(read)
    net.after(seconds(1), lambda: server.shut_down(ms(grace)))


async def hold_one(host: Any) -> None:
    """Accept a connection and hold it."""
    await host.socket().bind(PORT).listen(16).accept()
    await host.pause()
