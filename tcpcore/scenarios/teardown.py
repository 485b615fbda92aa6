"""Data, and the end of a connection."""

from __future__ import annotations

from typing import Any

from tcpcore.scenarios.handshake import CLIENT, PORT, RTT, SERVER
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


@scenario(
    "data-and-close",
    title="A request, a response, and the close",
    question="Which segments carry the data, and which ones end the connection?",
    parameters=(RTT, REQUEST, RESPONSE, PAUSE),
    until=minutes(5),
)
def data_and_close(net: Any, *, rtt: int, request: int, response: int, pause: int) -> None:
    """The client asks, the server answers; the client closes first, then the server."""
    client, server = net.host("client", CLIENT), net.host("server", SERVER)
    net.link(client, server, delay=ms(rtt / 2))

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


async def _receive(connection: Any, size: int) -> None:
    """Read until `size` bytes have come, or the end of the peer's data."""
    while size > 0:
        data = await connection.recv(4096)
        if not data:
            return
        size -= len(data)
