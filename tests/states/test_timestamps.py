"""PAWS and echoes in an open connection (RFC 7323)."""

from __future__ import annotations

from typing import Any

import pytest

from tcpcore.units import ms
from tests.states.conftest import Make


def stamped(wire: Any) -> Any:
    """An open connection with timestamps; the peer's clock stands at 1000."""
    wire.listen()
    wire << "S 0:0(0) win 65535 <mss 1460,sackOK,TS val 1000 ecr 0>"
    wire >> "S. 0:0(0) ack 1 win 65160 <mss 1460,sackOK,TS val 0 ecr 1000>"
    wire << ". 1:1(0) ack 1 win 65535 <nop,nop,TS val 1000 ecr 0>"
    return wire.call_accept()


def echo(wire: Any) -> tuple[int, int]:
    """What the next segment acknowledges (relative) and echoes."""
    found = wire.take(40000, "an ACK")
    shown = wire.peer._relative(found)
    return shown.ack, shown.options[2][2]


def test_the_echo_is_of_the_segment_that_is_acknowledged(make: Make):
    wire = make()
    stamped(wire)
    wire << "P. 1:101(100) ack 1 win 65535 <nop,nop,TS val 1005 ecr 0>"
    assert echo(wire) == (101, 1005)


def test_beyond_a_hole_the_echo_stays_that_of_the_last_segment_in_order(make: Make):
    wire = make()
    stamped(wire)
    wire << "P. 101:201(100) ack 1 win 65535 <nop,nop,TS val 1007 ecr 0>"
    assert echo(wire) == (1, 1000)
    wire << "P. 1:101(100) ack 1 win 65535 <nop,nop,TS val 1003 ecr 0>"
    assert echo(wire) == (201, 1003)


def test_data_with_an_old_timestamp_is_dropped_and_answered(make: Make):
    wire = make()
    sock = stamped(wire)
    wire << "P. 1:101(100) ack 1 win 65535 <nop,nop,TS val 900 ecr 0>"
    assert echo(wire) == (1, 1000)
    sock.reading().blocks()


def test_one_tick_back_is_forgiven(make: Make):
    wire = make()
    sock = stamped(wire)
    wire << "P. 1:101(100) ack 1 win 65535 <nop,nop,TS val 999 ecr 0>"
    assert echo(wire)[0] == 101
    sock.read(100)


def test_two_ticks_back_are_not_forgiven(make: Make):
    wire = make()
    sock = stamped(wire)
    wire << "P. 1:101(100) ack 1 win 65535 <nop,nop,TS val 998 ecr 0>"
    assert echo(wire) == (1, 1000)
    sock.reading().blocks()


def test_an_rst_with_an_old_timestamp_resets(make: Make):
    wire = make()
    stamped(wire)
    wire << "R 1:1(0) win 0 <nop,nop,TS val 1 ecr 0>"
    wire.quiet()
    assert wire.state() == "CLOSED"


def test_without_the_option_data_is_taken_all_the_same(make: Make):
    wire = make()
    sock = stamped(wire)
    wire << "P. 1:101(100) ack 1 win 65535"
    assert echo(wire) == (101, 1000)
    sock.read(100)


@pytest.mark.parametrize("stamp", ["2147483600", "4294967295"])
def test_timestamps_wrap(make: Make, stamp: str):
    wire = make()
    wire.listen()
    wire << f"S 0:0(0) win 65535 <mss 1460,sackOK,TS val {stamp} ecr 0>"
    wire >> "S. 0:0(0) ack 1 <...>"
    wire << f". 1:1(0) ack 1 win 65535 <nop,nop,TS val {stamp} ecr 0>"
    later = (int(stamp) + 100) % 2**32
    wire << f"P. 1:101(100) ack 1 win 65535 <nop,nop,TS val {later} ecr 0>"
    assert echo(wire) == (101, later)


def test_an_overtaken_ack_is_dropped_in_silence_and_does_not_move_the_echo_back(make: Make):
    """Since Linux 6.14 (TCP_RFC7323_PAWS_ACK)."""
    wire = make()
    stamped(wire)
    wire << "P. 1:101(100) ack 1 win 65535 <nop,nop,TS val 1005 ecr 0>"
    assert echo(wire) == (101, 1005)
    wire << ". 1:1(0) ack 1 win 65535 <nop,nop,TS val 1000 ecr 0>"
    wire.quiet()
    wire << "P. 101:201(100) ack 1 win 65535"
    assert echo(wire) == (201, 1005)


def test_the_hosts_own_clock_ticks_in_milliseconds(make: Make):
    wire = make()
    sock = stamped(wire)
    wire.silent(ms(500))
    sock.write(10)
    found = wire.take(40000, "data")
    passed = wire.peer._relative(found).options[2][1]
    assert 495 <= passed <= 600
