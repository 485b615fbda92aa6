"""A link that loses by chance: whom it hits, and what theory says of the speed."""

from __future__ import annotations

from statistics import mean

import pytest

from tcpcore import sweep
from tcpcore.scenarios import registry
from tcpcore.view.theory import mathis


def test_only_data_is_lost_and_how_often_chance_says():
    trace = registry.run("random-loss", {"loss": 4, "written": 2_000_000})
    lost = [one for one in trace.segments if one.fate == "lost"]
    data = [one for one in trace.segments if one.segment.payload]
    assert all(one.sender == 0 for one in lost)
    assert 0.03 < len(lost) / len(data) < 0.05


def test_without_loss_nothing_is_sent_twice():
    trace = registry.run("random-loss", {"loss": 0})
    assert not [one for one in trace.segments if one.retransmission]


@pytest.mark.parametrize("rtt", [20, 80])
def test_reno_gets_what_the_square_root_of_the_loss_leaves(rtt: int):
    grid = {"rtt": [rtt], "loss": [4], "rate": [50], "written": [1_000_000], "seed": range(1, 7)}
    speed = mean(one["goodput"] for one in sweep("random-loss", grid, jobs=1)) / 1e6
    assert speed == pytest.approx(mathis(rtt, 4), rel=0.2)


def test_bbr_hardly_notices():
    grid = {"rate": [20], "written": [1_000_000], "control": ["reno", "bbr"], "loss": [1]}
    reno, bbr = sweep("random-loss", grid, jobs=1).column("goodput")
    assert bbr > 3 * reno
