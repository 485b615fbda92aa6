"""Processes: exit, kill -9, fork and shared sockets (claims S36, S48, S113 to S115; K18)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tcpcore.errors import EBADF, UsageError
from tcpcore.host.stack import Host
from tcpcore.net.network import Network
from tcpcore.trace import Trace
from tcpcore.units import ms, seconds
from tcpcore.wire.segment import ACK, FIN, PSH, RST

PORT = 8888


def run(
    serve: Callable[[Host], Any], fetch: Callable[[Host], Any], then: Any = None
) -> tuple[Trace, Network]:
    """Run a server and a client, 10 ms apart; `then(net, process)` may plan what happens."""
    net = Network()
    client, server = net.host("client", "10.0.0.1"), net.host("server", "10.0.0.2")
    net.link(client, server, delay=ms(5))
    process = server.spawn(serve)
    client.spawn(fetch)
    if then is not None:
        then(net, process)
    return net.run(until=seconds(100)), net


async def connect_and_wait(host: Host) -> None:
    connection = host.socket()
    await connection.connect("10.0.0.2", PORT)
    await host.pause()


async def connect_and_send(host: Host) -> None:
    connection = host.socket()
    await connection.connect("10.0.0.2", PORT)
    await connection.send(b"hello")
    await host.pause()


async def accept_and_wait(host: Host) -> None:
    connection = await host.socket().bind(PORT).listen(1).accept()
    await host.pause()
    await connection.close()


def flags_from(trace: Trace, host: int) -> list[int]:
    return [s.segment.flags for s in trace.segments if s.sender == host]


def test_a_process_that_ends_leaves_with_fin():
    async def accept_and_end(host: Host) -> None:
        await host.socket().bind(PORT).listen(1).accept()

    trace, _ = run(accept_and_end, connect_and_wait)
    assert flags_from(trace, 1)[-1] == FIN | ACK


def test_a_killed_process_leaves_with_fin():
    trace, _ = run(accept_and_wait, connect_and_wait, lambda net, p: net.after(ms(100), p.kill))
    assert flags_from(trace, 1)[-1] == FIN | ACK
    assert trace.segments[-2].sent == ms(100)


def test_a_killed_process_with_unread_data_leaves_with_rst():
    trace, net = run(accept_and_wait, connect_and_send, lambda net, p: net.after(ms(100), p.kill))
    assert flags_from(trace, 1)[-1] == RST | ACK
    assert not net.hosts[0].endpoints


def test_a_killed_process_runs_no_more():
    steps: list[int] = []

    async def count(host: Host) -> None:
        while True:
            await host.sleep(ms(10))
            steps.append(host.now)

    run(count, lambda host: host.sleep(0), lambda net, p: net.after(ms(35), p.kill))
    assert steps == [ms(10), ms(20), ms(30)]


def test_killing_the_listener_resets_connections_that_nobody_accepted():
    async def only_listen(host: Host) -> None:
        host.socket().bind(PORT).listen(1)
        await host.pause()

    trace, net = run(only_listen, connect_and_wait, lambda net, p: net.after(ms(100), p.kill))
    assert flags_from(trace, 1)[-1] == RST | ACK
    assert not net.hosts[1].listeners


def test_a_process_is_killed_once():
    def twice(net: Network, process: Any) -> None:
        net.after(ms(100), process.kill)
        net.after(ms(101), process.kill)

    trace, _ = run(accept_and_wait, connect_and_wait, twice)
    assert flags_from(trace, 1).count(FIN | ACK) == 1


def test_fin_goes_out_when_the_last_of_two_processes_closes():
    async def serve(host: Host) -> None:
        connection = await host.socket().bind(PORT).listen(1).accept()

        async def child(host: Host) -> None:
            await host.sleep(ms(200))
            await connection.close()

        host.fork(child)
        await connection.close()
        await host.pause()

    trace, _ = run(serve, connect_and_wait)
    fins = [s.sent for s in trace.segments if s.sender == 1 and s.segment.flags & FIN]
    assert fins == [ms(10) + ms(5) + ms(200) - ms(0)]


def test_the_child_can_go_on_with_what_the_parent_closed():
    async def serve(host: Host) -> None:
        connection = await host.socket().bind(PORT).listen(1).accept()

        async def child(host: Host) -> None:
            await connection.send(b"from the child")
            await host.pause()

        host.fork(child)
        await connection.close()
        await host.pause()

    trace, _ = run(serve, connect_and_wait)
    assert flags_from(trace, 1)[-1] == PSH | ACK


def test_a_closed_descriptor_is_a_bad_one_while_the_other_process_goes_on():
    errors: list[int | None] = []

    async def serve(host: Host) -> None:
        connection = await host.socket().bind(PORT).listen(1).accept()
        host.fork(lambda host: host.pause(), "child")
        await connection.close()
        try:
            await connection.send(b"x")
        except OSError as error:
            errors.append(error.errno)
        await host.pause()

    run(serve, connect_and_wait)
    assert errors == [EBADF]


def test_shutdown_does_not_ask_how_many_hold_the_socket():
    async def serve(host: Host) -> None:
        connection = await host.socket().bind(PORT).listen(1).accept()
        host.fork(lambda host: host.pause(), "child")
        connection.shutdown("write")
        await host.pause()

    trace, _ = run(serve, connect_and_wait)
    assert flags_from(trace, 1)[-1] == FIN | ACK


def test_the_end_of_the_child_alone_sends_nothing():
    async def serve(host: Host) -> None:
        await host.socket().bind(PORT).listen(1).accept()

        async def child(host: Host) -> None:
            await host.sleep(ms(1))

        host.fork(child)
        await host.pause()

    trace, _ = run(serve, connect_and_wait)
    assert not any(flags & (FIN | RST) for flags in flags_from(trace, 1))


def test_a_forked_listener_lives_as_long_as_the_child():
    async def serve(host: Host) -> None:
        listener = host.socket().bind(PORT).listen(1)

        async def child(host: Host) -> None:
            await listener.accept()
            await host.pause()

        host.fork(child)

    trace, net = run(serve, connect_and_wait)
    assert [c[2:] for c in trace.calls if c[2] == "connect"] == [("connect", "ok")]
    assert PORT in net.hosts[1].listeners


def test_fork_outside_of_a_process_is_one_sentence():
    host = Network().host("client", "10.0.0.1")
    with pytest.raises(UsageError, match=r"fork\(\) is for a running process of client"):
        host.fork(connect_and_wait)
