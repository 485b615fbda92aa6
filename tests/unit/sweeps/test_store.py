"""A sweep's file: only what is missing is done again, and nothing else's file is touched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import tcpcore
from tcpcore.errors import UsageError
from tcpcore.sweeps import store, work
from tests.unit.sweeps.measures import NAME, Stops, fails_for_three

GRID = {"rtt": [10, 50], "seed": range(3)}


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(work, "PATIENCE", 0)  # a task is one cell
    return tmp_path / "sweep.jsonl"


def sweep(file: Path, grid: dict[str, Any] | None = None, **more: Any) -> tcpcore.Table:  # type: ignore[name-defined]
    return tcpcore.sweep(NAME, grid or GRID, jobs=1, file=file, **more)


def test_a_file_has_one_line_for_the_sweep_and_one_for_each_cell(file: Path):
    table = sweep(file)
    head, *lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert (head["scenario"], head["grid"]) == (NAME, {"rtt": [10, 50], "seed": [0, 1, 2]})
    assert [line["cell"] for line in lines] == list(range(6))
    assert [line["record"] for line in lines] == list(table)


def test_a_sweep_that_was_stopped_does_only_what_is_missing(file: Path):
    first = Stops(seed=2)
    with pytest.raises(KeyboardInterrupt):
        sweep(file, measure=first)
    assert len(file.read_text().splitlines()) == 1 + 2
    second = Stops(seed=99)
    assert sweep(file, measure=second) == sweep(file, measure=second)
    assert second.asked == [2, 0, 1, 2]


def test_a_table_from_a_file_is_the_one_without(file: Path):
    sweep(file)
    assert sweep(file) == tcpcore.sweep(NAME, GRID, jobs=1)


@pytest.mark.parametrize("cut", [1, 20, 200])
def test_a_line_that_was_cut_short_is_written_again(file: Path, cut: int):
    table = sweep(file)
    whole = file.read_bytes()
    file.write_bytes(whole[:-cut])
    assert sweep(file) == table
    assert file.read_bytes() == whole


def test_a_first_line_that_was_cut_short_is_written_again(file: Path):
    sweep(file)
    whole = file.read_bytes()
    file.write_bytes(whole[:30])
    sweep(file)
    assert file.read_bytes() == whole


def test_a_cell_that_failed_is_tried_again(file: Path, monkeypatch: pytest.MonkeyPatch):
    table = sweep(file, {"seed": [2, 3]}, measure=fails_for_three)
    assert len(table.failures) == 1
    monkeypatch.setattr(fails_for_three, "__code__", (lambda network: {}).__code__)
    assert not sweep(file, {"seed": [2, 3]}, measure=fails_for_three).failures
    assert len(file.read_text().splitlines()) == 1 + 3


def refused(file: Path, *arguments: Any, **more: Any) -> str:
    before = file.read_bytes()
    with pytest.raises(UsageError) as caught:
        sweep(file, *arguments, **more)
    assert file.read_bytes() == before
    return str(caught.value)


def test_another_sweep_s_file_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch):
    sweep(file)
    assert "holds a sweep with another grid: name another file" in refused(file, {"rtt": [10]})
    assert "with another measure" in refused(file, measure=fails_for_three)
    assert "with another traced" in refused(file, traced=False)
    with pytest.raises(UsageError, match=f"holds a sweep of {NAME}"):
        tcpcore.sweep("handshake", GRID, jobs=1, file=file)
    monkeypatch.setattr(store, "engine", lambda: "0.0.0 else")
    assert "was begun by another version of tcpcore" in refused(file)


@pytest.mark.parametrize("content", ["rtt,seed\n1,2\n", "[1]\n", "half a line", '{"a": 1}\n'])
def test_a_file_of_something_else_is_refused_and_left_alone(file: Path, content: str):
    file.write_text(content)
    assert "is no sweep's file" in refused(file)


def test_a_damaged_line_in_the_middle_is_refused(file: Path):
    sweep(file)
    lines = file.read_text().splitlines()
    file.write_text("\n".join([lines[0], lines[1][:20], *lines[2:]]) + "\n")
    assert "is damaged" in refused(file)


def test_a_file_that_cannot_be_written_is_one_sentence(tmp_path: Path):
    with pytest.raises(UsageError, match=r"Cannot write .*: Is a directory"):
        sweep(tmp_path)


def test_a_bad_grid_leaves_no_file(file: Path):
    with pytest.raises(UsageError):
        sweep(file, {"rtt": [-1]})
    assert not file.exists()


def test_the_engine_s_hash_changes_with_its_code(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / "sweeps").mkdir()
    monkeypatch.setattr(store, "__file__", str(tmp_path / "sweeps" / "store.py"))
    (tmp_path / "rule.py").write_text("1")
    first = store.engine()
    (tmp_path / "rule.py").write_text("2")
    assert first != store.engine()
