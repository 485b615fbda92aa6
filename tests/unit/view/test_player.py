"""The player as a widget, from Python's side."""

from __future__ import annotations

import pytest

from tcpcore.errors import UsageError
from tcpcore.view.player import MIME, Player


def test_changing_parameters_computes_the_run_anew() -> None:
    player = Player("handshake", rtt=50)
    assert player.document["end"] == 75_000
    player.parameters = {**player.parameters, "rtt": 20}
    assert player.document["end"] == 30_000


def test_losing_a_segment_computes_the_run_anew() -> None:
    player = Player("handshake")
    before = len(player.document["segments"])
    player.drop = [1]
    assert len(player.document["segments"]) > before
    assert player.document["drop"] == [1]


def test_a_value_out_of_range_from_a_slider_becomes_a_status_and_the_run_stays() -> None:
    player = Player("handshake")
    player.parameters = {"rtt": 10**6}
    assert player.status.startswith("handshake: rtt takes a number from")
    assert player.document["end"] == 150_000


def test_a_player_plays_the_kernel_that_its_scenario_is_about_unless_told_otherwise() -> None:
    assert Player("handshake").profile == "linux-6.18"
    own = Player("tw-recycle-nat", tcp_syn_retries=3)
    assert (own.profile, own.document["profile"]) == ("linux-4.9", "linux-4.9")
    other = Player("tw-recycle-nat", profile="linux-6.18")
    assert (other.profile, other.document["profile"]) == ("linux-6.18", "linux-6.18")
    other.parameters = {**other.parameters, "tcp_tw_recycle": 1}
    assert other.status.startswith("Sysctl tcp_tw_recycle is gone since Linux 4.12")


def test_a_mistake_in_the_call_is_said_at_once() -> None:
    with pytest.raises(UsageError, match="did you mean handshake"):
        Player("handshak")
    with pytest.raises(UsageError, match="has no parameter"):
        Player("handshake", speed=3)


def test_the_step_stays_inside_the_run() -> None:
    player = Player("handshake", step=99)
    assert player.step == 5
    player.step = -3
    assert player.step == 1


def test_steps_can_be_observed_and_linked() -> None:
    import traitlets

    one, other = Player("handshake"), Player("handshake")
    seen: list[int] = []
    one.observe(lambda change: seen.append(change["new"]), "step")
    traitlets.link((one, "step"), (other, "step"))
    one.step = 4
    assert (seen, other.step) == ([4], 4)


def test_a_page_gets_the_stored_run_and_its_text() -> None:
    player = Player("handshake", step=3, panels=["states"], name="first")
    data = player._repr_mimebundle_()[0]
    assert data[MIME]["document"] == player.document
    assert (data[MIME]["step"], data[MIME]["name"]) == (3, "first")
    assert data[MIME]["panels"] == ["states"]
    assert "connect(" in data["text/plain"]
    assert "application/vnd.jupyter.widget-view+json" in data


def test_it_composes_with_other_widgets() -> None:
    import ipywidgets

    player = Player("handshake")
    assert ipywidgets.VBox([player]).children == (player,)
