"""Time-outs: back-off, what goes again, and when it is given up."""

from __future__ import annotations

import pytest

from tcpcore.tcp.retransmit import model_timeout
from tcpcore.units import ms, seconds
from tests.notation import Wire
from tests.states import worlds
from tests.states.conftest import Make
from tests.states.worlds import RTO


@pytest.mark.parametrize(
    ("retries", "base", "limit"),
    [
        (0, ms(200), 0.2),
        (1, ms(200), 0.6),
        (3, ms(200), 3.0),
        (8, ms(200), 102.2),
        (9, ms(200), 204.6),
        (10, ms(200), 324.6),
        (15, ms(200), 924.6),
        (1, seconds(1), 3),
        (6, seconds(1), 127),
        (7, seconds(1), 247),
    ],
)
def test_the_limit_is_the_time_that_so_many_doubling_time_outs_take(
    retries: int, base: int, limit: float
):
    """tcp_model_timeout(); 924.6 s is the number of ip-sysctl.rst for tcp_retries2."""
    assert model_timeout(retries, base, seconds(120)) == seconds(limit)


def test_data_is_retransmitted_15_times_and_given_up_after_924_6_s():
    wire = Wire()
    sock = worlds.established(wire)
    sock.write(100)
    wire >> "P. 1:101(100) ack 1"
    wait = RTO
    for _ in range(15):
        wire.after(wait) >> "P. 1:101(100) ack 1"
        wait = min(wait * 2, seconds(120))
    wire.silent(wait - 1)
    assert sock.state == "ESTABLISHED"
    wire.silent(1)
    assert sock.state == "CLOSED"
    assert 0 <= wire.now - seconds(924.6) <= 1023
    sock.reading().fails("ETIMEDOUT")


@pytest.mark.parametrize(
    ("retries", "retransmissions"), [(1, 2), (2, 3), (3, 4), (4, 4), (5, 5), (8, 8)]
)
def test_a_smaller_tcp_retries2_gives_up_earlier(retries: int, retransmissions: int):
    """It stands for a time, counted from the first time-out: a small one gives one more."""
    wire = Wire(tcp_retries2=retries)
    sock = worlds.established(wire)
    sock.write(100)
    wire >> "P. 1:101(100) ack 1"
    for number in range(retransmissions):
        wire.after(RTO << number) >> "P. 1:101(100) ack 1"
    wire.silent((RTO << retransmissions) - 1)
    assert sock.state == "ESTABLISHED"
    wire.silent(1)
    assert sock.state == "CLOSED"


def test_the_oldest_segment_goes_again_alone_and_its_ack_brings_the_next_two(make: Make):
    """Slow start after the loss: one, then two for each ACK (RFC 5681 §3.1)."""
    wire = make()
    sock = worlds.established(wire)
    sock.write(4380)
    for _ in range(3):
        wire.take(40000, "data")
    wire.after(RTO) >> ". 1:1461(1460) ack 1"
    wire << ". 1:1(0) ack 1461 win 65535"
    wire >> ". 1461:2921(1460) ack 1"
    wire >> "P. 2921:4381(1460) ack 1"


def test_an_ack_ends_the_back_off(make: Make):
    wire = make()
    sock = worlds.established(wire)
    sock.write(100)
    wire >> "P. 1:101(100) ack 1"
    wire.after(RTO) >> "P. 1:101(100) ack 1"
    wire.after(2 * RTO) >> "P. 1:101(100) ack 1"
    wire << ". 1:1(0) ack 101 win 65535"
    sock.write(100)
    wire >> "P. 101:201(100) ack 1"
    wire << ". 1:1(0) ack 201 win 65535"
    sock.write(100)
    wire >> "P. 201:301(100) ack 1"
    wire.after(RTO) >> "P. 201:301(100) ack 1"


def test_every_ack_of_new_data_starts_the_timer_anew():
    wire = Wire(tcp_early_retrans=0) if _knows("tcp_early_retrans") else Wire()
    sock = worlds.established(wire)
    sock.write(100)
    wire >> "P. 1:101(100) ack 1"
    sock.raw.setsockopt("TCP_NODELAY", 1)
    sock.write(100)
    wire >> "P. 101:201(100) ack 1"
    wire.silent(ms(150))
    wire << ". 1:1(0) ack 101 win 65535"
    wire.silent(sock.connection.rto - 1)
    wire.after(1) >> "P. 101:201(100) ack 1"


def _knows(name: str) -> bool:
    from tcpcore.sysctl import is_sysctl

    return is_sysctl(name)


def test_karn_a_segment_sent_twice_gives_no_sample():
    wire = Wire()
    sock = worlds.established(wire)
    sock.write(100)
    wire >> "P. 1:101(100) ack 1"
    wire.after(RTO) >> "P. 1:101(100) ack 1"
    before = sock.connection.srtt
    wire.silent(ms(100))
    wire << ". 1:1(0) ack 101 win 65535"
    assert sock.connection.srtt == before


def test_the_rto_never_exceeds_tcp_rto_max_ms():
    wire = Wire(tcp_rto_max_ms=1000)
    sock = worlds.established(wire)
    sock.write(100)
    wire >> "P. 1:101(100) ack 1"
    for number in range(8):
        wire.after(min(RTO << number, seconds(1))) >> "P. 1:101(100) ack 1"
