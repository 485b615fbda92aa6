"""CLOSE_WAIT: the peer has finished, our application has not."""

from __future__ import annotations

import pytest

from tcpcore.units import minutes
from tests.notation import Wire
from tests.states.conftest import Make
from tests.states.worlds import close_wait


def test_close_sends_fin_and_leads_to_last_ack(make: Make):
    wire = make()
    close_wait(wire).close()
    wire >> "F. 1:1(0) ack 2"
    assert wire.state() == "LAST_ACK"


def test_data_can_still_be_sent(make: Make):
    wire = make()
    close_wait(wire).write(100)
    wire >> "P. 1:101(100) ack 2"


def test_it_lasts_as_long_as_the_application_likes():
    wire = Wire()
    close_wait(wire)
    wire.silent(minutes(60 * 24))
    assert wire.state() == "CLOSE_WAIT"


def test_data_from_beyond_the_peers_own_fin_is_reset(make: Make):
    wire = make()
    close_wait(wire)
    wire << "P. 1:11(10) ack 1 win 65535"  # its FIN was byte 1
    wire >> "R 1:1(0)"
    assert wire.state() == "CLOSED"


def test_data_after_the_fin_that_leaves_a_hole_is_not_answered(make: Make):
    wire = make()
    close_wait(wire)
    wire << "P. 2:12(10) ack 1 win 65535"
    wire.quiet()
    assert wire.state() == "CLOSE_WAIT"


def test_rst_gives_end_of_file_to_reads_and_epipe_to_writes(make: Make):
    wire = make()
    sock = close_wait(wire)
    wire << "R 2:2(0) win 0"
    assert wire.state() == "CLOSED"
    sock.read(0)
    sock.write(1).fails("EPIPE")
    sock.read(0)


def test_rst_one_before_the_next_number_is_taken_too(make: Make):
    """An RST that does not know of its own FIN (tcp_reset_check())."""
    wire = make()
    close_wait(wire)
    wire << "R 1:1(0) win 0"
    wire.quiet()
    assert wire.state() == "CLOSED"


def test_the_fin_again_is_acknowledged_again(make: Make):
    wire = make()
    close_wait(wire)
    wire << "F. 1:1(0) ack 1 win 65535"
    wire >> ". 1:1(0) ack 2"


@pytest.mark.parametrize("arrives", ["P. 2:12(10) ack 1", "F. 2:2(0) ack 1"])
def test_what_comes_after_the_fin_is_ignored(make: Make, arrives: str):
    wire = make()
    sock = close_wait(wire)
    wire << f"{arrives} win 65535"
    wire.quiet()
    assert wire.state() == "CLOSE_WAIT"
    sock.read(0)


def test_close_with_unread_data_resets(make: Make):
    wire = make()
    sock = wire.accepted()
    wire << "FP. 1:101(100) ack 1 win 65535"
    wire.after(40_000) >> ". 1:1(0) ack 102"
    sock.close()
    wire >> "R. 1:1(0) ack 102"
    assert wire.state() == "CLOSED"
