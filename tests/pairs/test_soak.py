"""Ten thousand connections through one server: nothing is left over, and nothing is lost."""

from __future__ import annotations

import gc
import random
import tracemalloc
from typing import Any

import pytest

from tcpcore.host.listener import Request
from tcpcore.host.process import Process
from tcpcore.host.sockets import Socket
from tcpcore.net.network import Network
from tcpcore.tcp.connection import Connection
from tcpcore.units import mbit, minutes, ms, seconds

PORT = 80
CLIENTS = 50
TEXT = random.Random(1).randbytes(1 << 16)


def part(number: int, size: int) -> bytes:
    """What connection `number` carries: a piece of `TEXT` that starts elsewhere for each."""
    first = number * 977 % (len(TEXT) - 8000)
    return TEXT[first : first + size]


class Soak:
    """A server, `CLIENTS` client processes, and a link that loses 5 % both ways."""

    def __init__(self) -> None:
        self.net = Network(7, traced=False)
        self.client = self.net.host("client", "10.0.0.1")
        self.server = self.net.host("server", "10.0.0.2")
        self.net.link(self.client, self.server, delay=ms(10), rate=mbit(1000), loss=0.05)
        self.finished = 0
        self.wrong: list[str] = []
        self.server.spawn(self._serve)

    async def _serve(self, host: Any) -> None:
        listener = host.socket().bind(PORT).listen(4096)
        while True:
            connection = await listener.accept()

            async def child(host: Any, connection: Socket = connection) -> None:
                await listener.close()
                await self._answer(connection)

            host.fork(child)
            await connection.close()

    async def _answer(self, connection: Socket) -> None:
        head = await self._exactly(connection, 8)
        number, size = int.from_bytes(head[:4], "big"), int.from_bytes(head[4:], "big")
        got = await self._exactly(connection, size)
        if got != part(number, size):
            self.wrong.append(f"request {number}")
        await connection.send(part(number + 1, size))
        if number % 3:  # every third connection is closed by the client first
            await connection.close()
        elif await connection.recv(1):
            self.wrong.append(f"more than request {number}")

    @staticmethod
    async def _exactly(connection: Socket, size: int) -> bytes:
        data = b""
        while len(data) < size:
            more = await connection.recv(size - len(data))
            if not more:
                break
            data += more
        return data

    async def _ask(self, host: Any, number: int) -> None:
        size = number * 131 % 6000
        socket = host.socket()
        await socket.connect("10.0.0.2", PORT)
        await socket.send(number.to_bytes(4, "big") + size.to_bytes(4, "big") + part(number, size))
        answer = await self._exactly(socket, size)
        if number % 3:
            answer += await socket.recv(1)
        if answer != part(number + 1, size):
            self.wrong.append(f"answer {number}")
        await socket.close()
        self.finished += 1

    def run(self, first: int, count: int) -> None:
        """Open, use and close `count` connections, and wait until TIME_WAIT is over."""

        def client(own: int) -> Any:
            async def ask(host: Any) -> None:
                for number in range(first + own, first + count, CLIENTS):
                    await self._ask(host, number)

            return ask

        for own in range(CLIENTS):
            self.client.spawn(client(own))
        self.net.run(self.net.now + minutes(60))

    def left(self) -> dict[str, int]:
        """What each table of the hosts still holds."""
        found = {}
        for host in (self.client, self.server):
            tables = {
                "endpoints": host.endpoints,
                "alarm clocks": host._scheduled,
                "TIME_WAIT": host.time_waits._connections,
                "ports": host.bound_ports,
                "processes": host.processes,
            }
            found |= {f"{host.name}: {name}": len(table) for name, table in tables.items()}
        [listener] = self.server.listeners.values()
        found["SYN queue"] = len(listener.syn_queue)
        found["accept queue"] = len(listener.accept_queue)
        found["events"] = len(self.net._heap)
        return found


def alive(kind: type) -> int:
    """How many objects of a class this process holds."""
    return sum(isinstance(one, kind) for one in gc.get_objects())


@pytest.fixture(scope="module")
def soaked() -> tuple[Soak, int, int]:
    """The world after 10,000 connections; bytes held after the second thousand, and the last."""
    soak = Soak()
    soak.run(0, 1000)
    gc.collect()
    tracemalloc.start()
    soak.run(1000, 1000)
    gc.collect()
    early = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    soak.run(2000, 7000)
    tracemalloc.start()
    soak.run(9000, 1000)
    gc.collect()
    late = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return soak, early, late


def test_every_connection_finishes_and_every_byte_comes_once(
    soaked: tuple[Soak, int, int],
) -> None:
    soak, _, _ = soaked
    assert soak.wrong == []
    assert soak.finished == 10_000


def test_nothing_is_left_in_any_table(soaked: tuple[Soak, int, int]) -> None:
    left = soaked[0].left()
    assert left.pop("server: ports") == 1
    assert left.pop("server: processes") == 1
    assert left == dict.fromkeys(left, 0)


def test_nothing_is_left_in_memory(soaked: tuple[Soak, int, int]) -> None:
    soak, early, late = soaked
    gc.collect()
    kinds = {kind.__name__: alive(kind) for kind in (Connection, Request, Socket, Process)}
    # The server's variable still names the connection that it accepted last.
    assert kinds["Connection"] <= 1, kinds
    assert kinds["Request"] == 0, kinds
    assert kinds["Socket"] <= 2, kinds
    assert kinds["Process"] == 1, kinds
    assert late < 3 * early + 20_000, "a thousand more connections leave more behind each time"
    assert soak.net.now > seconds(4 * 60)  # each of the four runs waited for its TIME_WAITs
