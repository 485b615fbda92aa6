"""LAST_ACK: the peer's FIN came first, ours waits for its ACK."""

from __future__ import annotations

import pytest

from tests.notation import Wire
from tests.states.conftest import Make
from tests.states.worlds import RTO, last_ack


def test_the_ack_of_our_fin_ends_the_connection(make: Make):
    wire = make()
    last_ack(wire)
    wire << ". 2:2(0) ack 2 win 65535"
    wire.quiet()
    assert wire.state() == "CLOSED"


def test_our_fin_is_sent_again(make: Make):
    wire = make()
    last_ack(wire)
    wire.after(RTO) >> "F. 1:1(0) ack 2"
    wire.after(2 * RTO) >> "F. 1:1(0) ack 2"


def test_their_fin_again_is_acknowledged_again(make: Make):
    wire = make()
    last_ack(wire)
    wire << "F. 1:1(0) ack 1 win 65535"
    wire >> ". 2:2(0) ack 2"


@pytest.mark.parametrize("seq", [0, 2, 5000])
def test_a_syn_is_challenged_and_the_rst_that_answers_ends_it(make: Make, seq: int):
    wire = make()
    last_ack(wire)
    wire << f"S {seq}:{seq}(0) win 65535 <mss 1460>"
    wire >> ". 2:2(0) ack 2"
    assert wire.state() == "LAST_ACK"
    wire << "R 2:2(0) win 0"
    wire.quiet()
    assert wire.state() == "CLOSED"


def test_rst_one_before_the_next_number_ends_it_too(make: Make):
    wire = make()
    last_ack(wire)
    wire << "R 1:1(0) win 0"
    wire.quiet()
    assert wire.state() == "CLOSED"


def test_an_orphan_gives_up_after_102_2_s():
    wire = Wire()
    last_ack(wire)
    for number in range(8):
        wire.after(RTO << number) >> "F. 1:1(0) ack 2"
    wire.silent((RTO << 8) - 1)
    assert wire.state() == "LAST_ACK"
    wire.silent(1)
    assert wire.state() == "CLOSED"


def test_close_with_unread_data_resets_even_now(make: Make):
    wire = make()
    sock = wire.accepted()
    wire << "FP. 1:101(100) ack 1 win 65535"
    sock.shutdown("write")
    found = wire.take(40000, "FIN")
    if not found.flags & 1:  # a slow script's kernel may have sent the delayed ACK first
        found = wire.take(40000, "FIN")
    assert found.flags & 1
    sock.close()
    wire >> "R. 2:2(0) ack 102"
    assert wire.state() == "CLOSED"
