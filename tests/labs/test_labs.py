"""What every lab must do, whoever wrote it: run over the folders under labs/."""

from __future__ import annotations

import ast
import time

import pytest

from labs.kit import Lab, Result, folders, open_lab
from labs.kit.instance import Instance
from labs.kit.plain import same
from labs.kit.report import as_json, markdown, text

NAMES = [folder.name for folder in folders()]
PUPILS = ("alice", "bob", "chen", "2024-0815")
MISTAKES = [(name, wrong) for name in NAMES for wrong in sorted(open_lab(name).mistakes())]
labs = pytest.mark.parametrize("name", NAMES)


@pytest.fixture(scope="module")
def opened() -> dict[str, Lab]:
    return {name: open_lab(name) for name in NAMES}


def source(lab: Lab, file: str) -> str:
    return (lab.folder / file).read_text(encoding="utf-8")


def failed(result: Result) -> dict[str, str]:
    return {one.check: one.kind for one in result.verdicts if not one.passed}


def frozen(lab: Lab, student: str) -> str:
    """The solution as that student would hand it in: values instead of functions of the task."""
    given = lab.instance(student).given
    answer = lab.local(source(lab, "solution.py"))(Instance(lab.name, student))
    answer._given = given
    values = "".join(f"{name} = {answer.value(name)!r}\n" for name in lab.values)
    return f"{source(lab, 'solution.py')}\n\nID = {student!r}\n{values}"


@labs
def test_points_are_a_hundred_and_each_check_says_its_rule(name, opened):
    lab = opened[name]
    assert sum(one.points for one in lab.checks) == 100
    assert len(lab.checks) >= 3
    assert lab.personal in [one.name for one in lab.checks]
    for one in lab.checks:
        assert len(one.rule) > 20
        assert len(one.checked) > 20


@labs
@pytest.mark.parametrize("student", PUPILS)
def test_the_solution_gets_full_marks_whoever_asks(name, student, opened):
    lab = opened[name]
    result = lab.grade(source(lab, "solution.py"), student)
    assert not failed(result), text(result)
    assert result.points == 100


@labs
def test_the_solution_as_literals_gets_full_marks_from_its_own_student_only(name, opened):
    lab = opened[name]
    own = frozen(lab, "alice")
    assert lab.grade(own, "alice").points == 100
    copied = lab.grade(own, "bob")
    assert lab.personal in failed(copied), "a copied answer gives itself away"


@labs
def test_the_untouched_starter_fails_each_check_by_name(name, opened):
    lab = opened[name]
    result = lab.grade(source(lab, "starter.py"), "alice")
    assert result.points == 0
    for one in result.verdicts:
        assert one.kind == "unwritten", (one.check, one.message)
        assert one.where


@labs
def test_a_lab_has_four_wrong_answers_at_least(name, opened):
    found = opened[name].mistakes()
    assert len(found) >= 4
    assert len({one.caught_by for one in found.values()}) >= 2
    assert all(one.mistake for one in found.values())


@pytest.mark.parametrize(("name", "wrong"), MISTAKES)
def test_a_wrong_answer_is_caught_by_the_check_meant_for_it(name, wrong, opened):
    lab = opened[name]
    mistake = lab.mistakes()[wrong]
    result = lab.grade(mistake.source, "alice")
    missed = {one.check: one for one in result.verdicts if not one.passed}
    assert mistake.caught_by in missed, text(result)
    caught = missed[mistake.caught_by]
    assert caught.kind in ("wrong", "part"), caught.message
    assert caught.where, "it says where it first went wrong"
    assert "cannot make sense" not in caught.message
    assert len(missed) < len(result.verdicts), "only what is wrong is marked wrong"


@labs
def test_two_runs_give_the_same_result_to_the_letter(name, opened):
    lab = opened[name]
    texts = [source(lab, "solution.py"), *(one.source for one in lab.mistakes().values())][:3]
    for one in texts:
        first, second = lab.grade(one, "chen"), open_lab(name).grade(one, "chen")
        assert as_json(first) == as_json(second)


@labs
def test_instances_are_the_students_own_and_the_same_each_time(name, opened):
    lab = opened[name]
    drawn = [(lab.instance(one).given, lab.instance(one).draw("x").random()) for one in PUPILS]
    assert drawn == [
        (lab.instance(one).given, lab.instance(one).draw("x").random()) for one in PUPILS
    ]
    assert len({repr(one) for one in drawn}) == len(PUPILS)
    assert same(drawn[0][0]) == drawn[0][0], "what is given is plain data"


@labs
def test_each_check_takes_less_than_two_seconds(name, opened):
    lab = opened[name]
    for one in lab.checks:
        begun = time.process_time()
        lab.run(lab.local(source(lab, "solution.py")), "dora", one.number)
        assert time.process_time() - begun < 2, one.name


@labs
def test_feedback_names_rule_and_place_of_what_went_wrong(name, opened):
    lab = opened[name]
    mistake = next(iter(lab.mistakes().values()))
    feedback = markdown(lab.grade(mistake.source, "alice"))
    assert "**rule**" in feedback
    assert "**first at**" in feedback


@labs
def test_the_starter_asks_for_every_value_and_the_solution_has_them(name, opened):
    lab = opened[name]
    for file in ("starter.py", "solution.py"):
        tree = ast.parse(source(lab, file))
        names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        names |= {
            target.id
            for node in tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        assert {*lab.values, "ID"} <= names, file
