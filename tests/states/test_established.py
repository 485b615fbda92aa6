"""ESTABLISHED: data, FIN, and everything that an open connection must not believe."""

from __future__ import annotations

import pytest

from tcpcore.units import ms
from tests.notation import Wire
from tests.states.conftest import Make
from tests.states.worlds import RTO, established


def test_data_in_order_is_acknowledged_and_read(make: Make):
    wire = make()
    sock = established(wire)
    wire << "P. 1:101(100) ack 1 win 65535"
    wire >> ". 1:1(0) ack 101"
    sock.read(100)


def test_data_beyond_a_hole_is_acknowledged_at_once_and_kept(make: Make):
    wire = make()
    sock = established(wire)
    wire << "P. 101:201(100) ack 1 win 65535"
    wire >> ". 1:1(0) ack 1"
    sock.reading().blocks()
    wire << "P. 1:101(100) ack 1 win 65535"
    wire >> ". 1:1(0) ack 201"


def test_data_that_overlaps_what_came_before_is_taken_once(make: Make):
    wire = make()
    sock = established(wire)
    wire << "P. 1:101(100) ack 1 win 65535"
    wire >> ". 1:1(0) ack 101"
    wire << "P. 51:151(100) ack 1 win 65535"
    wire >> ". 1:1(0) ack 151"
    sock.read(150)


def test_data_received_before_is_acknowledged_again(make: Make):
    wire = make()
    sock = established(wire)
    wire << "P. 1:101(100) ack 1 win 65535"
    wire >> ". 1:1(0) ack 101"
    wire << "P. 1:101(100) ack 1 win 65535"
    wire >> ". 1:1(0) ack 101"
    sock.read(100)


def test_a_fin_is_end_of_file_and_its_ack_waits_for_company(make: Make):
    wire = make()
    sock = established(wire)
    wire << "F. 1:1(0) ack 1 win 65535"
    sock.read(0)
    wire.after(ms(4)) >> ". 1:1(0) ack 2"
    assert wire.state() == "CLOSE_WAIT"


def test_a_fin_and_a_close_at_once_are_one_answer():
    wire = Wire()  # a script is too slow for the 4 ms of a kernel
    sock = established(wire)
    wire << "F. 1:1(0) ack 1 win 65535"
    sock.close()
    wire >> "F. 1:1(0) ack 2"
    assert wire.state() == "LAST_ACK"


def test_a_fin_beyond_a_hole_waits_for_the_data_before_it(make: Make):
    wire = make()
    sock = established(wire)
    wire << "F. 101:101(0) ack 1 win 65535"
    wire >> ". 1:1(0) ack 1"
    assert wire.state() == "ESTABLISHED"
    wire << "P. 1:101(100) ack 1 win 65535"
    wire >> ". 1:1(0) ack 102"
    sock.read(100)
    sock.read(0)
    assert wire.state() == "CLOSE_WAIT"


def test_an_exact_rst_ends_it_and_the_application_learns_it_once(make: Make):
    wire = make()
    sock = established(wire)
    wire << "R 1:1(0) win 0"
    wire.quiet()
    assert wire.state() == "CLOSED"
    sock.reading().fails("ECONNRESET")
    sock.read(0)
    sock.write(1).fails("EPIPE")


def test_after_an_rst_a_first_write_fails_with_econnreset_and_a_second_with_epipe(make: Make):
    wire = make()
    sock = established(wire)
    wire << "R 1:1(0) win 0"
    sock.write(1).fails("ECONNRESET")
    sock.write(1).fails("EPIPE")
    sock.read(0)


def test_what_came_before_an_rst_can_still_be_read(make: Make):
    wire = make()
    sock = established(wire)
    wire << "P. 1:101(100) ack 1 win 65535"
    wire >> ". 1:1(0) ack 101"
    wire << "R 101:101(0) win 0"
    sock.read(100)
    sock.reading().fails("ECONNRESET")


@pytest.mark.parametrize("seq", [2, 500, 60000])
def test_an_rst_in_the_window_but_not_exact_is_challenged(make: Make, seq: int):
    wire = make()
    established(wire)
    wire << f"R {seq}:{seq}(0) win 0"
    wire >> ". 1:1(0) ack 1"
    assert wire.state() == "ESTABLISHED"


