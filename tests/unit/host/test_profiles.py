"""What differs between the kernels that a profile stands for."""

from __future__ import annotations

from typing import Any

import pytest

from tcpcore.errors import UsageError
from tcpcore.host import profiles
from tcpcore.net.network import Network
from tcpcore.scenarios import registry
from tcpcore.trace import Trace
from tcpcore.units import ms, seconds
from tcpcore.wire import options as opt
from tcpcore.wire.options import find
from tcpcore.wire.segment import SYN
from tests.notation import Wire

SHARED, SERVER = "203.0.113.1", "198.51.100.7"


def syn_of(profile: str) -> tuple[int, int]:
    """``(window, scale)`` that a client of that profile offers."""
    segment = registry.run("handshake", profile=profile).segments[0].segment
    scale = find(segment.options, opt.WINDOW_SCALE)
    assert scale is not None
    return segment.window, scale[1]


@pytest.mark.parametrize(
    ("profile", "window", "scale"),
    [("linux-6.18", 64240, 10), ("linux-6.4", 64240, 7), ("linux-4.9", 29200, 7)],
)
def test_the_first_window_and_its_scale_are_the_kernels(profile: str, window: int, scale: int):
    assert syn_of(profile) == (window, scale)


def test_an_unknown_profile_is_one_sentence_with_the_known_ones():
    with pytest.raises(UsageError, match=r"Unknown profile 'linux-2.0'; known ones are linux-6.18"):
        profiles.sysctls("linux-2.0")


def test_a_backlog_is_capped_by_the_somaxconn_of_its_time():
    def room(profile: str) -> int:
        net = Network(profile=profile)
        return net.host("server", SERVER).start_listening("0.0.0.0", 80, 1000, {}).backlog

    assert (room("linux-4.9"), room("linux-6.18")) == (128, 1000)


def test_what_is_compiled_in_is_no_sysctl():
    with pytest.raises(UsageError, match="Unknown sysctl 'timewait_len'"):
        profiles.sysctls("linux-4.9").set("timewait_len", 1)


def test_tcp_tw_recycle_exists_only_where_it_did():
    profiles.sysctls("linux-4.9").set("net.ipv4.tcp_tw_recycle", 1)
    for profile in ("linux-6.4", "linux-6.18"):
        with pytest.raises(UsageError, match=r"gone since Linux 4.12; profile linux-4.9 has it"):
            profiles.sysctls(profile).set("tcp_tw_recycle", 1)


def test_before_4_10_one_clock_stamps_all_connections_of_a_host():
    def stamps(profile: str) -> set[int]:
        net = Network(profile=profile)
        host = net.host("client", "10.0.0.1")
        ends = [host.new_connection("10.0.0.1", port, "10.0.0.2", 80) for port in (40000, 40002)]
        return {connection.timestamp_offset for connection in ends}

    assert len(stamps("linux-4.9")) == 1
    assert len(stamps("linux-6.18")) == 2


