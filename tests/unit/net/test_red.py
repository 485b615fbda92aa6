"""RED (Floyd and Jacobson 1993), its average held where a test wants it."""

from __future__ import annotations

from statistics import mean
from typing import Any

import pytest

from tcpcore.net.red import Red, weight
from tcpcore.tcp import ecn
from tcpcore.units import mbit, seconds
from tests.unit.net.waiting import come, made


def red_at(share: float, **words: Any) -> Red:
    """RED with thresholds 15,000 and 45,000, whose average stands at a share of the way."""
    text = " ".join(f"{name} {value}" for name, value in words.items() if value is not True)
    flags = " ".join(name for name, value in words.items() if value is True)
    given = f"red limit 900000 min 15000 max 45000 probability 0.1 {text} {flags}"
    queue: Red = made(given)
    queue._idle_since = None
    hold(queue, share)
    return queue


def hold(queue: Red, share: float) -> None:
    level = round(15_000 + share * 30_000)
    queue.backlog = level
    queue.average = level << queue.power


def gaps(queue: Red, share: float, count: int, tos: int = 0) -> list[int]:
    """Gaps between chosen packets, the average held where it is."""
    found, gap = [], 0
    for _ in range(count):
        before = queue.drops + queue.marks
        come(queue, 0, tos=tos)
        hold(queue, share)
        gap += 1
        if queue.drops + queue.marks > before:
            found.append(gap)
            gap = 0
    return found


def test_red_lets_pass_below_the_lower_threshold():
    assert gaps(red_at(-0.01), -0.01, 2000) == []


def test_red_drops_all_above_the_upper_threshold():
    queue = red_at(1.01)
    assert gaps(queue, 1.01, 50) == [1] * 50
    assert queue.forced == 50


def test_red_spreads_drops_evenly_with_the_probability_s_mean():
    """The paper's §7: gaps are uniform from 1 to 1/p, here p = 0.1 x 1/2 = 1/20."""
    found = gaps(red_at(0.5), 0.5, 20_000)
    assert max(found) <= 21
    assert mean(found) == pytest.approx(10.5, rel=0.1)


def test_red_drops_more_the_longer_the_queue():
    near, far = (len(gaps(red_at(share), share, 4000)) for share in (0.2, 0.8))
    assert far == pytest.approx(4 * near, rel=0.3)


def test_red_with_ecn_marks_where_it_would_drop():
    queue = red_at(0.5, ecn=True)
    found = gaps(queue, 0.5, 2000, tos=ecn.ECT_0)
    assert queue.drops == 0
    assert queue.marks == len(found) > 100


def test_red_with_ecn_marks_above_the_upper_threshold_unless_told_to_drop():
    marking, dropping = red_at(1.1, ecn=True), red_at(1.1, ecn=True, harddrop=True)
    for queue in (marking, dropping):
        gaps(queue, 1.1, 10, tos=ecn.ECT_0)
    assert (marking.drops, marking.marks) == (0, 10)
    assert (dropping.drops, dropping.marks) == (10, 0)


def test_red_drops_whom_its_limit_has_no_room_for():
    queue: Red = made("red limit 30000 min 5000 max 20000")
    for _ in range(21):
        come(queue, 0)
    assert queue.packets == 20
    assert queue.full == queue.drops == 1


def test_red_s_average_moves_by_its_weight():
    queue: Red = made("red limit 900000 min 15000 max 45000 burst 30")
    queue._idle_since = None
    queue.backlog = 32_000
    come(queue, 0)
    assert queue.average >> queue.power == 32_000 >> queue.power


def test_red_s_average_falls_over_idle_time_as_if_small_packets_had_passed():
    queue = red_at(0.5)
    queue.backlog = 0
    before = queue.average
    assert queue.dequeue(0) is None
    packets = 100
    come(queue, packets * 1000 * 8 * 1_000_000 // mbit(12) + 1)
    expected = before * (1 - 2.0**-queue.power) ** packets
    assert queue.average == pytest.approx(expected, rel=0.01)


def test_red_forgets_after_a_long_silence():
    queue = red_at(0.5)
    queue.backlog = 0
    queue.dequeue(0)
    come(queue, seconds(100))
    assert queue.average == 0


def test_red_s_weight_lets_the_burst_pass_that_it_is_made_for():
    """The paper's §6: bursts of 50 packets under a minimum of 5 need a weight of 0.0042 or less."""
    power = weight(5 * 1000, 50, 1000)
    assert power is not None
    assert 2.0**-power <= 0.0042
    average = 0.0
    for length in range(50):
        average += (length - average) * 2.0**-power
    assert 4 / 2 < average < 5
