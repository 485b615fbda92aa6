"""The two queues of a listening socket."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tcpcore.scenarios.handshake import BACKLOG, CLIENT, PORT, RTT, SERVER
from tcpcore.scenarios.registry import Parameter, scenario
from tcpcore.units import ms, seconds

ACCEPT_AFTER = Parameter(
    "accept_after",
    "accept() is called after",
    1000,
    maximum=5000,
    step=50,
    unit="ms",
    help="how long the server does something else between listen() and accept()",
)


@scenario(
    "accept-late",
    title="A server that accepts late",
    question="Does the handshake wait for accept()?",
    parameters=(RTT, ACCEPT_AFTER, replace(BACKLOG, default=2, maximum=16)),
    until=seconds(8),
)
def accept_late(net: Any, *, rtt: int, accept_after: int, backlog: int) -> None:
    """The server listens, is busy for a while, and only then takes the connection."""
    client, server = net.host("client", CLIENT), net.host("server", SERVER)
    net.link(client, server, delay=ms(rtt / 2))

    async def serve(host: Any) -> None:
        listener = host.socket().bind(PORT).listen(backlog)
        await host.sleep(ms(accept_after))
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
