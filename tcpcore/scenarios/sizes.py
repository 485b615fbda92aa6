"""How large segments are, and who decides it: both ends, and the path between them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tcpcore.scenarios.handshake import CLIENT, PORT, RTT, SERVER
from tcpcore.scenarios.registry import Parameter, scenario
from tcpcore.units import minutes, ms

NEAR, FAR = "10.0.1.1", "10.0.2.1"
ROOM = 1_000_000
"""Buffers of both ends when much is sent: nobody reads, and windows are not the subject here."""
MUCH = 20_000

MTU = Parameter(
    "mtu",
    "MTU in the middle",
    1500,
    minimum=576,
    maximum=9000,
    step=4,
    unit="bytes",
    help="the largest packet that the link between the two routers carries",
)
CLIENT_MTU = replace(
    MTU, name="client_mtu", label="MTU at the client", help="the client knows it, and announces it"
)
SERVER_MTU = replace(
    MTU, name="server_mtu", label="MTU at the server", help="the server knows it, and announces it"
)
SIZE = Parameter(
    "size",
    "Client sends",
    3000,
    maximum=102_400,
    step=100,
    unit="bytes",
    help="one write(); 102,400 are 100 KB",
)
ANSWER = replace(SIZE, name="answer", label="Server sends", default=0)
TIMESTAMPS = Parameter(
    "tcp_timestamps", "tcp_timestamps", 1, help="12 bytes of each segment; 0: none"
)
ICMP_LOST = Parameter(
    "icmp_lost", "ICMP is filtered", False, help="a firewall drops what the routers have to say"
)
MTU_PROBING = Parameter(
    "tcp_mtu_probing",
    "tcp_mtu_probing",
    0,
    maximum=1,
    help="1: after some time-outs try smaller segments",
)


@scenario(
    "segment-sizes",
    title="How large is a segment?",
    question="Who decides how many bytes go into one segment, in each direction?",
    parameters=(
        RTT,
        CLIENT_MTU,
        MTU,
        SERVER_MTU,
        SIZE,
        ANSWER,
        TIMESTAMPS,
        ICMP_LOST,
        MTU_PROBING,
    ),
    until=minutes(1),
)
def segment_sizes(
    net: Any,
    *,
    rtt: int,
    client_mtu: int,
    mtu: int,
    server_mtu: int,
    size: int,
    answer: int,
    tcp_timestamps: int,
    icmp_lost: bool,
    tcp_mtu_probing: int,
) -> None:
    """Two hosts, two routers, three links with an MTU each; both ends write, and nobody reads."""
    sysctls = {"tcp_timestamps": tcp_timestamps, "tcp_mtu_probing": tcp_mtu_probing}
    client, server = net.host("client", CLIENT, **sysctls), net.host("server", SERVER, **sysctls)
    near, far = net.router("near router", NEAR), net.router("far router", FAR)
    net.link(client, near, delay=ms(rtt / 10), mtu=client_mtu)
    net.link(near, far, delay=ms(3 * rtt / 10), mtu=mtu)
    net.link(far, server, delay=ms(rtt / 10), mtu=server_mtu)
    if icmp_lost:
        for host in (client, server):
            host.firewall.append("-A INPUT -p icmp -j DROP")

    async def serve(host: Any) -> None:
        listener = host.socket().bind(PORT)
        _make_room(listener, size, answer)
        connection = await listener.listen(16).accept()
        if answer:
            await host.sleep(ms(rtt))
            await connection.send(bytes(answer))
        await host.pause()

    async def push(host: Any) -> None:
        connection = host.socket()
        _make_room(connection, answer, size)
        await connection.connect(SERVER, PORT)
        if size:
            await connection.send(bytes(size))
        await host.pause()

    server.spawn(serve)
    client.spawn(push)


def _make_room(socket: Any, received: int, sent: int) -> None:
    if received > MUCH:
        socket.setsockopt("SO_RCVBUF", ROOM)
    if sent > MUCH:
        socket.setsockopt("SO_SNDBUF", ROOM)
