"""TIME_WAIT: the connection is over; old segments of it may still come."""

from __future__ import annotations

import pytest

from tcpcore.units import seconds
from tests.notation import Wire
from tests.states.conftest import Make
from tests.states.worlds import time_wait


def test_it_lasts_60_s_to_the_microsecond():
    wire = Wire()
    time_wait(wire)
    wire.silent(seconds(60) - 1)
    assert wire.state() == "TIME_WAIT"
    wire.silent(1)
    assert wire.state() == "CLOSED"


def test_their_fin_again_is_acknowledged_again_and_the_time_starts_anew():
    wire = Wire()
    time_wait(wire)
    wire.silent(seconds(30))
    wire << "F. 1:1(0) ack 2 win 65535"
    wire >> ". 2:2(0) ack 2"
    wire.silent(seconds(60) - 1)
    assert wire.state() == "TIME_WAIT"
    wire.silent(1)
    assert wire.state() == "CLOSED"


def test_the_fin_again_is_acknowledged_every_time(make: Make):
    wire = make()
    time_wait(wire)
    for _ in range(3):
        wire << "F. 1:1(0) ack 2 win 65535"
        wire >> ". 2:2(0) ack 2"


def test_an_rst_at_the_next_number_assassinates_it(make: Make):
    wire = make()
    time_wait(wire)
    wire << "R 2:2(0) win 0"
    wire.quiet()
    assert wire.state() == "CLOSED"


def test_tcp_rfc1337_forbids_that(make: Make):
    wire = make(tcp_rfc1337=1)
    time_wait(wire)
    wire << "R 2:2(0) win 0"
    wire.quiet()
    assert wire.state() == "TIME_WAIT"


@pytest.mark.parametrize("seq", [1, 3, 500])
def test_an_rst_elsewhere_is_dropped(make: Make, seq: int):
    wire = make()
    time_wait(wire)
    wire << f"R {seq}:{seq}(0) win 0"
    wire.quiet()
    assert wire.state() == "TIME_WAIT"


def test_a_newer_syn_opens_a_new_connection_at_once(make: Make):
    wire = make()
    time_wait(wire)
    wire << "S 100:100(0) win 65535 <mss 1460>"
    found = wire.take(40000, "SYN+ACK")
    assert found.flags == 0x12
    assert wire.state() == "SYN_RECV"


def test_an_older_syn_is_answered_with_what_is_expected(make: Make):
    wire = make()
    time_wait(wire)
    wire << "S 1:1(0) win 65535 <mss 1460>"
    wire >> ". 2:2(0) ack 2"
    assert wire.state() == "TIME_WAIT"


def test_a_bare_ack_is_silently_taken(make: Make):
    wire = make()
    time_wait(wire)
    wire << ". 2:2(0) ack 2 win 65535"
    wire.quiet()
    assert wire.state() == "TIME_WAIT"


def test_the_application_reads_end_of_file_and_cannot_write_or_shut_down(make: Make):
    wire = make()
    sock = time_wait(wire)
    sock.read(0)
    sock.write(1).fails("EPIPE")
    sock.shutdown("write").fails("ENOTCONN")
