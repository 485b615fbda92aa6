"""What options in the SYN change."""

from __future__ import annotations

from typing import Any

from tcpcore.scenarios.handshake import CLIENT, PORT, RTT, SERVER
from tcpcore.scenarios.registry import Parameter, scenario
from tcpcore.units import minutes, ms

REQUEST = Parameter(
    "request",
    "Request",
    100,
    maximum=4000,
    unit="bytes",
    help="handed over with sendto(); 1420 of them fit behind a SYN",
)
SERVER_FAST_OPEN = Parameter(
    "tcp_fastopen",
    "tcp_fastopen of the server",
    3,
    maximum=0x603,
    help="bit 1: clients may, bit 2: servers may, 0x200: no cookie needed, 0x400: every listener",
)
NEW_KEY = Parameter(
    "new_key",
    "The server changes its key",
    False,
    help="between the two connections: the client's cookie is no longer good",
)
QUEUE = Parameter(
    "queue",
    "TCP_FASTOPEN",
    5,
    maximum=16,
    unit="connections",
    help="how many may be open before their handshake is over; 0: Fast Open is off",
)

FAST_OPEN_CONNECT = Parameter(
    "fastopen_connect",
    "TCP_FASTOPEN_CONNECT",
    False,
    help="connect() and send() instead of sendto(): with a cookie, the send() opens",
)

FIRST_KEY = bytes(range(16))
SECOND_KEY = bytes(range(16, 32))


@scenario(
    "fast-open",
    title="TCP Fast Open",
    question="Can a request go out with the SYN, and the answer come back before the handshake?",
    parameters=(RTT, REQUEST, SERVER_FAST_OPEN, QUEUE, NEW_KEY, FAST_OPEN_CONNECT),
    until=minutes(3),
)
def fast_open(
    net: Any,
    *,
    rtt: int,
    request: int,
    tcp_fastopen: int,
    queue: int,
    new_key: bool,
    fastopen_connect: bool,
) -> None:
    """The first connection fetches a cookie; the second one sends its request with the SYN."""
    client = net.host("client", CLIENT, tcp_fastopen=1)
    server = net.host("server", SERVER, tcp_fastopen=tcp_fastopen)
    net.link(client, server, delay=ms(rtt / 2))

    async def serve(host: Any) -> None:
        listener = host.socket().bind(PORT)
        listener.setsockopt("TCP_FASTOPEN", queue).setsockopt("TCP_FASTOPEN_KEY", FIRST_KEY)
        listener.listen(16)
        for _ in range(2):
            connection = await listener.accept()
            await _receive(connection, request)
            await connection.send(bytes(500))
            while await connection.recv(4096):
                pass
            await connection.close()
            if new_key:
                listener.setsockopt("TCP_FASTOPEN_KEY", SECOND_KEY)

    async def fetch(host: Any) -> None:
        for _ in range(2):
            connection = host.socket()
            if fastopen_connect:
                connection.setsockopt("TCP_FASTOPEN_CONNECT", 1)
                await connection.connect(SERVER, PORT)
                await connection.send(bytes(request))
            else:
                await connection.sendto(bytes(request), SERVER, PORT)
            await _receive(connection, 500)
            await connection.close()
            await host.sleep(ms(1000))

    server.spawn(serve)
    client.spawn(fetch)


async def _receive(connection: Any, size: int) -> None:
    while size > 0:
        data = await connection.recv(4096)
        if not data:
            return
        size -= len(data)
