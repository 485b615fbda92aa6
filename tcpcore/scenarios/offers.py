"""What a SYN offers and the answer takes up; and peers that offer little, or nonsense."""

from __future__ import annotations

from typing import Any

from tcpcore.errors import UsageError
from tcpcore.scenarios.handshake import CLIENT, PORT, RTT, SERVER
from tcpcore.scenarios.registry import Parameter, scenario
from tcpcore.units import minutes, ms
from tcpcore.wire import options as wire
from tcpcore.wire.option_codec import decode_options, encode_options
from tcpcore.wire.segment import ACK, PSH, RST, SYN, Segment


def _of_the_server(name: str, what: str) -> Parameter:
    return Parameter(name, f"{name} of the server", 1, maximum=1, help=f"0: {what}", sysctl=True)


SWITCHES = (
    _of_the_server("tcp_timestamps", "it neither offers timestamps nor takes them up"),
    _of_the_server("tcp_sack", "no selective acknowledgments"),
    _of_the_server("tcp_window_scaling", "windows end at 65,535 bytes"),
)
OFFERED_MSS = Parameter(
    "mss", "MSS in the SYN", 0, maximum=1460, step=20, unit="bytes", help="0: no such option"
)
TIMESTAMPS = Parameter("timestamps", "Timestamps in the SYN", False, help="12 bytes in each header")
SACK = Parameter("sack", "SACK permitted in the SYN", False, help="2 bytes")
FIRST = Parameter(
    "first",
    "In front of all",
    0,
    maximum=2,
    help="0: nothing, 1: an option that nobody knows, 2: the same with a length of 1",
)
ISLANDS = Parameter(
    "islands", "Islands of data", 0, maximum=6, help="100 bytes each, with 100 missing before it"
)
OWN_PORT, FIRST_NUMBER = 4003, 1000
UNKNOWN = 200
"""A kind that IANA has not given to anybody."""
PIECE = 100


@scenario(
    "option-offer",
    title="An offer and an answer",
    question="Which options does a connection use when one end does not want them all?",
    parameters=(RTT, *SWITCHES),
    until=minutes(3),
)
def option_offer(net: Any, *, rtt: int, **server_sysctls: int) -> None:
    """A client offers all that Linux offers; the server answers as its sysctls say."""
    client, server = net.host("client", CLIENT), net.host("server", SERVER, **server_sysctls)
    net.link(client, server, delay=ms(rtt / 2))

    async def serve(host: Any) -> None:
        connection = await host.socket().bind(PORT).listen(16).accept()
        while await connection.recv(65536):
            pass
        await connection.close()

    async def write(host: Any) -> None:
        connection = host.socket()
        await connection.connect(SERVER, PORT)
        await connection.send(bytes(1460))
        await host.sleep(ms(rtt * 3))
        await connection.close()

    server.spawn(serve)
    client.spawn(write)


@scenario(
    "hand-made-options",
    title="A peer made by hand",
    question="What does Linux make of a SYN with few options, strange ones or broken ones?",
    parameters=(OFFERED_MSS, TIMESTAMPS, SACK, FIRST, ISLANDS),
    until=minutes(3),
)
def hand_made_options(
    net: Any, *, mss: int, timestamps: bool, sack: bool, first: int, islands: int
) -> None:
    """A program makes the client's segments; a firewall keeps its own kernel out of it.

    The server sends 2000 bytes, then the peer sends islands of data, and resets.  The round trip
    takes 100 ms.
    """
    peer, server = net.host("client", CLIENT), net.host("server", SERVER)
    net.link(peer, server, delay=ms(50))
    peer.firewall.append(f"-A INPUT -p tcp --sport {PORT} -j DROP")

    async def serve(host: Any) -> None:
        connection = await host.socket().bind(PORT).listen(16).accept()
        await connection.send(bytes(2000))
        await connection.recv(4096)  # ends with the reset

    def make(flags: int, seq: int, options: tuple[wire.Option, ...] = (), size: int = 0) -> Segment:
        heard = net.last_segment(server) if flags & ACK else None
        stamps = wire.timestamps(heard.options) if heard else None
        if stamps:
            options = ((wire.NOP,), (wire.NOP,), (wire.TIMESTAMPS, FIRST_NUMBER, stamps[0]))
        ack = heard.end if heard else 0
        return Segment(CLIENT, OWN_PORT, SERVER, PORT, flags, seq, ack, 64240, options, bytes(size))

    async def play(host: Any) -> None:
        host.inject(make(SYN, FIRST_NUMBER, _offer(mss, timestamps, sack, first)))
        await host.sleep(ms(150))
        try:
            host.inject(make(ACK, FIRST_NUMBER + 1))
        except UsageError:
            return  # the SYN was lost: nobody has answered
        await host.sleep(ms(150))
        host.inject(make(ACK, FIRST_NUMBER + 1))
        for number in range(islands):
            start = FIRST_NUMBER + 1 + PIECE * (2 * number + 1)
            host.inject(make(ACK | PSH, start, size=PIECE))
            await host.sleep(ms(10))
        await host.sleep(ms(150))
        host.inject(make(RST | ACK, FIRST_NUMBER + 1))

    server.spawn(serve)
    peer.spawn(play)


def _offer(mss: int, timestamps: bool, sack: bool, first: int) -> tuple[wire.Option, ...]:
    """The SYN's options as they are read from its bytes."""
    options: list[wire.Option] = []
    if first == 1:
        options.append((UNKNOWN, b"\x05\x06"))
    elif first == 2:
        options.append((wire.MALFORMED, bytes((UNKNOWN, 1)) + b"\x05\x06"))
    if mss:
        options.append((wire.MSS, mss))
    if sack:
        options.append((wire.SACK_PERMITTED,))
    if timestamps:
        options.append((wire.TIMESTAMPS, FIRST_NUMBER, 0))
    return decode_options(encode_options(tuple(options)))
