"""SYN_SENT: connect() waits for the answer to its SYN (RFC 9293 §3.10.7.3)."""

from __future__ import annotations

import pytest

from tcpcore.units import ms, seconds
from tests.notation import Wire
from tests.states.conftest import Make
from tests.states.worlds import syn_sent


def test_a_syn_ack_opens_the_connection_and_is_acknowledged(make: Make):
    wire = make()
    sock = syn_sent(wire)
    wire << "S. 0:0(0) ack 1 win 65535 <mss 1460>"
    wire >> ". 1:1(0) ack 1 win 64240"
    sock.call.returns(None)
    assert wire.state() == "ESTABLISHED"


def test_rst_with_the_right_ack_refuses(make: Make):
    wire = make()
    sock = syn_sent(wire)
    wire << "R. 0:0(0) ack 1 win 0"
    wire.quiet()
    sock.call.fails("ECONNREFUSED")
    assert wire.state() == "CLOSED"


@pytest.mark.parametrize("ack", [0, 2, 4_000_000_000])
def test_rst_with_another_ack_is_ignored(make: Make, ack: int):
    """The peer answers another connection's SYN, so ours goes out again soon, not after 1 s."""
    wire = make()
    sock = syn_sent(wire)
    wire << f"R. 0:0(0) ack {ack} win 0"
    sock.call.blocks()
    wire.after(ms(8)) >> "S 0:0(0) <...>"
    assert wire.state() == "SYN_SENT"


def test_rst_without_ack_is_ignored(make: Make):
    wire = make()
    sock = syn_sent(wire)
    wire << "R 0:0(0) win 0"
    wire.quiet()
    sock.call.blocks()


@pytest.mark.parametrize("arrives", [". 0:0(0) ack {}", "S. 0:0(0) ack {}", "F. 9:9(0) ack {}"])
@pytest.mark.parametrize("ack", [0, 2, 70000])
def test_an_ack_of_something_else_is_reset_and_the_syn_is_sent_again_at_once(
    make: Make, arrives: str, ack: int
):
    wire = make()
    sock = syn_sent(wire)
    wire << arrives.format(ack) + " win 65535"
    wire >> f"R {ack}:{ack}(0) win 0"
    sock.call.blocks()
    wire.after(ms(8)) >> "S 0:0(0) <...>"
    wire << "S. 0:0(0) ack 1 win 65535 <mss 1460>"
    wire >> ". 1:1(0) ack 1"
    sock.call.returns(None)


def test_after_a_first_time_out_a_wrong_ack_no_longer_hurries(make: Make):
    wire = make()
    syn_sent(wire)
    wire.after(seconds(1)) >> "S 0:0(0) <...>"
    wire << ". 0:0(0) ack 70000 win 65535"
    wire >> "R 70000:70000(0) win 0"
    wire.after(seconds(1)) >> "S 0:0(0) <...>"


@pytest.mark.parametrize(
    "arrives", [". 0:0(0) ack 1", "F. 0:0(0) ack 1", "P. 1:11(10) ack 1", "F 0:0(0)", "- 0:0(0)"]
)
def test_what_has_neither_syn_nor_rst_is_dropped(make: Make, arrives: str):
    wire = make()
    sock = syn_sent(wire)
    wire << f"{arrives} win 65535"
    wire.quiet()
    sock.call.blocks()


def test_a_syn_that_crosses_ours_is_answered_with_syn_ack(make: Make):
    """Linux sends its SYN again, now with ACK: the options are those of the SYN."""
    wire = make(tcp_timestamps=0)
    sock = syn_sent(wire)
    wire << "S 0:0(0) win 65535 <mss 1460,nop,wscale 7>"
    wire >> "S. 0:0(0) ack 1 win 64240 <mss 1460,nop,nop,sackOK,nop,wscale 10>"
    assert wire.state() == "SYN_RECV"
    sock.call.blocks()


def test_data_in_the_syn_ack_is_not_taken(make: Make):
    wire = make()
    sock = syn_sent(wire)
    wire << "S. 0:100(100) ack 1 win 65535 <mss 1460>"
    wire >> ". 1:1(0) ack 1"
    sock.call.returns(None)


def test_nobody_answers_and_close_forgets_the_attempt_without_a_word():
    wire = Wire()
    sock = wire.socket(8888)
    sock.connect(timeout=ms(200))
    wire >> "S 0:0(0) <...>"
    wire.silent(ms(200))
    sock.close()
    wire.quiet()
    assert wire.state() == "CLOSED"
    wire << "S. 0:0(0) ack 1 win 65535 <mss 1460>"
    wire >> "R 1:1(0) win 0"


def test_the_syn_is_sent_again_after_one_second_to_the_microsecond(make: Make):
    wire = make()
    syn_sent(wire)
    wire.after(seconds(1)) >> "S 0:0(0) win 64240 <...>"
    wire.after(seconds(1)) >> "S 0:0(0) win 64240 <...>"
