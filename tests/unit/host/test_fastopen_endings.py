"""Early connections that end before their handshake does."""

from __future__ import annotations

import pytest

from tcpcore.units import ms, seconds
from tests.states.conftest import Make
from tests.unit.host.options import listening, set_option
from tests.unit.host.test_fastopen import EARLY, SYN_ACK, TAKEN, THIRD, server


def test_closing_the_listener_resets_early_connections_that_nobody_accepted(make: Make):
    wire, listener = server(make)
    wire << EARLY
    wire >> TAKEN
    listener.close()
    wire >> "R. 1:1(0) ack 101"
    assert wire.state() == "CLOSED"


def test_closing_with_the_syns_data_unread_resets(make: Make):
    wire, listener = server(make)
    wire << EARLY
    wire >> TAKEN
    listener.accept().close()
    wire >> "R. 1:1(0) ack 101"


def test_closing_before_the_last_ack_sends_fin(make: Make):
    wire, listener = server(make)
    wire << EARLY
    wire >> TAKEN
    sock = listener.accept()
    sock.read(100)
    sock.close()
    wire >> "F. 1:1(0) ack 101"
    assert wire.state() == "FIN_WAIT_1"
    wire << ". 101:101(0) ack 2 win 65535"
    wire.quiet()
    assert wire.state() == "FIN_WAIT_2"


def test_an_answer_and_a_close_before_the_last_ack(make: Make):
    wire, listener = server(make)
    wire << EARLY
    wire >> TAKEN
    sock = listener.accept()
    sock.read(100)
    sock.write(50)
    wire >> "P. 1:51(50) ack 101"
    sock.close()
    wire >> "F. 51:51(0) ack 101"
    wire << ". 101:101(0) ack 1 win 65535"
    wire.quiet()
    assert wire.state() == "FIN_WAIT_1"
    wire << "F. 101:101(0) ack 52 win 65535"
    wire >> ". 52:52(0) ack 102"
    assert wire.state() == "TIME_WAIT"


def test_a_reset_by_the_client_ends_it(make: Make):
    wire, listener = server(make)
    wire << EARLY
    wire >> TAKEN
    sock = listener.accept()
    wire << "R 101:101(0) win 0"
    wire.quiet()
    assert wire.state() == "CLOSED"
    sock.read(100)
    sock.reading().fails("ECONNRESET")


def test_one_that_was_reset_in_the_accept_queue_is_accepted_all_the_same(make: Make):
    wire, listener = server(make)
    wire << EARLY
    wire >> TAKEN
    wire << "R 101:101(0) win 0"
    wire.quiet()
    sock = listener.accept()
    sock.read(100)
    sock.reading().fails("ECONNRESET")


def test_more_data_before_the_last_ack_completes_the_handshake(make: Make):
    wire, listener = server(make)
    wire << EARLY
    wire >> TAKEN
    wire << "P. 101:201(100) ack 1 win 65535"
    wire >> ". 1:1(0) ack 201"
    sock = listener.accept()
    sock.read(200)
    assert sock.state == "ESTABLISHED"


@pytest.mark.parametrize("ack", [0, 2, 5000])
def test_an_ack_of_what_was_not_sent_is_no_last_ack(make: Make, ack: int):
    wire, _ = server(make)
    wire << EARLY
    wire >> TAKEN
    wire << f". 101:101(0) ack {ack} win 65535"
    if ack:
        wire >> f"R {ack}:{ack}(0) win 0"
    assert wire.state() == "SYN_RECV"


def test_a_client_that_defers_saves_the_last_ack_for_its_data(make: Make):
    wire = make(tcp_timestamps=0, tcp_sack=0, tcp_window_scaling=0)
    sock = wire.socket(wire.port)
    set_option(sock, "TCP_DEFER_ACCEPT", 1)
    call = sock.connect()
    wire >> "S 0:0(0) <mss 1460>"
    wire << "S. 0:0(0) ack 1 win 65535 <mss 1460>"
    wire.quiet()
    call.returns(None)
    sock.write(10)
    wire >> "P. 1:11(10) ack 1"


def test_such_a_client_sends_the_ack_after_200_ms_alone(make: Make):
    wire = make(tcp_timestamps=0, tcp_sack=0, tcp_window_scaling=0)
    sock = wire.socket(wire.port)
    set_option(sock, "TCP_DEFER_ACCEPT", 1)
    sock.connect()
    wire >> "S 0:0(0) <mss 1460>"
    wire << "S. 0:0(0) ack 1 win 65535 <mss 1460>"
    wire.after(ms(200)) >> ". 1:1(0) ack 1"


def test_a_listener_without_the_option_is_not_changed_by_the_sysctl_alone(make: Make):
    wire = make(tcp_fastopen=3)
    listening(wire)
    wire << EARLY
    wire >> SYN_ACK
    wire.after(seconds(1)) >> SYN_ACK


def test_the_last_ack_may_be_late(make: Make):
    wire, listener = server(make)
    wire << EARLY
    wire >> TAKEN
    sock = listener.accept()
    sock.read(100)
    sock.write(50)
    wire >> "P. 1:51(50) ack 101"
    wire.after(seconds(1)) >> TAKEN
    wire << THIRD
    wire.quiet()
    assert sock.state == "ESTABLISHED"


def test_an_early_connection_answers_as_a_request_does(make: Make):
    """Its ACKs offer the first window, cut by the scale, and carry no SACK."""
    wire, _ = server(make)
    wire << EARLY.replace("mss 1460", "mss 1460,nop,nop,sackOK,nop,wscale 7")
    wire >> "S. 0:0(0) ack 101 win 64240 <...>"
    wire << "P. 1:51(50) ack 1 win 65535"
    wire >> ". 1:1(0) ack 101 win 62"
    wire << "R 5000:5000(0) win 0"
    wire >> ". 1:1(0) ack 101 win 62"
    assert wire.count("TcpExtTCPChallengeACK") == 1
    assert wire.count("TcpExtTCPACKSkippedSynRecv") == 0
    wire << ". 5:5(0) ack 1 win 65535"
    wire.quiet()
    assert wire.count("TcpExtTCPACKSkippedSynRecv") == 1


def test_a_reset_of_an_early_connection_counts_as_two_failed_attempts(make: Make):
    wire, listener = server(make)
    wire << EARLY
    wire >> TAKEN
    listener.accept()
    wire << "R 101:101(0) win 0"
    wire.quiet()
    assert wire.count("TcpAttemptFails") == 2
