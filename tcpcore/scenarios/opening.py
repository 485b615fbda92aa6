"""Unusual openings: SYNs that cross, a socket that meets itself, data that comes with the SYN."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tcpcore.scenarios.handshake import CLIENT, PORT, RTT, SERVER
from tcpcore.scenarios.registry import Parameter, scenario
from tcpcore.units import ms, seconds

OTHER_PORT = 9999
SELF_PORT = 34567
APART = Parameter(
    "apart",
    "Second connect() later by",
    0,
    maximum=200,
    step=2,
    unit="ms",
    help="the SYNs cross as long as this is less than half a round trip",
)
GREETING = Parameter(
    "greeting", "Data", 100, maximum=1448, unit="bytes", help="what each end writes; 0: nothing"
)
SAYS = Parameter("greeting", "It says something", True, help="off: it only connects")
EARLY = Parameter(
    "early", "Data on the SYN", 100, minimum=1, maximum=1400, unit="bytes", help="one write()"
)
TAKES_EARLY = Parameter(
    "takes_early",
    "The server takes it",
    False,
    help="on: its tcp_fastopen lets data in with any SYN, without a cookie",
)
# Bits of tcp_fastopen: the client sends data on a SYN, and needs no cookie for it; the server lets
# data in (2), without a cookie (0x200), for every listener (0x400).
CLIENTS_MAY, NO_COOKIE_HELD, EVERY_LISTENER = 0x1, 0x4, 0x602


@scenario(
    "simultaneous-open",
    title="A simultaneous open",
    question="Both ends call connect() at once and nobody listens: can that become a connection?",
    parameters=(RTT, APART, replace(GREETING, default=0)),
    until=seconds(30),
)
def simultaneous_open(net: Any, *, rtt: int, apart: int, greeting: int) -> None:
    """Each host connects from a port of its own to the other's; both SYNs are on the way at once.

    When the second comes too late, the first is refused: nobody listens.
    """
    first, second = net.host("client", CLIENT), net.host("server", SERVER)
    net.link(first, second, delay=ms(rtt / 2))

    def connect(own: int, address: str, port: int, wait: int) -> Any:
        async def open_both(host: Any) -> None:
            connection = host.socket().bind(own)
            if wait:
                await host.sleep(ms(wait))
            await connection.connect(address, port)
            if greeting:
                await connection.send(bytes(greeting))
                await connection.recv(4096)
            await host.pause()

        return open_both

    first.spawn(connect(PORT, SERVER, OTHER_PORT, 0))
    second.spawn(connect(OTHER_PORT, CLIENT, PORT, apart))


@scenario(
    "self-connect",
    title="A socket connected to itself",
    question="What if connect() happens to choose the very port that it wants to connect to?",
    parameters=(SAYS,),
    until=seconds(30),
)
def self_connect(net: Any, *, greeting: bool) -> None:
    """One host, one socket, one port: its SYN comes back to it, and opens the connection.

    It happens to a program that tries again and again to reach a local service whose port lies
    among the ephemeral ones.
    """

    net.host("client", CLIENT).spawn(meet_itself if greeting else connect_only)


async def meet_itself(host: Any) -> None:
    """One socket, one port: it connects to itself, and hears what it says."""
    connection = host.socket()
    connection.bind(SELF_PORT, CLIENT)
    await connection.connect(CLIENT, SELF_PORT)
    await connection.send(b"Hello, myself!")
    await connection.recv(1024)
    await host.sleep(seconds(1))
    await connection.close()


async def connect_only(host: Any) -> None:
    """The same without a word."""
    connection = host.socket()
    connection.bind(SELF_PORT, CLIENT)
    await connection.connect(CLIENT, SELF_PORT)
    await host.sleep(seconds(1))
    await connection.close()


@scenario(
    "syn-with-data",
    title="A SYN that carries data",
    question="May a SYN carry data, and what becomes of it?",
    parameters=(RTT, EARLY, TAKES_EARLY),
    until=seconds(30),
)
def syn_with_data(net: Any, *, rtt: int, early: int, takes_early: bool) -> None:
    """The client writes before the handshake is over, without asking for a Fast Open cookie."""
    client = net.host("client", CLIENT, tcp_fastopen=CLIENTS_MAY | NO_COOKIE_HELD)
    server = net.host("server", SERVER, tcp_fastopen=EVERY_LISTENER if takes_early else 0)
    net.link(client, server, delay=ms(rtt / 2))

    async def serve(host: Any) -> None:
        connection = await host.socket().bind(PORT).listen(16).accept()
        await connection.recv(4096)
        await host.pause()

    async def write_at_once(host: Any) -> None:
        connection = host.socket()
        await connection.sendto(bytes(early), SERVER, PORT)
        await host.pause()

    server.spawn(serve)
    client.spawn(write_at_once)
