"""`Plot`, `series` and a player's figures, as notebooks use them."""

from __future__ import annotations

import pytest

from tcpcore.errors import UsageError
from tcpcore.view import Player, Plot, series
from tcpcore.view.sphinxext import FIGURE


def test_a_plot_is_a_widget_data_for_pages_and_text() -> None:
    plot = Plot("fast-retransmit", "sequence")
    bundle = plot._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert data["text/plain"].startswith("Sequence numbers over time. Client sends 60,000 bytes")
    assert data[FIGURE]["kind"] == "plot"
    assert data[FIGURE]["state"]["figure"] == plot.figure


def test_several_runs_share_a_figure_under_their_names() -> None:
    runs = {"Reno": {"control": "reno"}, "CUBIC": {"control": "cubic"}}
    plot = Plot("cubic-vs-reno", "cwnd", runs=runs)
    assert [mark["name"] for mark in plot.figure["marks"]] == ["cwnd, Reno", "cwnd, CUBIC"]
    assert "Reno: cwnd is" in plot.text
    assert "CUBIC: cwnd is" in plot.text
    sequence = Plot("cubic-vs-reno", "sequence", runs=runs)
    assert [mark["name"] for mark in sequence.figure["marks"]] == [
        f"{what}, {name}" for name in runs for what in ("acknowledged", "sent again")
    ]
    assert "CUBIC: 1 sent again; the last ACK comes at" in sequence.text
    queue = Plot("cubic-vs-reno", "queue", runs=runs)
    assert [mark["name"] for mark in queue.figure["marks"]] == ["Reno", "CUBIC"]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"kind": "speed"}, "no figure 'speed'"),
        ({"runs": {}}, "runs maps names"),
        ({"runs": {"a": {}}, "kind": "speed"}, "no figure 'speed'"),
        ({"host": "router"}, "no host 'router'"),
    ],
)
def test_a_plot_that_cannot_be_is_refused_in_one_sentence(how: dict, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Plot("fast-retransmit", **how)


def test_series_are_in_seconds() -> None:
    found = series("fast-retransmit")
    assert found.rtt[0] == (0.100096, 0.100096)
    assert found.srtt[0] == (0.0, None)
    assert found.cwnd[-1][1] == 14


def test_a_players_figures_follow_its_parameters() -> None:
    player = Player("fast-retransmit", figures=("sequence",))
    before = player.document["figures"]
    player.parameters = {**player.parameters, "lost": 0}
    assert player.document["figures"] != before
    assert "figures" not in Player("fast-retransmit").document


def test_a_notebook_gets_plotly_when_it_asks_and_not_before() -> None:
    plot = Plot("fast-retransmit")
    assert plot.plotly == ""
    plot.wants_plotly = True
    assert "plotly" in plot.plotly[:200]
