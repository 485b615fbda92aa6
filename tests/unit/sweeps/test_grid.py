"""Grids: every combination, and whatever does not fit is one sentence before anything runs."""

from __future__ import annotations

from typing import Any

import pytest

from tcpcore.errors import UsageError
from tcpcore.sweeps.grid import checked, from_words
from tests.unit.sweeps.measures import NAME


def test_a_grid_is_every_combination_and_the_last_name_varies_fastest():
    cells = checked(NAME, {"rtt": [10, 20], "seed": [1, 2, 3]}).cells()
    assert [(cell.parameters["rtt"], cell.seed) for cell in cells] == [
        (10, 1), (10, 2), (10, 3), (20, 1), (20, 2), (20, 3),
    ]  # fmt: skip
    assert [cell.number for cell in cells] == list(range(6))


def test_a_cell_is_named_by_what_varies():
    cell = checked(NAME, {"rtt": 10, "profile": "rfc9293", "drop": [[4, 3]]}).cells()[0]
    assert cell.name == "rtt=10 profile=rfc9293 drop=3+4"
    assert (cell.profile, cell.drop) == ("rfc9293", (3, 4))


def test_one_value_stands_for_itself():
    grid = checked(NAME, {"rtt": 10, "tcp_congestion_control": "reno"})
    assert grid.values == {"rtt": (10,), "tcp_congestion_control": ("reno",)}


def test_texts_become_values_of_the_parameter_s_own_type():
    grid = checked(NAME, {"rtt": ["10", "20ms", "0.03s", "40000us"], "seed": ["7"]})
    assert grid.values == {"rtt": (10, 20, 30, 40), "seed": (7,)}


def test_full_names_of_sysctls_are_known():
    grid = checked(NAME, {"net.ipv4.tcp_sack": [0, "1"]})
    assert grid.values == {"net.ipv4.tcp_sack": (0, 1)}


@pytest.mark.parametrize(
    ("grid", "sentence"),
    [
        ({}, "A sweep needs a grid"),
        ([("rtt", 1)], "A sweep needs a grid"),
        ({"rtt": []}, "The grid has no value for rtt."),
        ({"rtt": [10, 10.0]}, "The grid has rtt=10 twice."),
        ({"rtt": [10, 10_000]}, "rtt takes a number from"),
        ({"rtt": ["fast"]}, "rtt takes a number, not 'fast'"),
        ({"rtt": ["10kg"]}, "rtt takes a number, not '10kg'"),
        ({"lane": [1]}, "has no parameter 'lane'"),
        ({"tcp_sack": [2]}, "tcp_sack takes a number from 0 to 1"),
        ({"seed": [-1]}, "A seed is a whole number from 0, not -1"),
        ({"seed": [True]}, "A seed is a whole number from 0"),
        ({"seed": ["x"]}, "A seed is a whole number from 0"),
        ({"drop": [3]}, "A drop is a list of segments to lose"),
        ({"drop": [["x"]]}, "A segment to lose is a whole number"),
        ({"drop": [[3], (3,)]}, "The grid has drop=(3,) twice."),
        ({"profile": ["linux-9.9"]}, "Unknown profile 'linux-9.9'"),
        ({"profile": ["linux-6.18"], "tcp_tw_recycle": [1]}, "gone since Linux 4.12"),
    ],
    ids=str,
)
def test_a_grid_that_does_not_fit_is_one_sentence(grid: Any, sentence: str):
    with pytest.raises(UsageError) as caught:
        checked(NAME, grid)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_scenario_is_told_near_ones():
    with pytest.raises(UsageError, match="did you mean handshake"):
        checked("handshak", {"rtt": 1})


def test_words_are_names_with_values():
    words = ["rtt=10ms, 20ms", "seed=1..3,9", "drop=,3+4"]
    assert from_words(words) == {
        "rtt": ["10ms", "20ms"],
        "seed": ["1", "2", "3", "9"],
        "drop": ["", "3+4"],
    }
    assert checked(NAME, from_words(words)).values["drop"] == ((), (3, 4))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["rtt"], "--grid takes NAME=VALUE"),
        (["=3"], "--grid takes NAME=VALUE"),
        (["rtt="], "--grid takes NAME=VALUE"),
        (["rtt=1", "rtt=2"], "--grid has rtt twice"),
        (["seed=5..1"], "--grid counts upward: 1..5, not 5..1."),
    ],
    ids=str,
)
def test_words_that_do_not_fit_are_one_sentence(words: list[str], sentence: str):
    with pytest.raises(UsageError) as caught:
        from_words(words)
    assert sentence in str(caught.value)
