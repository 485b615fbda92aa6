"""FIN_WAIT_1: our FIN is on its way."""

from __future__ import annotations

import pytest

from tests.notation import Wire
from tests.states.conftest import Make
from tests.states.worlds import RTO, fin_wait_1


def test_the_ack_of_our_fin_leads_to_fin_wait_2(make: Make):
    wire = make()
    fin_wait_1(wire)
    wire << ". 1:1(0) ack 2 win 65535"
    wire.quiet()
    assert wire.state() == "FIN_WAIT_2"


def test_a_fin_that_does_not_acknowledge_ours_leads_to_closing(make: Make):
    wire = make()
    fin_wait_1(wire)
    wire << "F. 1:1(0) ack 1 win 65535"
    wire >> ". 2:2(0) ack 2"
    assert wire.state() == "CLOSING"


def test_a_fin_that_acknowledges_ours_leads_to_time_wait(make: Make):
    wire = make()
    fin_wait_1(wire)
    wire << "F. 1:1(0) ack 2 win 65535"
    wire >> ". 2:2(0) ack 2"
    assert wire.state() == "TIME_WAIT"


def test_data_is_still_taken_and_read(make: Make):
    wire = make()
    sock = fin_wait_1(wire)
    wire << "P. 1:101(100) ack 1 win 65535"
    wire >> ". 2:2(0) ack 101"
    sock.read(100)


@pytest.mark.parametrize("ack", [1, 2])
def test_data_for_an_orphan_is_reset_at_the_number_that_it_acknowledges(make: Make, ack: int):
    wire = make()
    fin_wait_1(wire, orphan=True)
    wire << f"P. 1:101(100) ack {ack} win 65535"
    wire >> f"R {ack}:{ack}(0) win 0"
    assert wire.state() == "CLOSED"


def test_data_after_both_sides_are_shut_down_is_reset(make: Make):
    wire = make()
    sock = fin_wait_1(wire)
    sock.shutdown("both")
    wire << "P. 1:101(100) ack 1 win 65535"
    wire >> "R 1:1(0) win 0"
    assert wire.state() == "CLOSED"


def test_rst_ends_it(make: Make):
    wire = make()
    sock = fin_wait_1(wire)
    wire << "R 1:1(0) win 0"
    assert wire.state() == "CLOSED"
    sock.reading().fails("ECONNRESET")


def test_writing_after_shutdown_fails_with_epipe(make: Make):
    wire = make()
    fin_wait_1(wire).write(1).fails("EPIPE")


def test_the_fin_is_sent_again(make: Make):
    wire = make()
    fin_wait_1(wire)
    wire.after(RTO) >> "F. 1:1(0) ack 1"
    wire.after(2 * RTO) >> "F. 1:1(0) ack 1"
    wire.after(4 * RTO) >> "F. 1:1(0) ack 1"


def test_an_orphan_gives_up_after_eight_retransmissions():
    wire = Wire()
    fin_wait_1(wire, orphan=True)
    for number in range(8):
        wire.after(RTO << number) >> "F. 1:1(0) ack 1"
    wire.silent((RTO << 8) - 1)
    assert wire.state() == "FIN_WAIT_1"
    wire.silent(1)
    assert wire.now == 511 * RTO
    assert wire.state() == "CLOSED"


def test_an_old_segment_is_answered(make: Make):
    wire = make()
    fin_wait_1(wire)
    wire << ". 0:0(0) ack 1 win 65535"
    wire >> ". 2:2(0) ack 1"
