"""A web request behind TLS: how many round trips pass before the answer is there.

Only the flights of TLS are played: who speaks, in which order, and how many bytes.  There is no
cryptography; a flight is its own name and zeros.  The sizes are those of OpenSSL 3.0 with a chain
of two ECDSA certificates (P-256), so that each flight but a long ClientHello fits into one segment.
"""

from __future__ import annotations

from typing import Any

from tcpcore.scenarios.handshake import CLIENT, PORT, RTT, SERVER
from tcpcore.scenarios.options import FIRST_KEY
from tcpcore.scenarios.registry import Parameter, scenario
from tcpcore.units import ms, seconds

NO_TLS, TLS_1_2, TLS_1_3, EARLY_DATA = range(4)

TLS = Parameter(
    "tls",
    "TLS (1: 1.2, 2: 1.3, 3: 0-RTT)",
    TLS_1_3,
    maximum=3,
    help="0: none, 1: TLS 1.2, 2: TLS 1.3, 3: TLS 1.3 with 0-RTT (needs an earlier visit)",
)
FAST_OPEN = Parameter(
    "fast_open", "Fast Open", False, help="the client's first flight goes with the SYN, if it may"
)
EARLIER_VISIT = Parameter(
    "earlier_visit",
    "An earlier visit",
    False,
    help="a second before: it brings the Fast Open cookie and the TLS ticket",
)
HELLO = Parameter(
    "hello",
    "ClientHello",
    517,
    minimum=200,
    maximum=4000,
    unit="bytes",
    help="517 is usual; about 1,700 with a key share that withstands quantum computers",
)
ACK_WAITS = Parameter(
    "ack_waits",
    "The ACK waits for data",
    False,
    help="TCP_DEFER_ACCEPT on the client's socket: data rides on the handshake's last ACK",
)

Flight = tuple[str, str, int]
"""Who sends, what it is, how many bytes."""

_GET, _OK = ("client", "GET", 300), ("server", "200 OK", 800)
_SEALED = 22
"""What a record of TLS 1.3 adds to its data."""


def flights(tls: int, hello: int) -> tuple[Flight, ...]:
    """The flights of one visit, in order: RFC 5246 §7.3 (historic), RFC 8446 §2 and §2.3."""
    if tls == NO_TLS:
        return _GET, _OK
    if tls == TLS_1_2:
        return (
            ("client", "ClientHello", hello),
            ("server", "ServerHello, Certificate, ServerKeyExchange, Done", 1163),
            ("client", "ClientKeyExchange, Finished", 93),
            ("server", "NewSessionTicket, Finished", 242),
            ("client", "GET", 329),
            ("server", "200 OK", 829),
        )
    if tls == TLS_1_3:
        return (
            ("client", "ClientHello", hello),
            ("server", "ServerHello, Certificate, Finished", 1324),
            ("client", "Finished, GET", 80 + 300 + _SEALED),
            ("server", "NewSessionTicket, 200 OK", 510 + 800 + _SEALED),
        )
    return (
        ("client", "ClientHello with ticket, GET", hello + 63 + 300 + _SEALED),
        ("server", "ServerHello, Finished, 200 OK", 250 + 800 + _SEALED),
        ("client", "EndOfEarlyData, Finished", 106),
    )


@scenario(
    "tls-flights",
    title="A request behind TLS",
    question="How many round trips pass before the answer to the first request is there?",
    parameters=(RTT, TLS, FAST_OPEN, EARLIER_VISIT, HELLO, ACK_WAITS),
    until=seconds(30),
)
def tls_flights(
    net: Any,
    *,
    rtt: int,
    tls: int,
    fast_open: bool,
    earlier_visit: bool,
    hello: int,
    ack_waits: bool,
) -> None:
    """One visit, or two a second apart; without an earlier visit there is no ticket for 0-RTT."""
    client = net.host("client", CLIENT, tcp_fastopen=1)
    server = net.host("server", SERVER, tcp_fastopen=3)
    net.link(client, server, delay=ms(rtt / 2))
    first = min(tls, TLS_1_3)
    visits = [flights(first, hello)]
    if earlier_visit:
        visits.append(flights(tls, hello))

    async def serve(host: Any) -> None:
        listener = host.socket().bind(PORT)
        listener.setsockopt("TCP_FASTOPEN", 5).setsockopt("TCP_FASTOPEN_KEY", FIRST_KEY)
        listener.listen(16)
        for visit in visits:
            connection = await listener.accept()
            await _speak(connection, "server", visit)
            while await connection.recv(4096):
                pass
            await connection.close()

    async def browse(host: Any) -> None:
        for visit in visits:
            connection = host.socket()
            if ack_waits:
                connection.setsockopt("TCP_DEFER_ACCEPT", 1)
            if fast_open:
                await connection.sendto(_bytes(visit[0]), SERVER, PORT)
            else:
                await connection.connect(SERVER, PORT)
            await _speak(connection, "client", visit, started=fast_open)
            await connection.close()
            await host.sleep(ms(1000))

    server.spawn(serve)
    client.spawn(browse)


async def _speak(
    connection: Any, who: str, visit: tuple[Flight, ...], started: bool = False
) -> None:
    """Send our flights and wait for the peer's, in turn; the first one may be on its way."""
    for number, flight in enumerate(visit):
        if flight[0] != who:
            await _receive(connection, flight[2])
        elif number or not started:
            await connection.send(_bytes(flight))


def _bytes(flight: Flight) -> bytes:
    _, name, size = flight
    return name.encode().ljust(size, b"\0")


async def _receive(connection: Any, size: int) -> None:
    while size > 0:
        data = await connection.recv(size)
        if not data:
            return
        size -= len(data)
