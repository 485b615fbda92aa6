"""One transfer and its congestion window: how it grows, and what a loss makes of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from tcpcore.net.link import Link
from tcpcore.scenarios.handshake import CLIENT, PORT, RTT, SERVER
from tcpcore.scenarios.registry import Parameter, scenario
from tcpcore.scenarios.windows import INITIAL_CWND, WRITTEN
from tcpcore.tcp.congestion import registry as congestion
from tcpcore.units import mbit, minutes, ms

CONTROLS = tuple(congestion.LINUX)
LOSS_BASED = CONTROLS[:2]
BUFFER = 1_000_000
"""SO_SNDBUF and SO_RCVBUF: large enough to play no part."""
_BEFORE_DATA = 1
"""Packets of the client's before its first data is packet 2: the SYN and an ACK, from 0 on."""

CONTROL = Parameter(
    "control",
    "Congestion control",
    1,
    maximum=len(LOSS_BASED) - 1,
    help="of the sender: TCP_CONGESTION",
    choices=LOSS_BASED,
)
RENO = replace(CONTROL, default=0)
RATE = Parameter(
    "rate", "Rate of the link", 20, minimum=1, maximum=100, unit="Mbit/s", help="both ways"
)
LOST = Parameter(
    "lost",
    "Data segment that is lost",
    24,
    maximum=100,
    help="counted from 1, in order of sending; 0: none",
)
SIZE = replace(WRITTEN, default=300_000, minimum=10_000, maximum=600_000, step=10_000)


def transfer(
    net: Any,
    *,
    rtt: int,
    written: int,
    rate: float = 10,
    queue: int = 1000,
    control: int = 1,
    initcwnd: int = 0,
    open_for: int = 0,
    sysctls: dict[str, Any] | None = None,
) -> Link:
    """The client sends so many bytes to the server, which reads at once; the link between them.

    `open_for` us later the client closes.  `sysctls` are set on both hosts.
    """
    both = sysctls or {}
    client, server = net.host("client", CLIENT, **both), net.host("server", SERVER, **both)
    link: Link = net.link(client, server, delay=ms(rtt / 2), rate=mbit(rate), queue=queue)
    if initcwnd:
        client.change_route(SERVER, initcwnd=initcwnd)

    async def serve(host: Any) -> None:
        listener = host.socket().bind(PORT)
        listener.setsockopt("SO_RCVBUF", BUFFER)
        connection = await listener.listen(16).accept()
        while await connection.recv(65536):
            pass
        await connection.close()

    async def write(host: Any) -> None:
        connection = host.socket()
        connection.setsockopt("SO_SNDBUF", BUFFER)
        connection.setsockopt("TCP_CONGESTION", CONTROLS[control].encode())
        await connection.connect(SERVER, PORT)
        await connection.send(bytes(written))
        if open_for:
            await host.sleep(open_for)
        await connection.close()

    server.spawn(serve)
    client.spawn(write)
    return link


def lose_data(link: Link, numbers: Iterable[int]) -> None:
    """Lose these data segments of the client's, counted from 1 in order of sending."""
    link.drop(to=link.ends[1], numbers=[number + _BEFORE_DATA for number in numbers if number > 0])


@scenario(
    "slow-start",
    title="Slow start",
    question="How fast does a connection find out what the network can carry?",
    parameters=(RTT, replace(RATE, default=50), INITIAL_CWND, SIZE, CONTROL),
    until=minutes(3),
)
def slow_start(net: Any, *, rtt: int, rate: int, initcwnd: int, written: int, control: int) -> None:
    """A transfer on an empty path: each ACK lets one segment more go than it acknowledges."""
    transfer(net, rtt=rtt, rate=rate, initcwnd=initcwnd, written=written, control=control)


@scenario(
    "congestion-avoidance",
    title="Congestion avoidance",
    question="After the first loss: how does cwnd feel its way up again?",
    parameters=(RTT, LOST, replace(SIZE, default=240_000), RENO),
    until=minutes(3),
)
def congestion_avoidance(net: Any, *, rtt: int, lost: int, written: int, control: int) -> None:
    """One segment is lost early; from then on cwnd grows by a segment each round trip."""
    lose_data(transfer(net, rtt=rtt, rate=5, written=written, control=control), (lost,))


@scenario(
    "cubic-vs-reno",
    title="CUBIC beside Reno",
    question="How soon after a loss is cwnd back where it was?",
    parameters=(
        replace(RTT, default=200),
        replace(LOST, default=30),
        replace(SIZE, default=250_000, maximum=1_000_000),
        CONTROL,
    ),
    until=minutes(3),
)
def cubic_vs_reno(net: Any, *, rtt: int, lost: int, written: int, control: int) -> None:
    """One loss, and a way back by round trips (Reno) or by the clock (CUBIC)."""
    lose_data(transfer(net, rtt=rtt, rate=5, written=written, control=control), (lost,))
