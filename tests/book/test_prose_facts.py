"""What the prose says beside its numbers: names of controls, fields of ss, a boundary."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tcpcore.scenarios import registry
from tcpcore.view import both, engine
from tests.book.test_chapter_shape import CHAPTERS, ROOT, cells, prose

LABS = sorted(path for path in ROOT.glob("labs/*/lab.md") if path.parent.name != "template")
PLAYER = re.compile(r"""Player\(\s*["']([\w-]+)["']""")
MOVED = re.compile(
    r"\b(?:Move|Drag|Slide|Pull|pull|slider|sliders|switch|Switch|Set|Let|let|box)\s+\*([^*\n]+)\*"
)


def labels(text: str) -> set[str]:
    """Of all controls of the players on a page."""
    code = "\n".join(code for _, code in cells(text))
    return {one.label for name in PLAYER.findall(code) for one in registry.get(name).parameters}


@pytest.mark.parametrize(
    "path", [*CHAPTERS, *LABS], ids=lambda path: f"{path.parent.name}-{path.stem}"
)
def test_a_control_that_the_reader_is_told_to_move_stands_on_the_page(path: Path) -> None:
    text = path.read_text()
    known = labels(text)
    for found in MOVED.findall(prose(text)):
        assert any(label.startswith(found) for label in known), (found, sorted(known))


def test_the_reader_is_told_to_move_controls() -> None:
    assert sum(len(MOVED.findall(prose(path.read_text()))) for path in CHAPTERS) >= 15


def test_ss_prints_the_same_fields_of_engine_and_kernel() -> None:
    """Reading the wire says so of this output."""
    fields = [
        set(re.findall(r"\b([a-z_]{3,}):\S|\b(app_limited)\b", run.printed("ss -tni", "client")))
        for run in both("look-around")
    ]
    assert len(fields[0]) > 20
    assert fields[0] == fields[1]


def test_a_tenth_of_a_second_costs_more_than_one_where_the_exercise_says_so() -> None:
    """Limits and successors, exercise 2: back just before a retransmission, or just after it."""
    first, second = [
        min(call.time for call in engine("address-change", back_after=back).calls
            if (call.call, call.host) == ("recv", "client") and call.time > 1.1)
        for back in (1300, 1400)
    ]  # fmt: skip
    assert 1.1 < second - first < 1.3
