"""The end of a connection in each state: by close(), abort, the peer's reset, or in silence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tcpcore.scenarios.handshake import CLIENT, PORT, RTT, SERVER
from tcpcore.scenarios.registry import Parameter, scenario
from tcpcore.units import minutes, ms

SYN_RECV, ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, CLOSING, CLOSE_WAIT, LAST_ACK = range(1, 8)
CLOSE, ABORT, RESET, SILENCE = range(4)

STATE = Parameter(
    "state",
    "The client is in",
    ESTABLISHED,
    minimum=SYN_RECV,
    maximum=LAST_ACK,
    help="1: SYN_RECV, 2: ESTABLISHED, 3: FIN_WAIT_1, 4: FIN_WAIT_2, 5: CLOSING, "
    "6: CLOSE_WAIT, 7: LAST_ACK",
)
ENDS_BY = Parameter(
    "ends_by",
    "What happens then",
    ABORT,
    maximum=SILENCE,
    help="0: it calls close(); 1: the same with SO_LINGER of 0 s, so that it aborts; "
    "2: the server resets; 3: nothing that it sends arrives any more",
)
RETRIES = Parameter(
    "tcp_retries2",
    "tcp_retries2",
    3,
    minimum=1,
    maximum=15,
    help="of both: how often they repeat in silence",
)
EARLIER, MOMENT = 500, 1000  # ms: what leads to the state, and what happens in it
LINGER_ZERO = (1, 0)


@scenario(
    "end-in-state",
    title="The end of a connection, state by state",
    question="Wherever a connection is: what do close(), an abort, a reset and silence make of it?",
    parameters=(replace(RTT, minimum=20), STATE, ENDS_BY, RETRIES),
    until=minutes(3),
)
def end_in_state(net: Any, *, rtt: int, state: int, ends_by: int, tcp_retries2: int) -> None:
    """The client is brought into a state; a second after the start it is ended there."""
    client = net.host("client", CLIENT, tcp_retries2=tcp_retries2, tcp_syn_retries=2)
    server = net.host("server", SERVER, tcp_retries2=tcp_retries2)
    link = net.link(client, server, delay=ms(rtt / 2))
    if ends_by == SILENCE:
        net.after(0 if state == SYN_RECV else ms(MOMENT), lambda: link.drop(to=server))
    if state == SYN_RECV:
        client.spawn(_crossing(PORT + 1, SERVER, PORT, rtt, ends_by, patient=ends_by >= RESET))
        server.spawn(_crossing(PORT, CLIENT, PORT + 1, rtt / 3, ends_by, patient=ends_by != RESET))
        return
    server.spawn(_server(state, ends_by))
    client.spawn(_client(rtt, state, ends_by))


def _crossing(own: int, address: str, port: int, rtt: float, ends_by: int, patient: bool) -> Any:
    """An end of a simultaneous open; without patience it ends its attempt before the answer."""

    async def connect(host: Any) -> None:
        socket = host.socket().bind(own)
        if not patient and ends_by != CLOSE:
            socket.setsockopt("SO_LINGER", LINGER_ZERO)
        try:
            await socket.connect(address, port, timeout=None if patient else ms(rtt * 3 // 4))
        except OSError:
            await socket.close()
        await host.pause()

    return connect


def _server(state: int, ends_by: int) -> Any:
    closes = {CLOSING: MOMENT, CLOSE_WAIT: EARLIER, LAST_ACK: EARLIER}.get(state)

    async def serve(host: Any) -> None:
        connection = await host.socket().bind(PORT).listen(5).accept()
        if closes is not None:
            await _until(host, closes)
            connection.shutdown("write")
        if ends_by == RESET:
            await _until(host, MOMENT)
            connection.setsockopt("SO_LINGER", LINGER_ZERO)
            await connection.close()
        await host.pause()

    return serve


def _client(rtt: int, state: int, ends_by: int) -> Any:
    shuts = {FIN_WAIT_1: MOMENT, FIN_WAIT_2: EARLIER, CLOSING: MOMENT, LAST_ACK: MOMENT}.get(state)
    # In CLOSING is who has the server's FIN and not yet the ACK of its own.
    moment = MOMENT + rtt * 3 // 4 if state == CLOSING else MOMENT

    async def go(host: Any) -> None:
        connection = host.socket()
        await connection.connect(SERVER, PORT)
        if shuts is not None:
            await _until(host, shuts)
            connection.shutdown("write")
        await _until(host, moment)
        if ends_by == SILENCE and state in (ESTABLISHED, CLOSE_WAIT):
            await connection.send(bytes(100))
        elif ends_by == ABORT:
            connection.setsockopt("SO_LINGER", LINGER_ZERO)
        if ends_by in (CLOSE, ABORT) or (ends_by == SILENCE and state == FIN_WAIT_2):
            await connection.close()
        await host.pause()

    return go


async def _until(host: Any, moment: int) -> None:
    """Wait for that moment of the run (ms)."""
    await host.sleep(max(ms(moment) - host.now, 0))
