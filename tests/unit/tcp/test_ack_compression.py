"""Duplicate ACKs that wait for each other: how long, how many, and what is counted."""

from __future__ import annotations

import pytest

from tcpcore.tcp import timers
from tcpcore.units import ms, us
from tests.application import Sock
from tests.notation import Wire

COMPRESSED = "TcpExtTCPAckCompressed"


def three_duplicates(**sysctls: int) -> tuple[Wire, Sock]:
    """Without timestamps, and so without a round trip: only the slack is waited."""
    wire = Wire(**sysctls)
    sock = wire.accepted("mss 1000,nop,nop,sackOK")
    sock.set("TCP_QUICKACK", 0)
    for number in range(1, 4):
        wire << f". {number}001:{number + 1}001(1000) ack 1 win 65535"
        wire >> f". 1:1(0) ack 1 <nop,nop,sack 1001:{number + 1}001>"
    return wire, sock


def test_the_fourth_waits_for_the_slack_and_stands_for_all_that_came_meanwhile():
    wire, sock = three_duplicates()
    wire << ". 4001:5001(1000) ack 1 win 65535"
    wire << ". 5001:6001(1000) ack 1 win 65535"
    [(name, _)] = timers.running(sock.connection)
    assert name == "compressed ACK"
    wire.silent(us(99))
    wire.after(us(1)) >> ". 1:1(0) ack 1 <nop,nop,sack 1001:6001>"
    assert not timers.running(sock.connection)


@pytest.mark.parametrize(
    ("srtt", "receivers", "wait"),
    [(40, 20, 1000), (20, 40, 1000), (0, 40, 2000), (40, 0, 0), (20, 20, 1000), (60, 60, 2500)],
)
def test_the_first_waits_a_twentieth_of_the_shorter_round_trip_known(
    srtt: int, receivers: int, wait: int
):
    """In ms: that of the data we send, none yet, and that of the data we get; the wait in us."""
    wire, sock = three_duplicates(tcp_comp_sack_delay_ns=2_500_000)
    sock.connection.srtt, sock.connection.tuning.rtt = ms(srtt) << 3, ms(receivers) << 3
    wire << ". 4001:5001(1000) ack 1 win 65535"
    wire.silent(us(wait + 99))
    wire.after(us(1)) >> ". 1:1(0) ack 1 <nop,nop,sack 1001:5001>"


@pytest.mark.parametrize(("came", "saved"), [(1, 0), (2, 1), (5, 4)])
def test_the_acks_that_were_saved_are_counted(came: int, saved: int):
    wire, _ = three_duplicates()
    for number in range(4, 4 + came):
        wire << f". {number}001:{number + 1}001(1000) ack 1 win 65535"
    wire.after(us(100)) >> f". 1:1(0) ack 1 <nop,nop,sack 1001:{4 + came}001>"
    assert wire.host.counters[COMPRESSED] == saved


def test_the_slack_is_a_sysctl():
    wire, _ = three_duplicates(tcp_comp_sack_slack_ns=3_000_000)
    wire << ". 4001:5001(1000) ack 1 win 65535"
    wire.after(ms(3)) >> ". 1:1(0) ack 1 <nop,nop,sack 1001:5001>"


def test_with_0_as_tcp_comp_sack_nr_none_waits():
    wire, _ = three_duplicates(tcp_comp_sack_nr=0)
    wire << ". 4001:5001(1000) ack 1 win 65535"
    wire >> ". 1:1(0) ack 1 <nop,nop,sack 1001:5001>"


def test_a_connection_that_ends_waits_for_nothing():
    wire, sock = three_duplicates()
    wire << ". 4001:5001(1000) ack 1 win 65535"
    wire << "R. 1:1(0) ack 1 win 0"
    wire.silent(ms(1))
    assert sock.state == "CLOSED"


def test_without_sack_every_segment_has_its_duplicate_ack():
    wire = Wire()
    sock = wire.accepted("mss 1000")
    sock.set("TCP_QUICKACK", 0)
    for number in range(1, 8):
        wire << f". {number}001:{number + 1}001(1000) ack 1 win 65535"
        wire >> ". 1:1(0) ack 1"
