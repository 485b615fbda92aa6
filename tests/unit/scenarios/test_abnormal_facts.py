"""What the scenarios of broken things are there to show, number by number."""

from __future__ import annotations

from typing import Any

import pytest

from tcpcore.host.stack import Host
from tcpcore.net.network import Network
from tcpcore.scenarios import registry
from tcpcore.trace import Trace
from tcpcore.units import ms, seconds
from tcpcore.wire.segment import ACK, FIN, RST


def run(name: str, **parameters: Any) -> Trace:
    return registry.run(name, parameters)


def sent_by(trace: Trace, host: int, since: int = 0) -> list[tuple[int, int]]:
    return [
        (s.sent, s.segment.flags) for s in trace.segments if s.sender == host and s.sent >= since
    ]


def data_times(trace: Trace) -> list[int]:
    return [s.sent for s in trace.segments if s.segment.payload]


def failure(trace: Trace, call: str) -> tuple[int, str]:
    ((time, result),) = [(t, r) for t, _, c, r in trace.calls if c == call and r != "ok"]
    return time, result


def states(trace: Trace, host: int) -> list[str]:
    """The states of a host's sockets at the end."""
    last = [
        m.sections["sockets"] for m in trace.moments if m.host == host and "sockets" in m.sections
    ]
    return [socket["state"] for socket in last[-1] if socket["role"] == "main"]


def test_k18_a_killed_process_leaves_with_fin_or_with_rst_when_data_is_unread():
    assert sent_by(run("process-killed"), 1, seconds(2))[0] == (seconds(2), FIN | ACK)
    trace = run("process-killed", unread=True)
    assert sent_by(trace, 1, seconds(2)) == [(seconds(2), RST | ACK)]
    assert failure(trace, "recv")[1] == "ECONNRESET"


def test_s51_after_a_crash_five_retransmissions_and_more_go_unanswered():
    trace = run("host-crash", tcp_retries2=5)
    assert sent_by(trace, 1, seconds(1)) == []
    assert {s.fate for s in trace.segments if s.sent > seconds(1)} == {"lost"}
    assert failure(trace, "recv")[1] == "ETIMEDOUT"


@pytest.mark.parametrize("listening", [False, True])
def test_s50_after_a_reboot_the_old_connection_gets_rst_listener_or_not(listening: bool):
    trace = run("host-reboot", listening=listening)
    assert sent_by(trace, 1, seconds(1)) == [(ms(3050), RST)]
    assert failure(trace, "recv") == (ms(3100), "ECONNRESET")


def test_data_sent_while_the_host_is_down_is_answered_by_the_first_retransmission_after():
    trace = run("host-reboot", send_at=1500, down=1000)
    retransmissions = [t for t in data_times(trace) if t + ms(50) >= seconds(2)]
    assert sent_by(trace, 1, seconds(1)) == [(retransmissions[0] + ms(50), RST)]


def test_s58_a_cable_put_back_is_noticed_only_at_the_next_retransmission():
    trace = run("cable-out", out=3000)
    got_through = [s for s in trace.segments if s.segment.payload and s.fate == "delivered"]
    assert len(got_through) == 1
    assert got_through[0].sent > seconds(4) + ms(500)  # the cable was back after 4 s
    assert all(result == "ok" for *_, result in trace.calls)


def test_s59_a_cable_out_for_too_long_ends_the_connection():
    trace = run("cable-out", out=60_000, tcp_retries2=3)
    assert failure(trace, "recv")[1] == "ETIMEDOUT"


@pytest.mark.parametrize(
    ("code", "error"),
    list(enumerate(["ENETUNREACH", "EHOSTUNREACH", "ENOPROTOOPT", "ECONNREFUSED"])),
)
def test_s41_at_connect_icmp_is_believed_at_once(code: int, error: str):
    trace = run("icmp-unreachable", code=code)
    assert failure(trace, "connect") == (ms(50), error)
    assert len(trace.segments) == 1


def test_s41_k31_later_it_only_names_the_failure():
    assert failure(run("icmp-unreachable", established=True), "recv")[1] == "EHOSTUNREACH"
    assert failure(run("icmp-unreachable", established=True, code=3), "recv")[1] == "ECONNREFUSED"


def test_an_open_connection_outlives_icmp_that_ends_in_time():
    trace = run("icmp-unreachable", established=True, lasts=3)
    assert {result for *_, result in trace.calls} == {"ok"}
    through = [s.sent for s in trace.segments if s.segment.payload and s.fate == "delivered"]
    assert [sent // ms(100) for sent in through] == [41]


def test_k31_so_error_shows_the_soft_error_once():
    net = Network()
    client, server = net.host("client", "10.0.0.1"), net.host("server", "10.0.0.2")
    net.link(client, server, delay=ms(5))
    found: list[int] = []

    async def serve(host: Host) -> None:
        await host.socket().bind(80).listen(1).accept()
        host.iptables("-A INPUT -p tcp -j REJECT --reject-with icmp-host-unreachable")
        await host.pause()

    async def fetch(host: Host) -> None:
        connection = host.socket()
        await connection.connect("10.0.0.2", 80)
        await host.sleep(ms(100))
        await connection.send(b"x")
        await host.sleep(ms(100))
        found.extend(connection.getsockopt("SO_ERROR") for _ in range(2))
        found.append(len(host.endpoints))
        with pytest.raises(OSError, match="Protocol not available"):
            connection.setsockopt("SO_ERROR", 1)

    server.spawn(serve)
    client.spawn(fetch)
    net.run(seconds(1))
    assert found == [113, 0, 1]


def test_k17_a_narrow_link_costs_one_round_trip_to_the_router_and_no_timeout():
    trace = run("path-mtu", mtu=1200, size=1448)
    lost, *again = [s for s in trace.segments if s.segment.payload]
    assert [len(s.segment.payload) for s in (lost, *again)] == [1448, 1148, 300]
    assert [s.sent for s in again] == [trace.icmp[0].arrived] * 2
    assert run("path-mtu", mtu=1500).icmp == []


@pytest.mark.parametrize(
    ("offset", "answers", "alive"),
    [(0, 0, False), (100, 1, True), (60_000, 1, True), (100_000, 0, True), (-100, 0, True)],
)
def test_k10_only_an_exact_rst_ends_a_connection(offset: int, answers: int, alive: bool):
    trace = run("rst-attack", offset=offset)
    said = [s for s in trace.segments if s.sender == 1 and seconds(1) < s.sent < seconds(2)]
    assert len(said) == answers
    assert ("ESTABLISHED" in states(trace, 1)) == alive
    last = [s for s in trace.segments if s.sender == 1][-1]
    assert bool(last.segment.flags & RST) == (not alive)


def test_the_forged_rst_comes_from_the_attacker_in_the_clients_name():
    trace = run("rst-attack", offset=0)
    (forged,) = [s for s in trace.segments if s.sender == 2]
    assert forged.segment.src == "10.0.0.1"
    assert trace.hosts[2][0] == "attacker"


def test_sockets_that_nobody_closes_stay_in_close_wait_and_the_clients_go_after_60_s():
    trace = run("close-wait-leak", clients=3)
    assert states(trace, 1) == ["CLOSE_WAIT"] * 3
    assert states(trace, 0) == []
    ends = [m.time for m in trace.moments if m.host == 0 and m.kind == "timer"]
    assert len(ends) == 3
    assert seconds(60) < ends[0] < seconds(61)
