"""The same world around real kernels and on the engine: power, cables, firewalls, routers."""

from __future__ import annotations

import fcntl
import struct
from collections.abc import Callable
from typing import Any

import pytest

from tcpcore.linux.world import KernelNetwork
from tcpcore.net.network import Network
from tcpcore.units import ms, seconds
from tcpcore.wire import codec
from tcpcore.wire.segment import ACK, FIN, PSH, RST, SYN

pytestmark = pytest.mark.kernel

Story = list[tuple[int, int, str]]
Builder = Callable[[Any], None]
PORT = 8888


def pair(net: Any, **options: Any) -> tuple[Any, Any, Any]:
    client, server = net.host("client", "10.0.0.1"), net.host("server", "10.0.0.2")
    return client, server, net.link(client, server, delay=ms(10), **options)


def on_engine(
    build: Builder, until: int, seed: int = 1
) -> tuple[Story, list[tuple[int, str, str]]]:
    net = Network(seed)
    build(net)
    trace = net.run(until)
    story = [(s.sender, s.segment.flags, s.fate) for s in trace.segments]
    return story, [(host, call, result) for _, host, call, result in trace.calls]


def on_kernel(
    build: Builder, until: int, seed: int = 1
) -> tuple[Story, list[tuple[int, str, str]]]:
    with KernelNetwork(seed) as net:
        build(net)
        recording = net.run(until)
    story = [(s.sender, codec.decode(s.packet).flags, s.fate) for s in recording.segments]
    return story, [(c["host"], c["call"], c["result"]) for c in recording.calls]


def same(build: Builder, until: int = seconds(3), seed: int = 1) -> Story:
    """Both tell the same story, host by host; the engine's."""
    engine, engine_calls = on_engine(build, until, seed)
    kernel, kernel_calls = on_kernel(build, until, seed)
    for host in range(3):
        assert [s for s in kernel if s[0] == host] == [s for s in engine if s[0] == host]
        calls = [[c for c in all_calls if c[0] == host and c[1] in ("connect", "recv")]
                 for all_calls in (kernel_calls, engine_calls)]  # fmt: skip
        assert calls[0] == calls[1]
    return engine


async def read(host: Any) -> None:
    connection = await host.socket().bind(PORT).listen(1).accept()
    while await connection.recv(4096):
        pass
    await host.pause()


async def accept_only(host: Any) -> None:
    await host.socket().bind(PORT).listen(1).accept()
    await host.pause()


async def send(host: Any) -> None:
    connection = host.socket()
    await connection.connect("10.0.0.2", PORT)
    await connection.send(bytes(10))
    await host.sleep(ms(500))
    await connection.send(bytes(10))
    await connection.recv(10)


async def wait(host: Any) -> None:
    connection = host.socket()
    await connection.connect("10.0.0.2", PORT)
    await connection.recv(10)
    await host.pause()


def test_kill_wakes_a_process_that_waits_and_its_kernel_sends_fin():
    def build(net: Any) -> None:
        client, server, _ = pair(net)
        process = server.spawn(read)
        client.spawn(wait)
        net.after(ms(300), process.kill)

    assert (1, FIN | ACK, "delivered") in same(build, seconds(1))


def test_a_killed_listener_refuses_who_comes_later():
    def build(net: Any) -> None:
        client, server, _ = pair(net)
        process = server.spawn(accept_only)
        net.after(ms(100), process.kill)

        async def late(host: Any) -> None:
            await host.sleep(ms(200))
            await host.socket().connect("10.0.0.2", PORT)

        client.spawn(late)

    assert same(build, seconds(1)) == [(0, SYN, "delivered"), (1, RST | ACK, "delivered")]


def test_fin_waits_for_the_last_of_two_processes():
    def build(net: Any) -> None:
        client, server, _ = pair(net)

        async def serve(host: Any) -> None:
            connection = await host.socket().bind(PORT).listen(1).accept()

            async def child(host: Any) -> None:
                await connection.send(b"child")
                await host.sleep(ms(300))
                await connection.close()

            host.fork(child)
            await connection.close()
            await host.pause()

        server.spawn(serve)
        client.spawn(wait)

    story = [flags for sender, flags, _ in same(build, seconds(1)) if sender == 1]
    assert story == [SYN | ACK, PSH | ACK, FIN | ACK]


