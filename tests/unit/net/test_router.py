"""Routers: the way of a packet, hops, MTUs, ICMP; and what TCP makes of ICMP (S41, K17, K31)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from tcpcore import errors
from tcpcore.errors import UsageError
from tcpcore.host.stack import Host
from tcpcore.net.network import Network
from tcpcore.net.router import Router
from tcpcore.scenarios import registry
from tcpcore.trace import Trace
from tcpcore.units import ms, seconds
from tcpcore.wire.icmp import (
    FRAG_NEEDED,
    HOST,
    NET,
    PORT,
    TIME_EXCEEDED,
    UNREACHABLE,
    IcmpError,
    decode_icmp,
    encode_icmp,
)
from tcpcore.wire.segment import ACK, PSH, SYN, Segment

SERVER = "10.0.0.2"


class World:
    """client - router - server, 5 ms each link; a client that connects, sends, reads."""

    def __init__(self, *, size: int = 100, wait: int = 0, mtu: int = 1500, **sysctls: Any) -> None:
        self.net = Network()
        self.client = self.net.host("client", "10.0.0.1", **sysctls)
        self.server = self.net.host("server", SERVER, tcp_synack_retries=1)
        self.router: Router = self.net.router("router", "10.0.0.254")
        self.near = self.net.link(self.client, self.router, delay=ms(5))
        self.far = self.net.link(self.router, self.server, delay=ms(5))
        self.results: list[Any] = []
        self.received = bytearray()
        self.size, self.wait = size, wait
        self.server.spawn(self.serve)
        self.client.spawn(self.fetch)

    async def serve(self, host: Host) -> None:
        connection = await host.socket().bind(8888).listen(1).accept()
        while data := await connection.recv(65536):
            self.received += data

    async def fetch(self, host: Host) -> None:
        connection = host.socket()
        try:
            await connection.connect(SERVER, 8888)
            await host.sleep(self.wait)
            await connection.send(bytes(self.size))
            self.results.append(await connection.recv(10))
        except OSError as error:
            self.results.append((errors.errno_name(error.errno), host.now))

    def refuse(self, answer: str) -> None:
        self.router.firewall.append(f"-A FORWARD -d {SERVER} -j REJECT --reject-with {answer}")

    def run(self, until: int = seconds(100)) -> Trace:
        return self.net.run(until)


def keys(trace: Trace) -> list[str]:
    return [e[2].why.key for m in trace.moments for e in m.events if e[2] is not None]


def test_a_packet_crosses_a_router_and_loses_a_hop():
    world = World()
    seen: list[int] = []
    receive = world.server.receive
    world.server.receive = lambda s, n: (seen.append(s.ttl), receive(s, n))[1]  # type: ignore
    trace = world.run(seconds(1))
    assert world.received == bytes(100)
    assert set(seen) == {63}
    assert {s.segment.ttl for s in trace.segments} == {64}
    first = trace.segments[0]
    assert first.arrived is not None
    assert first.arrived - first.sent == ms(10)


def test_the_way_leads_through_several_routers():
    net = Network()
    client, server = net.host("client", "10.0.0.1"), net.host("server", SERVER)
    routers = [net.router(f"r{n}", f"10.0.1.{n}") for n in range(3)]
    for one, other in zip((client, *routers), (*routers, server), strict=True):
        net.link(one, other, delay=ms(1))
    assert net.route(client, SERVER) is net.links[0].pipes["10.0.1.0"]
    assert net.route(routers[2], "10.0.0.1") is net.links[2].pipes["10.0.1.1"]


def test_hosts_do_not_pass_packets_on():
    net = Network()
    a, b, c = (net.host(name, f"10.0.0.{n}") for n, name in enumerate("abc", 1))
    net.link(a, b)
    net.link(b, c)
    assert net.route(a, "10.0.0.3") is None


def test_too_many_hops_is_time_exceeded_and_connect_fails():
    world = World(ip_default_ttl=1)
    trace = world.run()
    assert world.results == [("EHOSTUNREACH", ms(10))]
    assert [(e.message.type, e.message.code) for e in trace.icmp] == [(TIME_EXCEEDED, 0)]
    assert trace.segments[0].lost_because.why.key == "router.ttl"


def test_a_ttl_of_two_crosses_one_router():
    world = World(ip_default_ttl=2)
    world.run(seconds(1))
    assert world.received == bytes(100)


def test_an_address_that_nobody_has_is_net_unreachable():
    net = Network()
    client, router = net.host("client", "10.0.0.1"), net.router("router", "10.0.0.254")
    net.link(client, router, delay=ms(5))
    failed: list[Any] = []

    async def fetch(host: Host) -> None:
        try:
            await host.socket().connect("10.9.9.9", 80)
        except OSError as error:
            failed.append((errors.errno_name(error.errno), host.now))

    client.spawn(fetch)
    trace = net.run()
    assert failed == [("ENETUNREACH", ms(10))]
    assert trace.icmp[0].message.name == "net unreachable"


@pytest.mark.parametrize(
    ("answer", "errno"),
    [
        ("icmp-net-unreachable", "ENETUNREACH"),
        ("icmp-host-unreachable", "EHOSTUNREACH"),
        ("icmp-proto-unreachable", "ENOPROTOOPT"),
        ("icmp-port-unreachable", "ECONNREFUSED"),
    ],
)
def test_at_connect_an_icmp_error_is_hard(answer: str, errno: str):
    world = World()
    world.refuse(answer)
    trace = world.run()
    assert world.results == [(errno, ms(10))]
    assert "icmp.connect-fails" in keys(trace)
    assert world.client.counters["TcpAttemptFails"] == 1
    assert world.client.counters["IcmpInDestUnreachs"] == 1


@pytest.mark.parametrize("answer", ["icmp-host-unreachable", "icmp-port-unreachable"])
def test_once_open_an_icmp_error_is_soft_and_the_connection_lives(answer: str):
    world = World(wait=seconds(1))
    world.net.after(ms(500), lambda: world.refuse(answer))
    world.net.after(seconds(3), lambda: world.router.firewall.append("-F"))
    trace = world.run()
    assert "icmp.soft" in keys(trace)
    assert world.received == bytes(100)


def test_a_soft_error_names_the_reason_when_the_connection_is_given_up():
    world = World(wait=seconds(1), tcp_retries2=3)
    world.net.after(ms(500), lambda: world.refuse("icmp-host-unreachable"))
    world.run()
    ((error, _),) = world.results
    assert error == "EHOSTUNREACH"


def test_a_soft_error_is_forgotten_when_an_ack_comes():
    world = World(wait=seconds(1))
    world.net.after(ms(500), lambda: world.refuse("icmp-host-unreachable"))
    world.net.after(seconds(3), lambda: world.router.firewall.append("-F"))
    world.run()
    (connection,) = world.client.endpoints.values()
    assert connection.soft_error is None


def test_host_unreachable_takes_the_back_off_back():
    world = World(wait=seconds(1), tcp_retries2=3)
    world.net.after(ms(500), lambda: world.refuse("icmp-host-unreachable"))
    trace = world.run()
    sent = [s.sent for s in trace.segments if s.segment.payload]
    gaps = {after - before for before, after in pairwise(sent[2:])}
    assert "icmp.backoff" in keys(trace)
    assert max(gaps) < ms(300)  # never doubled


def test_port_unreachable_leaves_the_back_off_alone():
    world = World(wait=seconds(1), tcp_retries2=3)
    world.net.after(ms(500), lambda: world.refuse("icmp-port-unreachable"))
    trace = world.run()
    assert "icmp.backoff" not in keys(trace)


def test_a_half_open_request_goes_when_its_client_cannot_be_reached():
    world = World()
    world.router.firewall.append(
        "-A FORWARD -s 10.0.0.2 -j REJECT --reject-with icmp-host-unreachable"
    )
    trace = world.run(seconds(10))
    assert "icmp.request" in keys(trace)
    assert not world.server.endpoints


# --- made-up errors: RFC 5927 --------------------------------------------------------------------


def established() -> tuple[World, Any]:
    world = World(wait=seconds(50))
    world.run(seconds(1))
    (connection,) = world.client.endpoints.values()
    return world, connection


def quoting(connection: Any, seq: int) -> Segment:
    c = connection
    return Segment(c.local, c.local_port, c.remote, c.remote_port, ACK, seq & 0xFFFF_FFFF)


@pytest.mark.parametrize("code", [NET, HOST, PORT, FRAG_NEEDED])
@pytest.mark.parametrize("beside", [-1, 1])
def test_an_error_about_bytes_not_in_flight_is_ignored(code: int, beside: int):
    world, connection = established()
    quoted = quoting(connection, connection.snd_nxt + beside)
    world.client.receive_icmp(IcmpError("10.0.0.254", "10.0.0.1", UNREACHABLE, code, quoted, 600))
    assert connection.soft_error is None
    assert connection.snd_mss == 1448


def test_an_error_about_no_connection_is_ignored():
    world, connection = established()
    quoted = Segment("10.0.0.1", 1, SERVER, 2, SYN, 7)
    world.client.receive_icmp(IcmpError("10.0.0.254", "10.0.0.1", UNREACHABLE, HOST, quoted))
    assert connection.soft_error is None


def test_no_icmp_about_icmp():
    world = World()
    world.run(0)
    about = IcmpError("10.0.0.1", SERVER, UNREACHABLE, HOST, Segment("a", 1, "b", 2, SYN, 0))
    world.net.complain(world.router, about, UNREACHABLE, NET)
    assert world.net.trace is not None
    assert world.net.trace.icmp == []


# --- a cable beyond the router -------------------------------------------------------------------


def test_behind_a_router_a_cable_that_is_out_becomes_host_unreachable_after_3_s():
    world = World()
    world.far.unplug()
    trace = world.run()
    assert world.results == [("EHOSTUNREACH", seconds(3) + ms(10))]
    assert trace.segments[0].lost_because.why.key == "router.no-neighbour"


def test_what_waits_at_the_router_goes_on_when_the_cable_is_back_in_time():
    world = World()
    world.far.unplug()
    world.net.after(seconds(2), world.far.plug)
    trace = world.run()
    assert world.received == bytes(100)
    assert trace.icmp == []


# --- path MTU ------------------------------------------------------------------------------------


def narrow(size: int, mtu: int, **sysctls: Any) -> tuple[World, Trace]:
    """Client - router - (mtu) - router - server."""
    world = World(size=size, **sysctls)
    world.net.links.remove(world.far)
    second = world.net.router("second", "10.0.0.253")
    world.net.link(world.router, second, delay=ms(5), mtu=mtu)
    world.net.link(second, world.server)
    return world, world.run()


def pieces(trace: Trace) -> list[tuple[int, int, str]]:
    data = [s for s in trace.segments if s.sender == 0 and s.segment.payload]
    first = data[0].segment.seq
    return [(s.segment.seq - first + 1, len(s.segment.payload), s.fate) for s in data]


def test_a_segment_too_big_for_the_path_is_cut_and_sent_again_at_once():
    world, trace = narrow(1460, 1200, tcp_timestamps=0)
    assert pieces(trace) == [(1, 1460, "lost"), (1, 1160, "delivered"), (1161, 300, "delivered")]
    assert trace.icmp[0].message.name == "fragmentation needed, MTU 1200"
    again = [s for s in trace.segments if s.segment.payload and s.fate == "delivered"]
    assert again[0].sent == trace.icmp[0].arrived
    assert {s.why.why.key for s in again} == {"mtu.again"}
    (connection,) = world.client.endpoints.values()
    assert (connection.snd_mss, connection.path_mtu, connection.cwnd) == (1160, 1200, 10)
    assert world.received == bytes(1460)


def test_what_fits_is_not_sent_again():
    _, trace = narrow(1160, 1200, tcp_timestamps=0)
    assert pieces(trace) == [(1, 1160, "delivered")]
    assert trace.icmp == []


def test_the_next_connection_knows_the_path():
    world, _ = narrow(1460, 1200)
    assert world.client.mtu_to(SERVER) == 1200
    assert world.client.new_connection("10.0.0.1", 5, SERVER, 80).advertised_mss == 1160


def test_what_a_host_knows_of_a_path_expires_after_ten_minutes():
    world, _ = narrow(1460, 1200)
    learned = world.net.trace.icmp[0].arrived  # type: ignore[union-attr, operator]
    world.net.now = learned + seconds(600) - 1
    assert world.client.mtu_to(SERVER) == 1200
    world.net.now += 1
    assert world.client.mtu_to(SERVER) == 1500


def test_an_mtu_below_552_is_not_believed():
    world, connection = established()
    quoted = quoting(connection, connection.snd_una)
    world.client.receive_icmp(
        IcmpError("10.0.0.254", "10.0.0.1", UNREACHABLE, FRAG_NEEDED, quoted, 68)
    )
    assert world.client.mtu_to(SERVER) == 552
    assert connection.snd_mss == 552 - 40 - 12


def test_the_mss_option_is_that_of_the_hosts_own_link():
    net = Network()
    client, server = net.host("client", "10.0.0.1"), net.host("server", SERVER)
    net.link(client, server, mtu=9000)
    assert client.new_connection("10.0.0.1", 5, SERVER, 80).advertised_mss == 8960


# --- names, and bytes ----------------------------------------------------------------------------


def test_two_nodes_cannot_share_a_name_or_an_address():
    net = Network()
    net.host("client", "10.0.0.1")
    with pytest.raises(UsageError, match=r"cannot share a name or an address: router, 10\.0\.0\.1"):
        net.router("router", "10.0.0.1")


def test_an_icmp_error_survives_its_bytes():
    quoted = Segment("10.0.0.1", 5, SERVER, 80, PSH | ACK, 77, 88, 100, payload=b"x" * 700)
    error = IcmpError("10.0.0.254", "10.0.0.1", UNREACHABLE, FRAG_NEEDED, quoted, 1200)
    packet = encode_icmp(error)
    assert len(packet) == error.size == 576
    back = decode_icmp(packet)
    assert back is not None
    assert (back.src, back.dst, back.type, back.code, back.mtu) == (
        "10.0.0.254", "10.0.0.1", UNREACHABLE, FRAG_NEEDED, 1200,
    )  # fmt: skip
    assert (back.quoted.sport, back.quoted.seq, len(back.quoted.payload)) == (5, 77, 700)


def test_another_icmp_message_is_none_of_ours():
    packet = bytearray(
        encode_icmp(IcmpError("10.0.0.1", SERVER, 3, 1, Segment("10.0.0.1", 1, SERVER, 2, SYN, 0)))
    )
    packet[20] = 8  # an echo request
    assert decode_icmp(bytes(packet)) is None


def test_a_router_with_a_new_address_gives_it_to_what_goes_out_and_hears_no_more_at_the_old_one():
    trace = registry.run("address-change", {"download": False})
    sources = {one.public.src for one in trace.segments if one.sender == 0}
    assert sources == {"203.0.113.1", "192.0.2.44"}
    silent = registry.run("address-change", {})
    lost = [one.lost_because.why.key for one in silent.segments if one.fate == "lost"]
    assert lost
    assert set(lost) == {"router.moved"}


def test_the_old_address_may_come_back_and_the_connection_with_it():
    trace = registry.run("address-change", {"back_after": 1500})
    assert [call for _, _, call, result in trace.calls if result != "ok"] == []


def test_a_router_cannot_take_another_nodes_address():
    net = Network()
    net.host("client", "10.0.0.1")
    with pytest.raises(UsageError, match=r"client has the address 10\.0\.0\.1 already"):
        net.router("router", "10.0.0.2").renumber("10.0.0.1")
