"""Which numbers of a chapter's prose are checked, and what counts as their proof."""

from __future__ import annotations

import pytest

from tools.printed_numbers import idle, measured, prose, unproven

PLAYER = """<div class="cell_output docutils container"><div class="output">
<script type="application/json">{"parameters": [{"name": "rtt", "unit": "ms", "minimum": 2,
"maximum": 400, "value": 100}], "steps": [{"t": 924600000, "label": "a timer of 3 s"}],
"segments": [{"window": 65535}]}</script></div></div>"""
TABLE = """<div class="cell_output docutils container"><div><table><td>1.0234</td><td>0.450</td>
</table></div></div><p>77 s</p>"""
PREDICTION = """<div class="cell_output docutils container"><div class="output"><fieldset>
<label>127 s</label></fieldset><p>131 s</p></div></div>"""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("gives up after 924.6 s", ["924.6 s"]),
        ("at most 65,535 bytes, 40 ms or 1.5 KiB", ["65,535 bytes", "40 ms", "1.5 KiB"]),
        ("a 15-minute wait of 3\nseconds", ["15-minute", "3 seconds"]),
        ("3 segments, 10 MB/s, Linux 6.5, RFC 6298 §2.4, 2018", []),
    ],
)
def test_times_and_sizes_are_checked_and_other_numbers_are_not(text, found):
    assert [one.text for one in measured(text)] == found


def test_what_is_not_prose_is_not_checked():
    chapter = (
        "---\na: 1 s\n---\n# Two\n\n**You need** nothing · **40 minutes**\n\n% 2 s\n"
        "```{code-cell} ipython3\nprint('3 s')\n```\n```console\n4 s\n```\n`5 s`\n"
        "[x](https://example.com/6 s)\n\n```{dropdown} Solution\n7 s\n```\n\n8 s\n"
    )
    assert [one.text for one in measured(prose(chapter))] == ["7 s", "8 s"]


@pytest.mark.parametrize(
    "proven", ["924.6 s", "925 s", "3 seconds", "400 ms", "0.4 s", "65,535 bytes"]
)
def test_a_players_data_prove_times_settings_and_sizes(proven):
    assert unproven(f"It takes {proven}.", PLAYER) == []


@pytest.mark.parametrize("wrong", ["924.7 s", "924 s", "401 ms", "65,536 bytes", "77 s"])
def test_a_number_that_is_a_little_off_is_found(wrong):
    assert unproven(f"It takes {wrong}.", PLAYER + TABLE) == [wrong]


def test_a_table_without_units_proves_seconds_rounded_as_the_prose_rounds():
    assert unproven("1.02 s, 1.023 s, 450 ms", TABLE) == []
    assert unproven("1.03 s, 451 ms", TABLE) == ["1.03 s", "451 ms"]


def test_the_options_of_a_prediction_prove_nothing_and_its_answer_does():
    assert unproven("127 s or 131 s", PREDICTION) == ["127 s"]


def test_the_settings_of_a_cell_prove_but_not_those_inside_a_prediction():
    run = '```{code-cell} ipython3\nengine("handshake", rtt=300)\n```\n'
    asked = '```{code-cell} ipython3\npredict("a", "b", {"c": 301})\n```\n'
    assert unproven(f"{run}{asked}\nRound trips of 300 ms and 301 ms.", "") == ["301 ms"]


def test_a_comment_explains_a_number_until_the_number_is_gone():
    explained = "% given: 1,500 bytes: what an Ethernet frame holds\n\n"
    assert unproven(f"{explained}At most 1,500 bytes.", "") == []
    assert idle(f"{explained}At most 1,500 bytes.") == []
    assert idle(f"{explained}At most that.") == ["1,500 bytes"]
    assert unproven("% given: 1,500 bytes:\n\nAt most 1,500 bytes.", "") == ["1,500 bytes"]