def test_by_the_rfc_a_syn_is_tried_for_more_than_three_minutes():
    trace = registry.run("syn-unanswered", profile="rfc9293")
    assert [one.sent // seconds(1) for one in trace.segments] == [0, 1, 3, 7, 15, 31, 63, 127]
    assert trace.calls == [(seconds(247), 0, "connect", "ETIMEDOUT")]


def test_by_the_rfc_data_is_sent_again_after_a_second_at_the_earliest():
    trace = registry.run("data-and-close", profile="rfc9293", drop=[3])
    first, again = (one for one in trace.segments if one.sender == 0 and one.segment.payload)
    assert again.sent - first.sent == seconds(1)


def test_by_the_rfc_no_ack_is_quicker_than_the_delay():
    def answered_after(profile: str) -> int:
        net = Network(profile=profile)
        client, server = net.host("client", "10.0.0.1"), net.host("server", "10.0.0.2")
        net.link(client, server, delay=ms(5))

        async def serve(host: Any) -> None:
            await host.socket().bind(80).listen(1).accept()
            await host.pause()

        async def speak(host: Any) -> None:
            connection = host.socket()
            await connection.connect("10.0.0.2", 80)
            await connection.send(bytes(10))
            await host.pause()

        server.spawn(serve)
        client.spawn(speak)
        data, answer = net.run(until=seconds(1)).segments[3:5]
        assert data.arrived is not None
        return answer.sent - data.arrived

    assert answered_after("linux-6.18") == 0
    assert answered_after("rfc9293") == ms(40)


def test_by_the_rfc_time_wait_is_two_maximum_segment_lifetimes():
    trace = registry.run("data-and-close", profile="rfc9293")
    assert trace.end - trace.segments[-1].sent == seconds(240)


def test_by_the_rfc_an_orphan_waits_for_the_peers_fin_for_ever():
    assert any(
        "FIN_WAIT_2" in str(event)
        for moment in registry.run("fin-wait-2-orphan").moments
        for event in moment.events
    )
    trace = registry.run("fin-wait-2-orphan", profile="rfc9293")
    last = [
        section["state"]
        for moment in trace.moments
        if moment.host == 0 and "sockets" in moment.sections
        for section in moment.sections["sockets"]
    ]
    assert "FIN_WAIT_2" in last


class Office:
    """Two clients behind one address, and a server that closes first: TIME_WAIT is on its side."""

    def __init__(self, recycle: int) -> None:
        self.net = Network(profile="linux-4.9")
        self.clients = [self.net.host(f"pc{n}", f"192.168.1.{n}") for n in (1, 2)]
        self.server = self.net.host("server", SERVER, tcp_tw_recycle=recycle)
        router = self.net.router("office", SHARED)
        router.masquerade("192.168.1.0/24")
        for host in (*self.clients, self.server):
            self.net.link(host, router, delay=ms(5))
        self.server.spawn(self.serve)
        # The one whose clock is ahead comes first.
        self.clients.sort(key=lambda host: -host.new_connection("", 1, "", 1).timestamp_offset)

    @staticmethod
    async def serve(host: Any) -> None:
        listener = host.socket().bind(80).listen(8)
        while True:
            connection = await listener.accept()
            await connection.send(b"hello")
            await connection.close()

    def visit_one_after_the_other(self, gap: int = seconds(5)) -> tuple[list[str], Trace]:
        results: list[str] = []

        def visit(delay: int) -> Any:
            async def client(host: Any) -> None:
                await host.sleep(delay)
                connection = host.socket()
                try:
                    await connection.connect(SERVER, 80, timeout=seconds(20))
                except TimeoutError:
                    results.append("no answer")
                    return
                results.append("connected")
                while await connection.recv(100):
                    pass
                await connection.close()

            return client

        for number, host in enumerate(self.clients):
            host.spawn(visit(number * gap))
        return results, self.net.run(until=seconds(200))


def test_without_tcp_tw_recycle_both_clients_behind_a_shared_address_connect():
    assert Office(recycle=0).visit_one_after_the_other()[0] == ["connected", "connected"]


def test_with_tcp_tw_recycle_the_client_whose_clock_is_behind_gets_no_answer():
    office = Office(recycle=1)
    results, trace = office.visit_one_after_the_other()
    assert results == ["connected", "no answer"]
    syns = [one for one in trace.segments if one.segment.flags & SYN and one.sent > seconds(4)]
    assert all(one.segment.src != SERVER for one in syns), "the server does not answer"
    assert office.server.counters["TcpExtPAWSPassive"] >= 1


def test_a_minute_later_the_last_timestamp_is_forgotten():
    results, _ = Office(recycle=1).visit_one_after_the_other(gap=seconds(70))
    assert results == ["connected", "connected"]


def test_with_tcp_tw_recycle_time_wait_is_three_and_a_half_rtos():
    _, trace = Office(recycle=1).visit_one_after_the_other(gap=seconds(70))
    spans = []
    began = None
    for moment in trace.moments:
        for kind, _, _, values in moment.events:
            if kind == "state" and values[1] == "TIME_WAIT":
                began = moment.time
            elif kind == "state" and values[0] == "TIME_WAIT" and began is not None:
                spans.append(moment.time - began)
    assert spans
    assert all(ms(700) <= span <= ms(900) for span in spans)


@pytest.mark.parametrize(
    ("code", "established", "name"),
    [
        (1, False, "EHOSTUNREACH"),
        (3, False, "ECONNREFUSED"),
        (1, True, "EHOSTUNREACH"),
        (3, True, "ECONNREFUSED"),
    ],
)
def test_by_the_rfc_what_icmp_says_decides_and_not_when(code: int, established: bool, name: str):
    """§3.9.2.2: "host unreachable" may pass, "port unreachable" will not, in any state."""

    def failure(profile: str) -> tuple[int, str]:
        parameters = {"code": code, "established": established}
        trace = registry.run("icmp-unreachable", parameters, profile=profile)
        return next((t, r) for t, _, _, r in trace.calls if r != "ok")

    (early, error), (late, other) = failure("linux-6.18"), failure("rfc9293")
    assert error == other == name
    if code == 1 and not established:
        assert (early, late) == (ms(50), seconds(247))
    if code == 3:
        assert late == (seconds(2) + ms(50) if established else ms(50))
        assert (early > late) == established


def selective(profile: str) -> Wire:
    wire = Wire(profile=profile)
    wire.accepted("mss 1460,sackOK")
    return wire


@pytest.mark.parametrize(
    ("profile", "after"), [("linux-6.18", "CLOSED"), ("rfc9293", "ESTABLISHED")]
)
def test_by_the_rfc_an_rst_counts_at_the_next_number_only(profile: str, after: str):
    """Linux takes one at the end of what came out of order, too."""
    wire = selective(profile)
    wire << "P. 101:201(100) ack 1 win 65535"
    wire >> ". 1:1(0) ack 1 <...>"
    wire.silent(seconds(1))
    wire << "R 201:201(0) win 0"
    assert wire.state() == after
    if after == "ESTABLISHED":
        wire >> ". 1:1(0) ack 1 <...>"
        wire << "R 1:1(0) win 0"
        assert wire.state() == "CLOSED"


@pytest.mark.parametrize(("profile", "held"), [("linux-6.18", False), ("rfc9293", True)])
def test_by_the_rfc_nagle_waits_for_large_segments_too(profile: str, held: bool):
    wire = Wire(profile=profile)
    sock = wire.accepted()
    sock.write(1460)
    wire >> "P. 1:1461(1460) ack 1"
    sock.write(10)
    if held:
        wire.quiet()
        wire << ". 1:1(0) ack 1461 win 65535"
    wire >> "P. 1461:1471(10) ack 1"


@pytest.mark.parametrize(("profile", "room"), [("linux-6.18", 5000), ("rfc9293", 1460)])
def test_by_the_rfc_a_window_without_news_is_believed_also_when_it_is_smaller(
    profile: str, room: int
):
    wire = Wire(profile=profile)
    sock = wire.accepted(window=5000)
    wire << ". 1:1(0) ack 1 win 1460"
    assert sock.connection.snd_wnd == room


def test_by_the_rfc_a_wrong_ack_does_not_hurry_the_syn():
    wire = Wire(profile="rfc9293")
    wire.socket(8888).connect()
    wire >> "S 0:0(0) <...>"
    wire << ". 0:0(0) ack 70000 win 65535"
    wire >> "R 70000:70000(0) win 0"
    wire.after(seconds(1)) >> "S 0:0(0) <...>"


def test_by_the_rfc_the_clock_of_initial_numbers_ticks_every_four_microseconds():
    wire = Wire(profile="rfc9293")

    def initial() -> int:
        return wire.host.new_connection("10.0.0.2", 40000, "10.0.0.1", 80).iss

    before = initial()
    wire.silent(seconds(1))
    assert (initial() - before) % 2**32 == 250_000


def test_by_the_rfc_a_half_open_connection_outlives_host_unreachable():
    def left(profile: str) -> int:
        trace = registry.run("synack-unanswered", profile=profile)
        assert trace.profile == profile
        wire = Wire(profile=profile)
        wire.listen()
        wire << "S 0:0(0) win 65535 <mss 1460>"
        wire >> "S. 0:0(0) ack 1 <...>"
        (request,) = wire.host.listeners[8888].syn_queue
        request.icmp(3, 1, request.child.iss, 0, wire.now)
        return len(wire.host.listeners[8888].syn_queue)

    assert (left("linux-6.18"), left("rfc9293")) == (0, 1)
