"""When something breaks: processes, hosts, cables, paths, and somebody who wants it to break."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tcpcore.scenarios.handshake import CLIENT, PORT, RTT, SERVER, pair
from tcpcore.scenarios.registry import Parameter, scenario
from tcpcore.units import minutes, ms, seconds
from tcpcore.wire.segment import RST, Segment

ROUTER, FAR_ROUTER = "10.0.0.254", "10.0.0.253"
ATTACKER = "10.0.0.66"

RETRIES = Parameter(
    "tcp_retries2",
    "tcp_retries2",
    5,
    minimum=1,
    maximum=15,
    help="how long data goes unanswered before TCP gives up; Linux's own default is 15",
)
SEND_AT = Parameter(
    "send_at",
    "Client sends at",
    2000,
    minimum=500,
    maximum=10_000,
    step=100,
    unit="ms",
    help="when the client writes 100 bytes, from the start on",
)


async def _read_all(host: Any) -> None:
    """A server that reads until the end of the client's data, and closes."""
    connection = await host.socket().bind(PORT).listen(128).accept()
    while await connection.recv(4096):
        pass
    await connection.close()


def _send_at(moment: int) -> Any:
    """A client that writes once, late, and then waits for an answer or an error."""

    async def client(host: Any) -> None:
        connection = host.socket()
        await connection.connect(SERVER, PORT)
        await host.sleep(ms(moment) - host.now)
        await connection.send(bytes(100))
        await connection.recv(4096)

    return client


@scenario(
    "process-killed",
    title="kill -9",
    question="Who says goodbye for a process that had no time to?",
    parameters=(
        RTT,
        Parameter(
            "unread",
            "Data is left unread",
            False,
            help="on: the killed process has not read what the client sent",
        ),
    ),
    until=seconds(90),
)
def process_killed(net: Any, *, rtt: int, unread: bool) -> None:
    """The server's process is killed after 2 s; its kernel closes what it leaves."""
    client, server, _ = pair(net, rtt)

    async def serve(host: Any) -> None:
        connection = await host.socket().bind(PORT).listen(128).accept()
        if not unread:
            await connection.recv(4096)
        await host.pause()

    async def fetch(host: Any) -> None:
        connection = host.socket()
        await connection.connect(SERVER, PORT)
        await connection.send(bytes(100))
        await connection.recv(4096)
        await connection.close()

    process = server.spawn(serve)
    client.spawn(fetch)
    net.after(seconds(2), process.kill)


@scenario(
    "host-crash",
    title="A host crashes",
    question="How does a client learn that the server's host has lost its power?",
    parameters=(RTT, SEND_AT, RETRIES),
    until=minutes(30),
)
def host_crash(net: Any, *, rtt: int, send_at: int, tcp_retries2: int) -> None:
    """The server's host loses its power after 1 s; the client has something to send, or not yet."""
    client, server, _ = pair(net, rtt, tcp_retries2=tcp_retries2)
    server.spawn(_read_all)
    client.spawn(_send_at(send_at))
    net.after(seconds(1), server.crash)


@scenario(
    "host-reboot",
    title="A host crashes and comes up again",
    question="What does a rebooted host say to a connection of its former life?",
    parameters=(
        RTT,
        replace(SEND_AT, default=3000),
        Parameter(
            "down",
            "Down for",
            1000,
            minimum=200,
            maximum=20_000,
            step=100,
            unit="ms",
            help="from the crash, after 1 s, until the host is up again",
        ),
        Parameter(
            "listening",
            "The server is started again",
            True,
            help="on: after the reboot a process listens on the same port",
        ),
    ),
    until=minutes(2),
)
def host_reboot(net: Any, *, rtt: int, send_at: int, down: int, listening: bool) -> None:
    """The server's host crashes after 1 s and forgets its connections."""
    client, server, _ = pair(net, rtt)
    server.spawn(_read_all)
    client.spawn(_send_at(send_at))
    again = _read_all if listening else None
    net.after(seconds(1), lambda: server.reboot(after=ms(down), application=again))


@scenario(
    "cable-out",
    title="The cable is pulled out, and put back",
    question="How long must a cable be out for a connection to notice?",
    parameters=(
        RTT,
        replace(SEND_AT, default=1500),
        Parameter(
            "out",
            "Out for",
            3000,
            minimum=100,
            maximum=60_000,
            step=100,
            unit="ms",
            help="from 1 s on: afterwards the next retransmission gets through",
        ),
        replace(RETRIES, default=8),
    ),
    until=minutes(30),
)
def cable_out(net: Any, *, rtt: int, send_at: int, out: int, tcp_retries2: int) -> None:
    """Somewhere between the hosts a cable is out for a while; the client sends meanwhile."""
    client, server, link = pair(net, rtt, tcp_retries2=tcp_retries2)

    async def fetch(host: Any) -> None:
        connection = host.socket()
        await connection.connect(SERVER, PORT)
        await host.sleep(ms(send_at) - host.now)
        await connection.send(bytes(100))
        connection.shutdown("write")
        await connection.recv(4096)

    server.spawn(_read_all)
    client.spawn(fetch)
    net.after(seconds(1), link.unplug)
    net.after(seconds(1) + ms(out), link.plug)


