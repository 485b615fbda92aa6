"""Opening a connection: the three segments, and what happens when one of the ends stays silent."""

from __future__ import annotations

from typing import Any

from tcpcore.scenarios.registry import Parameter, scenario
from tcpcore.units import minutes, ms

CLIENT = "10.0.0.1"
SERVER = "10.0.0.2"
PORT = 8888  # not 80: tcpdump would read our bytes as HTTP

RTT = Parameter(
    "rtt",
    "Round-trip time",
    100,
    minimum=2,
    maximum=400,
    step=2,
    unit="ms",
    help="from one host to the other and back",
)
SYN_RETRIES = Parameter(
    "tcp_syn_retries",
    "tcp_syn_retries",
    6,
    minimum=1,
    maximum=10,
    help="how long connect() tries: at least 2^(n+1) - 1 seconds",
    sysctl=True,
)
SYN_LINEAR_TIMEOUTS = Parameter(
    "tcp_syn_linear_timeouts",
    "tcp_syn_linear_timeouts",
    4,
    minimum=0,
    maximum=10,
    help="how many time-outs stay at 1 s before they double (Linux 6.5 and later)",
    sysctl=True,
)
SYNACK_RETRIES = Parameter(
    "tcp_synack_retries",
    "tcp_synack_retries",
    5,
    minimum=0,
    maximum=8,
    help="how often the server sends its SYN+ACK again",
    sysctl=True,
)
BACKLOG = Parameter(
    "backlog",
    "Backlog",
    128,
    minimum=1,
    maximum=256,
    unit="connections",
    help="listen()'s argument: the accept queue holds one more",
)


def pair(net: Any, rtt: float, **client: Any) -> tuple[Any, Any, Any]:
    """``(client, server, link)``: two hosts on a cable; keywords are sysctls of the client."""
    first, second = net.host("client", CLIENT, **client), net.host("server", SERVER)
    return first, second, net.link(first, second, delay=ms(rtt / 2))


@scenario(
    "handshake",
    title="The three-way handshake",
    question="What happens on the wire, and at both ends, between connect() and accept()?",
    parameters=(RTT, BACKLOG),
    until=minutes(5),
)
def handshake(net: Any, *, rtt: int, backlog: int) -> None:
    """A client connects, a server accepts; both then hold their sockets open."""
    client, server, _ = pair(net, rtt)

    async def serve(host: Any) -> None:
        listener = host.socket().bind(PORT).listen(backlog)
        connection = await listener.accept()
        await host.pause()
        await connection.close()

    async def open_connection(host: Any) -> None:
        connection = host.socket()
        await connection.connect(SERVER, PORT)
        await host.pause()
        await connection.close()

    server.spawn(serve)
    client.spawn(open_connection)


@scenario(
    "syn-unanswered",
    title="A SYN that nobody answers",
    question="How often does connect() try, and when does it give up?",
    parameters=(SYN_RETRIES, SYN_LINEAR_TIMEOUTS),
    until=minutes(40),
)
def syn_unanswered(net: Any, *, tcp_syn_retries: int, tcp_syn_linear_timeouts: int) -> None:
    """A firewall on the way drops everything toward the server, without a word."""
    client = net.host(
        "client",
        CLIENT,
        tcp_syn_retries=tcp_syn_retries,
        tcp_syn_linear_timeouts=tcp_syn_linear_timeouts,
    )
    server = net.host("server", SERVER)
    net.link(client, server, delay=ms(50)).drop(to=server)

    async def open_connection(host: Any) -> None:
        await host.socket().connect(SERVER, PORT)

    client.spawn(open_connection)


@scenario(
    "synack-unanswered",
    title="A SYN+ACK that nobody answers",
    question="How long does a server keep a half-open connection in its SYN queue?",
    parameters=(SYNACK_RETRIES, BACKLOG),
    until=minutes(10),
)
def synack_unanswered(net: Any, *, tcp_synack_retries: int, backlog: int) -> None:
    """A client asks once and vanishes: nothing reaches it, and it asks no more."""
    client = net.host("client", CLIENT)
    server = net.host("server", SERVER, tcp_synack_retries=tcp_synack_retries)
    net.link(client, server, delay=ms(50)).drop(to=client)

    async def serve(host: Any) -> None:
        await host.socket().bind(PORT).listen(backlog).accept()

    async def ask_once(host: Any) -> None:
        connection = host.socket()
        try:
            await connection.connect(SERVER, PORT, timeout=ms(200))
        except TimeoutError:
            await connection.close()

    server.spawn(serve)
    client.spawn(ask_once)


@scenario(
    "connection-refused",
    title="Connection refused",
    question="How does a client learn that nobody listens on a port?",
    parameters=(RTT,),
    until=minutes(5),
)
def connection_refused(net: Any, *, rtt: int) -> None:
    """The server's host is up, but no process listens on the port."""
    client, _, _ = pair(net, rtt)

    async def open_connection(host: Any) -> None:
        await host.socket().connect(SERVER, PORT)

    client.spawn(open_connection)
