"""Floods: segments with which nobody means to connect, and SYN cookies against them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tcpcore.scenarios.handshake import BACKLOG, CLIENT, PORT, RTT, SERVER, SYNACK_RETRIES
from tcpcore.scenarios.queues import ABORT_ON_OVERFLOW, COOKIES
from tcpcore.scenarios.registry import Parameter, scenario
from tcpcore.units import minutes, ms, seconds
from tcpcore.wire.options import MSS
from tcpcore.wire.segment import ACK, SYN, Segment

ATTACKER, ROUTER = "10.0.0.66", "10.0.0.254"
NOBODY = "203.0.113"  # a network of no hosts: what is sent there is lost
FIRST_PORT = 40_000
ACK_PORT = 50_000
PACE = ms(10)

FLOOD = Parameter(
    "flood",
    "SYNs of the attacker",
    20,
    maximum=200,
    help="one every 10 ms; each seems to come from another port",
)
MAX_SYN_BACKLOG = Parameter(
    "tcp_max_syn_backlog",
    "tcp_max_syn_backlog",
    1024,
    minimum=4,
    maximum=1024,
    help="only without SYN cookies: the last quarter of it is kept for peers known to be alive",
)
SPOOFED = Parameter(
    "spoofed",
    "Forged source addresses",
    True,
    help="each SYN seems to come from another host; off: all come from the attacker's own address",
)
ACKS = Parameter("acks", "ACKs of the attacker", 10, maximum=200, help="one every 10 ms")
OVERFLOW_FIRST = Parameter(
    "overflow_first",
    "A SYN flood comes before",
    True,
    help="a listener checks ACKs for cookies only for two minutes after it sent some",
)
TIMESTAMPS = Parameter(
    "tcp_timestamps",
    "tcp_timestamps of the client",
    1,
    maximum=1,
    help="without timestamps there is no room for window scale and SACK in a SYN cookie",
)


def _join(net: Any, rtt: int, **server_sysctls: int) -> tuple[Any, Any, Any]:
    """A client, a server, and an attacker whose addresses are not its own: answers are lost."""
    client = net.host("client", CLIENT)
    server = net.host("server", SERVER, **server_sysctls)
    attacker = net.host("attacker", ATTACKER)
    net.link(client, server, delay=ms(rtt / 2))
    net.link(attacker, server, delay=ms(rtt / 2)).drop(to=attacker)
    return client, server, attacker


def _syn(number: int) -> Segment:
    options = ((MSS, 1460),)
    sequence = 1_000_000 + number
    return Segment(ATTACKER, FIRST_PORT + number, SERVER, PORT, SYN, sequence, 0, 64240, options)


def _ack(number: int) -> Segment:
    return Segment(
        ATTACKER, ACK_PORT + number, SERVER, PORT, ACK, 2_000_001, 3_000_000 + number, 64240
    )


async def _send_syns(host: Any, count: int, spoofed: bool = False) -> None:
    for number in range(count):
        syn = _syn(number)
        if spoofed:
            syn.src = f"{NOBODY}.{1 + number}"
        host.inject(syn)
        await host.sleep(PACE)


def _connect_after(wait: int) -> Any:
    async def connect(host: Any) -> None:
        await host.sleep(wait)
        connection = host.socket()
        await connection.connect(SERVER, PORT)
        await host.pause()
        await connection.close()

    return connect


@scenario(
    "syn-flood",
    title="A SYN flood",
    question="What do SYNs that nobody means do to a small server, and to its clients?",
    parameters=(
        RTT,
        replace(BACKLOG, default=8, maximum=128),
        FLOOD,
        replace(COOKIES, default=0),
        MAX_SYN_BACKLOG,
        SYNACK_RETRIES,
        ABORT_ON_OVERFLOW,
    ),
    until=minutes(3),
)
def syn_flood(
    net: Any,
    *,
    rtt: int,
    backlog: int,
    flood: int,
    tcp_syncookies: int,
    tcp_max_syn_backlog: int,
    tcp_synack_retries: int,
    tcp_abort_on_overflow: int,
) -> None:
    """The flood fills the SYN queue; after a second an honest client wants to connect."""
    client, server, attacker = _join(
        net,
        rtt,
        tcp_syncookies=tcp_syncookies,
        tcp_max_syn_backlog=tcp_max_syn_backlog,
        tcp_synack_retries=tcp_synack_retries,
        tcp_abort_on_overflow=tcp_abort_on_overflow,
    )

    async def serve(host: Any) -> None:
        await host.socket().bind(PORT).listen(backlog).accept()
        await host.pause()

    async def attack(host: Any) -> None:
        await _send_syns(host, flood)

    server.spawn(serve)
    attacker.spawn(attack)
    client.spawn(_connect_after(ms(1500)))


@scenario(
    "flood-filtered",
    title="A filter against a flood",
    question="Does it help to drop what comes from the attacker's address?",
    parameters=(
        RTT,
        replace(FLOOD, maximum=100),
        SPOOFED,
        replace(SYNACK_RETRIES, default=1, sysctl=False),
    ),
    until=minutes(3),
)
def flood_filtered(
    net: Any, *, rtt: int, flood: int, spoofed: bool, tcp_synack_retries: int
) -> None:
    """The server has no cookies, but a packet filter that knows the attacker's address."""
    client, attacker = net.host("client", CLIENT), net.host("attacker", ATTACKER)
    server = net.host("server", SERVER, tcp_syncookies=0, tcp_synack_retries=tcp_synack_retries)
    router = net.router("router", ROUTER)
    for host in (client, server, attacker):
        net.link(host, router, delay=ms(rtt / 4))
    server.firewall.append(f"-A OUTPUT -d {NOBODY}.0/24 -j DROP")  # else the router tells of them
    server.firewall.append(f"-A INPUT -s {ATTACKER} -j DROP")

    async def serve(host: Any) -> None:
        await host.socket().bind(PORT).listen(8).accept()
        await host.pause()

    async def attack(host: Any) -> None:
        await _send_syns(host, flood, spoofed)

    server.spawn(serve)
    attacker.spawn(attack)
    client.spawn(_connect_after(ms(1500)))


