"""SYN_RECV: a request in the SYN queue, or a connection after a simultaneous open."""

from __future__ import annotations

import pytest

from tcpcore.units import ms, seconds
from tests.notation import Wire
from tests.states.conftest import Make
from tests.states.worlds import half_open, simultaneous


def test_the_last_ack_completes_the_handshake(make: Make):
    wire = make()
    listener = half_open(wire)
    wire << ". 1:1(0) ack 1 win 65535"
    wire.quiet()
    assert listener.accept().state == "ESTABLISHED"


def test_data_completes_the_handshake_when_the_last_ack_was_lost(make: Make):
    wire = make()
    listener = half_open(wire)
    wire << "P. 1:101(100) ack 1 win 65535"
    wire >> ". 1:1(0) ack 101"
    listener.accept().read(100)


def test_a_fin_with_data_completes_the_handshake_and_ends_the_peers_side(make: Make):
    wire = make()
    listener = half_open(wire)
    wire << "FP. 1:101(100) ack 1 win 65535"
    wire.after(ms(40)) >> ". 1:1(0) ack 102"
    sock = listener.accept()
    sock.read(100)
    sock.read(0)
    assert sock.state == "CLOSE_WAIT"


def test_the_same_syn_again_is_answered_at_once_and_the_timer_starts_anew(make: Make):
    wire = make()
    half_open(wire)
    wire.silent(ms(700))
    wire << "S 0:0(0) win 65535 <mss 1460>"
    wire >> "S. 0:0(0) ack 1 <mss 1460>"
    wire.after(seconds(1)) >> "S. 0:0(0) ack 1 <mss 1460>"


def test_two_duplicates_within_half_a_second_get_one_answer(make: Make):
    wire = make()
    half_open(wire)
    wire << "S 0:0(0) win 65535 <mss 1460>"
    wire >> "S. 0:0(0) ack 1 <mss 1460>"
    wire.silent(ms(300))
    wire << "S 0:0(0) win 65535 <mss 1460>"
    wire.quiet()
    wire.silent(ms(250))
    wire << "S 0:0(0) win 65535 <mss 1460>"
    wire >> "S. 0:0(0) ack 1 <mss 1460>"


@pytest.mark.parametrize("ack", [0, 2, 5000])
@pytest.mark.parametrize("arrives", [". 1:1(0)", "P. 1:11(10)", "F. 1:1(0)"])
def test_a_wrong_ack_is_reset_and_the_request_stays(make: Make, arrives: str, ack: int):
    wire = make()
    half_open(wire)
    wire << f"{arrives} ack {ack} win 65535"
    wire >> f"R {ack}:{ack}(0) win 0"
    assert wire.state() == "SYN_RECV"


@pytest.mark.parametrize("seq", [2, 1000])
def test_an_rst_elsewhere_in_the_window_is_challenged(make: Make, seq: int):
    """RFC 5961 §3 for requests too: Linux since 6.18."""
    wire = make()
    half_open(wire)
    wire << f"R {seq}:{seq}(0) win 0"
    wire >> ". 1:1(0) ack 1"
    assert wire.state() == "SYN_RECV"


@pytest.mark.parametrize("arrives", ["R 1:1(0)", "R. 1:1(0) ack 1", "R. 1:1(0) ack 77"])
def test_an_rst_at_the_next_number_ends_the_request(make: Make, arrives: str):
    wire = make()
    half_open(wire)
    wire << f"{arrives} win 0"
    wire.quiet()
    assert wire.state() == "CLOSED"
    assert wire.count("TcpAttemptFails") == 1


@pytest.mark.parametrize("seq", [0, 70000, 4_000_000_000])
def test_an_rst_outside_the_window_is_dropped(make: Make, seq: int):
    wire = make()
    half_open(wire)
    wire << f"R {seq}:{seq}(0) win 0"
    wire.quiet()
    assert wire.state() == "SYN_RECV"


def test_another_syn_in_the_window_is_reset_and_ends_the_request(make: Make):
    wire = make()
    half_open(wire)
    wire << "S 500:500(0) win 65535 <mss 1460>"
    wire.peer.host_isn = None  # the number 0 itself, not relative to anything
    wire >> "R. 0:0(0) ack 501 win 0"
    assert wire.state() == "CLOSED"


