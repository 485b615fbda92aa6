"""Waiting on purpose: for room in the peer's buffer, or for company on the way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tcpcore.scenarios.handshake import CLIENT, PORT, RTT, SERVER, pair
from tcpcore.scenarios.registry import Parameter, scenario
from tcpcore.scenarios.timers import USER_TIMEOUT
from tcpcore.units import mbit, minutes, ms, seconds

BUFFER = Parameter(
    "buffer",
    "SO_RCVBUF of the server",
    4096,
    minimum=2048,
    maximum=65536,
    step=1024,
    unit="bytes",
    help="the kernel doubles it, and charges each packet for its memory",
)
WRITTEN = Parameter(
    "written",
    "The client writes",
    20000,
    minimum=1000,
    maximum=100000,
    step=1000,
    unit="bytes",
    help="at once",
)
READ_AFTER = Parameter(
    "read_after",
    "The server reads after",
    5,
    minimum=1,
    maximum=120,
    unit="s",
    help="until then its window is shut",
)
ANSWERED = Parameter(
    "answered", "Probes are answered", True, help="off: the server is cut off while it is busy"
)
ROOM = replace(
    BUFFER,
    default=65536,
    minimum=4096,
    maximum=262144,
    step=4096,
    help="of the server, which reads at once: about this much window it offers",
)
SIZE = replace(WRITTEN, default=60000, maximum=200000)
SEND_BUFFER = 262_144
"""SO_SNDBUF of a client that is not to wait for its own buffer."""
INITIAL_CWND = Parameter(
    "initcwnd",
    "Initial cwnd",
    10,
    minimum=1,
    maximum=100,
    unit="segments",
    help="ip route change ... initcwnd: what the sender dares before the first ACK",
)
BITE = Parameter(
    "bite",
    "The server reads at most",
    100,
    minimum=10,
    maximum=4096,
    step=10,
    unit="bytes",
    help="with each recv()",
)
PAUSE = Parameter(
    "pause", "Pause between two reads", 20, maximum=200, unit="ms", help="0: none, but one by one"
)
WRITES = Parameter(
    "writes", "Small writes", 2, minimum=1, maximum=6, help="of which a request is made"
)
ROUNDS = Parameter("rounds", "Requests", 3, minimum=1, maximum=10, help="one after the other")
NODELAY = Parameter(
    "nodelay", "TCP_NODELAY", False, help="the client's: small segments need not wait"
)
QUICK_ACK = Parameter(
    "quick_ack", "TCP_QUICKACK", False, help="the server's, set again before each read: no delay"
)


@scenario(
    "zero-window",
    title="A window that is shut",
    question="How does a sender learn that there is room again, when nobody sends it anything?",
    parameters=(RTT, BUFFER, WRITTEN, READ_AFTER, ANSWERED, USER_TIMEOUT),
    until=minutes(20),
)
def zero_window(
    net: Any,
    *,
    rtt: int,
    buffer: int,
    written: int,
    read_after: int,
    answered: bool,
    user_timeout: int,
) -> None:
    """The client writes more than the server's buffer takes, and the server reads late."""
    client, server = net.host("client", CLIENT), net.host("server", SERVER)
    # Segments must not arrive at one instant: which of them a reader sees would be chance.
    link = net.link(client, server, delay=ms(rtt / 2), rate=mbit(10))
    if not answered:
        net.after(ms(6 * rtt + 400), lambda: link.drop(to=server))

    async def serve(host: Any) -> None:
        listener = host.socket().bind(PORT)
        listener.setsockopt("SO_RCVBUF", buffer)
        connection = await listener.listen(16).accept()
        await host.sleep(seconds(read_after))
        while await connection.recv(65536):
            pass
        await connection.close()

    async def write(host: Any) -> None:
        connection = host.socket()
        if user_timeout:
            connection.setsockopt("TCP_USER_TIMEOUT", user_timeout)
        await connection.connect(SERVER, PORT)
        await connection.send(bytes(written))
        connection.shutdown("write")
        await connection.recv(4096)
        await connection.close()

    server.spawn(serve)
    client.spawn(write)


