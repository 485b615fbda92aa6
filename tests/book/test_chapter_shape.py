"""Chapters keep one form: the same sections, short cells, predictions, folded solutions."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "chapters"
HTML = ROOT / "_build" / "html" / "chapters"
# Pages in a part of the book are chapters; the appendix is for looking things up, tools for use.
TOOLS = {"your-own-capture"}
CHAPTERS = sorted(
    path
    for path in FOLDER.glob("*/*.md")
    if path.parent.name not in ("appendix", "images") and path.stem not in TOOLS
)
PAGES = sorted(FOLDER.rglob("*.md"))
FIRST, LAST = ["In one picture"], ["Where Linux differs", "Break it", "What to remember",
                                   "Exercises", "Next · References"]  # fmt: skip
CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
HIDING = {"hide-input", "hide-cell", "remove-input", "remove-cell"}
FIGURES = ("Player(", "Drill(", "States(")

chapters = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)


def cells(text: str) -> list[tuple[set[str], str]]:
    """Tags and code of each cell."""
    found = []
    for body in CELL.findall(text):
        tags: set[str] = set()
        if body.startswith("---\n"):
            head, _, body = body[4:].partition("\n---\n")
            tags = set(yaml.safe_load(head).get("tags", ()))
        while body.startswith(":"):
            line, _, body = body.partition("\n")
            name, _, value = line[1:].partition(":")
            if name == "tags":
                tags = set(yaml.safe_load(value))
        found.append((tags, body.strip()))
    return found


def visible(text: str) -> list[str]:
    return [code for tags, code in cells(text) if not tags & HIDING]


def sections(text: str) -> list[tuple[str, str]]:
    """Title and text of each section below the chapter's title."""
    parts = re.split(r"^## (.+)$", CELL.sub("", text), flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2], strict=True))


def prose(text: str) -> str:
    """What people read: no front matter, no cells, no marks of directives."""
    text = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)
    return re.sub(r"^```.*$", "", CELL.sub("", text), flags=re.MULTILINE)


def test_there_is_a_chapter():
    assert CHAPTERS


@chapters
def test_a_chapter_has_the_sections_of_the_template_in_their_order(path):
    titles = [title for title, _ in sections(path.read_text())]
    assert titles[: len(FIRST)] == FIRST
    assert titles[-len(LAST) :] == LAST
    assert 3 <= len(titles) - len(FIRST) - len(LAST) <= 5, "three to five ideas"


@chapters
def test_a_chapter_opens_with_its_question_and_says_what_it_takes(path):
    text = prose(path.read_text()).strip()
    title, question, takes = text.split("\n\n")[:3]
    assert title.startswith("# ")
    assert question.startswith("> ")
    assert question.rstrip().endswith("?")
    assert re.search(r"\*\*\d+ minutes\*\*", takes)


@chapters
def test_a_chapter_counts_its_experiments_and_exercises(path):
    text = path.read_text()
    predictions = sum(code.count("predict(") for _, code in cells(text))
    exercises = len(re.findall(r"^### Exercise ", text, re.MULTILINE))
    assert f"**{predictions} experiments**" in text
    assert f"**{exercises} exercises**" in text
    assert 4 <= exercises <= 6


@chapters
def test_a_chapter_has_a_length_that_one_sitting_takes(path):
    assert 1500 <= len(prose(path.read_text()).split()) <= 2500


@chapters
def test_visible_cells_are_few_and_short(path):
    shown = visible(path.read_text())
    assert len(shown) <= 12
    for code in shown:
        assert len(code.splitlines()) <= 8, code
        assert max(map(len, code.splitlines())) <= 80, code


@chapters
def test_cells_hold_no_helper_code(path):
    for _, code in cells(path.read_text()):
        assert not re.search(r"^\s*(def|class) ", code, re.MULTILINE), code


@chapters
def test_a_chapter_has_a_player_and_not_too_many_figures(path):
    code = "\n".join(code for _, code in cells(path.read_text()))
    assert "Player(" in code or "Drill(" in code
    assert sum(code.count(figure) for figure in FIGURES) <= 6


@chapters
def test_a_chapter_lays_the_engine_beside_a_recorded_kernel(path):
    code = "\n".join(code for _, code in cells(path.read_text()))
    assert "beside_kernel(" in code


@chapters
def test_what_to_remember_is_at_most_five_lines(path):
    remember = dict(sections(path.read_text()))["What to remember"]
    points = [line for line in remember.splitlines() if line.startswith("- ")]
    assert 1 <= len(points) <= 5
    assert all(len(line) <= 100 for line in points)


@chapters
def test_every_exercise_has_its_solution_folded_right_below(path):
    exercises = dict(sections(path.read_text()))["Exercises"]
    parts = re.split(r"^### Exercise \d+: .+$", exercises, flags=re.MULTILINE)[1:]
    assert parts
    for part in parts:
        assert part.count("```{dropdown} Solution") == 1
        question, _, _ = part.partition("```{dropdown} Solution")
        assert question.strip()


@chapters
def test_predictions_come_before_their_run_and_have_names_of_their_own(path):
    code = "\n".join(code for _, code in cells(path.read_text()))
    names = re.findall(r"predict\(\s*\"([\w-]+)\"", code)
    assert names
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_prose_uses_plain_ascii_quotes_and_no_tabs(path):
    text = path.read_text()
    assert "\t" not in text
    assert not re.search("[“”‘’]", prose(text)), "quotation marks are made when the page is built"


@pytest.mark.book
@chapters
def test_every_figure_has_a_text_alternative(path):
    page = (HTML / path.relative_to(FOLDER)).with_suffix(".html").read_text()
    figures = page.split('data-figure="')[1:]
    assert figures
    assert all('class="tcpcore-fallback"' in figure for figure in figures)
    for drawing in re.findall(r"<svg class='states'[^>]*>", page):
        assert "aria-label=" in drawing
    for table in re.findall(r"<div class='tcpfig[^']*'[^>]*>(?=<table)", page):
        assert "aria-label=" in table


@pytest.mark.book
@chapters
def test_links_to_a_players_step_name_a_player_of_the_page_and_a_step_that_it_has(path):
    page = (HTML / path.relative_to(FOLDER)).with_suffix(".html").read_text()
    links = re.findall(r"""href=["']#([\w-]+):(\d+)["']""", page)
    for name, step in links:
        figure = page.partition(f'data-figure="player" id="{name}"')[2].partition("</script>")[0]
        assert figure, name
        assert 1 <= int(step) <= figure.count('"transitions":'), (name, step)
