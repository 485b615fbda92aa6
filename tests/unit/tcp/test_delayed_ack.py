"""When data is acknowledged: at once, with the second segment, or after 40 ms."""

from __future__ import annotations

import pytest

from tcpcore.units import ms, seconds
from tests.notation import Wire
from tests.states import worlds
from tests.states.conftest import Make


def test_the_first_segments_are_acknowledged_at_once(make: Make):
    wire = make()
    worlds.established(wire)
    for number in range(4):
        start = 1 + 100 * number
        wire << f"P. {start}:{start + 100}(100) ack 1 win 65535"
        wire >> f". 1:1(0) ack {start + 100}"


def test_an_answer_makes_it_a_conversation_and_acks_then_wait_40_ms(make: Make):
    wire = make()
    sock = worlds.established(wire)
    wire << "P. 1:101(100) ack 1 win 65535"
    wire >> ". 1:1(0) ack 101"
    sock.read(100)
    sock.write(50)
    wire >> "P. 1:51(50) ack 101"
    wire << "P. 101:201(100) ack 51 win 65535"
    wire.after(ms(40)) >> ". 51:51(0) ack 201"


def test_an_answer_carries_the_ack(make: Make):
    wire = make()
    sock = worlds.established(wire)
    wire << "P. 1:101(100) ack 1 win 65535"
    wire >> ". 1:1(0) ack 101"
    sock.write(50)
    wire >> "P. 1:51(50) ack 101"
    wire << "P. 101:201(100) ack 51 win 65535"
    sock.write(50)
    wire >> "P. 51:101(50) ack 201"
    wire << ". 201:201(0) ack 101 win 65535"
    wire.silent(ms(300))


def test_more_than_a_segment_without_ack_is_acknowledged_at_once(make: Make):
    wire = make()
    sock = worlds.established(wire)
    wire << "P. 1:1461(1460) ack 1 win 65535"
    wire >> ". 1:1(0) ack 1461"
    sock.read(1460)
    sock.write(50)
    wire >> "P. 1:51(50) ack 1461"
    wire << ". 1461:2921(1460) ack 51 win 65535"
    wire.quiet()
    wire << ". 2921:4381(1460) ack 51 win 65535"
    wire >> ". 51:51(0) ack 4381"


def test_after_22_full_segments_one_at_a_time_each_waits_40_ms():
    """As on Linux 6.18: 6 while the peer's MSS is being guessed, then 16 more."""
    wire = Wire()
    sock = worlds.established(wire)
    for number in range(30):
        start = 1 + 1460 * number
        wire << f". {start}:{start + 1460}(1460) ack 1 win 65535"
        if number >= 22:
            wire.after(ms(40))
        wire >> f". 1:1(0) ack {start + 1460}"
        sock.read(1460)


def test_the_ack_of_a_fin_alone_waits_one_tick_in_a_fresh_connection():
    wire = Wire()
    worlds.established(wire)
    wire << "F. 1:1(0) ack 1 win 65535"
    wire.after(ms(4)) >> ". 1:1(0) ack 2"


def test_the_ack_of_a_fin_waits_40_ms_once_data_has_come(make: Make):
    wire = make()
    sock = worlds.established(wire)
    wire << "P. 1:101(100) ack 1 win 65535"
    wire >> ". 1:1(0) ack 101"
    sock.read(100)
    wire << "F. 101:101(0) ack 1 win 65535"
    wire.after(ms(40)) >> ". 1:1(0) ack 102"


def test_after_a_long_pause_acks_are_quick_again(make: Make):
    wire = make()
    sock = worlds.established(wire)
    wire << "P. 1:101(100) ack 1 win 65535"
    wire >> ". 1:1(0) ack 101"
    sock.write(50)
    wire >> "P. 1:51(50) ack 101"
    wire << "P. 101:201(100) ack 51 win 65535"
    wire.after(ms(40)) >> ". 51:51(0) ack 201"
    wire.silent(seconds(2))
    wire << "P. 201:301(100) ack 51 win 65535"
    wire >> ". 51:51(0) ack 301"


def test_reading_does_not_acknowledge_what_the_answer_will():
    wire = Wire()
    sock = worlds.established(wire)
    wire << "P. 1:101(100) ack 1 win 65535"
    wire >> ". 1:1(0) ack 101"
    sock.write(50)
    wire >> "P. 1:51(50) ack 101"
    wire << "P. 101:201(100) ack 51 win 65535"
    sock.read(200)
    wire.silent(ms(40) - 1)


@pytest.mark.parametrize(("beyond", "quick"), [(13, True), (14, False)])
def test_acks_of_what_lies_beyond_a_hole_are_quick_ones_and_use_them_up(
    make: Make, beyond: int, quick: bool
):
    """Of 16: one for the first segment, one for what fills the hole, the others between them."""
    wire = make()
    worlds.established(wire)
    wire << ". 1:101(100) ack 1 win 65535"
    wire >> ". 1:1(0) ack 101"
    for number in range(2, 2 + beyond):
        wire << f". {1 + 100 * number}:{101 + 100 * number}(100) ack 1 win 65535"
        wire >> ". 1:1(0) ack 101"
    wire << ". 101:201(100) ack 1 win 65535"
    end = 1 + 100 * (2 + beyond)
    wire >> f". 1:1(0) ack {end}"  # the hole is filled: said at once in any case
    wire << f". {end}:{end + 100}(100) ack 1 win 65535"
    if not quick:
        wire.after(ms(40))
    wire >> f". 1:1(0) ack {end + 100}"


@pytest.mark.parametrize(("later", "goes"), [(14_999, False), (15_000, True)])
def test_nobody_waits_for_a_quarter_of_the_delay_wherever_ticks_begin(later: int, goes: bool):
    """Of 40 ms, 10 ticks, a quarter is 2 whole ticks; on the mean half of one more has gone."""
    wire = Wire()
    worlds.established(wire)
    for start in range(1, 1601, 100):
        wire << f"P. {start}:{start + 100}(100) ack 1 win 65535"
        wire >> f". 1:1(0) ack {start + 100}"
    wire << ". 1601:1651(50) ack 1 win 65535"
    wire.silent(ms(15))
    wire << ". 1651:1701(50) ack 1 win 65535"
    wire.silent(later)
    wire << ". 1701:1751(50) ack 1 win 65535"
    if goes:
        wire >> ". 1:1(0) ack 1751"
    wire.silent(ms(9))