@scenario(
    "icmp-unreachable",
    title="Destination unreachable",
    question="When does TCP believe a router that says: it cannot be reached?",
    parameters=(
        RTT,
        Parameter(
            "code",
            "ICMP code",
            1,
            maximum=3,
            help="0 net, 1 host, 2 protocol, 3 port unreachable",
        ),
        Parameter(
            "established",
            "After the handshake",
            False,
            help="off: the router refuses the SYN; on: only what comes after 1 s",
        ),
        Parameter(
            "lasts",
            "The trouble lasts",
            0,
            maximum=60,
            unit="s",
            help="then the router passes everything on; 0: it stays",
        ),
        RETRIES,
    ),
    until=minutes(30),
)
def icmp_unreachable(
    net: Any, *, rtt: int, code: int, established: bool, lasts: int, tcp_retries2: int
) -> None:
    """A router on the way refuses what goes to the server, and tells the client with ICMP."""
    client = net.host("client", CLIENT, tcp_retries2=tcp_retries2)
    server, router = net.host("server", SERVER), net.router("router", ROUTER)
    for host in (client, server):
        net.link(host, router, delay=ms(rtt / 4))
    answer = ("net", "host", "proto", "port")[code]
    rule = f"-A FORWARD -d {SERVER} -j REJECT --reject-with icmp-{answer}-unreachable"
    server.spawn(_read_all)
    client.spawn(_send_at(2000))
    begin = seconds(1) if established else 0
    net.after(begin, lambda: router.firewall.append(rule))
    if lasts:
        net.after(begin + seconds(lasts), lambda: router.firewall.run("-D FORWARD 1"))


@scenario(
    "path-mtu",
    title="A narrow link on the way",
    question="How does a sender learn how large its segments may be?",
    parameters=(
        RTT,
        Parameter(
            "mtu",
            "MTU of the middle link",
            1200,
            minimum=600,
            maximum=1500,
            step=4,
            unit="bytes",
            help="the links beside it carry 1500 bytes",
        ),
        Parameter(
            "size",
            "Bytes to send",
            3000,
            minimum=1,
            maximum=10_000,
            unit="bytes",
            help="one write()",
        ),
    ),
    until=minutes(2),
)
def path_mtu(net: Any, *, rtt: int, mtu: int, size: int) -> None:
    """Between two routers is a link narrower than the others: the first says so with ICMP."""
    client, server = net.host("client", CLIENT), net.host("server", SERVER)
    near, far = net.router("near router", ROUTER), net.router("far router", FAR_ROUTER)
    net.link(client, near, delay=ms(rtt / 6))
    net.link(near, far, delay=ms(rtt / 6), mtu=mtu)
    net.link(far, server, delay=ms(rtt / 6))

    async def serve(host: Any) -> None:
        connection = await host.socket().bind(PORT).listen(128).accept()
        await host.sleep(seconds(1))
        while await connection.recv(4096):
            pass

    async def push(host: Any) -> None:
        connection = host.socket()
        await connection.connect(SERVER, PORT)
        await connection.send(bytes(size))
        await host.pause()

    server.spawn(serve)
    client.spawn(push)


@scenario(
    "rst-attack",
    title="A forged RST",
    question="How exactly must a stranger guess to cut a connection?",
    parameters=(
        RTT,
        Parameter(
            "offset",
            "Beside the right number",
            1000,
            minimum=-100_000,
            maximum=100_000,
            step=100,
            unit="bytes",
            help="0: exactly the next byte; inside the window: 1 to 64,000; else outside",
        ),
    ),
    until=seconds(10),
)
def rst_attack(net: Any, *, rtt: int, offset: int) -> None:
    """A third host forges an RST in the client's name; it knows addresses and ports."""
    client, server = net.host("client", CLIENT), net.host("server", SERVER)
    attacker, router = net.host("attacker", ATTACKER), net.router("router", ROUTER)
    for host in (client, server, attacker):
        net.link(host, router, delay=ms(rtt / 4))

    async def fetch(host: Any) -> None:
        connection = host.socket()
        await connection.connect(SERVER, PORT)
        await connection.send(bytes(100))
        await host.sleep(seconds(2))
        await connection.send(bytes(100))
        await host.pause()

    async def attack(host: Any) -> None:
        await host.sleep(seconds(1))
        heard = net.last_segment(client)
        seq = (heard.end + offset) & 0xFFFF_FFFF
        host.inject(Segment(CLIENT, heard.sport, SERVER, PORT, RST, seq))

    server.spawn(_read_all)
    client.spawn(fetch)
    attacker.spawn(attack)


@scenario(
    "close-wait-leak",
    title="A server that forgets to close",
    question="Whose fault are sockets that stay in CLOSE_WAIT?",
    parameters=(
        RTT,
        Parameter(
            "clients",
            "Connections",
            3,
            minimum=1,
            maximum=20,
            help="each is closed by the client, and by nobody at the server",
        ),
        Parameter(
            "tcp_fin_timeout",
            "tcp_fin_timeout",
            60,
            minimum=1,
            maximum=120,
            unit="s",
            help="how long the client's kernel waits for the server's FIN",
            sysctl=True,
        ),
    ),
    until=minutes(3),
)
def close_wait_leak(net: Any, *, rtt: int, clients: int, tcp_fin_timeout: int) -> None:
    """The clients close; the server reads the end of file and never calls close()."""
    client, server, _ = pair(net, rtt, tcp_fin_timeout=tcp_fin_timeout)

    async def serve(host: Any) -> None:
        listener = host.socket().bind(PORT).listen(128)
        leaked = []
        for _ in range(clients):
            connection = await listener.accept()
            await connection.recv(4096)
            leaked.append(connection)  # and no close()
        await host.pause()

    async def visit(host: Any) -> None:
        for _ in range(clients):
            connection = host.socket()
            await connection.connect(SERVER, PORT)
            await connection.close()
            await host.sleep(ms(500))

    server.spawn(serve)
    client.spawn(visit)
