"""Crash, reboot and shutdown, and what the peer sees (claims S39 to S43, S46, S50, S51)."""

from __future__ import annotations

from typing import Any

from tcpcore.host.stack import Host
from tcpcore.net.network import Network
from tcpcore.trace import Trace
from tcpcore.units import ms, seconds
from tcpcore.wire.segment import ACK, FIN, RST

PORT = 8888


class World:
    """A client that sends a little at given times to a server that reads."""

    def __init__(self, *send_at: int) -> None:
        self.net = Network()
        self.client = self.net.host("client", "10.0.0.1", tcp_retries2=3)
        self.server = self.net.host("server", "10.0.0.2")
        self.net.link(self.client, self.server, delay=ms(5))
        self.send_at = send_at
        self.results: list[str] = []
        self.server.spawn(self.serve)
        self.client.spawn(self.talk)

    @staticmethod
    async def serve(host: Host) -> None:
        connection = await host.socket().bind(PORT).listen(1).accept()
        while await connection.recv(100):
            pass

    async def talk(self, host: Host) -> None:
        connection = host.socket()
        await connection.connect("10.0.0.2", PORT)
        for moment in self.send_at:
            await host.sleep(moment - host.now)
            await connection.send(b"x")
        try:
            self.results.append(repr(await connection.recv(10)))
        except OSError as error:
            self.results.append(type(error).__name__)

    def run(self, until: int = seconds(100)) -> Trace:
        return self.net.run(until)


def from_server(trace: Trace, since: int) -> list[int]:
    return [s.segment.flags for s in trace.segments if s.sender == 1 and s.sent >= since]


def test_a_crash_is_silent_and_the_peer_learns_nothing_while_idle():
    world = World()
    world.net.after(seconds(1), world.server.crash)
    trace = world.run()
    assert from_server(trace, seconds(1)) == []
    assert [c.state for c in world.client.endpoints.values()] == ["ESTABLISHED"]
    assert world.results == []


def test_after_a_crash_data_is_retransmitted_until_the_limit():
    world = World(seconds(2))
    world.net.after(seconds(1), world.server.crash)
    trace = world.run()
    lost = [s for s in trace.segments if s.fate == "lost"]
    assert {s.lost_because.why.key for s in lost} == {"wire.host-down"}
    assert world.results == ["SocketTimedOut"]


def test_a_crashed_host_has_forgotten_everything():
    world = World()
    world.net.after(seconds(1), world.server.crash)
    world.run()
    server = world.server
    assert (server.endpoints, server.listeners, server.processes) == ({}, {}, [])
    assert all(not section for section in server.snapshot().values())


def test_a_timer_of_before_the_crash_does_not_fire():
    world = World(seconds(1))
    world.net.after(seconds(1) + ms(6), world.server.crash)  # a delayed ACK may be pending
    trace = world.run()
    assert from_server(trace, seconds(1) + ms(7)) == []


def test_a_rebooted_host_answers_its_old_connection_with_rst():
    world = World(seconds(5))
    world.net.after(seconds(1), lambda: world.server.reboot(after=seconds(2)))
    trace = world.run()
    assert from_server(trace, seconds(1)) == [RST]
    assert world.results == ["SocketReset"]


def test_a_listener_started_at_boot_does_not_help_the_old_connection():
    world = World(seconds(5))
    world.net.after(
        seconds(1), lambda: world.server.reboot(after=seconds(2), application=World.serve)
    )
    trace = world.run()
    assert from_server(trace, seconds(1)) == [RST]
    assert PORT in world.server.listeners


def test_before_it_is_up_again_a_rebooting_host_says_nothing():
    world = World(seconds(2))
    world.net.after(seconds(1), lambda: world.server.reboot(after=seconds(2)))
    trace = world.run()
    answers = [s for s in trace.segments if s.sender == 1 and s.sent > seconds(1)]
    assert answers[0].sent > seconds(3)
    assert answers[0].segment.flags == RST


def test_a_rebooted_host_has_other_secrets():
    world = World()
    before = world.server.secrets.initial_sequence(("10.0.0.2", 1, "10.0.0.1", 2), 0)
    world.net.after(seconds(1), lambda: world.server.reboot(after=0))
    world.run()
    after = world.server.secrets.initial_sequence(("10.0.0.2", 1, "10.0.0.1", 2), 0)
    assert before != after


def test_a_shutdown_closes_connections_before_the_power_goes_off():
    world = World()
    world.net.after(seconds(1), lambda: world.server.shut_down(grace=ms(500)))
    trace = world.run()
    assert from_server(trace, seconds(1)) == [FIN | ACK, ACK]
    assert world.results == ["b''"]
    assert not world.server.powered


def test_what_comes_after_a_shutdown_is_for_nobody():
    world = World(seconds(2))
    world.net.after(seconds(1), lambda: world.server.shut_down(grace=ms(500)))
    trace = world.run()
    late = [s for s in trace.segments if s.sent >= seconds(2)]
    assert late
    assert all(s.lost_because.why.key == "wire.host-down" for s in late)


def test_crashing_twice_is_crashing_once():
    world = World()
    world.net.after(seconds(1), world.server.crash)
    world.net.after(seconds(2), world.server.crash)
    trace = world.run()
    notes: list[Any] = [e[1] for m in trace.moments for e in m.events if e[0] == "note"]
    assert sum("is down" in note for note in notes) == 1
