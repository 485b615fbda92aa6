"""``python -m tcpcore sweep``: the table, its files, and mistakes in one sentence."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tcpcore.sweeps import command, run
from tests.unit.sweeps.measures import NAME
from tests.unit.test_cli import Capture, program
from tests.unit.test_cli import run as tcpcore


def sweep(*words: str) -> int:
    return tcpcore("sweep", NAME, "--jobs", "1", *words)


def test_the_table_is_printed_as_csv(capsys: Capture):
    assert sweep("--grid", "rtt=10ms,20ms", "--grid", "seed=1..2") == 0
    out, err = capsys.readouterr()
    rows = list(csv.DictReader(out.splitlines()))
    assert [(row["rtt"], row["seed"]) for row in rows] == [
        ("10", "1"), ("10", "2"), ("20", "1"), ("20", "2"),
    ]  # fmt: skip
    assert err == ""


def test_the_table_goes_to_a_file_by_its_ending(tmp_path: Path, capsys: Capture):
    for name in ("t.csv", "t.json", "t.jsonl"):
        assert sweep("--grid", "rtt=10,20", "-o", str(tmp_path / name)) == 0
    assert capsys.readouterr().out == ""
    records = json.loads((tmp_path / "t.json").read_text())
    assert len((tmp_path / "t.csv").read_text().splitlines()) == 3
    lines = (tmp_path / "t.jsonl").read_text().splitlines()[1:]
    assert [json.loads(line)["record"] for line in lines] == records


def test_resume_goes_on_with_a_file(tmp_path: Path, capsys: Capture):
    file = tmp_path / "t.jsonl"
    assert sweep("--grid", "rtt=10,20", "-o", str(file)) == 0
    whole = file.read_bytes()
    file.write_bytes(whole[:-50])
    assert sweep("--grid", "rtt=10,20", "-o", str(file)) == 2
    assert "is there already: --resume goes on with it." in capsys.readouterr().err
    assert sweep("--grid", "rtt=10,20", "-o", str(file), "--resume") == 0
    assert file.read_bytes() == whole


def test_without_a_trace_there_are_fewer_columns(capsys: Capture):
    assert sweep("--grid", "seed=1", "--no-trace") == 0
    assert "rtt_median" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "A sweep needs a grid"),
        (("--grid", "rtt=fast"), "rtt takes a number, not 'fast'"),
        (("--grid", "rtt=10", "--resume"), "--resume needs -o FILE.jsonl"),
        (("--grid", "rtt=10", "-o", "table.xls"), "ends in .csv, .json or .jsonl"),
        (("--grid", "rtt=10", "--jobs", "0"), "1 job or more"),
        (("--grid", "rtt=10", "-o", "no/such/place.jsonl"), "Cannot write no/such/place.jsonl"),
    ],
    ids=str,
)
def test_a_mistake_is_one_sentence(words: tuple[str, ...], sentence: str, capsys: Capture):
    assert sweep(*words) == 2
    out, err = capsys.readouterr()
    assert sentence in err
    assert err.startswith("tcpcore sweep: ")
    assert err.count("\n") == 1
    assert out == ""


def test_a_cell_that_failed_is_named_and_the_exit_code_tells(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
):
    def fail(task: object, cell: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr("tcpcore.sweeps.work._measured", fail)
    assert sweep("--grid", "rtt=10") == 1
    assert capsys.readouterr().err == "tcpcore sweep: rtt=10 failed: RuntimeError: no\n"


def test_ctrl_c_says_how_to_go_on(tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch):
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "_here", interrupt)
    file = tmp_path / "t.jsonl"
    assert sweep("--grid", "rtt=10", "-o", str(file)) == 130
    assert f"--resume goes on with {file}." in capsys.readouterr().err
    assert sweep("--grid", "rtt=10") == 130
    assert command.LINES == ".jsonl"


def test_the_program_uses_processes_when_it_pays():
    done = program("sweep", NAME, "--grid", "seed=1..3", "--jobs", "2")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 4
