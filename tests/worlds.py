"""Worlds of many kinds for one connection, and all that a trace of one says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tcpcore import Network, mbit, ms, seconds
from tcpcore.net.packet import wire_length
from tcpcore.trace import Trace
from tcpcore.wire.segment import Segment

BULK = {"delay": ms(10), "rate": mbit(100)}
WORLDS: dict[str, dict[str, Any]] = {
    "a bulk transfer": {"link": BULK, "size": 700_000},
    "no timestamps": {"link": BULK, "size": 400_000, "sysctls": {"tcp_timestamps": 0}},
    "no SACK": {"link": {**BULK, "loss": 0.01}, "size": 400_000, "sysctls": {"tcp_sack": 0}},
    "reno": {"link": BULK, "size": 400_000, "sysctls": {"tcp_congestion_control": "reno"}},
    "a short queue": {"link": {"delay": ms(5), "rate": mbit(20), "queue": 20}, "size": 700_000},
    "one percent lost": {"link": {**BULK, "loss": 0.01}, "size": 700_000},
    "overtaking": {"link": {**BULK, "reorder": 0.02, "reorder_by": ms(1)}, "size": 400_000},
    "doubles": {"link": {**BULK, "duplicate": 0.05}, "size": 300_000},
    "damage": {"link": {**BULK, "corrupt": 0.02}, "size": 300_000},
    "marks": {"link": BULK, "size": 300_000, "sysctls": {"tcp_ecn": 1}},
    "a small buffer": {
        "link": BULK, "size": 200_000, "sysctls": {"tcp_rmem": "4096 20000 20000"},
    },
    "odd sizes": {"link": BULK, "size": 200_000, "write": 3333, "read": 777},
    "small writes": {"link": {"delay": ms(3)}, "size": 20_000, "write": 100, "read": 70},
    "an echo": {"link": {**BULK, "loss": 0.01}, "size": 200_000, "echo": True},
    "no delay at all": {"link": {"delay": 0}, "size": 300_000},
    "rfc9293": {"link": BULK, "size": 300_000, "profile": "rfc9293"},
}  # fmt: skip


def world(
    size: int,
    link: dict[str, Any],
    sysctls: dict[str, Any] | None = None,
    profile: str = "linux-6.18",
    write: int = 1 << 16,
    read: int = 1 << 14,
    echo: bool = False,
) -> Trace:
    net = Network(3, profile, sysctls=sysctls)
    client, server = net.host("client", "10.0.0.1"), net.host("server", "10.0.0.2")
    net.link(client, server, **link)

    async def serve(host: Any) -> None:
        connection = await host.socket().bind(80).listen().accept()
        while data := await connection.recv(read):
            if echo:
                await connection.send(data)
        await connection.close()

    async def send(host: Any) -> None:
        connection = host.socket()
        await connection.connect("10.0.0.2", 80)
        for start in range(0, size, write):
            await connection.send(bytes(min(write, size - start)))
        if echo:
            connection.shutdown("write")
            while await connection.recv(read):
                pass
        await connection.close()

    server.spawn(serve)
    client.spawn(send)
    return net.run(seconds(300))


def talk(seed: int, *, both_ways: bool = False, slow: int = 0, **impairments: Any) -> Trace:
    """A request and a long answer, over a path that may lose, double, damage and reorder."""
    net = Network(seed)
    client, server = net.host("client", "10.0.0.1"), net.host("server", "10.0.0.2")
    net.link(client, server, delay=ms(10), rate=mbit(20), queue=30, **impairments)

    async def serve(host: Any) -> None:
        connection = await host.socket().bind(80).listen().accept()
        while data := await connection.recv(4000):
            if both_ways:
                await connection.send(data)
            await host.sleep(slow)
        await connection.close()

    async def send(host: Any) -> None:
        connection = host.socket()
        await connection.connect("10.0.0.2", 80)
        for size in (1, 100, 60_000, 1_000, 100_000):
            await connection.send(bytes(size))
            await host.sleep(ms(size % 7))
        connection.shutdown("write")
        while await connection.recv(9000):
            pass
        await connection.close()

    server.spawn(serve)
    client.spawn(send)
    return net.run(seconds(200))


TALKS: dict[str, dict[str, Any]] = {
    "quiet": {},
    "slow reader": {"slow": ms(30)},
    "both ways": {"both_ways": True},
    "lossy": {"loss": 0.03},
    "hostile": {"loss": 0.02, "reorder": 0.05, "duplicate": 0.05, "corrupt": 0.02},
    "hostile both ways": {"loss": 0.02, "reorder": 0.05, "duplicate": 0.05, "both_ways": True},
}


_FIELDS = [
    name
    for name in dir(Segment)
    if name not in ("reason", "size")
    and not name.startswith("_")
    and not callable(getattr(Segment, name))
]


def told(trace: Trace) -> Iterator[str]:
    """All that a trace says, record by record."""
    for traced in trace.segments:
        wire = [wire_length(traced.segment), *(getattr(traced.segment, one) for one in _FIELDS)]
        yield repr((wire, traced.why, traced.sent, traced.arrived, traced.fate))
    for moment in trace.moments:
        yield repr((moment.time, moment.host, moment.kind, moment.label, moment.segment))
        yield repr((list(moment.events), moment.sections))
    yield repr((trace.calls, trace.moved, trace.end))
