"""What stays behind after a close: orphans, TIME_WAIT, LAST_ACK, and segments that come late."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tcpcore.scenarios.handshake import CLIENT, PORT, RTT, SERVER, pair
from tcpcore.scenarios.registry import Parameter, scenario
from tcpcore.units import minutes, ms, seconds
from tcpcore.wire.segment import ACK, RST, Segment

CLIENT_PORT = 20000
ORPHAN_RETRIES = Parameter(
    "tcp_orphan_retries",
    "tcp_orphan_retries",
    0,
    maximum=15,
    help="how often an orphan's FIN is sent again; 0 means 8",
    sysctl=True,
)
FIN_TIMEOUT = Parameter(
    "tcp_fin_timeout",
    "tcp_fin_timeout",
    60,
    minimum=1,
    maximum=120,
    unit="s",
    help="how long an orphan waits in FIN_WAIT_2",
    sysctl=True,
)
ORPHAN = Parameter(
    "orphan",
    "close() instead of shutdown()",
    True,
    help="a socket that a process still holds waits for ever",
)
LATE = Parameter(
    "late",
    "The server closes after",
    70,
    minimum=1,
    maximum=300,
    unit="s",
    help="from the client's close() on",
)
TW_REUSE = Parameter(
    "tcp_tw_reuse",
    "tcp_tw_reuse",
    2,
    maximum=2,
    help="0: never; 1: after a second, with timestamps; 2: only on loopback",
    sysctl=True,
)
AGAIN_AFTER = Parameter(
    "again_after",
    "Second connect() after",
    1500,
    minimum=300,
    maximum=70000,
    step=100,
    unit="ms",
    help="from the first close() on; TIME_WAIT lasts 60 s",
)
SERVER_FIRST = Parameter(
    "server_first",
    "The server closes first",
    False,
    help="then TIME_WAIT is at the server, and the client's new SYN ends it",
)
SERVER_FIRST_LEAVES = replace(
    SERVER_FIRST, help="then the client's FIN would be the second one, and the last"
)
AGE = Parameter(
    "age",
    "The RST is late by",
    400,
    minimum=210,
    maximum=2000,
    step=10,
    unit="ms",
    help="the second connect() comes 200 ms after the first",
)
EXACT = Parameter(
    "exact", "It has the right number", False, help="the only number at which a reset is believed"
)


@scenario(
    "fin-wait-1-stuck",
    title="A FIN that nobody acknowledges",
    question="How long does a kernel try to close a connection that no process holds any more?",
    parameters=(replace(RTT, default=2), ORPHAN_RETRIES),
    until=minutes(40),
)
def fin_wait_1_stuck(net: Any, *, rtt: int, tcp_orphan_retries: int) -> None:
    """The way to the server breaks, then the client closes: its FIN is sent again and again."""
    client = net.host("client", CLIENT, tcp_orphan_retries=tcp_orphan_retries)
    server = net.host("server", SERVER)
    link = net.link(client, server, delay=ms(rtt / 2))
    net.after(ms(2 * rtt + 100), lambda: link.drop(to=server))

    async def connect(host: Any) -> None:
        connection = host.socket()
        await connection.connect(SERVER, PORT)
        await host.sleep(ms(2 * rtt + 200))
        await connection.close()

    server.spawn(hold_one)
    client.spawn(connect)


@scenario(
    "fin-wait-2-orphan",
    title="A peer that does not close",
    question="How long does the end that closed first wait for the other's FIN?",
    parameters=(RTT, ORPHAN, FIN_TIMEOUT, LATE),
    until=minutes(8),
)
def fin_wait_2_orphan(net: Any, *, rtt: int, orphan: bool, tcp_fin_timeout: int, late: int) -> None:
    """The client closes; the server reads the end of file, and closes only much later."""
    client = net.host("client", CLIENT, tcp_fin_timeout=tcp_fin_timeout)
    server = net.host("server", SERVER)
    net.link(client, server, delay=ms(rtt / 2))

    async def serve(host: Any) -> None:
        connection = await host.socket().bind(PORT).listen(16).accept()
        await connection.recv(4096)
        await host.sleep(seconds(late))
        await connection.close()
        await host.pause()

    async def leave(host: Any) -> None:
        connection = host.socket()
        await connection.connect(SERVER, PORT)
        if orphan:
            await connection.close()
            return
        connection.shutdown("write")
        await connection.recv(4096)
        await host.pause()

    server.spawn(serve)
    client.spawn(leave)


@scenario(
    "fins-filtered",
    title="A firewall that eats FINs",
    question="Who gets stuck where, when one host's FINs never leave it?",
    parameters=(replace(RTT, default=2), SERVER_FIRST_LEAVES, ORPHAN_RETRIES),
    until=minutes(40),
)
def fins_filtered(net: Any, *, rtt: int, server_first: bool, tcp_orphan_retries: int) -> None:
    """The client's packet filter drops its own FINs; everything else passes."""
    client, server, _ = pair(net, rtt, tcp_orphan_retries=tcp_orphan_retries)
    client.firewall.append("-A OUTPUT -p tcp --tcp-flags FIN FIN -j DROP")
    closing, looking = ms(2 * rtt + 200), ms(2 * rtt + 3000)

    async def serve(host: Any) -> None:
        connection = await host.socket().bind(PORT).listen(16).accept()
        if server_first:
            await host.sleep(closing - host.now)
            await connection.close()
        await host.sleep(looking - host.now)
        await host.look("ss -tano")
        await host.pause()

    async def leave(host: Any) -> None:
        connection = host.socket()
        await connection.connect(SERVER, PORT)
        if server_first:
            await connection.recv(4096)
        else:
            await host.sleep(closing - host.now)
        await connection.close()
        await host.sleep(looking - host.now)
        await host.look("ss -tano")
        await host.pause()

    server.spawn(serve)
    client.spawn(leave)


