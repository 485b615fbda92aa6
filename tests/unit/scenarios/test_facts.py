"""The facts of a Linux kernel that the first scenarios must reproduce in virtual time, exactly."""

from __future__ import annotations

from typing import Any

import pytest

from tcpcore.scenarios import registry
from tcpcore.trace import Trace
from tcpcore.units import ms, seconds
from tcpcore.wire.segment import ACK, RST, SYN

SYN_ACK = SYN | ACK


def sent(trace: Trace, flags: int) -> list[float]:
    """When segments with exactly these flags were sent, in seconds."""
    return [one.sent / 1e6 for one in trace.segments if one.segment.flags == flags]


def failed(trace: Trace, call: str) -> list[tuple[float, str]]:
    """When a call failed, in seconds, and with which errno."""
    return [
        (time / 1e6, result)
        for time, _, name, result in trace.calls
        if name == call and result != "ok"
    ]


def test_k1_linux_6_18_sends_eleven_syns_and_gives_up_after_131_s():
    trace = registry.run("syn-unanswered")
    assert sent(trace, SYN) == [0, 1, 2, 3, 4, 5, 7, 11, 19, 35, 67]
    assert failed(trace, "connect") == [(131, "ETIMEDOUT")]
    assert trace.end == seconds(131)


@pytest.mark.parametrize(
    ("parameters", "profile"),
    [({"tcp_syn_linear_timeouts": 0}, "linux-6.18"), ({}, "linux-6.4")],
)
def test_k2_without_linear_timeouts_seven_syns_go_out_and_connect_fails_after_127_s(
    parameters: dict[str, Any], profile: str
):
    trace = registry.run("syn-unanswered", parameters, profile=profile)
    assert sent(trace, SYN) == [0, 1, 3, 7, 15, 31, 63]
    assert failed(trace, "connect") == [(127, "ETIMEDOUT")]


@pytest.mark.parametrize(
    ("retries", "linear", "syns", "end"),
    [
        (1, 4, [0, 1, 2], 3),
        (2, 4, [0, 1, 2, 3, 4, 5], 7),
        (3, 4, [0, 1, 2, 3, 4, 5, 7, 11], 19),
        (4, 4, [0, 1, 2, 3, 4, 5, 7, 11, 19], 35),
        (5, 4, [0, 1, 2, 3, 4, 5, 7, 11, 19, 35], 67),
        (6, 4, [0, 1, 2, 3, 4, 5, 7, 11, 19, 35, 67], 131),
        (2, 2, [0, 1, 2, 3, 5], 9),
        (3, 1, [0, 1, 2, 4, 8], 16),
        (6, 0, [0, 1, 3, 7, 15, 31, 63], 127),
    ],
)
def test_the_table_of_syn_retries_and_linear_timeouts(
    retries: int, linear: int, syns: list[int], end: int
):
    parameters = {"tcp_syn_retries": retries, "tcp_syn_linear_timeouts": linear}
    trace = registry.run("syn-unanswered", parameters)
    assert sent(trace, SYN) == syns
    assert failed(trace, "connect") == [(end, "ETIMEDOUT")]


@pytest.mark.parametrize("retries", range(1, 11))
@pytest.mark.parametrize("linear", range(11))
def test_connect_fails_at_the_first_timer_at_or_after_the_limit(retries: int, linear: int):
    """kernel-facts: at or after 2^(R+1) - 1 s, or when R + L retransmissions have been sent."""
    parameters = {"tcp_syn_retries": retries, "tcp_syn_linear_timeouts": linear}
    trace = registry.run("syn-unanswered", parameters)
    times, when = [0.0], 0.0
    for timer in range(1, 200):
        when += 1 if timer <= linear + 1 else min(2 ** (timer - linear - 1), 120)
        doublings = min(retries, 6)
        limit = 2 ** (doublings + 1) - 1 + (retries - doublings) * 120
        if timer > retries + linear or (timer > 1 and when >= limit):
            break
        times.append(when)
    assert sent(trace, SYN) == times
    assert failed(trace, "connect") == [(when, "ETIMEDOUT")]


def test_k3_six_syn_acks_go_out_and_the_request_is_gone_63_s_after_the_first():
    trace = registry.run("synack-unanswered")
    first = ms(50) / 1e6
    assert sent(trace, SYN_ACK) == [first + t for t in (0, 1, 3, 7, 15, 31)]
    gone = [
        moment.time / 1e6
        for moment in trace.moments
        for kind, _, _, values in moment.events
        if kind == "state" and values == ("SYN_RECV", "CLOSED")
    ]
    assert gone == [first + 63]
    assert trace.end == seconds(first + 63)


@pytest.mark.parametrize("retries", range(9))
def test_every_further_syn_ack_retry_doubles_the_wait(retries: int):
    trace = registry.run("synack-unanswered", {"tcp_synack_retries": retries})
    assert sent(trace, SYN_ACK) == [0.05 + t for t in _doubling(retries + 1)]
    assert trace.end == seconds(0.05 + _doubling(retries + 2)[-1])


def _doubling(count: int) -> list[float]:
    """0, 1, 3, 7 ... with no step above 120 s."""
    times = [0.0]
    while len(times) < count:
        times.append(times[-1] + min(2 ** (len(times) - 1), 120))
    return times


@pytest.mark.parametrize("rtt", [2, 100, 400])
def test_k23_k41_a_closed_port_refuses_with_rst_and_ack_sequence_number_0_after_one_round_trip(
    rtt: int,
):
    trace = registry.run("connection-refused", {"rtt": rtt})
    syn, rst = (one.segment for one in trace.segments)
    assert syn.flags == SYN
    assert rst.flags == RST | ACK
    assert rst.seq == 0
    assert rst.ack == (syn.seq + 1) & 0xFFFF_FFFF
    assert rst.window == 0
    assert rst.options == ()
    assert failed(trace, "connect") == [(rtt / 1000, "ECONNREFUSED")]


def test_the_handshake_takes_three_segments_and_connect_returns_after_one_round_trip():
    trace = registry.run("handshake", {"rtt": 100})
    assert [one.segment.flags for one in trace.segments] == [SYN, SYN | ACK, ACK]
    assert trace.calls[0] == (ms(100), 0, "connect", "ok")
    assert trace.calls[1] == (ms(150), 1, "accept", "ok")


def test_nothing_happens_in_a_handshake_after_it_is_complete():
    assert registry.run("handshake", {"rtt": 100}).end == ms(150)


@pytest.mark.parametrize("name", registry.names())
def test_every_scenario_ends_before_its_limit_and_gives_every_segment_a_reason(name: str):
    trace = registry.run(name)
    assert trace.segments
    assert trace.end <= registry.get(name).until
    for one in trace.segments:
        assert one.why is not None
        assert one.why.text
        assert one.fate in ("delivered", "lost")
