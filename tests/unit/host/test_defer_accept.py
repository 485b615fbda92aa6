"""TCP_DEFER_ACCEPT: a connection without data is not worth waking anybody (fact K35)."""

from __future__ import annotations

import pytest

from tcpcore.units import MICROSECOND, seconds
from tests.notation import Wire
from tests.states.conftest import Make
from tests.unit.host.options import get_option, listening, set_option

SYN = "S 0:0(0) win 65535 <mss 1460>"
SYN_ACK = "S. 0:0(0) ack 1 <mss 1460>"
THIRD = ". 1:1(0) ack 1 win 65535"


@pytest.mark.parametrize(
    ("asked", "kept"),
    [(0, 0), (-5, 0), (1, 1), (2, 3), (3, 3), (4, 7), (5, 7), (7, 7), (8, 15), (15, 15), (16, 31),
     (63, 63), (64, 127), (127, 127), (128, 247), (247, 247), (248, 367)],
)  # fmt: skip
def test_the_period_is_rounded_up_to_time_outs_of_the_syn_ack(make: Make, asked: int, kept: int):
    sock = make().socket()
    set_option(sock, "TCP_DEFER_ACCEPT", asked)
    assert get_option(sock, "TCP_DEFER_ACCEPT") == kept


def test_a_bare_ack_leaves_the_request_where_it_is(make: Make):
    wire = make()
    listener = listening(wire, TCP_DEFER_ACCEPT=5)
    wire << SYN
    wire >> SYN_ACK
    wire << THIRD
    wire.quiet()
    assert wire.state() == "SYN_RECV"
    assert wire.count("TcpExtTCPDeferAcceptDrop") == 1
    listener.accepting().blocks()


def test_data_opens_the_connection(make: Make):
    wire = make()
    listener = listening(wire, TCP_DEFER_ACCEPT=5)
    wire << SYN
    wire >> SYN_ACK
    wire << THIRD
    wire << "P. 1:101(100) ack 1 win 65535"
    wire >> ". 1:1(0) ack 101"
    listener.accept().read(100)


def test_a_fin_opens_it_too(make: Make):
    wire = make()
    listener = listening(wire, TCP_DEFER_ACCEPT=5)
    wire << SYN
    wire >> SYN_ACK
    wire << THIRD
    wire << "F. 1:1(0) ack 1 win 65535"
    sock = listener.accept()
    assert sock.state == "CLOSE_WAIT"


def test_one_second_ends_with_the_first_time_out(make: Make):
    wire = make()
    listener = listening(wire, TCP_DEFER_ACCEPT=1)
    wire << SYN
    wire >> SYN_ACK
    wire << THIRD
    wire.after(seconds(1)) >> SYN_ACK
    wire << THIRD
    wire.quiet()
    assert listener.accept().state == "ESTABLISHED"


def test_three_seconds_are_silent_after_one(make: Make):
    wire = make()
    listener = listening(wire, TCP_DEFER_ACCEPT=3)
    wire << SYN
    wire >> SYN_ACK
    wire << THIRD
    wire.after(seconds(3)) >> SYN_ACK
    wire << THIRD
    wire.quiet()
    assert listener.accept().state == "ESTABLISHED"


def test_five_seconds_are_seven_and_then_the_next_bare_ack_is_enough():
    wire = Wire()
    listener = listening(wire, TCP_DEFER_ACCEPT=5)
    wire << SYN
    wire >> SYN_ACK
    wire << THIRD
    wire.silent(seconds(7) - MICROSECOND)
    wire << THIRD
    wire.quiet()
    assert wire.state() == "SYN_RECV"
    wire.after(MICROSECOND) >> SYN_ACK
    wire << THIRD
    wire.quiet()
    assert listener.accept().state == "ESTABLISHED"


def test_a_client_that_never_acknowledges_is_asked_again_as_usual():
    wire = Wire()
    listening(wire, TCP_DEFER_ACCEPT=5)
    wire << SYN
    wire >> SYN_ACK
    for wait in (1, 2, 4, 8, 16):
        wire.after(seconds(wait)) >> SYN_ACK
    wire.silent(seconds(32) - MICROSECOND)
    assert wire.state() == "SYN_RECV"
    wire.silent(MICROSECOND)
    assert wire.state() == "CLOSED"


def test_a_long_period_keeps_an_acknowledged_request_beyond_the_usual_limit():
    wire = Wire(tcp_synack_retries=2)
    listening(wire, TCP_DEFER_ACCEPT=15)
    wire << SYN
    wire >> SYN_ACK
    wire << THIRD
    wire.silent(seconds(15) - MICROSECOND)
    assert wire.state() == "SYN_RECV"
    wire.after(MICROSECOND) >> SYN_ACK
    wire.silent(seconds(16) - MICROSECOND)
    assert wire.state() == "SYN_RECV"
    wire.silent(MICROSECOND)
    assert wire.state() == "CLOSED"


def test_the_option_may_change_while_the_socket_listens(make: Make):
    wire = make()
    listener = listening(wire, TCP_DEFER_ACCEPT=5)
    wire << SYN
    wire >> SYN_ACK
    wire << THIRD
    set_option(listener, "TCP_DEFER_ACCEPT", 0)
    wire << THIRD
    wire.quiet()
    assert listener.accept().state == "ESTABLISHED"
