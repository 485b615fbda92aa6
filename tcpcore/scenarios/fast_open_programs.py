"""Four small programs, as people write them: client and server, without and with Fast Open.

Their counterparts for one's own Linux are in ``chapters/programs/fast_open.py``.
"""

from __future__ import annotations

from typing import Any

from tcpcore.scenarios.handshake import CLIENT, PORT, RTT, SERVER
from tcpcore.scenarios.options import FIRST_KEY
from tcpcore.scenarios.registry import Parameter, scenario
from tcpcore.units import ms, seconds

FAST_CLIENT = Parameter(
    "fast_client", "The client is the fast one", True, help="it calls sendto() with MSG_FASTOPEN"
)
FAST_SERVER = Parameter(
    "fast_server", "The server is the fast one", True, help="it sets TCP_FASTOPEN"
)
QUESTION, ANSWER = b"how are you?", b"well, thank you"


async def plain_server(host: Any) -> None:
    """A socket, a port, a queue: then connections can be accepted."""
    listener = host.socket()
    listener.bind(PORT)
    listener.listen(16)
    await serve(listener)


async def fast_server(host: Any) -> None:
    """One line more: five connections may be open early."""
    listener = host.socket()
    listener.bind(PORT)
    listener.setsockopt("TCP_FASTOPEN", 5)
    listener.setsockopt("TCP_FASTOPEN_KEY", FIRST_KEY)  # else a random one
    listener.listen(16)
    await serve(listener)


async def plain_client(host: Any) -> None:
    """Connect, then send."""
    connection = host.socket()
    await connection.connect(SERVER, PORT)
    await connection.send(QUESTION)
    await connection.recv(1024)
    await connection.close()


async def fast_client(host: Any) -> None:
    """Connect and send in one call; without a cookie it only looks so."""
    connection = host.socket()
    await connection.sendto(QUESTION, SERVER, PORT)
    await connection.recv(1024)
    await connection.close()


async def serve(listener: Any) -> None:
    """Answer questions, one client after the other."""
    while True:
        connection = await listener.accept()
        await connection.recv(1024)
        await connection.send(ANSWER)
        await connection.recv(1024)
        await connection.close()


@scenario(
    "fast-open-programs",
    title="Four programs",
    question="What must a program change so that its question goes with the SYN?",
    parameters=(RTT, FAST_CLIENT, FAST_SERVER),
    until=seconds(10),
)
def fast_open_programs(net: Any, *, rtt: int, fast_client: bool, fast_server: bool) -> None:
    """A client program that is run twice, a second apart, and a server program."""
    client = net.host("client", CLIENT, tcp_fastopen=1)
    server = net.host("server", SERVER, tcp_fastopen=3)
    net.link(client, server, delay=ms(rtt / 2))
    ask = _CLIENTS[fast_client]

    async def ask_twice(host: Any) -> None:
        await ask(host)
        await host.sleep(ms(1000))
        await ask(host)

    server.spawn(_SERVERS[fast_server])
    client.spawn(ask_twice)


_CLIENTS = (plain_client, fast_client)
_SERVERS = (plain_server, fast_server)
