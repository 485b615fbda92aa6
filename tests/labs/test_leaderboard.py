"""The leaderboard of congestion-control: everybody's own algorithm, best first."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

LAB = Path(__file__).resolve().parents[2] / "labs" / "congestion-control"


def test_the_table_has_everybody_and_the_best_comes_first(tmp_path: Path) -> None:
    solution = (LAB / "solution.py").read_text()
    greedy = solution + (LAB / "wrong" / "fills_the_queue.py").read_text()
    endless = (
        solution
        + "\n\nclass Best:\n    def on_ack(self, *_):\n        while True:\n            pass\n"
    )
    answers = {
        "amy": solution,
        "ben": greedy,
        "cem": endless,
        "dan": (LAB / "starter.py").read_text(),
    }
    for name, text in answers.items():
        (tmp_path / f"{name}.py").write_text(text)
    board = tmp_path / "board.csv"
    subprocess.run(
        [sys.executable, LAB / "leaderboard.py", tmp_path, "-o", board, "--jobs", "2"],
        check=True,
        capture_output=True,
    )
    rows = list(csv.DictReader(board.open()))
    assert [row["student"] for row in rows] == ["amy", "ben", "cem", "dan"]
    assert float(rows[0]["score"]) > float(rows[1]["score"]) + 10
    assert [row["score"] for row in rows[2:]] == ["0.0", "0.0"]
    assert all(row["note"] for row in rows[2:])


def test_a_folder_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, LAB / "leaderboard.py", tmp_path / "nowhere"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stderr == f"leaderboard: There is no folder {tmp_path / 'nowhere'}.\n"
