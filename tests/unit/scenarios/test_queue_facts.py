"""Facts K20 to K35 on queues, cookies and Fast Open, as the scenarios show them in model time."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tcpcore.net.network import Network
from tcpcore.scenarios import registry
from tcpcore.trace import Trace
from tcpcore.wire.segment import ACK, FIN, RST, SYN

SYN_ACK = SYN | ACK


def play(name: str, **parameters: Any) -> tuple[Network, Trace]:
    """A scenario, with its network to look into."""
    chosen = registry.get(name)
    network = Network()
    chosen.build(network, **chosen.check(parameters))
    return network, network.run(chosen.until)


def sent(trace: Trace, flags: int, sender: int) -> list[float]:
    """When a host sent segments with exactly these flags, in seconds."""
    return [
        round(one.sent / 1e6, 3)
        for one in trace.segments
        if one.segment.flags == flags and one.sender == sender
    ]


def calls(trace: Trace, call: str) -> list[tuple[float, str]]:
    return [(time / 1e6, result) for time, _, name, result in trace.calls if name == call]


def test_k20_a_queue_of_backlog_1_holds_2_the_third_is_half_open_the_fourth_gets_silence():
    network, trace = play("accept-queue-overflow")
    again = Counter(
        one.segment.dport for one in trace.segments if one.segment.flags == SYN_ACK
    ).most_common()
    assert [count for _, count in again] == [6, 1, 1]
    third = again[0][0]
    times = [
        one.sent / 1e6
        for one in trace.segments
        if one.segment.flags == SYN_ACK and one.segment.dport == third
    ]
    assert [round(time - times[0], 6) for time in times] == [0, 1, 3, 7, 15, 31]
    assert [result for _, result in calls(trace, "connect")] == ["ok"] * 3 + ["ETIMEDOUT"]
    counters = network.hosts[1].counters
    assert counters["TcpExtListenOverflows"] == counters["TcpExtListenDrops"] == 6 + 6


def test_k20_with_abort_on_overflow_the_third_is_reset_after_connect_has_returned():
    network, trace = play("accept-queue-overflow", tcp_abort_on_overflow=1)
    assert [result for _, result in calls(trace, "connect")] == ["ok"] * 3 + ["ETIMEDOUT"]
    assert len(sent(trace, RST, 1)) == 1
    assert network.hosts[1].counters["TcpExtEmbryonicRsts"] == 1


@pytest.mark.parametrize(
    ("cookies", "dropped", "cookies_sent", "connected"),
    [(0, 11 + 6, 0, 8.6), (1, 0, 12, 1.6), (2, 0, 21, 1.6)],
)
def test_k22_twenty_syns_leave_nine_half_open_and_cookies_keep_the_door_open(
    cookies: int, dropped: int, cookies_sent: int, connected: float
):
    network, trace = play("syn-flood", tcp_syncookies=cookies)
    counters = network.hosts[1].counters
    assert counters.get("TcpExtTCPReqQFullDrop", 0) == dropped
    assert counters.get("TcpExtSyncookiesSent", 0) == cookies_sent
    assert calls(trace, "connect") == [(connected, "ok")]
    first = {one.segment.dport for one in trace.segments if one.segment.flags == SYN_ACK}
    assert len(first) == (10 if cookies == 0 else 21)


def test_k22_a_larger_backlog_lets_the_client_in_though_cookies_are_off():
    _, trace = play("syn-flood", backlog=64)
    assert calls(trace, "connect") == [(1.6, "ok")]


def test_k23_a_bound_port_that_does_not_listen_refuses_with_seq_0():
    _, trace = play("bind-without-listen")
    syn, reset = (one.segment for one in trace.segments)
    assert (reset.flags, reset.seq, reset.ack) == (RST | ACK, 0, syn.seq + 1 & 0xFFFFFFFF)
    assert calls(trace, "connect") == [(0.1, "ECONNREFUSED")]


def test_k29_data_completes_the_handshake_when_the_last_ack_was_lost():
    _, trace = play("lost-third-ack")
    assert sent(trace, SYN_ACK, 1) == [0.05]
    assert calls(trace, "accept") == [(0.65, "ok")]
    assert calls(trace, "recv") == [(0.65, "ok")]


def test_k29_without_data_the_next_syn_ack_brings_a_second_last_ack():
    _, trace = play("lost-third-ack", data_after=0)
    assert sent(trace, SYN_ACK, 1) == [0.05, 1.05]
    assert calls(trace, "accept") == [(1.15, "ok")]


@pytest.mark.parametrize("stamps", [0, 1])
def test_k30_a_cookie_opens_a_connection_that_nothing_remembered(stamps: int):
    network, trace = play("syn-cookies", tcp_timestamps=stamps)
    assert network.hosts[1].counters["TcpExtSyncookiesRecv"] == 1
    assert len(sent(trace, SYN_ACK, 1)) == 1
    kinds = {option[0] for option in trace.segments[1].segment.options}
    assert (3 in kinds, 4 in kinds) == (bool(stamps), bool(stamps))


@pytest.mark.parametrize(("overflow", "failed"), [(True, 10), (False, 0)])
def test_an_ack_flood_costs_a_check_only_after_an_overflow(overflow: bool, failed: int):
    network, trace = play("ack-flood", overflow_first=overflow)
    assert network.hosts[1].counters.get("TcpExtSyncookiesFailed", 0) == failed
    assert len(sent(trace, RST, 1)) == 10
    assert [result for _, result in calls(trace, "connect")] == ["ok"]


def test_k32_the_second_connection_has_its_answer_a_round_trip_earlier():
    network, trace = play("fast-open")
    with_data = [one for one in trace.segments if one.segment.flags == SYN and one.segment.payload]
    assert [len(one.segment.payload) for one in with_data] == [100]
    start = with_data[0].sent
    answered = [
        one.arrived - start
        for one in trace.segments
        if one.sender == 1 and one.sent > start and len(one.segment.payload) == 500
    ]
    assert answered == [100_000]
    assert network.hosts[1].counters["TcpExtTCPFastOpenPassive"] == 1


@pytest.mark.parametrize("parameters", [{"tcp_fastopen": 1}, {"queue": 0}, {"new_key": True}])
def test_k32_without_permission_or_a_good_cookie_the_data_waits_for_the_handshake(
    parameters: dict[str, Any],
):
    network, _ = play("fast-open", **parameters)
    assert "TcpExtTCPFastOpenPassive" not in network.hosts[1].counters


@pytest.mark.parametrize(("defer", "again"), [(1, 1), (2, 3), (3, 3), (5, 7), (7, 7), (8, 15)])
def test_k35_a_deferred_connection_is_accepted_without_data_after_the_rounded_period(
    defer: int, again: int
):
    network, trace = play("defer-accept", defer=defer)
    assert sent(trace, SYN_ACK, 1) == [0.05, 0.05 + again]
    assert calls(trace, "accept") == [(0.15 + again, "ok")]
    assert network.hosts[1].counters["TcpExtTCPDeferAcceptDrop"] == 1


def test_k35_with_data_it_is_accepted_at_once():
    _, trace = play("defer-accept", data_after=2000)
    assert calls(trace, "accept") == [(2.15, "ok")]
    assert sent(trace, SYN_ACK, 1) == [0.05]


def test_no_queue_scenario_ends_with_a_reset_or_fin_that_nobody_asked_for():
    for name in ("defer-accept", "lost-third-ack", "syn-flood"):
        _, trace = play(name)
        assert not [one for one in trace.segments if one.segment.flags & (RST | FIN)], name
