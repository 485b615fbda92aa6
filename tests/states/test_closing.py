"""CLOSING: both FINs crossed, ours is not acknowledged."""

from __future__ import annotations

from tests.states.conftest import Make
from tests.states.worlds import RTO, closing


def test_the_ack_of_our_fin_leads_to_time_wait(make: Make):
    wire = make()
    closing(wire)
    wire << ". 2:2(0) ack 2 win 65535"
    wire.quiet()
    assert wire.state() == "TIME_WAIT"


def test_an_ack_of_less_changes_nothing(make: Make):
    wire = make()
    closing(wire)
    wire << ". 2:2(0) ack 1 win 65535"
    wire.quiet()
    assert wire.state() == "CLOSING"


def test_our_fin_is_sent_again_and_acknowledges_theirs(make: Make):
    wire = make()
    closing(wire)
    wire.after(RTO) >> "F. 1:1(0) ack 2"


def test_their_fin_again_is_acknowledged_again(make: Make):
    wire = make()
    closing(wire)
    wire << "F. 1:1(0) ack 1 win 65535"
    wire >> ". 2:2(0) ack 2"


def test_rst_ends_it(make: Make):
    wire = make()
    closing(wire)
    wire << "R 2:2(0) win 0"
    wire.quiet()
    assert wire.state() == "CLOSED"


def test_rst_one_before_the_next_number_ends_it_too(make: Make):
    wire = make()
    closing(wire)
    wire << "R 1:1(0) win 0"
    wire.quiet()
    assert wire.state() == "CLOSED"


def test_the_application_reads_end_of_file_and_cannot_write(make: Make):
    wire = make()
    sock = closing(wire)
    sock.read(0)
    sock.write(1).fails("EPIPE")


def test_close_with_unread_data_resets_even_now(make: Make):
    wire = make()
    sock = wire.accepted()
    sock.shutdown("write")
    wire >> "F. 1:1(0) ack 1"
    wire << "FP. 1:101(100) ack 1 win 65535"
    wire >> ". 2:2(0) ack 102"
    assert wire.state() == "CLOSING"
    sock.close()
    wire >> "R. 2:2(0) ack 102"
    assert wire.state() == "CLOSED"


def test_their_fin_again_that_acknowledges_ours_is_not_answered(make: Make):
    wire = make()
    closing(wire)
    wire << "F. 1:1(0) ack 2 win 65535"
    wire.quiet()
    assert wire.state() == "TIME_WAIT"
