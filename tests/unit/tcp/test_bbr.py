"""BBR on a path whose rate and round trip are known: modes, estimates, losses, a policer."""

from __future__ import annotations

from itertools import groupby

import pytest

from tcpcore.sysctl import Sysctls
from tcpcore.tcp.congestion.bbr_bandwidth import MARGIN, UNIT, Bandwidth, bytes_per_second
from tcpcore.tcp.connection import Connection
from tcpcore.tcp.flow import RateSample
from tcpcore.units import ms, seconds
from tests.bottleneck import HEADERS, Path, Sample, watch_engine

RATE, RTT = 5_000_000, ms(100)
GOODPUT = RATE // 8 * 1448 // (1448 + HEADERS)
"""What the path delivers, in bytes of data a second."""


def steps(found: list[Sample]) -> list[str]:
    """The modes in their order, from the first ACK of data on."""
    return [mode for mode, _ in groupby(one.mode for one in found if one.bw)]


def in_mode(found: list[Sample], mode: str) -> list[Sample]:
    return [one for one in found if one.mode == mode and one.bw]


@pytest.fixture(scope="module")
def long_run() -> list[Sample]:
    return watch_engine(Path(RATE, RTT), seconds(14))


def test_it_starts_drains_probes_and_after_ten_seconds_looks_for_a_shorter_round_trip(long_run):
    assert steps(long_run) == ["STARTUP", "DRAIN", "PROBE_BW", "PROBE_RTT", "PROBE_BW"]


def test_it_knows_the_bandwidth_within_one_percent(long_run):
    for one in in_mode(long_run, "PROBE_BW"):
        assert abs(one.bw - GOODPUT) * 100 < GOODPUT


def test_it_knows_the_round_trip_of_an_empty_queue(long_run):
    early = [one for one in long_run if one.bw and one.at < seconds(10)]
    assert {one.min_rtt for one in early} == {RTT}


def test_starting_up_nearly_doubles_the_rate_every_round_and_never_lowers_it(long_run):
    rates = {one.at: one.info["tcpi_pacing_rate"] for one in in_mode(long_run, "STARTUP")}
    assert 1.7 < rates[ms(450)] / rates[ms(350)] < 2
    assert 1.7 < rates[ms(550)] / rates[ms(450)] < 2
    assert list(rates.values()) == sorted(rates.values())


def test_the_cycle_has_a_phase_above_one_below_and_six_in_between(long_run):
    found = [one for one in in_mode(long_run, "PROBE_BW") if one.at < seconds(9)]
    phases = [gain for gain, _ in groupby(one.gains[0] for one in found)]
    above = [place for place, gain in enumerate(phases) if gain == 320]
    assert len(above) >= 4
    for place in above[:-1]:
        assert phases[place + 1 : place + 3] == [192, 256]


def test_looking_for_the_round_trip_it_holds_four_segments_for_200_ms(long_run):
    found = in_mode(long_run, "PROBE_RTT")
    assert found[-1].info["tcpi_snd_cwnd"] == 4
    low = [one for one in found if one.info["tcpi_unacked"] <= 4]
    assert ms(200) <= low[-1].at - low[0].at + ms(10) <= ms(200) + 2 * RTT


def test_after_that_cwnd_is_as_before(long_run):
    before = [one for one in long_run if one.at < seconds(10)][-1].info["tcpi_snd_cwnd"]
    place = next(n for n, one in enumerate(long_run) if one.at > seconds(11))
    assert long_run[place].info["tcpi_snd_cwnd"] >= before - 4


def test_the_pacing_rate_is_one_percent_below_the_bandwidth_times_the_gain(long_run):
    for one in in_mode(long_run, "PROBE_BW"):
        wanted = one.bw * one.gains[0] * MARGIN // 25600
        assert abs(one.info["tcpi_pacing_rate"] - wanted) <= wanted // 1000


def test_other_seeds_begin_the_cycle_with_other_phases_and_the_same_with_the_same():
    def cycle(seed: int) -> list[int]:
        found = watch_engine(Path(RATE, ms(20)), seconds(1), seed=seed)
        return [one.gains[0] for one in in_mode(found, "PROBE_BW")]

    begun = [cycle(seed) for seed in range(1, 4)]
    assert begun[0] != begun[1]
    assert cycle(1) == begun[0]


def test_one_loss_in_a_hundred_does_not_slow_it_down():
    found = watch_engine(Path(RATE, RTT, lose=lambda number: number % 100 == 60), seconds(8))
    last = found[-1]
    assert abs(last.bw - GOODPUT) * 20 < GOODPUT
    delivered = last.info["tcpi_bytes_acked"] / (last.at - RTT) * seconds(1)
    assert delivered > 0.85 * GOODPUT


