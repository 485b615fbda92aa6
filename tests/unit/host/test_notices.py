"""The error queue of a socket: who has one, and what programs on virtual hosts get of it."""

from __future__ import annotations

from typing import Any

import pytest

from tcpcore.host import notices
from tcpcore.host.messages import MSG_ERRQUEUE, MSG_ZEROCOPY
from tcpcore.host.timestamping import OPT_ID, OPT_TSONLY, SOFTWARE, TX_ACK, TX_SCHED
from tcpcore.net.network import Network
from tcpcore.units import ms, seconds


def exchange(options: dict[str, int], flags: int = 0, **link: Any) -> tuple[Any, list[Any]]:
    """A client sends three times; its socket, and every report that it could read after 2 s."""
    net = Network(seed=3)
    client, server = net.host("client", "10.0.0.1"), net.host("server", "10.0.0.2")
    net.link(client, server, delay=ms(50), **link)
    kept: list[Any] = []
    reports: list[Any] = []

    async def serve(host: Any) -> None:
        connection = await host.socket().bind(80).listen().accept()
        while await connection.recv(4096):
            pass

    async def fetch(host: Any) -> None:
        socket = host.socket()
        kept.append(socket)
        await socket.connect("10.0.0.2", 80)
        for name, value in options.items():
            socket.setsockopt(name, value)
        for _ in range(3):
            await socket.send(b"x" * 1000, flags)
        await host.sleep(seconds(2))
        while notices.waiting(socket):
            reports.append(await socket.recvmsg(100, MSG_ERRQUEUE))

    server.spawn(serve)
    client.spawn(fetch)
    net.run(until=seconds(5))
    return kept[0], reports


def test_a_socket_that_asks_for_nothing_has_no_notices() -> None:
    socket, reports = exchange({"TCP_NODELAY": 1}, MSG_ZEROCOPY)
    assert socket.notices is None
    assert reports == []


def test_zero_copy_sends_are_reported_as_one_range() -> None:
    _, [(data, flags, [note])] = exchange({"SO_ZEROCOPY": 1}, MSG_ZEROCOPY)
    assert (data, flags) == (b"", MSG_ERRQUEUE)
    assert (note.value["ee_info"], note.value["ee_data"]) == (0, 2)


def test_each_send_is_stamped_in_virtual_time() -> None:
    asked = TX_SCHED | TX_ACK | SOFTWARE | OPT_ID | OPT_TSONLY
    _, reports = exchange({"SO_TIMESTAMPING": asked, "TCP_NODELAY": 1})
    found = [
        (error.value["ee_info"], error.value["ee_data"], time.value["scm_nsec"] // 10**6)
        for _, _, [time, error] in reports
    ]
    assert sorted(found) == [
        (1, 999, 100), (1, 1999, 100), (1, 2999, 100),
        (2, 999, 200), (2, 1999, 200), (2, 2999, 200),
    ]  # fmt: skip


def test_without_anything_to_report_recvmsg_does_not_wait() -> None:
    net = Network(seed=3)
    host = net.host("host", "10.0.0.1")
    found: list[int | None] = []

    async def look(machine: Any) -> None:
        try:
            await machine.socket().recvmsg(100, MSG_ERRQUEUE)
        except OSError as error:
            found.append(error.errno)

    host.spawn(look)
    net.run(until=seconds(1))
    assert found == [11]


@pytest.mark.parametrize("options", [{}, {"SO_ZEROCOPY": 1}, {"SO_TIMESTAMPING": TX_ACK | OPT_ID}])
def test_notices_change_nothing_on_the_wire(options: dict[str, int]) -> None:
    def segments(chosen: dict[str, int]) -> list[Any]:
        socket, _ = exchange(chosen, MSG_ZEROCOPY, loss=0.2)
        trace = socket.host.network.trace
        return [(one.sent, str(one.segment)) for one in trace.segments]

    assert segments(options) == segments({})
