"""Each lab's page keeps one form: story, goals, network, tasks with three hints, report."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from labs.kit import folders, open_lab

ROOT = Path(__file__).resolve().parents[2]
PAGES = [folder / "lab.md" for folder in folders()]
pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
OPENING = ["The story", "What you will be able to do", "The network"]


def sections(text: str) -> list[tuple[str, str]]:
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2], strict=True))


def tasks(text: str) -> list[tuple[str, str]]:
    """Tasks, and the one of defence or mending, with their text."""
    return [
        (title, body)
        for title, body in sections(text)
        if title.startswith(("Task ", "Defend", "Mend"))
    ]


@pages
def test_a_lab_has_a_page_with_its_sections_in_order(page):
    titles = [title for title, _ in sections(page.read_text())]
    assert [title for title in titles if title in OPENING] == OPENING
    assert titles[: len(OPENING)] == OPENING
    assert titles[-2:] == ["Report", "Next"]
    assert any(title.startswith(("Defend", "Mend")) for title in titles)


@pages
def test_a_lab_says_its_question_its_hours_and_its_checks(page):
    text, lab = page.read_text(), open_lab(page.parent.name)
    assert re.search(r"^> .+\?$", text, re.MULTILINE)
    assert re.search(rf"\*\*{lab.hours:g} hours\*\*", text)
    assert f"**{len(lab.checks)} checks**" in text
    assert "**5 report questions**" in text


@pages
def test_every_check_has_its_cell_in_a_task(page):
    lab = open_lab(page.parent.name)
    cells = "\n".join(CELL.findall(page.read_text()))
    assert sorted(int(one) for one in re.findall(r"^check\((\d+)\)", cells, re.MULTILINE)) == [
        one.number for one in lab.checks
    ]


@pages
def test_a_task_has_goal_prediction_work_and_three_hints_that_stay_folded(page):
    found = tasks(page.read_text())
    assert len(found) >= 3
    for title, body in found:
        for part in ("**Goal.**", "**Predict.**", "**Do.**"):
            assert part in body, (title, part)
        hints = re.findall(r"^```\{dropdown\} (.+)$", body, re.MULTILINE)
        assert hints == ["Hint 1", "Hint 2", "Hint 3"], title


@pages
def test_the_report_asks_five_questions(page):
    report = dict(sections(page.read_text()))["Report"]
    assert re.findall(r"^(\d)\. ", report, re.MULTILINE) == ["1", "2", "3", "4", "5"]


@pages
def test_a_page_is_in_the_book_and_shows_no_solution(page):
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    listed = {one["file"] for part in toc["parts"] for one in part["chapters"]}
    assert f"labs/{page.parent.name}/lab" in listed
    text = page.read_text()
    assert "solution.py" not in text
    assert "(page.md)" not in text


@pages
def test_a_lab_shows_the_network_from_the_engine(page):
    network = dict(sections(page.read_text()))["The network"]
    assert re.search(r"Player\(|lab\.player\(", network)
