"""Address translation: one address for many, ports, expiry, forgetting, ICMP (claim S159, S60)."""

from __future__ import annotations

from typing import Any

import pytest

from tcpcore.errors import UsageError, errno_name
from tcpcore.host.stack import Host
from tcpcore.net.nat import Nat
from tcpcore.net.network import Network
from tcpcore.trace import Trace
from tcpcore.units import ms, seconds
from tcpcore.wire.segment import ACK, FIN, RST, SYN, Segment

SHARED, SERVER = "203.0.113.1", "198.51.100.7"


class Home:
    """Two hosts behind a router, and a server outside that remembers who came."""

    def __init__(self, **timeouts: int) -> None:
        self.net = Network()
        self.inside = [self.net.host(f"host{n}", f"192.168.1.{n}") for n in (1, 2)]
        self.server = self.net.host("server", SERVER)
        self.router = self.net.router("home", SHARED)
        self.nat = self.router.masquerade("192.168.1.0/24", **timeouts)
        for host in (*self.inside, self.server):
            self.net.link(host, self.router, delay=ms(5))
        self.peers: list[str] = []
        self.results: list[Any] = []
        self.server.spawn(self.serve)

    async def serve(self, host: Host) -> None:
        listener = host.socket().bind(80).listen(8)
        while True:
            connection = await listener.accept()
            assert connection.connection is not None
            self.peers.append(f"{connection.connection.remote}:{connection.connection.remote_port}")
            host.fork(lambda h, c=connection: echo(c))

    def connect(self, host: Host, port: int, *send_at: int) -> None:
        """Let a host connect from that port and exchange a byte at each of these times."""

        async def fetch(h: Host) -> None:
            connection = h.socket().bind(port)
            try:
                await connection.connect(SERVER, 80)
                for moment in send_at:
                    await h.sleep(moment - h.now)
                    await connection.send(b"x")
                    self.results.append(await connection.recv(10))
                await h.pause()
            except OSError as error:
                self.results.append(errno_name(error.errno))

        host.spawn(fetch)

    def run(self, until: int = seconds(300)) -> Trace:
        return self.net.run(until)


async def echo(connection: Any) -> None:
    while data := await connection.recv(100):
        await connection.send(data)
    await connection.close()


def test_the_server_sees_the_shared_address():
    home = Home()
    home.connect(home.inside[0], 40000, ms(50))
    trace = home.run(seconds(1))
    assert home.peers == [f"{SHARED}:40000"]
    assert home.results == [b"x"]
    to_inside = [s for s in trace.segments if s.sender == 2]
    assert {s.receiver for s in to_inside} == {0}
    assert {s.fate for s in to_inside} == {"delivered"}


def test_two_hosts_with_the_same_port_get_two():
    home = Home()
    for host in home.inside:
        home.connect(host, 40000, ms(50))
    home.run(seconds(1))
    assert home.peers == [f"{SHARED}:40000", f"{SHARED}:40001"]
    assert home.results == [b"x", b"x"]


def test_the_same_port_serves_connections_to_different_peers():
    nat = Nat("home", SHARED, "192.168.1.0/24")
    for peer in ("198.51.100.7", "198.51.100.8"):
        out = Segment("192.168.1.1", 40000, peer, 80, SYN, 1)
        assert nat.outward(out, 0) is None
        assert (out.src, out.sport) == (SHARED, 40000)


def test_an_idle_mapping_expires_and_the_server_cannot_reach_the_client_any_more():
    home = Home(established=seconds(60))
    home.connect(home.inside[0], 40000, ms(50))

    async def late(h: Host) -> None:
        (connection,) = [c for c in h.endpoints.values() if c.state == "ESTABLISHED"]
        await h.sleep(seconds(100))
        h.transmit(connection, connection.send(b"hello?", h.now))

    home.net.after(seconds(1), lambda: home.server.spawn(late))
    trace = home.run()
    reset = trace.segments[-1].segment
    assert reset.flags == RST
    assert not home.server.endpoints
    assert [c.state for c in home.inside[0].endpoints.values()] == ["ESTABLISHED"]
    assert any(s.lost_because and s.lost_because.why.key == "nat.unknown" for s in trace.segments)