@pytest.mark.parametrize("arrives", ["P 1:11(10)", "- 1:1(0)", "F 1:1(0)"])
def test_without_ack_nothing_happens(make: Make, arrives: str):
    wire = make()
    half_open(wire)
    wire << f"{arrives} win 65535"
    wire.quiet()
    assert wire.state() == "SYN_RECV"


@pytest.mark.parametrize(
    "arrives", ["P. 70000:70010(10) ack 1", ". 4000000000:4000000000(0) ack 1"]
)
def test_outside_the_window_the_request_says_what_it_expects(make: Make, arrives: str):
    wire = make()
    half_open(wire)
    wire << f"{arrives} win 65535"
    wire >> ". 1:1(0) ack 1"
    assert wire.state() == "SYN_RECV"


def test_data_outside_the_window_is_answered_every_time_and_bare_acks_are_not(make: Make):
    wire = make()
    half_open(wire)
    for _ in range(3):
        wire << "P. 70000:70010(10) ack 1 win 65535"
        wire >> ". 1:1(0) ack 1"
    wire << ". 70000:70000(0) ack 1 win 65535"
    wire >> ". 1:1(0) ack 1"
    wire << ". 70000:70000(0) ack 1 win 65535"
    wire.quiet()


def test_a_syn_ack_from_the_other_end_is_out_of_the_window(make: Make):
    wire = make()
    half_open(wire)
    wire << "S. 0:0(0) ack 1 win 65535 <mss 1460>"
    wire >> ". 1:1(0) ack 1"
    assert wire.state() == "SYN_RECV"


def test_the_syn_ack_is_sent_five_times_more_and_the_request_is_gone_after_63_s():
    wire = Wire()
    half_open(wire)
    for wait in (1, 2, 4, 8, 16):
        wire.after(seconds(wait)) >> "S. 0:0(0) ack 1 win 64240 <mss 1460>"
    wire.silent(seconds(32) - 1)
    assert wire.state() == "SYN_RECV"
    wire.silent(1)
    assert wire.state() == "CLOSED"
    assert wire.count("TcpAttemptFails") == 0


# --- after a simultaneous open --------------------------------------------------------------------


def test_both_syn_acks_cross_and_both_ends_are_open(make: Make):
    wire = make()
    sock = simultaneous(wire)
    wire << "S. 0:0(0) ack 1 win 65535 <mss 1460>"
    wire >> ". 1:1(0) ack 1"
    sock.call.returns(None)
    assert wire.state() == "ESTABLISHED"


def test_an_ack_is_enough_to_open(make: Make):
    wire = make()
    sock = simultaneous(wire)
    wire << ". 1:1(0) ack 1 win 65535"
    sock.call.returns(None)
    sock.write(10)
    wire >> "P. 1:11(10) ack 1"


def test_data_that_comes_with_the_ack_is_taken(make: Make):
    wire = make()
    sock = simultaneous(wire)
    wire << "P. 1:101(100) ack 1 win 65535"
    wire >> ". 1:1(0) ack 101"
    sock.call.returns(None)
    sock.read(100)


@pytest.mark.parametrize("ack", [2, 5000])
def test_a_wrong_ack_after_a_simultaneous_open_is_reset(make: Make, ack: int):
    wire = make()
    sock = simultaneous(wire)
    wire << f". 1:1(0) ack {ack} win 65535"
    wire >> f"R {ack}:{ack}(0) win 0"
    sock.call.blocks()
    assert wire.state() == "SYN_RECV"


def test_the_same_syn_again_after_a_simultaneous_open_is_challenged(make: Make):
    wire = make()
    simultaneous(wire)
    wire << "S 0:0(0) win 65535 <mss 1460>"
    wire >> ". 1:1(0) ack 1"


def test_rst_after_a_simultaneous_open_fails_connect(make: Make):
    wire = make()
    sock = simultaneous(wire)
    wire << "R 1:1(0) win 0"
    sock.call.fails("ECONNRESET")
    assert wire.state() == "CLOSED"


def test_unanswered_the_syn_ack_goes_out_again(make: Make):
    wire = make()
    simultaneous(wire)
    wire.after(seconds(1)) >> "S. 0:0(0) ack 1 <...>"
    wire.after(seconds(2)) >> "S. 0:0(0) ack 1 <...>"
