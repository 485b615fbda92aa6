"""Pipes of a virtual host: who waits for whom."""

from __future__ import annotations

from typing import Any

from tcpcore.host.pipes import PAGE, SLOTS, open_pipe
from tcpcore.host.process import Application
from tcpcore.net.network import Network
from tcpcore.units import seconds


def run(*applications: Application) -> Any:
    """Run applications on one host for a second; the host."""
    net = Network(seed=1)
    host = net.host("host", "10.0.0.1")
    for application in applications:
        host.spawn(application)
    net.run(until=seconds(1))
    return host


def test_a_reader_waits_for_a_writer() -> None:
    reading, writing = open_pipe()
    read: list[tuple[int, bytes]] = []

    async def reader(host: Any) -> None:
        data = await reading.read(10)
        read.append((host.now, data))

    async def writer(host: Any) -> None:
        await host.sleep(5000)
        await writing.write(b"four")

    run(reader, writer)
    assert read == [(5000, b"four")]


def test_a_writer_waits_for_room() -> None:
    reading, writing = open_pipe()
    done: list[tuple[int, int]] = []

    async def writer(host: Any) -> None:
        count = await writing.write(bytes(SLOTS * PAGE + 1))
        done.append((host.now, count))

    async def reader(host: Any) -> None:
        await host.sleep(5000)
        await reading.read(PAGE - 1)
        await host.sleep(5000)
        await reading.read(1)

    run(writer, reader)
    assert done == [(10000, SLOTS * PAGE + 1)]


def test_a_writer_that_may_not_wait_writes_a_part() -> None:
    _, writing = open_pipe(blocking=False)
    found: list[Any] = []

    async def writer(host: Any) -> None:
        found.append(await writing.write(bytes(SLOTS * PAGE + 1)))
        try:
            await writing.write(b"x")
        except OSError as error:
            found.append(error.errno)

    run(writer)
    assert found == [SLOTS * PAGE, 11]


def test_the_end_comes_when_all_is_read() -> None:
    reading, writing = open_pipe()
    found: list[bytes] = []

    async def both(host: Any) -> None:
        await writing.write(b"ab")
        await writing.write(b"c")
        await writing.close()
        await writing.close()
        found.extend([await reading.read(1), await reading.read(10), await reading.read(10)])

    run(both)
    assert found == [b"a", b"bc", b""]
