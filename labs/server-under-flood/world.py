"""A server, honest clients, and an attacker who forges addresses: what a siege comes to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from labs.kit import BoundedNetwork, Wrong
from tcpcore.units import SECOND, mbit, ms, seconds
from tcpcore.wire.options import MSS
from tcpcore.wire.segment import SYN, Segment

PORT = 80
SERVER, CLIENT, ATTACKER = "10.0.0.2", "10.0.0.1", "10.0.0.66"
ANSWER = 2000
RANGES = {
    "backlog": (1, 4096),
    "somaxconn": (1, 4096),
    "tcp_max_syn_backlog": (4, 4096),
    "tcp_syncookies": (0, 2),
    "tcp_synack_retries": (0, 10),
}
"""What an answer sets, and within which bounds."""


@dataclass(slots=True)
class Siege:
    """What comes: `flood` forged SYNs a second, `clients` honest ones spread over `lasts` seconds.

    `loss` is of the honest clients' line, each way; `service` is how long the server needs for one
    connection, in ms; a client gives up after `patience` seconds.
    """

    flood: int = 0
    clients: int = 40
    lasts: float = 20.0
    warm: float = 10.0
    rtt: int = 40
    loss: float = 0.0
    service: int = 0
    patience: float = 5.0
    burst: bool = False


@dataclass(slots=True)
class Outcome:
    """How it went for the honest clients; times in s, queue lengths as seen each 100 ms."""

    served: list[float] = field(default_factory=list)
    failed: list[tuple[str, float]] = field(default_factory=list)
    longest_syn_queue: int = 0
    longest_accept_queue: int = 0
    first_failure: float | None = None

    @property
    def share(self) -> float:
        """Of the honest clients, how many got their answer."""
        return len(self.served) / max(len(self.served) + len(self.failed), 1)


def settings(found: Any, name: str, wanted: tuple[str, ...]) -> dict[str, int]:
    """The answer's settings, when they are whole and within bounds."""
    if not isinstance(found, dict) or set(found) != set(wanted):
        raise Wrong(f"{name} sets {', '.join(wanted)}.", where=name, found=found)
    for key in wanted:
        low, high = RANGES[key]
        value = found[key]
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise Wrong(
                f"{name}: {key} takes a whole number from {low} to {high}.",
                where=f"{name}[{key!r}]",
                found=value,
            )
    return dict(found)


def besiege(
    siege: Siege, given: dict[str, int], seed: int = 1, until: float | None = None
) -> Outcome:
    """Run the siege against a server with these settings, to its end or `until` s."""
    return _Field(siege, given, seed).run(until)


class _Field:
    """The network of one siege, and what is counted on it."""

    def __init__(self, siege: Siege, given: dict[str, int], seed: int) -> None:
        self.siege = siege
        self.outcome = Outcome()
        self.net = net = BoundedNetwork(seed, traced=False, events=2_000_000)
        sysctls = {name: value for name, value in given.items() if name != "backlog"}
        self.server = net.host("server", SERVER, **sysctls)
        self.client = net.host("client", CLIENT)
        self.attacker = net.host("attacker", ATTACKER)
        self.backlog = given.get("backlog", 128)
        net.link(self.client, self.server, delay=ms(siege.rtt / 2), rate=mbit(100), loss=siege.loss)
        net.link(self.attacker, self.server, delay=ms(5)).drop(to=self.attacker)

    def run(self, until: float | None) -> Outcome:
        """Flood first, then clients while it goes on."""
        siege = self.siege
        end = siege.warm + siege.lasts + siege.patience + 2
        self.server.spawn(self._serve)
        if siege.flood:
            self.attacker.spawn(self._flood)
        pace = 0.0 if siege.burst else siege.lasts / siege.clients
        for number in range(siege.clients):
            at = siege.warm + number * pace
            self.net.after(seconds(at), lambda: self.client.spawn(self._ask))
        self.server.spawn(self._watch)
        self.net.run(seconds(end if until is None else until))
        return self.outcome

    async def _serve(self, host: Any) -> None:
        listener = host.socket().bind(PORT).listen(self.backlog)
        while True:
            connection = await listener.accept()
            if self.siege.service:
                await host.sleep(ms(self.siege.service))
            try:
                await connection.recv(1000)
                await connection.send(b"a" * ANSWER)
            except OSError:
                pass  # the client has given up meanwhile
            await connection.close()

    async def _watch(self, host: Any) -> None:
        while True:
            for listener in host.listeners.values():
                out = self.outcome
                out.longest_syn_queue = max(out.longest_syn_queue, len(listener.syn_queue))
                out.longest_accept_queue = max(out.longest_accept_queue, len(listener.accept_queue))
            await host.sleep(ms(100))

    async def _flood(self, host: Any) -> None:
        number = 0
        while True:
            number += 1
            source = f"203.0.{113 + number // 250 % 100}.{number % 250 + 1}"
            host.inject(
                Segment(source, 1024 + number % 60_000, SERVER, PORT, SYN, number * 7919,
                        0, 1024, ((MSS, 1460),))
            )  # fmt: skip
            await host.sleep(SECOND // self.siege.flood)

    async def _ask(self, host: Any) -> None:
        begun, got, problem = host.now, 0, ""
        patience = seconds(self.siege.patience)
        socket = host.socket()
        try:
            await socket.connect(SERVER, PORT, timeout=patience)
            left = max(patience - (host.now - begun), 1)
            socket.setsockopt("SO_RCVTIMEO", divmod(left, SECOND))
            await socket.send(b"q" * 100)
            while got < ANSWER and (data := await socket.recv(65_536)):
                got += len(data)
        except TimeoutError:
            problem = "no answer in time"
        except OSError as error:
            problem = error.strerror or "error"
        await socket.close()
        took = (host.now - begun) / SECOND
        if got == ANSWER:
            self.outcome.served.append(took)
            return
        self.outcome.failed.append((problem or "cut short", took))
        if self.outcome.first_failure is None:
            self.outcome.first_failure = begun / SECOND
