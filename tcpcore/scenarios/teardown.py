"""Data, and the end of a connection."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tcpcore.scenarios.handshake import PORT, RTT, SERVER, pair
from tcpcore.scenarios.registry import Parameter, scenario
from tcpcore.units import minutes, ms

REQUEST = Parameter(
    "request",
    "Request",
    100,
    minimum=1,
    maximum=1448,
    unit="bytes",
    help="one write() there",
)
RESPONSE = Parameter(
    "response", "Response", 1000, minimum=1, maximum=1448, unit="bytes", help="one write() back"
)
PAUSE = Parameter(
    "pause",
    "Server waits",
    0,
    minimum=0,
    maximum=2000,
    step=10,
    unit="ms",
    help="between reading the end of file and closing: 0 gives three segments, more gives four",
)
SERVER_FIRST = Parameter(
    "server_first",
    "The server closes first",
    False,
    help="whoever closes first ends in TIME_WAIT",
)
QUICK_ACK = Parameter(
    "quick_ack",
    "TCP_QUICKACK",
    False,
    help="the server asks for ACKs without delay when it has read the end of file",
)
WHOLE = Parameter(
    "whole",
    "close() instead of shutdown()",
    False,
    help="then nobody is left at the client to read the answer",
)
APART = Parameter(
    "apart",
    "Second close() later by",
    0,
    maximum=300,
    step=5,
    unit="ms",
    help="the FINs cross as long as this is less than half a round trip",
)
WRITTEN = Parameter(
    "written", "The client writes", 1000, minimum=1, maximum=1448, unit="bytes", help="at once"
)
READ = Parameter(
    "read",
    "The server reads",
    400,
    maximum=1448,
    unit="bytes",
    help="before it closes; all of them: FIN instead of RST",
)
LINGER = Parameter(
    "linger", "SO_LINGER", True, help="off: close() returns at once and the kernel sends the rest"
)
LINGER_TIME = Parameter(
    "linger_time",
    "SO_LINGER's time",
    0,
    maximum=10,
    unit="s",
    help="0: reset; more: close() waits so long for the peer's ACK",
)


@scenario(
    "data-and-close",
    title="A request, a response, and the close",
    question="Which segments carry the data, and which ones end the connection?",
    parameters=(RTT, REQUEST, RESPONSE, PAUSE),
    until=minutes(5),
)
def data_and_close(net: Any, *, rtt: int, request: int, response: int, pause: int) -> None:
    """The client asks, the server answers; the client closes first, then the server."""
    client, server, _ = pair(net, rtt)

    async def serve(host: Any) -> None:
        connection = await host.socket().bind(PORT).listen(128).accept()
        await _receive(connection, request)
        await connection.send(bytes(response))
        while await connection.recv(4096):
            pass
        if pause:
            await host.sleep(ms(pause))
        await connection.close()

    async def fetch(host: Any) -> None:
        connection = host.socket()
        await connection.connect(SERVER, PORT)
        await connection.send(bytes(request))
        await _receive(connection, response)
        await connection.close()

    server.spawn(serve)
    client.spawn(fetch)


@scenario(
    "four-way-close",
    title="The close in four segments",
    question="Why does it take two FINs and two ACKs to end a connection?",
    parameters=(RTT, replace(PAUSE, default=500, minimum=50), SERVER_FIRST),
    until=minutes(3),
)
def four_way_close(net: Any, *, rtt: int, pause: int, server_first: bool) -> None:
    """One end closes; the other notices, takes its time, and closes too."""
    _close_in_turn(net, rtt, pause, server_first)


@scenario(
    "three-segment-close",
    title="The close in three segments",
    question="When do the ACK and the second FIN travel in one segment?",
    parameters=(RTT, QUICK_ACK),
    until=minutes(3),
)
def three_segment_close(net: Any, *, rtt: int, quick_ack: bool) -> None:
    """The server closes as soon as it reads the end of file: the ACK has not gone out yet."""
    _close_in_turn(net, rtt, 0, False, quick_ack)


@scenario(
    "simultaneous-close",
    title="A simultaneous close",
    question="What if both ends close before either has seen the other's FIN?",
    parameters=(RTT, APART),
    until=minutes(3),
)
def simultaneous_close(net: Any, *, rtt: int, apart: int) -> None:
    """Both call close() at the same time, or the server a little later."""
    client, server, _ = pair(net, rtt)
    moment = ms(2 * rtt + 100)

    async def serve(host: Any) -> None:
        connection = await host.socket().bind(PORT).listen(16).accept()
        await host.sleep(max(moment + ms(apart) - host.now, 0))
        await connection.close()
        await host.pause()

    async def connect(host: Any) -> None:
        connection = host.socket()
        await connection.connect(SERVER, PORT)
        await host.sleep(max(moment - host.now, 0))
        await connection.close()

    server.spawn(serve)
    client.spawn(connect)


@scenario(
    "half-close",
    title="Half a connection: shutdown()",
    question="Can an end that has said all it has to say still listen?",
    parameters=(RTT, REQUEST, RESPONSE, replace(PAUSE, default=300), WHOLE),
    until=minutes(3),
)
def half_close(net: Any, *, rtt: int, request: int, response: int, pause: int, whole: bool) -> None:
    """The client shuts down its direction after the request; the answer comes after that."""
    client, server, _ = pair(net, rtt)

    async def serve(host: Any) -> None:
        connection = await host.socket().bind(PORT).listen(16).accept()
        while await connection.recv(4096):
            pass
        if pause:
            await host.sleep(ms(pause))
        await connection.send(bytes(response))
        await connection.close()

    async def ask(host: Any) -> None:
        connection = host.socket()
        await connection.connect(SERVER, PORT)
        await connection.send(bytes(request))
        if not whole:
            connection.shutdown("write")
            while await connection.recv(4096):
                pass
        await connection.close()

    server.spawn(serve)
    client.spawn(ask)


@scenario(
    "close-with-unread-data",
    title="close() with unread data",
    question="What does the peer learn when you close without reading all that it has sent?",
    parameters=(RTT, WRITTEN, READ),
    until=minutes(3),
)
def close_with_unread_data(net: Any, *, rtt: int, written: int, read: int) -> None:
    """The client writes, the server reads some of it and closes: bytes got lost, so it resets."""
    client, server, _ = pair(net, rtt)

    async def serve(host: Any) -> None:
        connection = await host.socket().bind(PORT).listen(16).accept()
        await host.sleep(ms(rtt + 100))
        if read:
            await connection.recv(read)
        await connection.close()
        await host.pause()

    async def write(host: Any) -> None:
        connection = host.socket()
        await connection.connect(SERVER, PORT)
        await connection.send(bytes(written))
        try:
            await connection.recv(4096)
        finally:
            await connection.close()

    server.spawn(serve)
    client.spawn(write)


@scenario(
    "linger-zero",
    title="SO_LINGER: close() that resets, or waits",
    question="What do SO_LINGER and its time make of close()?",
    parameters=(RTT, LINGER, LINGER_TIME),
    until=minutes(3),
)
def linger_zero(net: Any, *, rtt: int, linger: bool, linger_time: int) -> None:
    """The client sends, sets SO_LINGER, and closes; the server reads until the end."""
    client, server, _ = pair(net, rtt)

    async def serve(host: Any) -> None:
        connection = await host.socket().bind(PORT).listen(16).accept()
        while await connection.recv(4096):
            pass
        await connection.close()

    async def send(host: Any) -> None:
        connection = host.socket()
        await connection.connect(SERVER, PORT)
        connection.setsockopt("SO_LINGER", (int(linger), linger_time))
        await connection.send(bytes(100))
        await host.sleep(ms(2 * rtt))
        await connection.close()

    server.spawn(serve)
    client.spawn(send)


# --- applications --------------------------------------------------------------------------------


def _close_in_turn(
    net: Any, rtt: int, pause: int, server_first: bool, quick_ack: bool = False
) -> None:
    """One end closes after 100 ms; the other reads the end of file, waits, and closes too."""
    client, server, _ = pair(net, rtt)

    async def close_first(host: Any, connection: Any) -> None:
        await host.sleep(ms(100))
        await connection.close()

    async def close_second(host: Any, connection: Any) -> None:
        await connection.recv(4096)
        if quick_ack:
            connection.setsockopt("TCP_QUICKACK", 1)
        if pause:
            await host.sleep(ms(pause))
        await connection.close()

    async def serve(host: Any) -> None:
        connection = await host.socket().bind(PORT).listen(16).accept()
        await (close_first if server_first else close_second)(host, connection)
        await host.pause()

    async def connect(host: Any) -> None:
        connection = host.socket()
        await connection.connect(SERVER, PORT)
        await (close_second if server_first else close_first)(host, connection)

    server.spawn(serve)
    client.spawn(connect)


async def _receive(connection: Any, size: int) -> None:
    """Read until `size` bytes have come, or the end of the peer's data."""
    while size > 0:
        data = await connection.recv(4096)
        if not data:
            return
        size -= len(data)
