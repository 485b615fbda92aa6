"""The recorded network itself: namespaces, devices, the wire, and that nothing outside changes."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from tcpcore.errors import UsageError
from tcpcore.linux.namespace import Namespace, read_sysctls, why_not, write_sysctl
from tcpcore.linux.sockets import KernelHost
from tcpcore.linux.tun import Tun
from tcpcore.linux.world import KernelNetwork, Recording
from tcpcore.units import kbit, ms, seconds
from tcpcore.wire import codec
from tcpcore.wire.segment import ACK, FIN, RST, SYN, Segment

pytestmark = pytest.mark.kernel


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def outside() -> tuple[str, str, str]:
    """What must stay as it is: our namespace, its devices, a sysctl."""
    return (
        os.readlink("/proc/self/ns/net"),
        Path("/proc/self/net/dev").read_text().count("tun"),
        Path("/proc/sys/net/ipv4/tcp_syn_retries").read_text(),
    )


async def accept_one(host: KernelHost) -> None:
    listener = host.socket().bind(80).listen(1)
    connection = await listener.accept()
    await connection.recv(100)


async def connect(host: KernelHost) -> None:
    await host.socket().connect("10.0.0.2", 80)


def pair(network: KernelNetwork, **link: object):
    client = network.host("client", "10.0.0.1")
    server = network.host("server", "10.0.0.2")
    return client, server, network.link(client, server, **link)


def run_handshake(delay: int = ms(5), drop: tuple[int, ...] = (), **link: object) -> Recording:
    with KernelNetwork() as network:
        client, server, _ = pair(network, delay=delay, **link)
        network.drop_segments(drop)
        server.spawn(accept_one)
        client.spawn(connect)
        return network.run(until=seconds(3))


def test_this_machine_can_record():
    assert why_not() is None


def test_a_namespace_has_its_own_sysctls_and_leaves_ours_alone():
    before = outside()
    namespace = Namespace()
    namespace.call(write_sysctl, "tcp_syn_retries", 2)
    namespace.call(write_sysctl, "net.core.somaxconn", 77)
    namespace.call(write_sysctl, "tcp_rmem", (4096, 100000, 200000))
    inside = namespace.call(read_sysctls)
    namespace.close()
    assert inside["tcp_syn_retries"] == 2
    assert inside["somaxconn"] == 77
    assert inside["tcp_rmem"] == "4096 100000 200000"
    assert "tcp_fastopen_key" not in inside
    assert outside() == before


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("tcp_no_such_thing", 1, "this kernel has no sysctl 'tcp_no_such_thing'"),
        ("../../kernel/hostname", 1, "this kernel has no sysctl"),
        ("tcp_syn_retries", 1000, "the kernel refuses sysctl tcp_syn_retries = '1000'"),
        ("tcp_syn_retries", "0x2", "the kernel made '2' of sysctl tcp_syn_retries = '0x2'"),
        ("tcp_syn_retries", "many", "the kernel refuses sysctl tcp_syn_retries = 'many'"),
    ],
)
def test_a_sysctl_that_cannot_be_set_is_one_clear_sentence(name, value, expected):
    with KernelNetwork() as network, pytest.raises(UsageError) as caught:
        network.host("client", "10.0.0.1", **{name: value})
    assert str(caught.value).startswith(expected)
    assert str(caught.value).endswith(".")


def test_a_script_can_be_the_peer_of_a_kernel_through_one_device():
    namespace = Namespace()
    tun = Tun(namespace, "10.0.0.2", "10.0.0.1")
    tun.write(codec.encode(Segment("10.0.0.1", 5000, "10.0.0.2", 80, SYN, 1000, window=5000)))
    answer = codec.decode(tun.read() or b"")
    tun.close()
    namespace.close()
    assert (answer.flags, answer.seq, answer.ack) == (RST | ACK, 0, 1001)
    assert codec.checksums_ok(codec.encode(answer))


def test_the_wire_adds_less_than_a_millisecond_to_its_delay():
    best = min(
        segment.arrived - segment.sent
        for segment in run_handshake(delay=ms(20)).segments
        if segment.arrived is not None
    )
    assert ms(20) <= best < ms(21)


def test_packets_have_good_checksums_and_only_tcp_is_recorded():
    recording = run_handshake()
    flags = [codec.decode(s.packet).flags for s in recording.segments]
    assert flags[:3] == [SYN, SYN | ACK, ACK]
    assert all(codec.checksums_ok(s.packet) for s in recording.segments)


def test_times_start_with_the_first_segment_and_calls_are_logged_with_their_results():
    recording = run_handshake(delay=ms(20))
    assert recording.segments[0].sent == 0
    calls = {call["call"]: call for call in recording.calls}
    assert calls["connect"]["result"] == "ok"
    assert calls["connect"]["began"] <= 0
    assert ms(40) <= calls["connect"]["t"] < ms(48)
    assert ms(60) <= calls["accept"]["t"] < ms(70)


def test_the_segments_named_are_lost_and_sent_again_by_the_kernel():
    recording = run_handshake(drop=(1,))
    assert [s.fate for s in recording.segments][:3] == ["delivered", "lost", "delivered"]
    flags = [codec.decode(s.packet).flags for s in recording.segments]
    assert flags[1] == SYN | ACK
    assert flags.count(SYN | ACK) >= 2
    assert flags[-1] == ACK


def test_a_black_hole_loses_every_packet_of_its_direction_only():
    with KernelNetwork() as network:
        client, server, link = pair(network, delay=ms(5))
        link.drop(to=client)
        server.spawn(accept_one)
        client.spawn(connect)
        recording = network.run(until=ms(1500))
    assert {s.fate for s in recording.segments if s.sender == 1} == {"lost"}
    assert "lost" not in {s.fate for s in recording.segments if s.sender == 0}


def test_a_slow_link_spreads_segments_out():
    async def send(host: KernelHost) -> None:
        connection = host.socket()
        await connection.connect("10.0.0.2", 80)
        await connection.send(bytes(3000))

    with KernelNetwork() as network:
        client, server, _ = pair(network, delay=ms(5), rate=kbit(1500))
        server.spawn(accept_one)
        client.spawn(send)
        recording = network.run(until=seconds(3))
    arrivals = [s.arrived for s in recording.segments if len(s.packet) == 1500 and s.arrived]
    assert len(arrivals) == 2
    assert ms(7) < arrivals[1] - arrivals[0] < ms(12)


def test_random_losses_are_the_seeds():
    def losses(seed: int) -> list[bool]:
        with KernelNetwork(seed=seed) as network:
            client, _, link = pair(network, loss=0.5)
            return [link.away_from(client).passes(0)[0] is not None for _ in range(40)]

    assert losses(7) == losses(7)
    assert losses(7) != losses(8)
    assert 5 < sum(losses(7)) < 35


def test_a_run_ends_early_when_nothing_more_can_happen():
    recording = run_handshake()
    assert recording.end < seconds(2)


def test_a_run_goes_on_while_an_application_sleeps():
    async def sleepy(host: KernelHost) -> None:
        await host.sleep(ms(700))
        await connect(host)

    with KernelNetwork() as network:
        client, server, _ = pair(network, delay=ms(5))
        server.spawn(accept_one)
        client.spawn(sleepy)
        recording = network.run(until=seconds(3))
    assert [call["result"] for call in recording.calls if call["call"] == "connect"] == ["ok"]


def test_a_run_ends_on_time_when_applications_still_wait():
    with KernelNetwork() as network:
        client, server, link = pair(network, delay=ms(1))
        link.drop(to=server)
        server.spawn(accept_one)
        client.spawn(connect)
        recording = network.run(until=ms(400))
        waiting = [process.thread.is_alive() for process in network.processes]
    assert ms(390) <= recording.end < ms(600)
    assert waiting == [False, False]
    assert recording.calls == []  # neither call returned by itself


def test_what_an_application_leaves_open_is_closed_when_it_ends():
    recording = run_handshake()
    assert any(codec.decode(s.packet).flags == FIN | ACK for s in recording.segments)


def test_connect_gives_up_after_its_timeout():
    async def impatient(host: KernelHost) -> None:
        with pytest.raises(TimeoutError):
            await host.socket().connect("10.0.0.2", 80, timeout=ms(50))

    with KernelNetwork() as network:
        client, server, link = pair(network, delay=ms(1))
        link.drop(to=server)
        client.spawn(impatient)
        recording = network.run(until=ms(300))
    assert [call["result"] for call in recording.calls] == ["timed out"]
    assert ms(50) <= recording.calls[0]["t"] < ms(80)


def test_a_failing_call_ends_its_application_only_and_is_logged():
    with KernelNetwork() as network:
        client, _, _ = pair(network, delay=ms(1))
        process = client.spawn(connect)
        recording = network.run(until=seconds(2))
    assert isinstance(process.error, ConnectionRefusedError)
    assert [call["result"] for call in recording.calls] == ["ECONNREFUSED"]


def test_a_bug_in_an_application_reaches_the_caller_and_nothing_is_left():
    async def broken(host: KernelHost) -> None:
        raise ZeroDivisionError(host.name)

    before, descriptors = outside(), open_descriptors()
    network = KernelNetwork()
    client, server, _ = pair(network, delay=ms(1))
    server.spawn(accept_one)
    client.spawn(broken)
    with pytest.raises(ZeroDivisionError, match="client"):
        network.run(until=ms(500))
    assert outside() == before
    assert open_descriptors() == descriptors


def test_ctrl_c_leaves_no_thread_and_no_descriptor(monkeypatch: pytest.MonkeyPatch):
    descriptors, threads = open_descriptors(), threading.active_count()
    network = KernelNetwork()
    client, server, _ = pair(network, delay=ms(1))
    server.spawn(accept_one)
    client.spawn(connect)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(network.wires, "deliver_due", interrupted)
    with pytest.raises(KeyboardInterrupt):
        network.run(until=seconds(2))
    assert threading.active_count() == threads
    assert open_descriptors() == descriptors
