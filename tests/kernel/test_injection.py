"""On recorded networks: segments that no socket made, socket options, Fast Open, counters."""

from __future__ import annotations

from typing import Any

import pytest

from tcpcore.errors import UsageError
from tcpcore.linux.sockets import KernelHost
from tcpcore.linux.world import KernelNetwork
from tcpcore.units import ms, seconds
from tcpcore.wire.options import MSS
from tcpcore.wire.segment import ACK, RST, SYN, Segment

pytestmark = pytest.mark.kernel

A, B, C = "10.0.0.1", "10.0.0.2", "10.0.0.3"


async def listen(host: KernelHost) -> None:
    host.socket().bind(80).listen(4)
    await host.pause()


def test_an_injected_segment_travels_like_any_other_and_is_answered():
    with KernelNetwork() as net:
        attacker, server = net.host("attacker", A), net.host("server", B)
        net.link(attacker, server, delay=ms(10)).drop(to=attacker)

        async def attack(host: KernelHost) -> None:
            host.inject(Segment(A, 5000, B, 80, SYN, 7, 0, 1000, ((MSS, 1400),)))
            await host.sleep(ms(50))
            host.inject(Segment(A, 5001, B, 81, SYN, 7, 0, 1000))
            await host.sleep(ms(50))

        server.spawn(listen)
        attacker.spawn(attack)
        recording = net.run(until=seconds(0.4))
    from tcpcore.wire import codec

    found = [codec.decode(each.packet) for each in recording.segments]
    assert [(one.sport, one.dport, one.flags) for one in found] == [
        (5000, 80, SYN),
        (80, 5000, SYN | ACK),
        (5001, 81, SYN),
        (81, 5001, RST | ACK),
    ]
    assert [each.fate for each in recording.segments] == ["delivered", "lost"] * 2
    assert recording.segments[1].sent - recording.segments[0].sent >= ms(10)


def test_it_takes_the_cable_that_leads_to_its_destination():
    with KernelNetwork() as net:
        host = net.host("middle", A)
        first, second = net.host("first", B), net.host("second", C)
        net.link(host, first)
        net.link(host, second)

        async def send(one: KernelHost) -> None:
            one.inject(Segment(A, 1, C, 2, ACK, 5, 6))
            await one.sleep(ms(20))

        host.spawn(send)
        recording = net.run(until=seconds(0.1))
    assert recording.segments[0].receiver == second.index


def test_socket_options_by_name():
    seen: list[Any] = []
    with KernelNetwork() as net:
        host = net.host("host", A)

        async def use(one: KernelHost) -> None:
            socket = one.socket().setsockopt("TCP_DEFER_ACCEPT", 5)
            seen.append(socket.getsockopt("TCP_DEFER_ACCEPT"))
            socket.setsockopt("TCP_FASTOPEN_KEY", bytes(range(16)))
            seen.append(socket.getsockopt("TCP_FASTOPEN_KEY"))
            with pytest.raises(UsageError):
                socket.setsockopt("TCP_TURBO", 1)

        host.spawn(use)
        net.run(until=seconds(0.1))
    assert seen == [7, bytes(range(16))]


def test_counters_that_moved_are_kept():
    with KernelNetwork() as net:
        client, server = net.host("client", A), net.host("server", B)
        net.link(client, server)

        async def refused(host: KernelHost) -> None:
            await host.socket().connect(B, 80)

        client.spawn(refused)
        recording = net.run(until=seconds(1))
    ours, theirs = recording.counters
    assert ours["TcpActiveOpens"] == ours["TcpAttemptFails"] == 1
    assert theirs["TcpOutRsts"] == 1
    assert "TcpPassiveOpens" not in theirs
