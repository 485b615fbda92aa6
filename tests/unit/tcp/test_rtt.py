"""The RTO against Linux's tcp_rtt_estimator(), computed by hand."""

from __future__ import annotations

import pytest

from tcpcore.seqnum import add
from tcpcore.sysctl import Sysctls
from tcpcore.tcp import rtt
from tcpcore.tcp.connection import Connection
from tcpcore.units import ms, seconds


def connection() -> Connection:
    return Connection("10.0.0.1", 1, "10.0.0.2", 2, Sysctls(), 1000)


def test_before_any_sample_the_rto_is_1_s():
    assert connection().rto == seconds(1)


@pytest.mark.parametrize(
    ("first", "rto"),
    [
        (0, 200_001),  # nothing is shorter than 1 us
        (1, 200_001),
        (ms(10), ms(210)),  # the deviation, half of it twice, has a floor of 200 ms
        (ms(100), ms(300)),
        (ms(101), ms(303)),  # here 2 x 101 ms is above the floor
        (ms(500), ms(1500)),
        (seconds(60), seconds(120)),  # the ceiling
    ],
)
def test_the_first_sample_gives_srtt_and_twice_it_as_deviation(first: int, rto: int):
    c = connection()
    rtt.sample(c, first)
    assert c.srtt >> 3 == max(first, 1)
    assert c.rto == rto


def test_further_samples_move_srtt_by_an_eighth():
    c = connection()
    rtt.sample(c, ms(100))
    rtt.sample(c, ms(180))
    assert c.srtt >> 3 == ms(110)
    rtt.sample(c, ms(30))
    assert c.srtt >> 3 == ms(100)


def test_a_rising_time_raises_the_deviation_at_once():
    """In ms: mdev is 4 x 50, the sample is 300 off, so mdev becomes 200 + 300 - 50."""
    c = connection()
    rtt.sample(c, ms(100))
    assert c.mdev == ms(200)
    rtt.sample(c, ms(400))
    assert c.mdev == ms(200) + ms(300) - ms(200) // 4
    assert c.rttvar == ms(450)
    assert c.rto == ms(100) + ms(300) // 8 + ms(450)


def test_a_falling_time_raises_the_deviation_by_an_eighth_only():
    c = connection()
    rtt.sample(c, ms(400))
    assert c.mdev == ms(800)
    rtt.sample(c, ms(100))  # off by 300, 100 more than a quarter of mdev
    assert c.mdev == ms(800) + ms(100) // 8


def test_the_variance_falls_by_a_quarter_of_the_way_once_a_round_trip():
    c = connection()
    rtt.sample(c, ms(400))
    assert c.rttvar == ms(800)
    c.rtt_sequence = add(c.snd_una, -1)  # the round trip is over
    c.mdev_max = ms(200)
    c.mdev = ms(100)
    rtt.sample(c, ms(400))
    assert c.rttvar == ms(800) - (ms(800) - ms(200)) // 4
    assert c.rtt_sequence == c.snd_nxt
    assert c.mdev_max == ms(200)


def test_a_steady_round_trip_ends_at_200_ms_above_it():
    c = connection()
    for _ in range(100):
        c.snd_una = add(c.snd_una, 1)
        c.snd_nxt = add(c.snd_una, 1)
        rtt.sample(c, ms(80))
    assert ms(280) <= c.rto <= ms(281)


def test_a_sample_ends_the_back_off():
    c = connection()
    c.backoff, c.rto = 3, seconds(8)
    rtt.sample(c, ms(100))
    assert c.backoff == 0
    assert c.rto == ms(300)


def test_a_handshake_without_a_sample_starts_with_3_s():
    c = connection()
    rtt.forget_syn_round_trip(c)
    assert c.rto == seconds(3)


def test_a_handshake_with_a_sample_keeps_it():
    c = connection()
    rtt.sample(c, ms(100))
    rtt.forget_syn_round_trip(c)
    assert c.rto == ms(300)
