"""The stream and its numbers: what send() and recv() have to do with segments, seq and ack."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tcpcore.scenarios.handshake import CLIENT, PORT, RTT, SERVER, pair
from tcpcore.scenarios.registry import Parameter, scenario
from tcpcore.units import mbit, minutes, ms

WRITES = Parameter("writes", "send() calls", 3, minimum=1, maximum=8, help="of the client")
SIZE = Parameter(
    "size", "Bytes in each", 100, minimum=1, maximum=110_000, unit="bytes", help="given to send()"
)
GAP = Parameter(
    "gap", "Pause between them", 20, maximum=300, step=10, unit="ms", help="0: one right after one"
)
NODELAY = Parameter(
    "nodelay", "TCP_NODELAY", False, help="small segments need not wait for each other"
)
READ = Parameter(
    "read", "recv() takes", 4096, minimum=1, maximum=65536, unit="bytes", help="at most, each time"
)
READ_AFTER = Parameter(
    "read_after", "Server busy for", 0, maximum=1000, step=50, unit="ms", help="before it reads"
)
LATE_BY = Parameter(
    "late_by",
    "Second segment late by",
    20,
    maximum=20,
    unit="ms",
    help="longer than a quarter of the round trip, and Linux would take it for lost",
)
ROUNDS = Parameter("rounds", "Messages", 3, minimum=1, maximum=8, help="one after the other")
THINK = Parameter(
    "think",
    "Server thinks for",
    100,
    maximum=500,
    step=5,
    unit="ms",
    help="before it answers the last message; the others it answers at once",
)
QUICK_ACK = Parameter(
    "quick_ack", "TCP_QUICKACK", False, help="the server's, set again before each recv()"
)
APART = ms(5)
OWN_PORT, OTHER_PORT = 4001, 4002
CLOSED_PORT, FILTERED = 81, 8889
SOCKET_COMMANDS = (
    "ss -tan",
    "ss -tlnp",
    "ss -tnp",
    "ss -tni",
    "netstat -atn",
    "netstat -tlnp",
    "lsof -nP -iTCP",
    f"lsof -nP -i:{PORT}",
)
CAPTURE_COMMANDS = (
    "tcpdump -nt",
    "tcpdump -nt -S -c 3",
    f"tcpdump -nt port {PORT} and src host {SERVER}",
    f"tcpdump -nt dst host {SERVER} and port {PORT}",
    f"tcpdump -nt host {SERVER} and port {CLOSED_PORT}",
    "tcpdump -nt 'tcp[tcpflags] & (tcp-syn|tcp-rst) != 0'",
)


WRITTEN = Parameter(
    "written",
    "The client writes",
    20_000,
    minimum=1,
    maximum=110_000,
    unit="bytes",
    help="with one send()",
)
OFFLOAD = Parameter(
    "offload", "The card cuts (TSO)", True, help="off: the kernel makes segments by itself"
)


@scenario(
    "look-around",
    title="Looking at a connection",
    question="What do the usual tools show while a request waits to be read?",
    parameters=(RTT,),
    until=minutes(5),
)
def look_around(net: Any, *, rtt: int) -> None:
    """A request waits 1 s in the server's buffer; meanwhile both hosts are looked at."""
    client, server, _ = pair(net, rtt, tcp_syn_linear_timeouts=0)  # SYNs at 0, 1, 3 s
    server.firewall.append(f"-A INPUT -p tcp --dport {FILTERED} -j DROP")

    async def serve(host: Any) -> None:
        connection = await host.socket().bind(PORT).listen(16).accept()
        await host.sleep(ms(1000))
        await connection.recv(4096)
        await connection.send(bytes(300))
        await connection.recv(4096)
        await connection.close()
        await host.pause()

    async def watch(host: Any) -> None:
        await host.sleep(ms(rtt * 1.5 + 500))
        for command in SOCKET_COMMANDS:
            await host.look(command)

    async def ask(host: Any) -> None:
        connection = host.socket()
        await connection.connect(SERVER, PORT)
        await connection.send(bytes(100))
        await host.sleep(ms(500))
        for command in SOCKET_COMMANDS:
            await host.look(command)
        await connection.recv(4096)
        await connection.close()
        await host.sleep(ms(rtt * 2))
        for port in (PORT, CLOSED_PORT):
            await host.look(f"nc -vz {SERVER} {port}")
        await host.look(f"nc -vz -w 2 {SERVER} {FILTERED}")
        for command in CAPTURE_COMMANDS:
            await host.look(command)

    server.spawn(serve)
    server.spawn(watch)
    client.spawn(ask)


@scenario(
    "large-packets",
    title="Packets larger than the MTU",
    question="Why does a capture show packets that no cable carries?",
    parameters=(replace(RTT, default=20), WRITTEN, OFFLOAD),
    until=minutes(5),
)
def large_packets(net: Any, *, rtt: int, written: int, offload: bool) -> None:
    """The client writes all at once; in the end a capture is read on the client."""
    client, server = net.host("client", CLIENT), net.host("server", SERVER)
    client.offload = offload
    net.link(client, server, delay=ms(rtt / 2), rate=mbit(10))

    async def serve(host: Any) -> None:
        connection = await host.socket().bind(PORT).listen(16).accept()
        await host.sleep(ms(rtt * 4 + 100))  # what it reads when would be chance, and show in win
        while await connection.recv(65536):
            pass
        await connection.close()

    async def write(host: Any) -> None:
        connection = host.socket()
        await connection.connect(SERVER, PORT)
        await connection.send(bytes(written))
        await host.sleep(ms(rtt * 8 + 200))
        await host.look("tcpdump -nt 'src host 10.0.0.1 and greater 100'")
        await connection.close()

    server.spawn(serve)
    client.spawn(write)