@scenario(
    "silly-window",
    title="A reader of small bites",
    question="The server frees 100 bytes at a time: does its window open by 100 bytes?",
    parameters=(RTT, BUFFER, replace(WRITTEN, default=10000), BITE, PAUSE),
    until=minutes(10),
)
def silly_window(net: Any, *, rtt: int, buffer: int, written: int, bite: int, pause: int) -> None:
    """The client writes more than the buffer takes; the server reads it in small pieces."""
    client, server = net.host("client", CLIENT), net.host("server", SERVER)
    net.link(client, server, delay=ms(rtt / 2), rate=mbit(10))

    async def serve(host: Any) -> None:
        listener = host.socket().bind(PORT)
        listener.setsockopt("SO_RCVBUF", buffer)
        connection = await listener.listen(16).accept()
        await host.sleep(ms(500))
        while await connection.recv(bite):
            await host.sleep(ms(pause))
        await connection.close()

    async def write(host: Any) -> None:
        connection = host.socket()
        await connection.connect(SERVER, PORT)
        await connection.send(bytes(written))
        await connection.close()

    server.spawn(serve)
    client.spawn(write)


@scenario(
    "nagle-delayed-ack",
    title="Nagle meets the delayed ACK",
    question="Why does a request in two small writes sometimes take 40 ms longer than in one?",
    parameters=(RTT, WRITES, ROUNDS, NODELAY, QUICK_ACK),
    until=minutes(3),
)
def nagle_delayed_ack(
    net: Any, *, rtt: int, writes: int, rounds: int, nodelay: bool, quick_ack: bool
) -> None:
    """The client writes a request in small pieces; the server answers when it has all of them."""
    client, server, _ = pair(net, rtt)
    piece = 50

    async def serve(host: Any) -> None:
        connection = await host.socket().bind(PORT).listen(16).accept()
        while True:
            missing = piece * writes
            while missing:
                if quick_ack:
                    connection.setsockopt("TCP_QUICKACK", 1)
                data = await connection.recv(missing)
                if not data:
                    await connection.close()
                    return
                missing -= len(data)
            await connection.send(bytes(200))

    async def ask(host: Any) -> None:
        connection = host.socket()
        if nodelay:
            connection.setsockopt("TCP_NODELAY", 1)
        await connection.connect(SERVER, PORT)
        for _ in range(rounds):
            for _ in range(writes):
                await connection.send(bytes(piece))
            await connection.recv(4096)
        await connection.close()

    server.spawn(serve)
    client.spawn(ask)


@scenario(
    "flow-control-vs-congestion-control",
    title="Two windows, and the smaller one counts",
    question="Who holds the sender back, the receiver or its own care for the network?",
    parameters=(RTT, ROOM, INITIAL_CWND, SIZE),
    until=minutes(3),
)
def flow_control_vs_congestion_control(
    net: Any, *, rtt: int, buffer: int, initcwnd: int, written: int
) -> None:
    """The client sends and the server reads at once; nothing is lost, and 50 Mbit/s are free."""
    client, server = net.host("client", CLIENT), net.host("server", SERVER)
    net.link(client, server, delay=ms(rtt / 2), rate=mbit(50))
    client.change_route(SERVER, initcwnd=initcwnd)

    async def serve(host: Any) -> None:
        listener = host.socket().bind(PORT)
        listener.setsockopt("SO_RCVBUF", buffer)
        connection = await listener.listen(16).accept()
        while await connection.recv(65536):
            pass
        await connection.close()

    async def write(host: Any) -> None:
        connection = host.socket()
        connection.setsockopt("SO_SNDBUF", SEND_BUFFER)
        await connection.connect(SERVER, PORT)
        await connection.send(bytes(written))
        await connection.close()

    server.spawn(serve)
    client.spawn(write)