@pytest.mark.parametrize("seq", [0, 70000, 4_000_000_000])
def test_an_rst_outside_the_window_is_dropped(make: Make, seq: int):
    wire = make()
    established(wire)
    wire << f"R {seq}:{seq}(0) win 0"
    wire.quiet()
    assert wire.state() == "ESTABLISHED"


@pytest.mark.parametrize("seq", [0, 1, 500, 70000])
def test_a_syn_is_challenged(make: Make, seq: int):
    wire = make()
    established(wire)
    wire << f"S {seq}:{seq}(0) win 65535 <mss 1460>"
    wire >> ". 1:1(0) ack 1"
    assert wire.state() == "ESTABLISHED"


def test_a_second_challenge_within_half_a_second_is_not_sent(make: Make):
    wire = make()
    established(wire)
    wire << "S 1:1(0) win 65535 <mss 1460>"
    wire >> ". 1:1(0) ack 1"
    wire.silent(ms(400))
    wire << "R 500:500(0) win 0"
    wire.quiet()
    wire.silent(ms(200))
    wire << "R 500:500(0) win 0"
    wire >> ". 1:1(0) ack 1"


@pytest.mark.parametrize("arrives", ["P 1:11(10)", "F 1:1(0)", "- 1:1(0)"])
def test_without_ack_a_segment_is_dropped(make: Make, arrives: str):
    wire = make()
    sock = established(wire)
    wire << f"{arrives} win 65535"
    wire.quiet()
    assert wire.state() == "ESTABLISHED"
    sock.reading().blocks()


@pytest.mark.parametrize("ack", [2, 1000, 70000])
def test_an_ack_of_what_was_never_sent_is_challenged_and_its_data_dropped(make: Make, ack: int):
    wire = make()
    sock = established(wire)
    wire << f"P. 1:11(10) ack {ack} win 65535"
    wire >> ". 1:1(0) ack 1"
    sock.reading().blocks()


def test_an_ack_of_the_initial_number_right_after_the_handshake_is_challenged(make: Make):
    wire = make()
    sock = established(wire)
    wire << "P. 1:11(10) ack 0 win 65535"
    wire >> ". 1:1(0) ack 1"
    sock.reading().blocks()


def test_an_old_ack_is_no_news_but_its_data_is_taken(make: Make):
    wire = make()
    sock = established(wire)
    sock.write(100)
    wire >> "P. 1:101(100) ack 1"
    wire << ". 1:1(0) ack 101 win 65535"
    wire << "P. 1:11(10) ack 51 win 10"
    wire >> ". 101:101(0) ack 11"
    sock.write(100)
    wire >> "P. 101:201(100) ack 11"


def test_outside_the_window_the_host_says_what_it_expects(make: Make):
    wire = make()
    established(wire)
    wire << "P. 70000:70010(10) ack 1 win 65535"
    wire >> ". 1:1(0) ack 1"
    wire << "P. 70000:70010(10) ack 1 win 65535"
    wire >> ". 1:1(0) ack 1"
    wire << ". 0:0(0) ack 1 win 65535"
    wire >> ". 1:1(0) ack 1"
    wire << ". 0:0(0) ack 1 win 65535"
    wire.quiet()


def test_close_sends_fin(make: Make):
    wire = make()
    established(wire).close()
    wire >> "F. 1:1(0) ack 1"
    assert wire.state() == "FIN_WAIT_1"


def test_close_with_unread_data_resets(make: Make):
    wire = make()
    sock = established(wire)
    wire << "P. 1:101(100) ack 1 win 65535"
    wire >> ". 1:1(0) ack 101"
    sock.close()
    wire >> "R. 1:1(0) ack 101"
    assert wire.state() == "CLOSED"


def test_a_partly_acknowledged_segment_is_sent_again_from_where_it_is_missing(make: Make):
    wire = make()
    sock = established(wire)
    sock.write(1000)
    wire >> "P. 1:1001(1000) ack 1"
    wire << ". 1:1(0) ack 401 win 65535"
    wire.after(RTO) >> "P. 401:1001(600) ack 1"


def test_a_window_update_with_the_same_numbers_opens_the_window_but_does_not_shrink_it(make: Make):
    wire = make()
    sock = established(wire)
    sock.write(100)
    wire >> "P. 1:101(100) ack 1"
    wire << ". 1:1(0) ack 101 win 50"
    wire << ". 1:1(0) ack 101 win 1000"
    wire << ". 1:1(0) ack 101 win 50"
    sock.write(500)
    wire >> "P. 101:601(500) ack 1"
