"""Several hosts behind one address: what a server must not conclude from that address."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

from tcpcore.scenarios.abnormal import RETRIES
from tcpcore.scenarios.handshake import PORT, RTT, SYN_RETRIES
from tcpcore.scenarios.registry import Parameter, scenario
from tcpcore.units import minutes, ms, seconds

OFFICE, SHARED, SERVER = "192.168.1.0/24", "203.0.113.1", "198.51.100.7"
CLIENT, COLLEAGUE = "192.168.1.2", "192.168.1.3"
UP_FOR = seconds(86_400)
"""How long the colleague's host has been running."""

RECYCLE = Parameter(
    "tcp_tw_recycle",
    "tcp_tw_recycle of the server",
    1,
    help="1: TIME_WAIT is short, and a host's timestamps may not go back; gone since Linux 4.12",
)
STAMPS = Parameter(
    "tcp_timestamps",
    "tcp_timestamps of the clients",
    1,
    help="0: their segments carry no timestamps",
    sysctl=True,
)
APART = Parameter(
    "apart",
    "The client comes later by",
    5,
    minimum=1,
    maximum=120,
    unit="s",
    help="after the colleague, whose connection is closed by then",
)
BEHIND = Parameter(
    "behind",
    "The client's clock is behind by",
    3600,
    minimum=-7200,
    maximum=7200,
    step=1,
    unit="s",
    help="timestamps count from when a host booted, and the colleague's did before",
)
FORGETS = Parameter(
    "forgets",
    "The router forgets after",
    5,
    minimum=1,
    maximum=300,
    unit="s",
    help="of silence; Linux's own time is 5 days, that of cheap or busy routers a few minutes",
)
SILENCE = Parameter(
    "silence", "Silence", 8, minimum=1, maximum=300, unit="s", help="nobody has anything to say"
)
SERVER_WRITES = Parameter(
    "server_writes", "The server writes", False, help="after the silence; off: the client does"
)
LOOSE = Parameter(
    "loose",
    "The router takes up what it forgot",
    True,
    help="when the host inside sends, as Linux does; off: only a SYN begins a connection",
)
PROBES = Parameter(
    "keepalive",
    "The client's TCP_KEEPIDLE",
    0,
    maximum=60,
    unit="s",
    help="silence before a keepalive probe, and between probes; 0: no SO_KEEPALIVE",
)
SAME_PORT = 40_000
"""Client and colleague both choose it: the router must give one of them another."""


@scenario(
    "shared-address",
    title="Two hosts behind one address",
    question="What does a router that shares its address remember, and for how long?",
    parameters=(RTT, FORGETS, SILENCE, SERVER_WRITES, LOOSE, PROBES, RETRIES),
    until=minutes(25),
)
def shared_address(
    net: Any,
    *,
    rtt: int,
    forgets: int,
    silence: int,
    server_writes: bool,
    loose: bool,
    keepalive: int,
    tcp_retries2: int,
) -> None:
    """Client and colleague connect from the same port; after a silence client or server writes."""
    client = net.host("client", CLIENT, tcp_retries2=tcp_retries2)
    server = net.host("server", SERVER, tcp_retries2=tcp_retries2)
    colleague = net.host("colleague", COLLEAGUE)
    office = net.router("office router", SHARED)
    office.masquerade(OFFICE, established=seconds(forgets), loose=loose)
    for host in (client, server, colleague):
        net.link(host, office, delay=ms(rtt / 4))

    write_at = seconds(1 + silence)
    server.spawn(_echo(write_at if server_writes else None))
    client.spawn(_talk(None if server_writes else write_at, keepalive))
    colleague.spawn(_hold)


def _echo(write_at: int | None) -> Any:
    """A server for two, which writes to the first one, or sends back what it gets."""

    async def serve(host: Any) -> None:
        listener = host.socket().bind(PORT).listen(128)
        first, _colleagues = await listener.accept(), await listener.accept()
        await host.sleep(seconds(1) - host.now)
        await host.look("ss -tan")
        if write_at is not None:
            await host.sleep(write_at - host.now)
            await first.send(bytes(100))
        with suppress(OSError):
            while data := await first.recv(4096):
                await first.send(data)
        await host.pause()

    return serve


def _talk(write_at: int | None, keepalive: int) -> Any:
    """A client that writes late, or waits for the server to; times in µs, `keepalive` in s."""

    async def talk(host: Any) -> None:
        connection = host.socket().bind(SAME_PORT)
        for option in ("TCP_KEEPIDLE", "TCP_KEEPINTVL"):
            connection.setsockopt(option, keepalive or 1)
        connection.setsockopt("SO_KEEPALIVE", int(keepalive > 0))
        await connection.connect(SERVER, PORT)
        await host.sleep(seconds(1) - host.now)
        await host.look("ss -tan")
        if write_at is not None:
            await host.sleep(write_at - host.now)
            await connection.send(bytes(100))
        await connection.recv(4096)
        connection.setsockopt("SO_KEEPALIVE", 0)
        await host.pause()

    return talk


async def _hold(host: Any) -> None:
    """A colleague who connects from the client's port, and leaves it at that."""
    await host.sleep(ms(500))
    await host.socket().bind(SAME_PORT).connect(SERVER, PORT)
    await host.pause()


@scenario(
    "tw-recycle-nat",
    title="tcp_tw_recycle behind a shared address",
    question="A colleague reaches the server and I do not: how can that be?",
    parameters=(
        replace(RTT, default=20),
        RECYCLE,
        STAMPS,
        APART,
        BEHIND,
        replace(SYN_RETRIES, help="how long the client tries"),
    ),
    until=minutes(10),
    profile="linux-4.9",
)
def tw_recycle_nat(
    net: Any,
    *,
    rtt: int,
    tcp_tw_recycle: int,
    tcp_timestamps: int,
    apart: int,
    behind: int,
    tcp_syn_retries: int,
) -> None:
    """Client and colleague share one address; the server closes first, so that TIME_WAIT is its.

    It remembers the colleague's last timestamp for a minute, under the address of both.
    """
    recycle = {"tcp_tw_recycle": tcp_tw_recycle} if tcp_tw_recycle else {}
    common = {"tcp_timestamps": tcp_timestamps}
    client = net.host("client", CLIENT, tcp_syn_retries=tcp_syn_retries, **common)
    server = net.host("server", SERVER, **recycle)
    colleague = net.host("colleague", COLLEAGUE, **common)
    colleague.been_up(UP_FOR)
    client.been_up(UP_FOR - seconds(behind))
    office = net.router("office router", SHARED)
    office.masquerade(OFFICE)
    for host in (client, server, colleague):
        net.link(host, office, delay=ms(rtt / 4))

    async def serve(host: Any) -> None:
        listener = host.socket().bind(PORT).listen(128)
        while True:
            connection = await listener.accept()
            await connection.send(bytes(100))
            await connection.close()

    def visit(start: int) -> Any:
        async def fetch(host: Any) -> None:
            await host.sleep(start)
            connection = host.socket()
            await connection.connect(SERVER, PORT)
            while await connection.recv(4096):
                pass
            await connection.close()

        return fetch

    server.spawn(serve)
    colleague.spawn(visit(0))
    client.spawn(visit(seconds(apart)))