@scenario(
    "time-wait-reuse",
    title="A four-tuple in TIME_WAIT, wanted again",
    question="Can a client connect again from the same port to the same server, and when?",
    parameters=(RTT, TW_REUSE, FIN_TIMEOUT, AGAIN_AFTER, SERVER_FIRST),
    until=minutes(4),
)
def time_wait_reuse(
    net: Any,
    *,
    rtt: int,
    tcp_tw_reuse: int,
    tcp_fin_timeout: int,
    again_after: int,
    server_first: bool,
) -> None:
    """The client has one ephemeral port only, so that its second connect() needs the first's."""
    client = net.host(
        "client",
        CLIENT,
        tcp_tw_reuse=tcp_tw_reuse,
        tcp_fin_timeout=tcp_fin_timeout,
        ip_local_port_range=(40000, 40000),
    )
    server = net.host("server", SERVER)
    net.link(client, server, delay=ms(rtt / 2))

    async def serve(host: Any) -> None:
        listener = host.socket().bind(PORT).listen(16)
        while True:
            connection = await listener.accept()
            if not server_first:
                await connection.recv(4096)
            await connection.close()

    async def connect_twice(host: Any) -> None:
        for number in range(2):
            connection = host.socket()
            await connection.connect(SERVER, PORT)
            if server_first:
                await connection.recv(4096)
            await connection.close()
            if not number:
                await host.sleep(ms(again_after))

    server.spawn(serve)
    client.spawn(connect_twice)


@scenario(
    "last-ack-challenge",
    title="A SYN for a connection in LAST_ACK",
    question="The server still waits for the last ACK: what does a new SYN of the same client get?",
    parameters=(RTT,),
    until=minutes(4),
)
def last_ack_challenge(net: Any, *, rtt: int) -> None:
    """The server's FIN is lost each time, and the client restarts and has forgotten everything.

    Then the way is free again, and the client connects from the port that it had before.
    """
    client, server, link = pair(net, rtt)
    closing, connecting = ms(2 * rtt + 300), ms(2 * rtt + 1900)

    async def serve(host: Any) -> None:
        listener = host.socket().bind(PORT).listen(16)
        connection = await listener.accept()
        await connection.recv(4096)
        await host.sleep(max(closing - host.now, 0))
        await connection.close()
        await listener.accept()
        await host.pause()

    async def leave(host: Any) -> None:
        connection = host.socket().bind(CLIENT_PORT)
        await connection.connect(SERVER, PORT)
        await connection.close()
        await host.pause()

    async def come_back(host: Any) -> None:
        connection = host.socket().bind(CLIENT_PORT)
        await host.sleep(max(connecting - host.now, 0))
        await connection.connect(SERVER, PORT)
        await host.pause()

    def restart() -> None:
        link.drop(to=client)
        client.reboot(after=ms(500), application=come_back)

    net.after(closing - ms(100), restart)
    net.after(connecting, lambda: link.restore(to=client))
    server.spawn(serve)
    client.spawn(leave)


@scenario(
    "old-duplicate-rst",
    title="An RST of an earlier connection",
    question="Can a reset that was under way for too long end the connection that came after it?",
    parameters=(RTT, AGE, EXACT),
    until=minutes(1),
)
def old_duplicate_rst(net: Any, *, rtt: int, age: int, exact: bool) -> None:
    """The first connect() is refused; the network doubles the RST, and the copy comes late.

    By then the server listens, and the client has connected from the same port.
    """
    client, server, _ = pair(net, rtt)

    async def serve(host: Any) -> None:
        await host.sleep(ms(rtt / 2 + 20))
        syn = net.last_segment(client)
        late = Segment(SERVER, PORT, CLIENT, CLIENT_PORT, RST | ACK, 0, syn.end)
        listener = host.socket().bind(PORT).listen(16)
        await host.sleep(ms(age - 20))
        last = net.last_segment(client)
        if exact and last.flags & ACK:
            late = Segment(SERVER, PORT, CLIENT, CLIENT_PORT, RST, last.ack)
        host.inject(late)
        await listener.accept()
        await host.pause()

    async def connect_twice(host: Any) -> None:
        first = host.socket().bind(CLIENT_PORT)
        try:
            await first.connect(SERVER, PORT)
        except ConnectionRefusedError:
            await first.close()
        await host.sleep(max(ms(200 + rtt) - host.now, 0))
        second = host.socket().bind(CLIENT_PORT)
        await second.connect(SERVER, PORT)
        await second.recv(4096)
        await host.pause()

    server.spawn(serve)
    client.spawn(connect_twice)


async def hold_one(host: Any) -> None:
    await host.socket().bind(PORT).listen(16).accept()
    await host.pause()
