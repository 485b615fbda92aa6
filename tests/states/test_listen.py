"""LISTEN: what a listening port answers to what is no SYN, and to SYNs."""

from __future__ import annotations

import pytest

from tests.states.conftest import Make
from tests.unit.host.options import listening


def test_a_syn_is_answered_with_syn_and_ack_and_the_listener_stays(make: Make):
    wire = make()
    wire.listen()
    wire << "S 0:0(0) win 65535 <mss 1460>"
    wire >> "S. 0:0(0) ack 1 win 64240 <mss 1460>"
    assert wire.state() == "SYN_RECV"


def test_the_syn_ack_takes_up_the_options_that_were_offered(make: Make):
    wire = make()
    wire.listen()
    wire << "S 0:0(0) win 65535 <mss 1400,sackOK,TS val 700 ecr 0,nop,wscale 7>"
    wire >> "S. 0:0(0) ack 1 win 65160 <mss 1460,sackOK,TS val 0 ecr 700,nop,wscale 10>"


@pytest.mark.parametrize(
    ("offered", "answered"),
    [
        ("mss 1460,sackOK", "mss 1460,nop,nop,sackOK"),
        ("mss 1460,nop,wscale 3", "mss 1460,nop,wscale 10"),
        ("mss 1460,TS val 5 ecr 0", "mss 1460,nop,nop,TS val 0 ecr 5"),
        ("mss 536", "mss 1460"),
    ],
)
def test_only_what_was_offered_is_answered(make: Make, offered: str, answered: str):
    wire = make()
    wire.listen()
    wire << f"S 0:0(0) win 65535 <{offered}>"
    wire >> f"S. 0:0(0) ack 1 <{answered}>"


def test_an_ack_to_a_listener_is_answered_with_rst_at_the_number_it_acknowledges(make: Make):
    wire = make()
    wire.listen()
    wire << ". 1:1(0) ack 5000 win 65535"
    wire >> "R 5000:5000(0) win 0"


def test_a_syn_ack_to_a_listener_is_answered_with_rst(make: Make):
    wire = make()
    wire.listen()
    wire << "S. 0:0(0) ack 5000 win 65535"
    wire >> "R 5000:5000(0) win 0"


@pytest.mark.parametrize("flags", ["R", "-", "P", "F", "SF", "FP"])
def test_what_is_neither_a_syn_nor_an_ack_is_dropped_in_silence(make: Make, flags: str):
    wire = make()
    wire.listen()
    wire << f"{flags} 0:0(0) win 65535"
    wire.quiet()
    assert wire.state() == "CLOSED"


def test_a_rst_with_ack_is_dropped_in_silence(make: Make):
    wire = make()
    wire.listen()
    wire << "R. 0:0(0) ack 5 win 65535"
    wire.quiet()


def test_a_syn_with_data_is_answered_and_the_data_is_not_acknowledged(make: Make):
    wire = make()
    wire.listen()
    wire << "S 0:100(100) win 65535 <mss 1460>"
    wire >> "S. 0:0(0) ack 1 <mss 1460>"


def test_the_syn_queue_holds_one_more_than_the_backlog(make: Make):
    wire = make(tcp_syncookies=0)
    wire.listen(8)
    for number in range(9):
        peer = wire.other(41000 + number)
        peer << "S 0:0(0) win 65535 <mss 1460>"
        peer >> "S. 0:0(0) ack 1 <mss 1460>"
    wire.other(42000) << "S 0:0(0) win 65535 <mss 1460>"
    wire.quiet()
    assert wire.count("TcpExtListenDrops") == 1
    assert wire.count("TcpExtListenOverflows") == 0
    assert wire.count("TcpExtTCPReqQFullDrop") == 1


def test_the_accept_queue_holds_one_more_than_the_backlog_and_then_drops_syns(make: Make):
    wire = make()
    wire.listen(2)
    for number in range(3):
        peer = wire.other(41000 + number)
        peer << "S 0:0(0) win 65535 <mss 1460>"
        peer >> "S. 0:0(0) ack 1 <mss 1460>"
        peer << ". 1:1(0) ack 1 win 65535"
        wire.quiet()
    wire.other(42000) << "S 0:0(0) win 65535 <mss 1460>"
    wire.quiet()
    assert wire.count("TcpExtListenDrops") == 1
    assert wire.count("TcpExtListenOverflows") == 1


@pytest.mark.parametrize("abort", [0, 1])
def test_the_last_ack_finds_the_accept_queue_full(make: Make, abort: int):
    wire = make(tcp_abort_on_overflow=abort)
    wire.listen(1)
    peers = [wire.other(41001 + number) for number in range(3)]
    for number, peer in enumerate(peers):
        peer << "S 0:0(0) win 65535 <mss 1460>"
        peer >> "S. 0:0(0) ack 1 <mss 1460>"
        if number == 1:
            peers[0] << ". 1:1(0) ack 1 win 65535"
    peers[1] << ". 1:1(0) ack 1 win 65535"
    peers[2] << ". 1:1(0) ack 1 win 65535"
    if abort:
        peers[2] >> "R 1:1(0) win 0"
        assert wire.state(41003) == "CLOSED"
    else:
        wire.quiet()
        assert wire.state(41003) == "SYN_RECV"
    assert wire.count("TcpExtListenDrops") == 1
    assert wire.count("TcpExtListenOverflows") == 1


def test_closing_the_listener_resets_what_nobody_accepted(make: Make):
    wire = make()
    listener = wire.listen()
    wire << "S 0:0(0) win 65535 <mss 1460>"
    wire >> "S. 0:0(0) ack 1 <mss 1460>"
    wire << ". 1:1(0) ack 1 win 65535"
    listener.close()
    wire >> "R. 1:1(0) ack 1 <...>"


def test_after_the_listener_is_closed_the_last_ack_is_refused(make: Make):
    wire = make()
    listener = wire.listen()
    wire << "S 0:0(0) win 65535 <mss 1460>"
    wire >> "S. 0:0(0) ack 1 <mss 1460>"
    listener.close()
    wire << ". 1:1(0) ack 1 win 65535"
    wire >> "R 1:1(0) win 0"


def test_a_listeners_receive_buffer_decides_the_window_that_its_syn_ack_offers(make: Make):
    wire = make()
    listening(wire, SO_RCVBUF=4000)
    wire << "S 0:0(0) win 65535 <mss 1460>"
    wire >> "S. 0:0(0) ack 1 win 2920 <mss 1460>"
