"""Opening a connection: the three segments, and what happens when one of the ends stays silent."""

from __future__ import annotations

from dataclasses import replace
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


RTO_MAX = Parameter(
    "tcp_rto_max_ms",
    "tcp_rto_max_ms",
    120_000,
    minimum=1000,
    maximum=120_000,
    step=1000,
    unit="ms",
    help="no wait between two tries is longer (Linux 6.15 and later; before, always 120 s)",
    sysctl=True,
)
SYN_COUNT = Parameter(
    "syn_count",
    "TCP_SYNCNT",
    2,
    maximum=10,
    help="a socket's own tcp_syn_retries; 0: not set",
)
USER_TIMEOUT = Parameter(
    "user_timeout",
    "TCP_USER_TIMEOUT",
    0,
    maximum=60_000,
    step=500,
    unit="ms",
    help="the socket's own limit in time; 0: not set",
)
PATIENCE = Parameter(
    "patience",
    "The program's time-out",
    0,
    maximum=60_000,
    step=500,
    unit="ms",
    help="how long the program waits for connect(); 0: as long as the kernel",
)
REJECT = Parameter(
    "reject",
    "REJECT instead of DROP",
    False,
    help="the firewall answers with a reset, as a host without a listener would",
)
DETOUR = Parameter(
    "detour",
    "Later SYNs take longer by",
    100,
    minimum=0,
    maximum=400,
    step=10,
    unit="ms",
    help="as if the route had changed; 0: the SYN comes when the server's timer is due",
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


@scenario(
    "connect-limits",
    title="Who ends a connect() that nobody answers",
    question="Which of the limits ends the wait first, and what does the program hear?",
    parameters=(
        SYN_RETRIES,
        SYN_LINEAR_TIMEOUTS,
        RTO_MAX,
        SYN_COUNT,
        USER_TIMEOUT,
        PATIENCE,
    ),
    until=minutes(40),
)
def connect_limits(
    net: Any,
    *,
    tcp_syn_retries: int,
    tcp_syn_linear_timeouts: int,
    tcp_rto_max_ms: int,
    syn_count: int,
    user_timeout: int,
    patience: int,
) -> None:
    """Nothing reaches the server; the host, the socket and the program each have a limit."""
    client = net.host(
        "client",
        CLIENT,
        tcp_syn_retries=tcp_syn_retries,
        tcp_syn_linear_timeouts=tcp_syn_linear_timeouts,
        tcp_rto_max_ms=tcp_rto_max_ms,
    )
    server = net.host("server", SERVER)
    net.link(client, server, delay=ms(50)).drop(to=server)

    async def open_connection(host: Any) -> None:
        connection = host.socket()
        if syn_count:
            connection.setsockopt("TCP_SYNCNT", syn_count)
        if user_timeout:
            connection.setsockopt("TCP_USER_TIMEOUT", user_timeout)
        try:
            await connection.connect(SERVER, PORT, timeout=ms(patience) if patience else None)
        except TimeoutError:
            await connection.close()

    client.spawn(open_connection)


@scenario(
    "syn-filtered",
    title="A firewall at the server's door",
    question="A packet filter throws the SYN away: who sees it, and who answers?",
    parameters=(RTT, replace(SYN_RETRIES, default=2, sysctl=False), REJECT),
    until=minutes(40),
)
def syn_filtered(net: Any, *, rtt: int, tcp_syn_retries: int, reject: bool) -> None:
    """The server listens, but its own packet filter lets no SYN of the client in."""
    client, server, _ = pair(net, rtt, tcp_syn_retries=tcp_syn_retries)
    answer = "REJECT --reject-with tcp-reset" if reject else "DROP"
    server.firewall.append(f"-A INPUT -s {CLIENT} -p tcp --dport {PORT} -j {answer}")

    async def serve(host: Any) -> None:
        await host.socket().bind(PORT).listen(16).accept()

    async def open_connection(host: Any) -> None:
        await host.socket().connect(SERVER, PORT)

    server.spawn(serve)
    client.spawn(open_connection)


@scenario(
    "synack-filtered",
    title="A firewall at the client's door",
    question="Both ends ask again and again: whose timer ends what?",
    parameters=(RTT, replace(SYN_RETRIES, default=2, sysctl=False), SYNACK_RETRIES, DETOUR),
    until=minutes(40),
)
def synack_filtered(
    net: Any, *, rtt: int, tcp_syn_retries: int, tcp_synack_retries: int, detour: int
) -> None:
    """SYNs arrive, no SYN+ACK gets back in: two timers run, one at each end.

    From the second on the SYNs take a detour.  Else each would come in the very moment in which
    the server's own timer is due, and on a real kernel chance would say which is first.
    """
    client = net.host("client", CLIENT, tcp_syn_retries=tcp_syn_retries)
    server = net.host("server", SERVER, tcp_synack_retries=tcp_synack_retries)
    way = net.link(client, server, delay=ms(rtt / 2)).away_from(client)
    net.after(ms(500), lambda: setattr(way, "delay", ms(rtt / 2 + detour)))
    client.firewall.append(f"-A INPUT -p tcp --sport {PORT} -j DROP")

    async def serve(host: Any) -> None:
        await host.socket().bind(PORT).listen(16).accept()

    async def open_connection(host: Any) -> None:
        await host.socket().connect(SERVER, PORT)

    server.spawn(serve)
    client.spawn(open_connection)