@scenario(
    "syn-cookies",
    title="A connection from a SYN cookie",
    question="How can a server open a connection of which it remembers nothing?",
    parameters=(RTT, replace(COOKIES, default=2), TIMESTAMPS),
    until=minutes(3),
)
def syn_cookies(net: Any, *, rtt: int, tcp_syncookies: int, tcp_timestamps: int) -> None:
    """A request and a response; with tcp_syncookies=2 each SYN is answered with a cookie."""
    client = net.host("client", CLIENT, tcp_timestamps=tcp_timestamps)
    server = net.host("server", SERVER, tcp_syncookies=tcp_syncookies)
    net.link(client, server, delay=ms(rtt / 2))

    async def serve(host: Any) -> None:
        connection = await host.socket().bind(PORT).listen(16).accept()
        await connection.recv(4096)
        await connection.send(bytes(1000))
        await connection.recv(4096)
        await connection.close()

    async def fetch(host: Any) -> None:
        connection = host.socket()
        await connection.connect(SERVER, PORT)
        await connection.send(bytes(100))
        await connection.recv(4096)
        await connection.close()

    server.spawn(serve)
    client.spawn(fetch)


@scenario(
    "ack-flood",
    title="A flood of ACKs",
    question="What does a listener do with ACKs that belong to no connection?",
    parameters=(RTT, ACKS, OVERFLOW_FIRST, replace(COOKIES, minimum=1)),
    until=minutes(3),
)
def ack_flood(net: Any, *, rtt: int, acks: int, overflow_first: bool, tcp_syncookies: int) -> None:
    """Each ACK might bring back a SYN cookie; the listener looks only if it has sent some.

    After it all an honest client connects.
    """
    client, server, attacker = _join(net, rtt, tcp_syncookies=tcp_syncookies, tcp_synack_retries=0)
    backlog = 1

    async def serve(host: Any) -> None:
        await host.socket().bind(PORT).listen(backlog).accept()
        await host.pause()

    async def attack(host: Any) -> None:
        if overflow_first:
            await _send_syns(host, backlog + 3)
            await host.sleep(seconds(3))
        for number in range(acks):
            host.inject(_ack(number))
            await host.sleep(PACE)

    server.spawn(serve)
    attacker.spawn(attack)
    client.spawn(_connect_after(seconds(6)))
