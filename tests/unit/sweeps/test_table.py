"""Tables: what one can ask them, and the forms in which they go elsewhere."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tcpcore.errors import UsageError
from tcpcore.sweeps import Table

RECORDS = [
    {"loss": 0.01, "seed": 1, "goodput": 100, "fairness": None},
    {"loss": 0.01, "seed": 2, "goodput": 300, "fairness": 0.5},
    {"loss": 0.02, "seed": 1, "error": "UsageError: <no>"},
    {"loss": 0.02, "seed": 2, "goodput": 50, "fairness": 1.0},
]


@pytest.fixture
def table() -> Table:
    return Table("two-flows", ["loss", "seed"], RECORDS)


def test_a_table_is_a_sequence_of_records(table: Table):
    assert len(table) == 4
    assert table[1]["goodput"] == 300
    assert table[:2].column("goodput") == [100, 300]
    assert list(table) == RECORDS


def test_the_error_is_the_last_column(table: Table):
    assert table.columns == ["loss", "seed", "goodput", "fairness", "error"]
    assert table[:2].columns == ["loss", "seed", "goodput", "fairness"]


def test_records_are_found_by_their_values(table: Table):
    assert table.where(loss=0.02, seed=2).column("goodput") == [50]
    assert len(table.where(loss=7)) == 0


def test_a_mean_is_taken_over_what_is_there(table: Table):
    assert table.mean("goodput", by=["loss"]) == {(0.01,): 200, (0.02,): 50}
    assert table.mean("goodput") == {(): 150}
    assert table.mean("fairness", by=["loss"]) == {(0.01,): 0.5, (0.02,): 1.0}


def test_an_unknown_column_is_one_sentence(table: Table):
    with pytest.raises(UsageError, match="no column 'speed'; it has loss, seed, goodput"):
        table.column("speed")
    with pytest.raises(UsageError, match="no column 'speed'"):
        table.where(speed=1)


def test_csv_leaves_empty_what_is_not_there(table: Table, tmp_path: Path):
    text = table.to_csv(tmp_path / "table.csv")
    assert (tmp_path / "table.csv").read_text() == text
    rows = list(csv.DictReader(text.splitlines()))
    assert rows[2] == {
        "loss": "0.02", "seed": "1", "goodput": "", "fairness": "", "error": "UsageError: <no>",
    }  # fmt: skip


def test_json_is_the_records(table: Table, tmp_path: Path):
    assert json.loads(table.to_json(tmp_path / "table.json")) == RECORDS
    assert json.loads((tmp_path / "table.json").read_text()) == RECORDS


def test_pandas_gets_a_frame(table: Table):
    pandas = pytest.importorskip("pandas")
    frame = table.to_pandas()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame.columns) == table.columns
    assert frame["seed"].tolist() == [1, 2, 1, 2]


def test_without_pandas_a_sentence_says_what_does_without(
    table: Table, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(UsageError, match=r"pandas is not installed; to_csv\(\)"):
        table.to_pandas()


def test_a_table_shows_itself_in_columns(table: Table):
    lines = repr(table).splitlines()
    assert lines[0].split() == ["loss", "seed", "goodput", "fairness", "error"]
    assert lines[2].split() == ["0.01", "2", "300", "0.5"]


def test_a_notebook_shows_a_table_with_its_text_escaped(table: Table):
    shown = table._repr_html_()
    assert shown.count("<tr>") == 5
    assert "UsageError: &lt;no&gt;" in shown
