"""Urgent data: a byte that overtakes the others, at the reader at least."""

from __future__ import annotations

import contextlib
from typing import Any

from tcpcore.host.messages import MSG_OOB
from tcpcore.scenarios.handshake import PORT, RTT, SERVER, pair
from tcpcore.scenarios.registry import Parameter, scenario
from tcpcore.units import minutes, ms

BEFORE = Parameter(
    "before",
    "Urgent is byte",
    5,
    minimum=1,
    maximum=3000,
    help="the client sends so many bytes with MSG_OOB: the last one is the urgent one",
)
AFTER = Parameter(
    "after", "Bytes after it", 10, maximum=3000, unit="bytes", help="written without MSG_OOB"
)
READ_APART = Parameter(
    "apart", "recv(MSG_OOB) first", True, help="the server asks for the urgent byte at first"
)
INLINE = Parameter(
    "inline", "SO_OOBINLINE", False, help="the server's: the byte stays among the others"
)


@scenario(
    "urgent-data",
    title="Urgent data",
    question="Can a byte overtake those that were written before it?",
    parameters=(RTT, BEFORE, AFTER, READ_APART, INLINE),
    until=minutes(3),
)
def urgent_data(net: Any, *, rtt: int, before: int, after: int, apart: bool, inline: bool) -> None:
    """The client writes urgent data, then more; the server starts to read when all is there."""
    client, server, _ = pair(net, rtt)

    async def serve(host: Any) -> None:
        connection = await host.socket().bind(PORT).listen(16).accept()
        if inline:
            connection.setsockopt("SO_OOBINLINE", 1)
        await host.sleep(ms(2 * rtt + 100))
        if apart:
            with contextlib.suppress(OSError):  # EINVAL: it is among the others
                await connection.recv(1, MSG_OOB)
        while await connection.recv(4096):
            pass
        await connection.close()

    async def write(host: Any) -> None:
        connection = host.socket()
        await connection.connect(SERVER, PORT)
        await connection.send(bytes(before), MSG_OOB)
        if after:
            await connection.send(bytes(after))
        await host.sleep(ms(3 * rtt + 300))
        await connection.close()

    server.spawn(serve)
    client.spawn(write)
