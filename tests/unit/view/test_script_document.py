"""What the editor is told of a script: verdict, lines, the packet that differs, the ladder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tcpcore.packetdrill import examples
from tcpcore.view.answers import answer
from tcpcore.view.script_document import LONGEST, MOST_STEPS, as_text, verdict

OURS = Path(__file__).parents[2] / "drill"
SCRIPTS = sorted([*OURS.rglob("*.pkt"), *examples.FOLDER.glob("*.pkt")])
PASSING = examples.read("two_hundred_bytes_are_acknowledged")
BARE = examples.read("a_segment_without_an_acknowledgment")


def test_a_script_that_passes_has_each_line_a_time_and_a_ladder() -> None:
    result = verdict(PASSING)
    assert result["verdict"] == "passed"
    assert result["summary"] == "Passed: 10 lines as written, 0.1 s of virtual time."
    assert {one["verdict"] for one in result["lines"]} == {"passed"}
    assert [one["line"] for one in result["lines"]] == [2, 3, 4, 5, 6, 7, 8, 9, 11, 12]
    assert [one["name"] for one in result["document"]["hosts"]] == ["host", "script"]
    assert result["failure"] is None


def test_a_failure_names_the_line_and_marks_the_field_on_both_sides() -> None:
    result = verdict(BARE + "+1 < . 201:201(0) ack 1 win 100\n")
    failure = result["failure"]
    assert (result["verdict"], failure["line"], failure["column"]) == ("failed", 11, 4)
    marked = [failure[side][start:end] for side in ("expected", "found")
              for start, end in failure[f"{side}_marks"]]  # fmt: skip
    assert marked == ["ack 201", "ack 1"]
    assert [one["verdict"] for one in result["lines"]][-2:] == ["failed", "not run"]
    assert "1 line behind it not reached" in result["summary"]
    assert any("challenge ACK" in line for line in result["story"])


def test_what_is_no_script_has_line_column_and_a_caret_and_no_ladder() -> None:
    result = verdict("0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 bind(3, .., ...) = 0\n")
    assert result["verdict"] == "not a script"
    assert (result["failure"]["line"], result["failure"]["column"]) == (2, 12)
    assert result["failure"]["caret"].splitlines()[1] == " " * 11 + "^"
    assert result["document"] is None
    assert result["lines"] == []


def test_an_unsupported_construct_leaves_the_lines_before_it_passed() -> None:
    result = verdict(PASSING + "+0 frobnicate(4) = 0\n")
    assert result["verdict"] == "not supported"
    assert "frobnicate" in result["summary"]
    assert [one["verdict"] for one in result["lines"]] == ["passed"] * 10 + ["not run"]
    assert result["document"]["segments"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 `rm -rf /`\n", "shell command 'rm'"),
        ("x" * (LONGEST + 1), "may have 100,000 characters; this one has 100,001"),
        ("((((" * 20_000, "expected the time of an event"),
        ("", "expected an event"),
    ],
)
def test_a_script_of_a_stranger_gets_one_sentence(text: str, words: str) -> None:
    result = verdict(text)
    assert result["verdict"] in ("not a script", "not supported")
    assert words in result["summary"]
    assert "\n" not in result["summary"]


def test_a_script_that_would_never_end_is_stopped_at_its_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tcpcore.packetdrill.engine_backend.MOST_EVENTS", 5)
    result = verdict(PASSING + "+0 write(4, ..., 1000) = 1000\n+9999 `true`\n")
    assert "more than 5 events; it was stopped" in result["summary"]
    assert result["failure"]["line"] in range(6, 15)


def test_a_long_run_has_a_ladder_of_its_first_steps() -> None:
    result = verdict("0 < S 0:0(0) win 1000\n" * 500)
    assert result["verdict"] == "passed"
    assert len(result["document"]["steps"]) == MOST_STEPS
    assert f"the ladder shows the first {MOST_STEPS} of" in result["remarks"][-1]
    for step in result["document"]["steps"]:
        assert all(index < len(result["document"]["segments"]) for index in step["sent"])


def test_the_text_has_each_line_with_its_mark_and_the_verdict() -> None:
    lines = as_text(BARE, verdict(BARE, "bare")).splitlines()
    assert lines[0] == "bare"
    assert lines[2].startswith("  2 ✓        0   0 socket(")
    assert lines[11].startswith(" 11 ✗      0.1  +0 > . 1:1(0) ack 201")
    assert "Failed at line 11: the packet differs: ack is 1, not 201." in lines
    assert f"{'':11}{'^^^^^^^':>18}" in lines


def test_the_worker_gets_the_same_verdict() -> None:
    told = json.loads(answer(json.dumps({"script": BARE, "name": "bare"})))
    assert told["result"] == json.loads(json.dumps(verdict(BARE, "bare")))


def test_an_icmp_error_of_the_script_is_an_arrow_of_its_ladder() -> None:
    script = examples.read("a_router_asks_for_smaller_segments")
    document = verdict(script)["document"]
    assert [(one["from"], one["to"], one["fate"]) for one in document["icmp"]] == [
        (1, 0, "delivered")
    ]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_each_script_of_ours_can_be_shown(path: Path) -> None:
    """Also ICMP of all kinds, IPv6, epoll, and what fails on purpose; a page has no files."""
    text = path.read_text()
    result = verdict(text, path.stem)
    opens = result["verdict"] == "not supported" and "files beside the script" in result["summary"]
    assert opens or result["verdict"] in ("passed", "failed")
    assert json.dumps(result)
    assert as_text(text, result)


def test_a_mangled_script_gets_a_verdict() -> None:
    """Half an example, followed by half of another one."""
    texts = [path.read_text() for path in SCRIPTS[::9]]
    for number, text in enumerate(texts):
        other = texts[(number * 7 + 3) % len(texts)]
        mangled = text[: len(text) * 2 // 3] + other[len(other) // 2 :]
        assert json.dumps(verdict(mangled))
