"""Short ways change nothing but the time they take: with and without, the same trace.

They are header prediction, trains of segments, links that take a train at once, and SACK blocks
that were read before.
"""

from __future__ import annotations

from typing import Any

import pytest

from tcpcore.net.link import Pipe
from tcpcore.scenarios import registry
from tcpcore.tcp import prediction, train
from tcpcore.tcp.scoreboard import Scoreboard
from tests.worlds import TALKS, WORLDS, talk, told, world

pytestmark = pytest.mark.interpreted("functions of compiled modules cannot be replaced")


def without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prediction, "takes", lambda c, segment, now: False)
    monkeypatch.setattr(train, "is_plain", lambda c, length: False)
    monkeypatch.setattr(Pipe, "carry_all", lambda *packets: False)
    monkeypatch.setattr(Scoreboard, "told", property(lambda board: (), lambda board, told: None))


@pytest.mark.parametrize("name", WORLDS)
def test_a_predicted_segment_does_what_any_other_does(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    predicted = list(told(world(**WORLDS[name])))
    without(monkeypatch)
    for one, other in zip(predicted, told(world(**WORLDS[name])), strict=True):
        assert one == other


@pytest.mark.parametrize("name", TALKS)
@pytest.mark.parametrize("seed", range(3))
def test_nor_does_it_change_a_talk(seed: int, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    predicted = list(told(talk(seed, **TALKS[name])))
    without(monkeypatch)
    assert predicted == list(told(talk(seed, **TALKS[name])))


@pytest.mark.parametrize("name", registry.names())
def test_scenarios_are_the_same_without_prediction(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    predicted = list(told(registry.run(name)))
    without(monkeypatch)
    assert predicted == list(told(registry.run(name)))


def test_most_segments_of_a_transfer_are_as_predicted(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[bool] = []
    takes = prediction.takes

    def counted(*arguments: Any) -> bool:
        answers.append(takes(*arguments))
        return answers[-1]

    monkeypatch.setattr(prediction, "takes", counted)
    world(**WORLDS["a bulk transfer"])
    assert sum(answers) > 0.95 * len(answers)
