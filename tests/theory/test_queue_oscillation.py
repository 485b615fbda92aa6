"""What one flow makes of a queue: a sawtooth, or less where somebody looks after it."""

from __future__ import annotations

import pytest

import tcpcore
from tcpcore.scenarios.bottleneck import RED, Bottleneck
from tests.theory.measures import mean_backlog, oscillation, standing_wait

RTT, RATE, QUEUE = 40, 4, 30
PIPE = RATE * 1000 * RTT / 8 / 1500
"""Packets that the path itself holds."""
GRID = {"rtt": RTT, "rate": RATE, "queue": QUEUE, "ecn": False, "lasts": 20}


@pytest.mark.parametrize(("control", "beta"), [("reno", 0.5), ("cubic", 0.7)])
def test_a_drop_tail_queue_goes_between_full_and_what_a_reduction_leaves(control: str, beta: float):
    """At a drop cwnd is pipe and queue together; it falls to beta of that."""
    grid = {**GRID, "control": control, "discipline": "drop-tail"}
    found = tcpcore.sweep("ecn", grid, jobs=1, measure=oscillation)[0]
    assert found["rounds"] >= 3
    assert found["most"] == QUEUE
    left = beta * (PIPE + 1 + QUEUE) - (PIPE + 1)  # one is being transmitted
    assert found["least"] == pytest.approx(left, abs=2.5)


@pytest.mark.parametrize("ecn", [False, True])
def test_red_keeps_the_mean_where_flows_and_drops_are_in_balance(ecn: bool):
    """Two flows with half of pipe and queue each lose as Mathis says; RED drops by its average.

    The gaps of RED are uniform up to 1/p and not geometric, so it drops about 2p (the paper's §7).
    """
    grid = {**GRID, "queue": 60, "ecn": ecn, "discipline": "red"}
    del grid["rtt"]
    found = tcpcore.sweep("two-flows-fairness", grid, jobs=1, measure=mean_backlog)[0]
    words = Bottleneck(RATE, 60, RED).words.split()
    least, most = (int(words[words.index(name) + 1]) / 1500 for name in ("min", "max"))
    chance = float(words[words.index("probability") + 1])
    queue = least
    for _ in range(50):
        lost = 1.5 / ((PIPE + queue) / 2) ** 2
        queue = least + lost / 2 / chance * (most - least)
    assert found["mean"] / 1500 == pytest.approx(queue, rel=0.2)


@pytest.mark.parametrize("control", ["reno", "cubic"])
@pytest.mark.parametrize("ecn", [False, True])
def test_codel_keeps_the_standing_wait_near_its_target(control: str, ecn: bool):
    """However much room there is: the wait that even the luckiest have is about 5 ms."""
    grid = {**GRID, "queue": 200, "rate": 6, "ecn": ecn, "control": control, "lasts": 12}
    found = tcpcore.sweep("ecn", {**grid, "discipline": "codel"}, jobs=1, measure=standing_wait)[0]
    assert found["standing"] < 7_500
    assert found["goodput"] > 0.75 * 6_000_000, "what Reno has without any queue"


def test_without_codel_the_same_wait_is_many_times_longer():
    grid = {**GRID, "rate": 6, "queue": 200, "lasts": 12, "discipline": "drop-tail"}
    found = tcpcore.sweep("ecn", grid, jobs=1, measure=standing_wait)[0]
    assert found["standing"] > 50_000
