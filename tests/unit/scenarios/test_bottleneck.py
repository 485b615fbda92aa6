"""Flows that share a slow link: what their queue does to them, as the sweep measures it."""

from __future__ import annotations

from typing import Any

import pytest

import tcpcore
from tcpcore.net.queues import discipline_of
from tcpcore.scenarios import registry
from tcpcore.scenarios.bottleneck import CONTROLS, DISCIPLINES, Bottleneck
from tcpcore.tcp.congestion import registry as congestion
from tcpcore.units import mbit, ms


def record(name: str, **grid: Any) -> dict[str, Any]:
    table = tcpcore.sweep(name, {"seed": 1, **grid}, jobs=1)
    assert not table.failures
    return table[0]


@pytest.mark.parametrize("discipline", range(len(DISCIPLINES)), ids=DISCIPLINES)
def test_every_size_of_a_queue_has_words(discipline: int):
    for queue in range(2, 201):
        for ecn in (False, True):
            words = Bottleneck(2, queue, discipline, ecn).words
            limit, found = discipline_of(words, mbit(2), 1500, "seed")
            assert limit == queue or found is not None


def test_both_flows_fill_the_link_together():
    found = record("two-flows-fairness")
    assert found["goodput_first"] + found["goodput_second"] > mbit(1.8)


def test_a_short_round_trip_takes_more_of_a_drop_tail_queue_than_a_long_one():
    found = record("two-flows-fairness", rtt_first=10, rtt_second=200, lasts=10, queue=10)
    assert found["goodput_first"] > 1.5 * found["goodput_second"]


def test_fq_codel_gives_each_its_half_whatever_its_control():
    for first, second in (("reno", "reno"), ("reno", "cubic"), ("cubic", "reno")):
        found = record("two-flows-fairness", first=first, second=second, discipline="fq_codel")
        assert found["fairness"] > 0.97


def test_the_smaller_the_queue_the_sooner_comes_the_answer():
    table = tcpcore.sweep("bufferbloat", {"queue": [10, 30, 100], "lasts": 12}, jobs=1)
    asked = table.column("rtt_median_second")
    assert asked == sorted(asked)
    assert asked[-1] > 3 * asked[0]


@pytest.mark.parametrize("discipline", ["red", "codel", "fq_codel"])
def test_a_discipline_keeps_a_large_queue_short(discipline: str):
    full = record("bufferbloat", lasts=12)
    kept = record("bufferbloat", lasts=12, discipline=discipline)
    assert kept["rtt_median_second"] < 0.6 * full["rtt_median_second"]
    assert kept["goodput_first"] > 0.9 * full["goodput_first"]


@pytest.mark.parametrize("discipline", ["red", "codel", "fq_codel"])
def test_with_ecn_a_queue_marks_and_loses_nothing_and_without_it_drops(discipline: str):
    with_it = record("ecn", discipline=discipline)
    without = record("ecn", discipline=discipline, ecn=False)
    assert with_it["marked"] > 0 == with_it["dropped"] == with_it["retransmissions"]
    assert without["marked"] == 0 < without["dropped"] <= without["retransmissions"]


def test_the_second_flow_begins_by_chance_and_the_same_each_time():
    def starts(seed: int) -> list[int]:
        trace = registry.run("two-flows-fairness", {"lasts": 1}, seed=seed)
        return [s.sent for s in trace.segments if s.segment.flags == 2]

    assert starts(1) == starts(1)
    assert starts(1) != starts(2)
    assert 0 <= starts(2)[1] < ms(200)


def test_every_algorithm_that_is_registered_can_be_chosen():
    assert CONTROLS == congestion.LINUX == ("reno", "cubic", "bbr")
    for control in CONTROLS:
        assert record("ecn", control=control)["goodput"] > mbit(1)