@scenario(
    "byte-stream",
    title="A stream of bytes",
    question="What has become of three send() calls when they come out of recv()?",
    parameters=(RTT, WRITES, SIZE, GAP, NODELAY, READ, READ_AFTER),
    until=minutes(5),
)
def byte_stream(
    net: Any,
    *,
    rtt: int,
    writes: int,
    size: int,
    gap: int,
    nodelay: bool,
    read: int,
    read_after: int,
) -> None:
    """The client writes some times and closes; the server reads until the end of the stream."""
    client, server = net.host("client", CLIENT), net.host("server", SERVER)
    net.link(client, server, delay=ms(rtt / 2), rate=mbit(10))

    async def serve(host: Any) -> None:
        connection = await host.socket().bind(PORT).listen(16).accept()
        if read_after:
            await host.sleep(ms(read_after))
        while await connection.recv(read):
            pass
        await connection.close()

    async def write(host: Any) -> None:
        connection = host.socket()
        if nodelay:
            connection.setsockopt("TCP_NODELAY", 1)
        await connection.connect(SERVER, PORT)
        for number in range(writes):
            if number and gap:
                await host.sleep(ms(gap))
            await connection.send(bytes(size))
        await connection.close()

    server.spawn(serve)
    client.spawn(write)


@scenario(
    "late-segment",
    title="A segment that others overtake",
    question="What does a receiver acknowledge while a segment in the middle is missing?",
    parameters=(LATE_BY,),
    until=minutes(5),
)
def late_segment(net: Any, *, late_by: int) -> None:
    """Four segments, 5 ms apart; the second takes a longer way.  The round trip is 100 ms."""
    client, server, link = pair(net, 100)

    async def serve(host: Any) -> None:
        connection = await host.socket().bind(PORT).listen(16).accept()
        while await connection.recv(4096):
            pass
        await connection.close()

    async def write(host: Any) -> None:
        connection = host.socket().setsockopt("TCP_NODELAY", 1)
        await connection.connect(SERVER, PORT)
        for number in range(4):
            held = 1.0 if number == 1 and late_by else 0.0
            link.impair(to=server, reorder=held, reorder_by=ms(late_by))
            await connection.send(bytes(1000))
            await host.sleep(APART)
        await host.sleep(ms(300))
        await connection.close()

    server.spawn(serve)
    client.spawn(write)


@scenario(
    "first-numbers",
    title="Where numbers start",
    question="Which initial sequence number does Linux take, and when again the same?",
    parameters=(RTT, replace(GAP, label="Pause between tries", default=500, maximum=2000)),
    until=minutes(5),
)
def first_numbers(net: Any, *, rtt: int, gap: int) -> None:
    """Four tries to a port where nobody listens: three from one port, the last from another."""
    client, _, _ = pair(net, rtt)

    async def knock(host: Any) -> None:
        for port in (OWN_PORT, OWN_PORT, OWN_PORT, OTHER_PORT):
            connection = host.socket().bind(port)
            try:
                await connection.connect(SERVER, PORT)
            except OSError:
                await connection.close()
            if gap:
                await host.sleep(ms(gap))

    client.spawn(knock)


async def answering_server(host: Any, rounds: int, think: int, quick_ack: bool) -> None:
    """Answer at once, the last message after `think` us; `quick_ack`: no ACK may wait."""
    listener = host.socket().bind(PORT).listen(128)
    connection = await listener.accept()
    for number in range(1, rounds + 1):
        if quick_ack:
            connection.setsockopt("TCP_QUICKACK", 1)
        await connection.recv(1024)
        if number == rounds:
            await host.sleep(think)
        await connection.send(b"done")
    await connection.recv(1024)  # the end of the stream
    await connection.close()
    await listener.close()


async def asking_client(host: Any, rounds: int) -> None:
    """Send a message, wait for the answer, and so on; then close."""
    connection = host.socket()
    await connection.connect(SERVER, PORT)
    for _ in range(rounds):
        await connection.send(b"a message")
        await connection.recv(1024)
    await connection.close()


@scenario(
    "delayed-ack",
    title="An ACK that waits",
    question="When does a server acknowledge what it has read and not answered yet?",
    parameters=(RTT, ROUNDS, THINK, QUICK_ACK),
    until=minutes(5),
)
def delayed_ack(net: Any, *, rtt: int, rounds: int, think: int, quick_ack: bool) -> None:
    """A client asks, a server takes its time to answer, and its ACK may wait for the answer."""
    client, server, _ = pair(net, rtt)
    server.spawn(lambda host: answering_server(host, rounds, ms(think), quick_ack), "serve")
    client.spawn(lambda host: asking_client(host, rounds), "ask")
