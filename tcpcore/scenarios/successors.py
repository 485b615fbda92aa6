"""What one ordered stream between two fixed addresses cannot do: see also `tcpcore.multistream`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tcpcore.multistream import LETTERS, PIECE, RATE
from tcpcore.scenarios.handshake import CLIENT, PORT, RTT, SERVER
from tcpcore.scenarios.registry import Parameter, scenario
from tcpcore.scenarios.shared_address import SERVER as FAR_SERVER
from tcpcore.scenarios.shared_address import SHARED
from tcpcore.units import ms, seconds
from tcpcore.wire.segment import SYN, Segment

STREAMS = Parameter(
    "streams", "Answers", 3, minimum=1, maximum=6, help="that the client has asked for at once"
)
PIECES = Parameter(
    "pieces", "Segments of each", 3, minimum=1, maximum=12, help="of 1448 bytes; they take turns"
)
SEPARATE = Parameter(
    "separate",
    "A connection for each",
    False,
    help="as browsers did before HTTP/2; off: all on one connection",
)
DOWNLOAD = Parameter(
    "download", "The server sends", True, help="off: the client does, a message every 250 ms"
)
BACK_AFTER = Parameter(
    "back_after",
    "The old address comes back after",
    0,
    maximum=10_000,
    step=100,
    unit="ms",
    help="0: never",
)
PATIENCE = replace(
    Parameter("patience", "The client's patience", 3000, unit="ms"),
    minimum=500,
    maximum=10_000,
    step=100,
    help="how long it waits for a message before it connects again",
)
MOBILE, WIFI = SHARED, "192.0.2.44"
PHONE = "192.168.1.2"
MESSAGE, MESSAGES, EVERY = 1200, 12, ms(250)
WORKERS = 4
CHANGE_AT = ms(1050)  # when nothing is under way

WAIT_ALL = 0x100  # MSG_WAITALL


@scenario(
    "head-of-line",
    title="Three answers on one connection",
    question="One segment is lost: which of the answers waits for it?",
    parameters=(RTT, STREAMS, PIECES, SEPARATE),
    until=seconds(60),
)
def head_of_line(net: Any, *, rtt: int, streams: int, pieces: int, separate: bool) -> None:
    """The client asks for everything; the answers take turns, a segment of each."""
    client, server = net.host("client", CLIENT), net.host("server", SERVER)
    net.link(client, server, delay=ms(rtt / 2), rate=RATE)
    letters = LETTERS[:streams]
    wishes = list(letters) if separate else [letters]

    async def serve(host: Any) -> None:
        listener = host.socket().bind(PORT).listen(16)
        channels = {}
        for _ in wishes:
            connection = await listener.accept()
            for letter in (await connection.recv(100)).decode():
                channels[letter] = connection
        for number in range(1, pieces + 1):
            for letter in letters:
                await channels[letter].send(f"{letter}{number}".encode().ljust(PIECE, b"\0"))
        for connection in dict.fromkeys(channels.values()):
            await connection.recv(1)
            await connection.close()

    def ask(wanted: str, after: int) -> Any:
        async def fetch(host: Any) -> None:
            await host.sleep(after)
            connection = host.socket()
            await connection.connect(SERVER, PORT)
            await connection.send(wanted.encode())
            for _ in range(pieces * len(wanted)):
                await connection.recv(PIECE, WAIT_ALL)
            await connection.close()

        return fetch

    server.spawn(serve)
    for number, wanted in enumerate(wishes):
        client.spawn(ask(wanted, ms(5) * number))


@scenario(
    "address-change",
    title="From one network into another",
    question="A telephone leaves 4G for Wi-Fi: what becomes of its connection?",
    parameters=(RTT, DOWNLOAD, PATIENCE, BACK_AFTER),
    until=seconds(15),
)
def address_change(net: Any, *, rtt: int, download: bool, patience: int, back_after: int) -> None:
    """A message every 250 ms; after a second the client has another address for the server."""
    client, server = net.host("client", PHONE), net.host("server", FAR_SERVER)
    phone = net.router("phone network", MOBILE)
    phone.masquerade("192.168.1.0/24")
    for host in (client, server):
        net.link(host, phone, delay=ms(rtt / 4), rate=RATE)
    net.after(CHANGE_AT, lambda: phone.renumber(WIFI))
    if back_after:
        net.after(CHANGE_AT + ms(back_after), lambda: phone.renumber(MOBILE))
    server.spawn(_serve(_send if download else _take))
    client.spawn(_visit(_take if download else _send, patience))


def _serve(talk: Any) -> Any:
    """A server whose workers share the listener, so that one that hangs holds up nobody else."""

    async def serve(host: Any) -> None:
        listener = host.socket().bind(PORT).listen(16)
        for _ in range(WORKERS):
            host.fork(_worker(listener, talk))
        await host.pause()

    return serve


def _worker(listener: Any, talk: Any) -> Any:
    async def work(host: Any) -> None:
        while True:
            connection = await listener.accept()
            first = int((await connection.recv(10)).decode())
            await talk(host, connection, first)
            await connection.close()

    return work


def _visit(talk: Any, patience: int) -> Any:
    async def visit(host: Any) -> None:
        done = 0
        while done < MESSAGES:
            connection = host.socket()
            limit = (patience // 1000, patience % 1000 * 1000)
            connection.setsockopt("SO_RCVTIMEO", limit)
            await connection.connect(FAR_SERVER, PORT)
            await connection.send(f"{done:10}".encode())
            done = await talk(host, connection, done)
            await connection.close()

    return visit


async def _send(host: Any, connection: Any, first: int) -> int:
    """Messages from number `first` on; the number of the first that could not be sent."""
    for number in range(first, MESSAGES):
        try:
            await connection.send(bytes(MESSAGE))
        except OSError:
            return number
        await host.sleep(EVERY)
    return MESSAGES


async def _take(host: Any, connection: Any, first: int) -> int:
    """Messages until all are there or none comes for too long; the number of the next one."""
    for number in range(first, MESSAGES):
        try:
            if len(await connection.recv(MESSAGE, WAIT_ALL)) < MESSAGE:
                return number
        except OSError:
            return number
    return MESSAGES


@scenario(
    "old-duplicate-syn",
    title="A SYN of last week",
    question="A SYN that nobody means any more arrives: what stops it from becoming a connection?",
    parameters=(RTT,),
    until=seconds(5),
)
def old_duplicate_syn(net: Any, *, rtt: int) -> None:
    """In the client's name a SYN, late or forged, reaches the server; later the client connects."""
    client, server = net.host("client", CLIENT), net.host("server", SERVER)
    net.link(client, server, delay=ms(rtt / 2))

    async def serve(host: Any) -> None:
        await host.socket().bind(PORT).listen(16).accept()
        await host.pause()

    async def visit(host: Any) -> None:
        host.inject(Segment(CLIENT, 40_000, SERVER, PORT, SYN, 1000, window=64240))
        await host.sleep(seconds(1))
        await host.socket().connect(SERVER, PORT)
        await host.pause()

    server.spawn(serve)
    client.spawn(visit)