def test_when_the_path_becomes_slower_it_believes_so_after_ten_rounds():
    found = watch_engine(Path(RATE, ms(40), rates=((seconds(3), RATE // 2),)), seconds(6))
    assert abs(found[-1].bw - GOODPUT // 2) * 20 < GOODPUT // 2
    soon = next(one for one in found if one.at > seconds(3) + ms(200))
    assert soon.bw > 0.9 * GOODPUT


def test_when_the_path_becomes_faster_it_grows_by_a_quarter_a_cycle():
    found = watch_engine(Path(RATE, ms(40), rates=((seconds(3), 2 * RATE),)), seconds(8))
    assert abs(found[-1].bw - 2 * GOODPUT) * 20 < 2 * GOODPUT


def test_a_pause_of_the_application_does_not_lower_the_bandwidth():
    pauses = ((seconds(3), seconds(5)),)
    found = watch_engine(Path(RATE, RTT, pauses=pauses), seconds(6))
    assert abs(found[-1].bw - GOODPUT) * 20 < GOODPUT


def test_recovery_begins_with_what_is_in_flight_and_ends_with_cwnd_as_before():
    lost = {400, 401, 402}
    found = watch_engine(Path(RATE, RTT, lose=lambda number: number in lost), seconds(4))
    during = [one for one in found if one.info["tcpi_ca_state"] == 3]
    before = [one for one in found if one.at < during[0].at][-1].info["tcpi_snd_cwnd"]
    after = next(one for one in found if one.at > during[-1].at + 2 * RTT)
    assert during[0].info["tcpi_snd_cwnd"] < before
    assert after.info["tcpi_snd_cwnd"] >= before - 6


def test_after_the_first_round_of_a_recovery_cwnd_grows_to_its_target_again():
    """Each loss takes a segment off it; in starting up, one recovery follows the other."""
    path = Path(RATE, ms(80), lose=lambda number: number % 100 == 60)
    found = [one for one in watch_engine(path, ms(1500)) if one.at > ms(700)]
    assert {one.info["tcpi_ca_state"] for one in found} == {3}
    assert found[-1].info["tcpi_lost"] > 0
    assert found[-1].info["tcpi_snd_cwnd"] > found[0].info["tcpi_snd_cwnd"]


def bandwidth() -> tuple[Connection, Bandwidth]:
    c = Connection("10.0.0.1", 1, "10.0.0.2", 2, Sysctls(), 0)
    return c, Bandwidth(c, 0)


def rounds(c: Connection, found: Bandwidth, lost: int, count: int, each: int = 100) -> None:
    """Rounds of 100 ms, in which so many segments arrive and so many are lost."""
    for _ in range(count):
        prior = c.delivered
        c.delivered += each
        c.loss.lost += lost
        c.flow.delivered_at += ms(100)
        sample = RateSample(prior, 0, interval=ms(100), delivered=each, acked=each, losses=lost)
        found.sample(c, sample, 1448, probing=True)


def test_two_intervals_with_a_fifth_lost_and_the_same_rate_are_a_policer():
    for lost, policed in ((20, True), (19, False)):
        c, found = bandwidth()
        rounds(c, found, lost, 12)
        assert found.policed is policed


def test_a_policers_rate_is_believed_for_48_rounds():
    c, found = bandwidth()
    rounds(c, found, 30, 8)
    assert found.policed
    assert found.value == 100 * UNIT // ms(100)
    rounds(c, found, 0, 47)
    assert found.policed
    rounds(c, found, 0, 1)
    assert not found.policed


def test_the_greatest_bandwidth_is_forgotten_after_ten_rounds():
    c, found = bandwidth()
    rounds(c, found, 0, 1, each=200)
    rounds(c, found, 0, 10)
    assert found.best == 200 * UNIT // ms(100)
    rounds(c, found, 0, 1)
    assert found.best == 100 * UNIT // ms(100)


def test_a_sample_of_the_application_counts_only_if_it_is_faster():
    c, found = bandwidth()
    rounds(c, found, 0, 1)
    for delivered, expected in ((50, 100), (150, 150)):
        sample = RateSample(c.delivered, 0, True, interval=ms(100), delivered=delivered, acked=1)
        found.sample(c, sample, 1448, probing=True)
        assert found.best == expected * UNIT // ms(100)


def test_slow_samples_of_the_application_never_take_the_place_of_the_networks():
    c, found = bandwidth()
    rounds(c, found, 0, 1)
    for _ in range(20):
        sample = RateSample(c.delivered, 0, True, interval=ms(100), delivered=50, acked=1)
        found.sample(c, sample, 1448, probing=True)
        c.delivered += 50
    assert found.best == 100 * UNIT // ms(100)


def test_the_pipe_is_full_after_three_rounds_without_a_quarter_more():
    c, found = bandwidth()
    full = []
    for each in (100, 125, 157, 160, 170, 180):
        rounds(c, found, 0, 1, each=each)
        found.look_whether_full(RateSample())
        full.append(found.full)
    assert full == [False, False, False, False, False, True]


def test_acks_that_come_together_make_room_up_to_a_tenth_of_a_second():
    c, found = bandwidth()
    rounds(c, found, 0, 5)
    found.full = True
    assert found.room_for_extra() == 0
    c.cwnd = 10_000
    for acked, extra in ((50, 50), (5000, 99)):
        sample = RateSample(c.delivered, 0, interval=ms(100), delivered=100, acked=acked)
        found.count_extra(c, sample)
        assert found.room_for_extra() == extra


def test_a_rate_has_a_margin_of_one_percent():
    assert bytes_per_second(1000, UNIT // 1000, 256) == 990_000 * (UNIT // 1000) * 1000 // UNIT
