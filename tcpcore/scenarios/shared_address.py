"""Several hosts behind one address: what a server must not conclude from that address."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

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
