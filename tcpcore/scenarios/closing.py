"""How an end takes leave, and what the other's calls come to: delayed ACKs, shutdown(), fork()."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tcpcore.scenarios.handshake import PORT, RTT, SERVER, pair
from tcpcore.scenarios.registry import Parameter, scenario
from tcpcore.scenarios.teardown import PAUSE, RESPONSE
from tcpcore.units import minutes, ms, seconds

GREETING = Parameter(
    "greeting",
    "The client writes",
    19,
    maximum=1448,
    unit="bytes",
    help="a second before it closes; 0: nothing",
)
QUICK_ACK = Parameter(
    "quick_ack",
    "TCP_QUICKACK is set",
    0,
    maximum=2,
    help="0: never; 1: before listen(); 2: when recv() has returned the end of file",
)
SEGMENTS = Parameter(
    "segments", "Segments at once", 2, minimum=1, maximum=6, help="which the server does not answer"
)
SIZE = Parameter(
    "size", "Each holds", 100, minimum=1, maximum=1448, unit="bytes", help="1448 fill a packet"
)
READS = Parameter(
    "reads", "The server reads them", True, help="off: they stay in its receive buffer"
)
LEAVES_BY = Parameter(
    "leaves_by",
    "The server leaves by",
    0,
    maximum=2,
    help="0: close(); 1: kill -9; 2: a reset (SO_LINGER with time 0)",
)
WRITE_FIRST = Parameter(
    "write_first",
    "After that it writes first",
    False,
    help="off: it calls recv(), recv(), send(), send(); on: the other way round",
)
WRITE_AT = Parameter(
    "write_at",
    "The client sends at",
    980,
    minimum=600,
    maximum=1400,
    step=10,
    unit="ms",
    help="the server's process ends at 1000 ms",
)
SHUT = Parameter(
    "shut",
    "shutdown() instead of close()",
    False,
    help="by the parent, while the child still holds the socket",
)
HOLDS = Parameter(
    "holds", "The child goes on for", 300, maximum=2000, step=10, unit="ms", help="then it writes"
)


async def closing_server(host: Any, quick_ack: int, pause: int) -> None:
    """Read until the client has no more to say; then, after a pause, close."""
    listener = host.socket()
    if quick_ack == 1:
        listener.setsockopt("TCP_QUICKACK", 1)
    connection = await listener.bind(PORT).listen(5).accept()
    while await connection.recv(1024):
        pass
    if quick_ack == 2:
        connection.setsockopt("TCP_QUICKACK", 1)
    if pause:
        await host.sleep(ms(pause))
    await connection.close()
    await host.pause()


@scenario(
    "delayed-ack-server",
    title="A server that closes at the end of file",
    question="Does the ACK of the FIN wait for the server's own FIN?",
    parameters=(RTT, GREETING, PAUSE, QUICK_ACK),
    until=minutes(3),
)
def delayed_ack_server(net: Any, *, rtt: int, greeting: int, pause: int, quick_ack: int) -> None:
    """The client says hello and closes a second later; the server reads to the end, and closes."""
    client, server, _ = pair(net, rtt)

    async def greet(host: Any) -> None:
        connection = host.socket()
        await connection.connect(SERVER, PORT)
        if greeting:
            await connection.send(bytes(greeting))
        await host.sleep(seconds(1))
        await connection.close()

    server.spawn(lambda host: closing_server(host, quick_ack, pause), "serve")
    client.spawn(greet)


@scenario(
    "data-without-answer",
    title="Data that nobody answers",
    question="How long does an ACK wait for something to travel with?",
    parameters=(RTT, SEGMENTS, SIZE, READS),
    until=seconds(30),
)
def data_without_answer(net: Any, *, rtt: int, segments: int, size: int, reads: bool) -> None:
    """A request, an answer; then some segments in one instant, to which the server says nothing."""
    client, server, _ = pair(net, rtt)

    async def serve(host: Any) -> None:
        connection = await host.socket().bind(PORT).listen(16).accept()
        await connection.send(await connection.recv(4096))
        while reads:
            await connection.recv(16384)
        await host.pause()

    async def ask(host: Any) -> None:
        connection = host.socket()
        await connection.connect(SERVER, PORT)
        connection.setsockopt("TCP_NODELAY", 1)
        await connection.send(bytes(100))
        await connection.recv(4096)
        await host.sleep(ms(100))
        for _ in range(segments):
            await connection.send(bytes(size))
        await host.pause()

    server.spawn(serve)
    client.spawn(ask)


@scenario(
    "shutdown-read",
    title="shutdown() of the direction that reads",
    question="What does the peer learn when you shut down the reading side only?",
    parameters=(RTT, RESPONSE, replace(PAUSE, default=300, help="before it writes")),
    until=minutes(1),
)
def shutdown_read(net: Any, *, rtt: int, response: int, pause: int) -> None:
    """The client wants to read no more, and says so; the server writes all the same."""
    client, server, _ = pair(net, rtt)

    async def serve(host: Any) -> None:
        connection = await host.socket().bind(PORT).listen(16).accept()
        if pause:
            await host.sleep(ms(pause))
        await connection.send(bytes(response))
        await host.pause()

    async def turn_away(host: Any) -> None:
        connection = host.socket()
        await connection.connect(SERVER, PORT)
        connection.shutdown("read")
        await connection.recv(4096)
        await host.sleep(ms(2 * rtt + pause))
        for _ in range(2):
            await connection.recv(4096)
        await host.pause()

    server.spawn(serve)
    client.spawn(turn_away)


@scenario(
    "shared-socket",
    title="Two processes, one socket",
    question="Who closes a connection that a parent and its child both hold?",
    parameters=(RTT, SHUT, HOLDS),
    until=minutes(3),
)
def shared_socket(net: Any, *, rtt: int, shut: bool, holds: int) -> None:
    """The server forks a child for the connection, and closes its own descriptor of it at once."""
    client, server, _ = pair(net, rtt)

    async def serve(host: Any) -> None:
        connection = await host.socket().bind(PORT).listen(16).accept()

        async def child(host: Any) -> None:
            await host.sleep(ms(100 + holds))
            await _try(connection.send(bytes(100)))
            await connection.close()

        host.fork(child)
        await host.sleep(ms(100))
        if shut:
            connection.shutdown("write")
        await connection.close()
        await host.pause()

    async def listen_to_it(host: Any) -> None:
        connection = host.socket()
        await connection.connect(SERVER, PORT)
        while await connection.recv(4096):
            pass
        await connection.close()

    server.spawn(serve)
    client.spawn(listen_to_it)


@scenario(
    "request-meets-fin",
    title="A request that meets a FIN",
    question="The server's process ends just when the client sends a request: who learns what?",
    parameters=(RTT, WRITE_AT),
    until=minutes(3),
)
def request_meets_fin(net: Any, *, rtt: int, write_at: int) -> None:
    """The server answers what it reads, until its process ends after 1 s; the client sends then."""
    client, server, _ = pair(net, rtt)

    async def serve(host: Any) -> None:
        connection = await host.socket().bind(PORT).listen(16).accept()
        while await connection.recv(4096):
            await connection.send(bytes(1000))

    async def ask(host: Any) -> None:
        connection = host.socket()
        await connection.connect(SERVER, PORT)
        await host.sleep(max(ms(write_at) - host.now, 0))
        await connection.send(bytes(100))
        while await connection.recv(4096):
            pass
        await connection.close()
        await host.pause()

    process = server.spawn(serve)
    client.spawn(ask)
    net.after(seconds(1), process.kill)


@scenario(
    "calls-after-the-end",
    title="Calls on a connection that is over",
    question="The other end is gone: what do recv() and send() report, and in which order?",
    parameters=(RTT, LEAVES_BY, WRITE_FIRST),
    until=minutes(3),
)
def calls_after_the_end(net: Any, *, rtt: int, leaves_by: int, write_first: bool) -> None:
    """The server leaves after half a second; the client goes on reading and writing.

    After a FIN it writes once, which the server's kernel answers with RST.  Then come four calls.
    """
    client, server, _ = pair(net, rtt)

    async def serve(host: Any) -> None:
        connection = await host.socket().bind(PORT).listen(16).accept()
        if leaves_by == 2:
            connection.setsockopt("SO_LINGER", (1, 0))
        if leaves_by != 1:
            await host.sleep(max(ms(500) - host.now, 0))
            await connection.close()
        await host.pause()

    async def go_on(host: Any) -> None:
        connection = host.socket()
        await connection.connect(SERVER, PORT)
        await host.sleep(max(ms(500 + rtt) - host.now, 0))
        if leaves_by != 2:
            await connection.recv(4096)
            await connection.send(bytes(100))
            await host.sleep(ms(2 * rtt))
        for turn in (write_first, not write_first):
            for _ in range(2):
                await _try(connection.send(bytes(100)) if turn else connection.recv(4096))
        await host.pause()

    process = server.spawn(serve)
    client.spawn(go_on)
    if leaves_by == 1:
        net.after(ms(500), process.kill)


async def _try(call: Any) -> None:
    """Await a call whose failure is what the scenario is about; it stands among the calls."""
    try:
        await call
    except OSError:
        return
