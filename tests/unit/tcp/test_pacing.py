"""Pacing: who is paced, at which rate, and what a late timer changes."""

from __future__ import annotations

from typing import Any

import pytest

from tcpcore.tcp import pacing
from tcpcore.tcp.flow import UNLIMITED
from tcpcore.units import ms, seconds
from tests.notation import Wire

RTT = ms(100)
SIZE = 1000


def sender(limit: int | None = None, **sysctls: Any) -> tuple[Wire, Any]:
    """A connection that a peer opened 100 ms away; `limit` is SO_MAX_PACING_RATE."""
    wire = Wire(**sysctls)
    listener = wire.listen()
    if limit is not None:
        listener.set("SO_MAX_PACING_RATE", limit)
    wire << f"S 0:0(0) win 65535 <mss {SIZE},sackOK>"
    wire >> "S. 0:0(0) ack 1 <...>"
    wire.silent(RTT)
    wire << ". 1:1(0) ack 1 win 65535"
    return wire, wire.call_accept()


def test_without_a_round_trip_there_is_no_limit():
    sock = Wire().socket()
    assert sock.info()["pacing_rate"] == sock.info()["max_pacing_rate"] == UNLIMITED


def test_in_slow_start_the_rate_is_twice_cwnd_in_a_round_trip():
    _, sock = sender()
    assert sock.info()["pacing_rate"] == 2 * 10 * SIZE * seconds(1) // RTT


def test_near_ssthresh_and_beyond_it_is_one_fifth_more():
    wire, sock = sender()
    for ssthresh, percent in ((22, 200), (21, 120)):
        c = sock.connection
        c.ssthresh = ssthresh
        pacing.update_rate(c)
        assert sock.info()["pacing_rate"] == percent * 10 * SIZE * seconds(1) // RTT // 100
    wire.quiet()


def test_both_shares_are_sysctls():
    _, sock = sender(tcp_pacing_ss_ratio=100, tcp_pacing_ca_ratio=50)
    assert sock.info()["pacing_rate"] == 10 * SIZE * seconds(1) // RTT
    sock.connection.ssthresh = 10
    pacing.update_rate(sock.connection)
    assert sock.info()["pacing_rate"] == 5 * SIZE * seconds(1) // RTT


def test_who_does_not_ask_is_not_paced():
    wire, sock = sender()
    sock.write(10 * SIZE)
    assert len(wire.net.desk) == 10


def test_the_first_ten_segments_go_at_once_even_with_a_limit():
    wire, sock = sender(limit=10_000)
    sock.write(20 * SIZE)
    assert len(wire.net.desk) == 10


def test_the_next_burst_goes_when_the_time_of_the_last_is_over_not_before():
    """Two segments take 20 ms; the first two were so late that they count half."""
    wire, sock = sender(limit=100_000)
    sock.write(40 * SIZE)
    wire.forget()
    wire.net.go_on(wire.now + RTT)
    wire << f". 1:1(0) ack {10 * SIZE + 1} win 65535"
    for gap in (ms(10), ms(20), ms(20)):
        assert len(wire.net.desk) == 2
        wire.forget()
        wire.silent(gap - 1)
        wire.net.go_on(wire.now + 1)
    wire.forget()


def test_a_burst_that_went_late_lets_the_next_go_earlier_by_half_at_most():
    _, sock = sender(limit=100_000)
    c = sock.connection
    c.data_segs_out = 10
    c.flow.pacing_rate = 100_000
    now = 1_000_000
    for late, expected in ((0, 20_000), (5_000, 15_000), (50_000, 10_000)):
        c.last_sent_at, c.flow.wstamp = 0, (now - late) * 1000
        pacing.charge(c, 2 * SIZE, 2, now)
        assert c.flow.wstamp // 1000 - now == expected


@pytest.mark.parametrize("value", [-1, 0xFFFF_FFFF])
def test_all_bits_set_mean_no_limit(value: int):
    wire, sock = sender()
    sock.set("SO_MAX_PACING_RATE", value)
    assert sock.info()["max_pacing_rate"] == UNLIMITED
    assert not sock.connection.flow.paced
    wire.quiet()


def test_a_limit_is_shown_and_bounds_the_rate():
    wire, sock = sender()
    sock.set("SO_MAX_PACING_RATE", 50_000)
    assert sock.get("SO_MAX_PACING_RATE") == 50_000
    assert sock.info()["pacing_rate"] == sock.info()["max_pacing_rate"] == 50_000
    assert "pacing_rate 400kbps/400kbps" in wire.host.sh("ss -ti")


def test_who_was_paced_once_stays_so():
    """The kernel never sets sk_pacing_status back."""
    _, sock = sender()
    sock.set("TCP_CONGESTION", b"bbr")
    sock.set("TCP_CONGESTION", b"reno")
    assert sock.connection.flow.paced