def test_a_crashed_kernel_is_silent():
    def build(net: Any) -> None:
        client, server, _ = pair(net)
        server.spawn(read)
        client.spawn(send)
        net.after(ms(300), server.crash)

    story = same(build, seconds(2))
    assert [fate for _, _, fate in story].count("lost") >= 4


def test_a_rebooted_kernel_resets_its_old_connection():
    def build(net: Any) -> None:
        client, server, _ = pair(net)
        server.spawn(read)
        client.spawn(send)
        net.after(ms(100), lambda: server.reboot(after=ms(300), application=read))

    assert same(build, seconds(2))[-1] == (1, RST, "delivered")


def test_a_shutdown_ends_processes_and_then_the_kernel():
    def build(net: Any) -> None:
        client, server, _ = pair(net)
        server.spawn(read)
        client.spawn(send)
        net.after(ms(200), lambda: server.shut_down(grace=ms(100)))

    story = same(build, seconds(2))
    assert (1, FIN | ACK, "delivered") in story
    assert story[-1][2] == "lost"


def test_a_cable_out_and_back():
    def build(net: Any) -> None:
        client, server, link = pair(net)
        server.spawn(read)
        client.spawn(send)
        net.after(ms(300), link.unplug)
        net.after(ms(1000), link.plug)

    story = same(build, seconds(3))
    assert (0, PSH | ACK, "lost") in story
    assert story[-1] == (1, ACK, "delivered")


@pytest.mark.parametrize(
    ("rule", "result"),
    [
        ("-A INPUT -p tcp --dport 8888 -j REJECT", "ECONNREFUSED"),
        ("-A INPUT -p tcp -j REJECT --reject-with tcp-reset", "ECONNREFUSED"),
        ("-A INPUT -p tcp -j REJECT --reject-with icmp-net-unreachable", "ENETUNREACH"),
        ("-A INPUT -p tcp -j REJECT --reject-with icmp-host-unreachable", "EHOSTUNREACH"),
        ("-A INPUT -p tcp -j REJECT --reject-with icmp-proto-unreachable", "ENOPROTOOPT"),
        ("-A INPUT -p tcp -j REJECT --reject-with icmp-net-prohibited", "ENETUNREACH"),
        ("-A INPUT -p tcp -j REJECT --reject-with icmp-host-prohibited", "EHOSTUNREACH"),
        ("-A INPUT -p tcp -j REJECT --reject-with icmp-admin-prohibited", "EHOSTUNREACH"),
    ],
    ids=lambda text: text.split()[-1],
)
def test_a_kernel_makes_the_same_of_what_a_firewall_answers(rule: str, result: str):
    def build(net: Any) -> None:
        client, server, _ = pair(net)
        server.firewall.append(rule)
        client.spawn(wait)

    same(build, seconds(1))
    assert on_engine(build, seconds(1))[1] == [(0, "connect", result)]


def test_dropping_a_flag_holds_up_both_alike():
    def build(net: Any) -> None:
        client, server, _ = pair(net)
        server.firewall.append("-A INPUT -p tcp --tcp-flags PSH PSH -m statistic --mode nth "
                               "--every 2 --packet 0 -j DROP")  # fmt: skip
        server.spawn(read)
        client.spawn(send)

    assert [s for s in same(build, seconds(2)) if s[2] == "lost"]


def test_too_few_hops_is_no_route_to_host():
    def build(net: Any) -> None:
        client = net.host("client", "10.0.0.1", ip_default_ttl=1)
        server, router = net.host("server", "10.0.0.2"), net.router("router", "10.0.0.254")
        for host in (client, server):
            net.link(host, router, delay=ms(5))
        client.spawn(wait)

    same(build, seconds(1))
    assert on_engine(build, seconds(1))[1] == [(0, "connect", "EHOSTUNREACH")]


