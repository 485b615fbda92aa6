"""A lab begun from the template works from the first minute."""

from __future__ import annotations

import pytest

from labs import new
from labs.kit import open_lab
from tcpcore.errors import UsageError


def test_a_new_lab_gives_full_marks_to_its_solution_and_none_to_its_starter(tmp_path):
    lab = open_lab(new.begin("first-steps", tmp_path))
    assert (lab.name, lab.title) == ("first-steps", "First steps")
    assert lab.grade((lab.folder / "solution.py").read_text(), "alice").points == 100
    starter = lab.grade((lab.folder / "starter.py").read_text(), "alice")
    assert [one.kind for one in starter.verdicts] == ["unwritten"] * len(lab.checks)
    assert len(lab.mistakes()) == 4
    for wrong in lab.mistakes().values():
        missed = [one.check for one in lab.grade(wrong.source, "alice").verdicts if not one.passed]
        assert missed == [wrong.caught_by]


def test_nothing_of_the_template_is_left_in_it(tmp_path):
    folder = new.begin("first-steps", tmp_path)
    assert not [path for path in folder.rglob("*.*") if "LAB-" in path.read_text()]


@pytest.mark.parametrize("name", ["", "My Lab", "../x", "a_b", "9"])
def test_a_name_that_will_not_do_is_refused_in_a_sentence(name, tmp_path):
    with pytest.raises(UsageError, match="small letters"):
        new.begin(name, tmp_path)


def test_a_lab_is_never_written_over(tmp_path):
    new.begin("one", tmp_path)
    with pytest.raises(UsageError, match="already"):
        new.begin("one", tmp_path)
