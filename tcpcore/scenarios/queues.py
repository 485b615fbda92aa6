"""The two queues of a listening socket: what fills them, and what happens when they are full."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tcpcore.scenarios.handshake import (
    BACKLOG,
    CLIENT,
    PORT,
    RTT,
    SERVER,
    SYNACK_RETRIES,
    pair,
)
from tcpcore.scenarios.registry import Parameter, scenario
from tcpcore.units import minutes, ms, seconds

ACCEPT_AFTER = Parameter(
    "accept_after",
    "accept() is called after",
    1000,
    maximum=5000,
    step=50,
    unit="ms",
    help="how long the server does something else between listen() and accept()",
)
CLIENTS = Parameter(
    "clients",
    "Connections",
    4,
    minimum=1,
    maximum=16,
    help="how many connect() calls the client makes",
)
ABORT_ON_OVERFLOW = Parameter(
    "tcp_abort_on_overflow",
    "tcp_abort_on_overflow",
    0,
    maximum=1,
    help="0: ignore the handshake's last ACK when the accept queue is full; 1: answer it with RST",
    sysctl=True,
)
STALL = Parameter(
    "stall",
    "The server accepts after",
    0,
    maximum=60_000,
    step=500,
    unit="ms",
    help="then it takes all that wait, and greets each; 0: never",
)
APART = Parameter(
    "apart",
    "Time between them",
    60,
    maximum=1000,
    step=10,
    unit="ms",
    help="less than a round trip: they are half-open together",
)
DEFER = Parameter(
    "defer",
    "TCP_DEFER_ACCEPT",
    5,
    maximum=30,
    unit="s",
    help="how long the server waits for data; the kernel rounds up to time-outs of 1, 2, 4 ... s",
)
DATA_AFTER = Parameter(
    "data_after",
    "Client sends after",
    500,
    maximum=20000,
    step=100,
    unit="ms",
    help="from its connect() on; 0: never",
)
COOKIES = Parameter(
    "tcp_syncookies",
    "tcp_syncookies",
    1,
    maximum=2,
    help="0: off; 1: when the SYN queue is full; 2: always",
)
DAMAGED = Parameter(
    "damaged", "The first SYN is damaged", False, help="one byte is wrong: its checksum fails"
)
REQUEST = Parameter(
    "request", "Request", 0, maximum=1448, unit="bytes", help="written right after connect()"
)


@scenario(
    "accept-late",
    title="A server that accepts late",
    question="Does the handshake wait for accept()?",
    parameters=(RTT, ACCEPT_AFTER, replace(BACKLOG, default=2, maximum=16), REQUEST),
    until=seconds(8),
)
def accept_late(net: Any, *, rtt: int, accept_after: int, backlog: int, request: int) -> None:
    """The server listens, is busy for a while, and only then takes the connection."""
    client, server, _ = pair(net, rtt)

    async def serve(host: Any) -> None:
        listener = host.socket().bind(PORT).listen(backlog)
        await host.sleep(ms(accept_after))
        connection = await listener.accept()
        if request:
            await connection.recv(4096)
        await host.pause()
        await connection.close()

    async def ask(host: Any) -> None:
        connection = host.socket()
        await connection.connect(SERVER, PORT)
        if request:
            await connection.send(bytes(request))
        await host.pause()
        await connection.close()

    server.spawn(serve)
    client.spawn(ask)


@scenario(
    "accept-queue-overflow",
    title="More connections than the accept queue holds",
    question="What becomes of a connection for which the accept queue has no room?",
    parameters=(
        RTT,
        replace(BACKLOG, default=1, minimum=0, maximum=16),
        CLIENTS,
        APART,
        ABORT_ON_OVERFLOW,
        SYNACK_RETRIES,
        STALL,
    ),
    until=minutes(10),
)
def accept_queue_overflow(
    net: Any,
    *,
    rtt: int,
    backlog: int,
    clients: int,
    apart: int,
    tcp_abort_on_overflow: int,
    tcp_synack_retries: int,
    stall: int,
) -> None:
    """The server listens and does not accept; the client opens one connection after the other.

    On each it waits for the server to speak first.  With `stall`, the server at last comes to it.
    """
    client = net.host("client", CLIENT, tcp_syn_retries=2)
    server = net.host(
        "server",
        SERVER,
        tcp_abort_on_overflow=tcp_abort_on_overflow,
        tcp_synack_retries=tcp_synack_retries,
    )
    net.link(client, server, delay=ms(rtt / 2))

    def connect_after(wait: int) -> Any:
        async def connect(host: Any) -> None:
            if wait:
                await host.sleep(ms(wait))
            connection = host.socket()
            await connection.connect(SERVER, PORT)
            await connection.recv(4096)
            await host.pause()

        return connect

    server.spawn(_greet_after(stall, backlog))
    for number in range(clients):
        client.spawn(connect_after(number * apart), f"connect {number + 1}")


@scenario(
    "bind-without-listen",
    title="A port that is bound, but does not listen",
    question="What does a client get from a server that called bind(), but not yet listen()?",
    parameters=(RTT, DAMAGED),
    until=seconds(5),
)
def bind_without_listen(net: Any, *, rtt: int, damaged: bool) -> None:
    """The server has the port, but is no listener."""
    client, server, link = pair(net, rtt)
    if damaged:
        link.impair(to=server, corrupt=1.0)
        net.after(ms(500), lambda: link.impair(to=server))
    server.spawn(take_the_port)
    client.spawn(_connect)


async def take_the_port(host: Any) -> None:
    """A server that forgot one line: nobody can connect."""
    connection = host.socket()
    connection.bind(PORT)
    await host.sleep(seconds(4))
    await connection.close()


@scenario(
    "lost-third-ack",
    title="The handshake's last ACK is lost",
    question="The client is connected, the server is not: what brings them together?",
    parameters=(RTT, DATA_AFTER, SYNACK_RETRIES, COOKIES),
    until=seconds(30),
)
def lost_third_ack(
    net: Any, *, rtt: int, data_after: int, tcp_synack_retries: int, tcp_syncookies: int
) -> None:
    """The third segment is lost; later the client sends a request, and waits for an answer."""
    client = net.host("client", CLIENT)
    server = net.host(
        "server", SERVER, tcp_synack_retries=tcp_synack_retries, tcp_syncookies=tcp_syncookies
    )
    net.link(client, server, delay=ms(rtt / 2))
    net.drop_segments([2])

    async def ask_and_wait(host: Any) -> None:
        connection = host.socket()
        await connection.connect(SERVER, PORT)
        if data_after:
            await host.sleep(ms(data_after))
            await connection.send(bytes(100))
        await connection.recv(4096)

    server.spawn(_serve_one)
    client.spawn(ask_and_wait)


@scenario(
    "defer-accept",
    title="TCP_DEFER_ACCEPT: wake me when there is data",
    question="What does a server do with a connection that nobody has sent anything on?",
    parameters=(RTT, DEFER, replace(DATA_AFTER, default=0)),
    until=minutes(2),
)
def defer_accept(net: Any, *, rtt: int, defer: int, data_after: int) -> None:
    """accept() is to return a connection with data in it, or after a while without."""
    client, server, _ = pair(net, rtt)

    async def serve(host: Any) -> None:
        socket = host.socket().bind(PORT)
        socket.setsockopt("TCP_DEFER_ACCEPT", defer)
        connection = await socket.listen(16).accept()
        await connection.recv(4096)
        await host.pause()

    server.spawn(serve)
    client.spawn(_request_after(data_after))


# --- applications --------------------------------------------------------------------------------


def _greet_after(stall: int, backlog: int) -> Any:
    async def serve(host: Any) -> None:
        listener = host.socket().bind(PORT).listen(backlog)
        if not stall:
            await host.sleep(seconds(2))
            await host.look("ss -tln")
            await host.look("netstat -s | grep -i listen")
            await host.pause()
            await listener.close()
        await host.sleep(ms(stall))
        taken = []
        while True:
            taken.append(await listener.accept())
            await taken[-1].send(bytes(10))

    return serve


async def _connect(host: Any) -> None:
    """Open a connection and hold it."""
    connection = host.socket()
    await connection.connect(SERVER, PORT)
    await host.pause()
    await connection.close()


async def _serve_one(host: Any) -> None:
    """Accept a connection, read a request, hold it."""
    connection = await host.socket().bind(PORT).listen(16).accept()
    await connection.recv(4096)
    await host.pause()
    await connection.close()


def _request_after(wait: int) -> Any:
    async def request(host: Any) -> None:
        connection = host.socket()
        await connection.connect(SERVER, PORT)
        if wait:
            await host.sleep(ms(wait))
            await connection.send(bytes(100))
        await host.pause()

    return request
