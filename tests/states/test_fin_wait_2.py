"""FIN_WAIT_2: our FIN is acknowledged, the peer's has not come."""

from __future__ import annotations

import pytest

from tcpcore.units import minutes, seconds
from tests.notation import Wire
from tests.states.conftest import Make
from tests.states.worlds import fin_wait_2


def test_the_peers_fin_leads_to_time_wait(make: Make):
    wire = make()
    fin_wait_2(wire)
    wire << "F. 1:1(0) ack 2 win 65535"
    wire >> ". 2:2(0) ack 2"
    assert wire.state() == "TIME_WAIT"


def test_data_is_still_taken_then_the_fin(make: Make):
    wire = make()
    sock = fin_wait_2(wire)
    wire << "P. 1:101(100) ack 2 win 65535"
    wire >> ". 2:2(0) ack 101"
    wire << "F. 101:101(0) ack 2 win 65535"
    wire >> ". 2:2(0) ack 102"
    sock.read(100)
    sock.read(0)


@pytest.mark.parametrize("arrives", ["P. 1:101(100) ack 2", "FP. 1:101(100) ack 2"])
def test_data_for_an_orphan_is_reset(make: Make, arrives: str):
    wire = make()
    fin_wait_2(wire, orphan=True)
    wire << f"{arrives} win 65535"
    wire >> "R 2:2(0) win 0"
    assert wire.state() == "CLOSED"


def test_an_orphan_takes_the_fin(make: Make):
    wire = make()
    fin_wait_2(wire, orphan=True)
    wire << "F. 1:1(0) ack 2 win 65535"
    wire >> ". 2:2(0) ack 2"
    assert wire.state() == "TIME_WAIT"


def test_an_orphan_waits_60_s_and_a_late_fin_is_reset():
    wire = Wire()
    fin_wait_2(wire, orphan=True)
    wire.silent(seconds(60) - 1)
    assert wire.state() == "FIN_WAIT_2"
    wire.silent(1)
    assert wire.state() == "CLOSED"
    wire << "F. 1:1(0) ack 2 win 65535"
    wire >> "R 2:2(0) win 0"


def test_tcp_fin_timeout_is_how_long_an_orphan_waits():
    wire = Wire(tcp_fin_timeout=2)
    fin_wait_2(wire, orphan=True)
    wire.silent(seconds(2) - 1)
    assert wire.state() == "FIN_WAIT_2"
    wire.silent(seconds(0.3))
    assert wire.state() == "CLOSED"


def test_a_socket_that_is_still_held_waits_for_ever():
    wire = Wire()
    fin_wait_2(wire)
    wire.silent(minutes(60 * 24))
    assert wire.state() == "FIN_WAIT_2"


def test_close_starts_the_60_s():
    wire = Wire()
    sock = fin_wait_2(wire)
    wire.silent(minutes(10))
    sock.close()
    wire.silent(seconds(60) - 1)
    assert wire.state() == "FIN_WAIT_2"
    wire.silent(1)
    assert wire.state() == "CLOSED"


def test_rst_ends_it(make: Make):
    wire = make()
    sock = fin_wait_2(wire)
    wire << "R 1:1(0) win 0"
    assert wire.state() == "CLOSED"
    sock.reading().fails("ECONNRESET")


@pytest.mark.parametrize("orphan", [False, True])
def test_an_ack_again_changes_nothing(make: Make, orphan: bool):
    wire = make()
    fin_wait_2(wire, orphan=orphan)
    wire << ". 1:1(0) ack 2 win 65535"
    wire.quiet()
    assert wire.state() == "FIN_WAIT_2"