def test_before_it_expires_the_mapping_still_works():
    home = Home(established=seconds(60))
    home.connect(home.inside[0], 40000, ms(50), seconds(60))
    home.run()
    assert home.results == [b"x", b"x"]


def test_a_host_that_speaks_first_after_forgetting_is_mapped_anew():
    home = Home()
    home.connect(home.inside[0], 40000, ms(50), seconds(10))
    home.net.after(seconds(5), home.nat.forget)
    home.run()
    assert home.results == [b"x", b"x"]


def test_a_forgotten_connection_whose_port_is_taken_is_reset():
    home = Home()
    home.connect(home.inside[0], 40000, ms(50), seconds(10))
    home.net.after(seconds(5), home.nat.forget)
    home.net.after(seconds(6), lambda: home.connect(home.inside[1], 40000, seconds(20)))
    home.run()
    assert home.results[1] == "ECONNRESET"


def test_a_strict_router_lets_only_a_syn_begin_a_connection():
    nat = Nat("home", SHARED, "192.168.1.0/24", loose=False)
    for flags in (ACK, FIN | ACK, RST, SYN | ACK):
        refused = nat.outward(Segment("192.168.1.1", 40000, SERVER, 80, flags, 1), 0)
        assert refused
        assert refused.why.key == "nat.strict"
    for flags in (SYN, ACK):
        assert nat.outward(Segment("192.168.1.1", 40000, SERVER, 80, flags, 1), 0) is None


def test_behind_a_strict_router_a_forgotten_connection_ends_in_silence():
    home = Home(loose=False)
    home.connect(home.inside[0], 40000, ms(50), seconds(10))
    home.net.after(seconds(5), home.nat.forget)
    home.run(seconds(2000))
    assert home.results == [b"x", "ETIMEDOUT"]


def test_the_table_is_shown_as_conntrack_shows_it():
    home = Home()
    home.connect(home.inside[0], 40000, ms(50))
    home.run(seconds(1))
    (row,) = home.nat.table(home.net.now)
    assert row.startswith("tcp 6 43199")
    assert row.endswith(
        f"ESTABLISHED src=192.168.1.1 dst={SERVER} sport=40000 dport=80 "
        f"src={SERVER} dst={SHARED} sport=80 dport=40000"
    )


def test_a_closed_connection_is_remembered_for_less_time():
    nat = Nat("home", SHARED, "192.168.1.0/24")

    def left(flags: int) -> int:
        nat.outward(Segment("192.168.1.1", 40000, SERVER, 80, flags, 1), 0)
        return int(nat.table(0)[0].split()[2])

    assert [left(flags) for flags in (SYN, ACK, FIN | ACK, RST)] == [120, 432_000, 120, 10]


def test_icmp_reaches_the_host_behind():
    home = Home()
    outer = home.net.router("isp", "203.0.113.254")
    home.net.links.pop()
    home.net.link(home.router, outer, delay=ms(5))
    home.net.link(outer, home.server, delay=ms(5))
    outer.firewall.append(f"-A FORWARD -d {SERVER} -j REJECT --reject-with icmp-host-unreachable")
    home.connect(home.inside[0], 40000)
    trace = home.run()
    assert home.results == ["EHOSTUNREACH"]
    assert [(e.sender, e.receiver, e.fate) for e in trace.icmp] == [("isp", None, "delivered")]


def test_hosts_inside_talk_to_each_other_as_they_are():
    nat = Nat("home", SHARED, "192.168.1.0/24")
    inside = Segment("192.168.1.1", 40000, "192.168.1.2", 80, SYN, 1)
    assert nat.outward(inside, 0) is None
    assert inside.src == "192.168.1.1"


def test_a_stranger_from_outside_gets_rst_from_the_router():
    home = Home()
    results: list[str | None] = []

    async def knock(host: Host) -> None:
        try:
            await host.socket().connect(SHARED, 22)
        except OSError as error:
            results.append(errno_name(error.errno))

    home.server.spawn(knock)
    home.run(seconds(1))
    assert results == ["ECONNREFUSED"]


def test_an_impossible_network_is_one_sentence():
    with pytest.raises(UsageError, match=r"home shares its address with a network, and .*nowhere"):
        Network().router("home", SHARED).masquerade("nowhere")
