"""An attacker who sees nothing guesses numbers, a million times; the connection goes on.

RFC 5961: only the exact next byte resets, a SYN gets a challenge ACK, and data needs an ACK number
that is not too old.  Guesses are random over all numbers; those that fall into the window by luck
are part of it.
"""

from __future__ import annotations

import random
from typing import Any

import pytest

from tcpcore.host import counters
from tcpcore.net.network import Network
from tcpcore.seqnum import MASK
from tcpcore.tcp import state
from tcpcore.units import minutes, ms, seconds
from tcpcore.wire.segment import ACK, FIN, PSH, RST, SYN, Segment

CLIENT, SERVER = "10.0.0.1", "10.0.0.2"
GUESSES = 200_000
KINDS = {"RST": RST, "SYN": SYN, "ACK": ACK, "data": ACK | PSH, "FIN": ACK | FIN}
LIMITED = ("RST", "SYN", "ACK")
"""Answered at most once in 500 ms; what has data or FIN is answered each time, as
tcp_oow_rate_limited() lets it."""


class Victim:
    """A connection that says something before and after the attack."""

    def __init__(self) -> None:
        self.net = Network(5, traced=False)
        self.client = self.net.host("client", CLIENT)
        self.server = self.net.host("server", SERVER)
        self.net.link(self.client, self.server, delay=ms(10))
        self.heard = b""
        self.server.spawn(self._listen)
        self.client.spawn(self._talk)
        self.net.run(seconds(1))
        [self.connection] = self.server.endpoints.values()

    async def _listen(self, host: Any) -> None:
        connection = await host.socket().bind(80).listen(1).accept()
        while data := await connection.recv(4096):
            self.heard += data
            await connection.send(data)

    async def _talk(self, host: Any) -> None:
        socket = host.socket()
        await socket.connect(SERVER, 80)
        for word in (b"before ", b"after"):
            await socket.send(word)
            assert await socket.recv(100) == word
            await host.sleep(minutes(2))
        await socket.close()

    def attack(self, flags: int, guesses: int, chance: random.Random) -> None:
        """Guesses that look as if they came from the client, one every 100 µs."""
        port = self.connection.remote_port
        payload = b"forged" if flags & PSH else b""
        for number in range(guesses):
            seq, ack = chance.getrandbits(32), chance.getrandbits(32)
            forged = Segment(CLIENT, port, SERVER, 80, flags, seq, ack, 1000, (), payload)
            self.server.receive(forged, None)
            if not number % 1_000:
                self.net.run(self.net.now + ms(100))


@pytest.mark.parametrize("kind", KINDS)
def test_guesses_leave_the_connection_alive(kind: str) -> None:
    victim = Victim()
    sent = victim.server.counters[counters.OUT_SEGS]
    victim.attack(KINDS[kind], GUESSES, random.Random(kind))
    assert victim.connection.state == state.ESTABLISHED
    assert victim.heard == b"before "
    answers = victim.server.counters[counters.OUT_SEGS] - sent
    if kind in LIMITED:
        assert answers <= 60, "such answers are limited to one in 500 ms"
    victim.net.run(victim.net.now + minutes(10))
    assert victim.heard == b"before after"
    assert not victim.server.endpoints


def test_the_exact_number_would_have_done_it() -> None:
    """The control: the same attacker with the right number resets the connection at once."""
    victim = Victim()
    c = victim.connection
    exact = Segment(CLIENT, c.remote_port, SERVER, 80, RST, c.rcv_nxt, 0, 0)
    victim.server.receive(exact, None)
    assert c.state == state.CLOSED


@pytest.mark.parametrize("offset", [1, 1000, -1])
def test_next_to_the_exact_number_it_is_not_reset(offset: int) -> None:
    victim = Victim()
    c = victim.connection
    near = Segment(CLIENT, c.remote_port, SERVER, 80, RST, c.rcv_nxt + offset & MASK, 0, 0)
    victim.server.receive(near, None)
    assert c.state == state.ESTABLISHED
