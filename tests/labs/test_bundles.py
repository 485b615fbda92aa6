"""What is handed out: no solutions to students, everything to teachers, and otter agrees."""

from __future__ import annotations

import ast
import io
import json
import subprocess
import sys
import zipfile

import pytest

from labs import bundles
from labs.bundling import contents, otter
from labs.grading.submissions import Student
from labs.grading.worker import grade_one
from labs.kit import folders, open_lab

NAMES = [folder.name for folder in folders()]
labs = pytest.mark.parametrize("name", NAMES)


def functions(source: str) -> set[str]:
    """What stands in each function, whatever its name and remarks."""
    found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    return {"\n".join(ast.unparse(one) for one in node.body) for node in found}


@labs
def test_a_students_bundle_has_no_solution_no_key_and_no_wrong_answers(name):
    lab = open_lab(name)
    files = contents.student(lab, [])
    paths = [path.removeprefix(f"{name}/") for path in files]
    assert {"README.txt", "lab.md", "lab.ipynb", "answer.py", "check.py"} <= set(paths)
    for path in paths:
        assert path not in ("solution.py", "key.py", "starter.py")
        assert not path.startswith(("wrong/", "support/labs/grading", "support/labs/bundling"))
        assert f"support/labs/{name}" not in path
    solution = (lab.folder / "solution.py").read_text()
    starter = (lab.folder / "starter.py").read_text()
    own = {line.strip() for line in solution.splitlines() if len(line.strip()) > 50}
    own -= {line.strip() for line in starter.splitlines()}
    bodies = functions(solution) - functions(starter)
    for path, content in files.items():
        if "/support/" in path:
            continue
        if path.endswith((".md", ".ipynb")):
            assert not [line for line in own if line in content.decode()], path
        if path.endswith(".py"):
            assert not functions(content.decode()) & bodies, path


@labs
def test_a_students_bundle_checks_itself_without_anything_installed(name, tmp_path):
    archive = contents.zipped(contents.student(open_lab(name), []))
    zipfile.ZipFile(io.BytesIO(archive)).extractall(tmp_path)
    folder = tmp_path / name
    command = [sys.executable, "-I", "-S", str(folder / "check.py"), "--json", "out.json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    assert json.loads((folder / "out.json").read_text())["points"] == 0
    assert "Traceback" not in done.stdout + done.stderr


@labs
def test_a_bundle_is_the_same_each_time(name):
    lab = open_lab(name)
    assert contents.zipped(contents.student(lab, [])) == contents.zipped(contents.student(lab, []))


@labs
def test_with_a_roster_instances_are_sealed_and_stay_the_students_own(name, tmp_path):
    lab = open_lab(name)
    if not (lab.folder / "instance.py").is_file():
        pytest.skip("this lab gives nothing away")
    files = contents.student(lab, [Student("alice"), Student("bob")])
    assert f"{name}/instance.py" not in files
    zipfile.ZipFile(io.BytesIO(contents.zipped(files))).extractall(tmp_path)
    handed_out = open_lab(tmp_path / name)
    own, sealed = lab.instance("alice"), handed_out.instance("alice")
    assert sealed.given == own.given
    assert sealed.expected == {}
    for key, value in own.expected.items():
        assert sealed.agrees(key, value)
        assert not sealed.agrees(key, "something else")
    with pytest.raises(Exception, match="no instance for the id 'eve'"):
        handed_out.instance("eve")
    solution = (lab.folder / "solution.py").read_text()
    assert handed_out.grade(solution, "alice").points == 100


def test_a_students_bundle_knows_the_salt_of_the_course(tmp_path, monkeypatch):
    monkeypatch.setenv("LABS_SALT", "spring")
    lab = open_lab("timer-arithmetic")
    files = contents.student(lab, [])
    zipfile.ZipFile(io.BytesIO(contents.zipped(files))).extractall(tmp_path)
    monkeypatch.delenv("LABS_SALT")
    command = [sys.executable, "-I", "-S", "check.py", "--given", "--id", "alice"]
    folder = tmp_path / lab.name
    given = json.loads(subprocess.run(command, cwd=folder, capture_output=True, text=True).stdout)
    assert given != lab.instance("alice").given
    monkeypatch.setenv("LABS_SALT", "spring")
    assert given == lab.instance("alice").given


@labs
def test_the_teachers_bundle_has_everything(name):
    paths = set(contents.instructor(open_lab(name)))
    assert {
        f"{name}-teacher/labs/{name}/solution.py",
        f"{name}-teacher/labs/README.md",
        f"{name}-teacher/labs/grade.py",
        f"{name}-teacher/tcpcore/__init__.py",
    } <= paths


def test_a_mistake_on_the_command_line_is_one_sentence(tmp_path, capsys):
    assert bundles.main(["--lab", "nothing", "--out", str(tmp_path)]) == 2
    assert "There is no lab 'nothing'" in capsys.readouterr().err


@pytest.mark.otter
@labs
def test_otters_results_agree_with_check_py(name, tmp_path):
    lab = open_lab(name)
    otter.assign(lab, tmp_path)
    notebook = (tmp_path / f"{name}.ipynb").read_text()
    assert "writefile answer.py" in notebook
    half = next(iter(lab.mistakes().values())).source
    answer = tmp_path / "answer.py"
    answer.write_text(half)
    results = otter.run(tmp_path / "autograder.zip", answer)
    scores = {one["name"]: one["score"] for one in results["tests"] if "score" in one}
    student = "demo"
    task = {"lab": name, "student": student, "file": "answer.py", "source": half, "problem": ""}
    ours = grade_one({**task, "limits": {"seconds": 300.0}})
    assert ours["points"] not in (0, 100), "some right, some wrong"
    assert scores == {
        f"check_{one['number']}": pytest.approx(one["points"], abs=0.01) for one in ours["checks"]
    }


@pytest.mark.otter
def test_otter_gives_the_untouched_notebook_nothing_and_the_solution_everything(tmp_path):
    lab = open_lab("timer-arithmetic")
    otter.assign(lab, tmp_path)
    solution = (lab.folder / "solution.py").read_text()
    notebook = tmp_path / "timer-arithmetic.ipynb"
    assert "def first_rto" in solution
    assert "def first_rto" not in notebook.read_text(), "no solution in the students' notebook"
    answer = tmp_path / "answer.py"
    answer.write_text(solution)
    for submission, points in ((notebook, 0), (answer, 100)):
        results = otter.run(tmp_path / "autograder.zip", submission)
        assert sum(one.get("score", 0) for one in results["tests"]) == points
