"""The editor as a widget, from Python's side; and scripts as chapters ask of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tcpcore.errors import UsageError
from tcpcore.packetdrill import examples
from tcpcore.view.claims import ClaimFailed, claim_of_script
from tcpcore.view.drill import MIME, Drill
from tcpcore.view.scripted import (
    drill_beside_kernel,
    drilled,
    drilled_by_kernel,
    drilled_exchange,
)

NAME = "two_hundred_bytes_are_acknowledged"
BARE = "a_segment_without_an_acknowledgment"


def test_setting_the_script_runs_it() -> None:
    editor = Drill(NAME)
    assert editor.result["verdict"] == "passed"
    editor.script = editor.script.replace("ack 201", "ack 200")
    assert editor.result["verdict"] == "failed"
    assert editor.result["script"] == editor.script


def test_it_takes_names_files_and_scripts_and_without_any_all_examples(tmp_path: Path) -> None:
    path = tmp_path / "mine.pkt"
    path.write_text("0 < S 0:0(0) win 1\n")
    editor = Drill(NAME, str(path), "0 < S 0:0(0) win 2\n")
    assert [one["name"] for one in editor.choices] == [NAME, "mine", "script"]
    assert editor.choices[0]["title"] == "Two hundred bytes are acknowledged"
    assert [one["name"] for one in Drill().choices] == examples.names()


@pytest.mark.parametrize("wrong", ["no_such_example", "/no/such/file.pkt"])
def test_a_mistake_in_the_call_is_said_at_once(wrong: str) -> None:
    with pytest.raises(UsageError):
        Drill(wrong)


def test_a_page_gets_the_verdicts_of_all_scripts_and_their_text() -> None:
    data = Drill(NAME, BARE)._repr_mimebundle_()[0]
    assert data[MIME]["kind"] == "drill"
    assert [one["result"]["verdict"] for one in data[MIME]["state"]["choices"]] == [
        "passed",
        "failed",
    ]
    assert "Failed at line 11" in data["text/plain"]
    assert "application/vnd.jupyter.widget-view+json" in data


@pytest.mark.parametrize("name", examples.names())
def test_engine_and_recorded_kernel_have_the_same_verdict_line_by_line(name: str) -> None:
    here, there = drilled(name), drilled_by_kernel(name)
    assert (here.verdict, here.line) == (there.verdict, there.line)
    for a, b in zip(here.lines, there.lines, strict=True):
        assert (a["line"], a["text"], a["verdict"]) == (b["line"], b["text"], b["verdict"])
        if a["time"] is not None:
            assert -1_000 <= b["time"] - a["time"] <= max(14_000, a["time"] // 8)


def test_side_by_side_says_whether_each_line_is_alike() -> None:
    text = str(drill_beside_kernel(BARE, NAME))
    assert "failed on both sides, each line alike." in text
    assert "Two hundred bytes are acknowledged: passed on both sides" in text


def test_a_scripts_numbers_and_those_on_the_wire_are_both_there() -> None:
    run = drilled_exchange("numbers_of_two_kinds")
    assert (run[0].raw_seq, run[1].seq, run[1].raw_ack) == (5000, 0, 5001)
    assert run[1].raw_seq > 5001
    assert drilled(NAME).time(12) == 0.1


def test_a_claim_is_put_to_both_runs_of_a_script() -> None:
    found = claim_of_script(
        "S179",
        BARE,
        said=lambda x: x.passed,
        today=lambda x: x.line == 11,
        shows=lambda x: x.found,
    )
    assert found.verdict == "slip"
    assert found.engine == found.record == "> . 1:1(0) ack 1 win 64240"
    assert found.kernel.startswith("Linux 6.")
    with pytest.raises(ClaimFailed, match="what is said to be true today"):
        claim_of_script("S179", BARE, said=lambda x: x.passed, today=lambda x: x.passed, shows=str)