def test_hosts_behind_a_shared_address():
    def build(net: Any) -> None:
        inside = net.host("inside", "192.168.1.5")
        server, home = net.host("server", "10.0.0.2"), net.router("home", "10.0.0.254")
        for host in (inside, server):
            net.link(host, home, delay=ms(5))
        nat = home.masquerade("192.168.1.0/24")
        server.spawn(read)
        inside.spawn(send)
        net.after(ms(300), nat.forget)

    assert same(build, seconds(1))[-1] == (1, ACK, "delivered")


def test_damaged_segments_are_dropped_by_the_kernel_and_counted():
    def build(net: Any) -> None:
        client, server, _ = pair(net, corrupt=0.3)
        server.spawn(read)
        client.spawn(send)

    same(build, seconds(3), seed=8)
    with KernelNetwork(8) as net:
        build(net)
        counters = net.run(seconds(3)).counters[1]
    assert counters["TcpInCsumErrors"] > 0
    engine = Network(8)
    build(engine)
    engine.run(seconds(3))
    for name in ("TcpInCsumErrors", "TcpInErrs", "TcpInSegs"):
        assert counters[name] == engine.hosts[1].counters[name]


def test_nothing_is_left_behind_after_a_reboot():
    import os

    before = len(os.listdir("/proc/self/fd"))

    def build(net: Any) -> None:
        client, server, _ = pair(net)
        server.spawn(read)
        client.spawn(send)
        net.after(ms(50), lambda: server.reboot(after=ms(100), application=read))

    on_kernel(build, ms(900))
    assert len(os.listdir("/proc/self/fd")) == before


def test_pulling_the_hosts_own_plug_is_the_same_to_tcp_as_a_cut_further_away():
    """Carrier lost, address and routes kept: retransmissions count and wait as if sent (S39)."""
    set_carrier = 0x4004_54E2  # TUNSETCARRIER

    async def send_late(host: Any) -> None:
        connection = host.socket()
        await connection.connect("10.0.0.2", PORT)
        await host.sleep(seconds(2))  # the kernel takes up to a second to notice its carrier
        await connection.send(bytes(10))
        await connection.recv(10)

    def story(own_plug: bool) -> tuple[int, int]:
        with KernelNetwork() as net:
            client, server, link = pair(net)
            server.spawn(read)
            client.spawn(send_late)
            device = next(iter(client.tuns.values())).fileno()

            def plug(plugged: bool) -> None:
                if own_plug:
                    fcntl.ioctl(device, set_carrier, struct.pack("i", plugged))
                else:
                    (link.plug if plugged else link.unplug)()

            net.after(ms(300), lambda: plug(False))
            net.after(ms(4000), lambda: plug(True))
            recording = net.run(seconds(8))
        back = [s.sent for s in recording.segments if s.sender == 0 and s.sent > ms(4000)]
        return recording.counters[0]["TcpRetransSegs"], back[-1]

    (near, near_time), (far, far_time) = story(True), story(False)
    assert near == far
    assert abs(near_time - far_time) < ms(100)


def test_a_route_gives_the_first_windows():
    """The SYN's window by initrwnd, the first flight by initcwnd."""

    def build(net: Any) -> None:
        client, server, _ = pair(net)
        client.change_route("10.0.0.2", initcwnd=3, initrwnd=5)

        async def serve(host: Any) -> None:
            connection = await host.socket().bind(PORT).listen(1).accept()
            await host.sleep(seconds(1))
            await connection.close()

        async def write(host: Any) -> None:
            connection = host.socket()
            await connection.connect("10.0.0.2", PORT)
            await connection.send(bytes(10_000))
            await host.sleep(seconds(2))

        server.spawn(serve)
        client.spawn(write)

    engine = Network()
    build(engine)
    ours = [one.segment for one in engine.run(seconds(3)).segments if one.sender == 0]
    with KernelNetwork() as kernel:
        build(kernel)
        captured = kernel.run(until=seconds(3)).segments
    theirs = [codec.decode(one.packet) for one in captured if one.sender == 0]
    for sent in ours, theirs:
        data = [one for one in sent if one.payload]
        assert sent[0].window == 5 * 1460
        assert len(data) == 7
    first = next(i for i, one in enumerate(captured) if one.sender == 0 and one.segment.payload)
    assert [one.sender for one in captured[first : first + 4]] == [0, 0, 0, 1]
