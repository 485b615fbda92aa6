"""What TIME_WAIT is good for and what it costs: its table, its end, old segments, its port."""

from __future__ import annotations

from typing import Any

from tcpcore.scenarios.handshake import CLIENT, PORT, RTT, SERVER, pair
from tcpcore.scenarios.registry import Parameter, scenario
from tcpcore.units import minutes, ms
from tcpcore.wire.segment import Segment

ONE_PORT = (40000, 40000)
"""An ip_local_port_range that makes each connection of the client want the same four-tuple."""

BUCKETS = Parameter(
    "tcp_max_tw_buckets",
    "tcp_max_tw_buckets",
    2,
    maximum=20,
    help="how many connections may be in TIME_WAIT; the client's own, Linux's default is 131,072",
)
RFC1337 = Parameter(
    "tcp_rfc1337",
    "tcp_rfc1337",
    0,
    help="0: an RST may end TIME_WAIT; 1: it may not",
    sysctl=True,
)
TIMESTAMPS = Parameter(
    "tcp_timestamps",
    "tcp_timestamps",
    0,
    help="the client's; 0: sequence numbers alone decide what belongs to a connection",
)
TIME_WAIT_KEPT = Parameter(
    "time_wait",
    "TIME_WAIT is kept",
    False,
    help="off: the client's tcp_max_tw_buckets is 0",
)
REUSE_ADDRESS = Parameter(
    "reuse_address",
    "SO_REUSEADDR",
    False,
    help="set on the server's listening sockets before bind()",
)
STILL_THERE = Parameter(
    "still_there",
    "The old listener is still there",
    False,
    help="off: the server has ended before it starts again",
)


@scenario(
    "time-wait-table",
    title="Room for two in TIME_WAIT",
    question="What becomes of a connection for which the TIME_WAIT table has no room?",
    parameters=(
        RTT,
        BUCKETS,
        Parameter("connections", "Connections", 4, minimum=1, maximum=20, help="one by one"),
    ),
    until=minutes(3),
)
def time_wait_table(net: Any, *, rtt: int, tcp_max_tw_buckets: int, connections: int) -> None:
    """The client opens and closes connections; each would leave one behind in TIME_WAIT."""
    client, server, _ = pair(net, rtt, tcp_max_tw_buckets=tcp_max_tw_buckets)

    async def serve(host: Any) -> None:
        listener = host.socket().bind(PORT).listen(16)
        for _ in range(connections):
            connection = await listener.accept()
            await connection.recv(4096)
            await connection.close()
        await host.pause()

    async def visit(host: Any) -> None:
        for _ in range(connections):
            connection = host.socket()
            await connection.connect(SERVER, PORT)
            await connection.close()
            await host.sleep(ms(2 * rtt + 100))

    server.spawn(serve)
    client.spawn(visit)


@scenario(
    "time-wait-assassination",
    title="TIME_WAIT assassination",
    question="Can a segment that is merely old end a TIME_WAIT before its time?",
    parameters=(RTT, RFC1337),
    until=minutes(3),
)
def time_wait_assassination(net: Any, *, rtt: int, tcp_rfc1337: int) -> None:
    """A copy of the server's data comes to the client's TIME_WAIT, half a second late.

    Then the client connects again from the same port: it can only if TIME_WAIT has ended.
    """
    client = net.host("client", CLIENT, tcp_rfc1337=tcp_rfc1337, ip_local_port_range=ONE_PORT)
    server = net.host("server", SERVER)
    net.link(client, server, delay=ms(rtt / 2))

    async def serve(host: Any) -> None:
        listener = host.socket().bind(PORT).listen(16)
        connection = await listener.accept()
        await connection.send(bytes(100))
        await host.sleep(ms(1))
        copy = net.last_segment(server)
        await connection.recv(4096)
        await connection.close()
        await host.sleep(ms(500))
        host.inject(copy)
        await listener.accept()
        await host.pause()

    async def visit(host: Any) -> None:
        connection = host.socket()
        await connection.connect(SERVER, PORT)
        await connection.recv(4096)
        await connection.close()
        await host.sleep(ms(2 * rtt + 1000))
        again = host.socket()
        await again.connect(SERVER, PORT)
        await host.pause()

    server.spawn(serve)
    client.spawn(visit)


@scenario(
    "old-duplicate-data",
    title="Data of an earlier connection",
    question="What if a segment outlives its connection, and the next one has the same addresses?",
    parameters=(RTT, TIME_WAIT_KEPT, TIMESTAMPS),
    until=minutes(3),
)
def old_duplicate_data(net: Any, *, rtt: int, time_wait: bool, tcp_timestamps: int) -> None:
    """The network doubles a segment with data, and the copy comes a connection later.

    Whether its number fits is chance (one in 65,000, as large as the window is): here it does.
    """
    sysctls = {} if time_wait else {"tcp_max_tw_buckets": 0}
    client = net.host(
        "client", CLIENT, tcp_timestamps=tcp_timestamps, ip_local_port_range=ONE_PORT, **sysctls
    )
    server = net.host("server", SERVER)
    net.link(client, server, delay=ms(rtt / 2))
    copies: list[Segment] = []

    async def serve(host: Any) -> None:
        listener = host.socket().bind(PORT).listen(16)
        while True:
            connection = await listener.accept()
            while await connection.recv(4096):
                pass
            await connection.close()

    async def write_twice(host: Any) -> None:
        for number in range(2):
            connection = host.socket()
            try:
                await connection.connect(SERVER, PORT)
            except OSError:  # the port is not free: the copy comes to nobody
                host.inject(copies[0])
                raise
            if number:
                await host.sleep(ms(rtt))
                host.inject(_fitted(copies[0], net.last_segment(client)))
                await host.sleep(ms(2 * rtt))
            await connection.send(bytes(100 + 200 * number))
            await host.sleep(ms(1))
            copies.append(net.last_segment(client))
            await host.sleep(ms(2 * rtt))
            await connection.close()
            await host.sleep(ms(2 * rtt + 100))

    server.spawn(serve)
    client.spawn(write_twice)


def _fitted(old: Segment, last: Segment) -> Segment:
    """The old segment, with the numbers that the new connection expects next."""
    return Segment(
        old.src,
        old.sport,
        old.dst,
        old.dport,
        old.flags,
        last.end,
        last.ack,
        old.window,
        old.options,
        old.payload,
    )


@scenario(
    "server-restart",
    title="A server starts again",
    question="Why does a restarted server fail with `Address already in use`?",
    parameters=(RTT, REUSE_ADDRESS, STILL_THERE),
    until=minutes(3),
)
def server_restart(net: Any, *, rtt: int, reuse_address: bool, still_there: bool) -> None:
    """The server closes first, ends, and starts again while its old connection is in TIME_WAIT."""
    client, server, _ = pair(net, rtt)

    def listen(host: Any) -> Any:
        listener = host.socket()
        if reuse_address:
            listener.setsockopt("SO_REUSEADDR", 1)
        return listener.bind(PORT).listen(16)

    async def serve(host: Any) -> None:
        listener = listen(host)
        connection = await listener.accept()
        await connection.close()
        if not still_there:
            await listener.close()
        await host.sleep(ms(2 * rtt + 200))
        again = listen(host)
        await again.accept()
        await host.pause()

    async def visit(host: Any) -> None:
        connection = host.socket()
        await connection.connect(SERVER, PORT)
        await connection.recv(4096)
        await connection.close()
        await host.sleep(ms(2 * rtt + 500))
        again = host.socket()
        await again.connect(SERVER, PORT)
        await host.pause()

    server.spawn(serve)
    client.spawn(visit)
