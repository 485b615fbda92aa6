"""A class is graded: honest answers get what they deserve, hostile ones cost only themselves."""

from __future__ import annotations

import csv
import json
import os
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import pytest

from labs import grade
from labs.grading import run
from labs.grading.submissions import Student, collect, roster
from labs.grading.worker import grade_one
from labs.kit import folders, open_lab
from labs.kit.remote import Limits, Remote
from labs.kit.report import as_json
from tcpcore.errors import UsageError

LAB = "timer-arithmetic"
FOLDER = open_lab(LAB).folder
SOLUTION = (FOLDER / "solution.py").read_text()
STARTER = (FOLDER / "starter.py").read_text()
HEAD = "def syn_schedule(*_):\n"
OS = "    o = __import__('os')\n"

HOSTILE = {
    "loops": HEAD + "    while True: pass\n",
    "sleeps": HEAD + "    __import__('time').sleep(60)\n",
    "loops-at-once": "while True:\n    x = 1\n",
    "loops-in-c": HEAD + "    return 10 ** (10 ** 10)\n",
    "eats-memory": HEAD + "    return [bytearray(10**8) for _ in range(1000)]\n",
    "leaves": HEAD + OS + "    o._exit(0)\n",
    "exits": HEAD + "    raise SystemExit(0)\n",
    "forks": HEAD + OS + "    while True: o.fork()\n",
    "kills-its-parent": HEAD + OS + "    o.kill(o.getppid(), 9)\n",
    "kills-all": HEAD + OS + "    o.kill(-1, 9)\n",
    "sends-garbage": HEAD + OS + "    [o.write(n, b'x' * 99 + b'\\n') for n in range(3, 9)]\n",
    "sends-too-much": HEAD + "    return 'x' * 10**8\n",
    "is-deep": HEAD + "    x = []\n    for _ in range(10**5): x = [x]\n    return x\n",
    "is-an-object": HEAD + "    return object()\n",
    "is-no-python": "def syn_schedule(:\n",
    "patches": "import json\njson.dumps = lambda *a, **k: '1'\n" + HEAD + "    return 1\n",
}
FORGES = (
    "import json\n"
    + HEAD
    + OS
    + """    full = {"value": {"d": [["points", 100], ["passed", True]]}}
    for number in range(3, 12):
        try:
            o.write(number, json.dumps({"d": [["value", True], ["points", 100]]}).encode() + b"\\n")
        except OSError:
            pass
    print(json.dumps({"points": 100, "of": 100}))
    return True
"""
)


PATIENCE = 300.0
"""Seconds for an answer that comes to an end: a busy machine is slow."""


def task(student: str, source: str, **limits: object) -> dict[str, object]:
    return {
        "lab": LAB,
        "student": student,
        "file": "answer.py",
        "source": source,
        "problem": "",
        "limits": {"seconds": 3.0, "hide": (str(FOLDER.parent),), **limits},
    }


def without_locks(result):
    return {key: value for key, value in result.items() if key not in ("locks", "note")}


@pytest.mark.parametrize("wrong", [None, "no_ceiling", "old_kernel", "user_timeout_only"])
def test_a_submission_in_its_child_is_judged_as_by_check_py(wrong):
    lab = open_lab(LAB)
    source = SOLUTION if wrong is None else lab.mistakes()[wrong].source
    asked = task("alice", source, seconds=PATIENCE)
    assert without_locks(grade_one(asked)) == as_json(lab.grade(source, "alice"))


@pytest.mark.parametrize("name", [folder.name for folder in folders() if folder.name != LAB])
def test_every_labs_answers_are_judged_in_a_child_as_by_check_py(name):
    lab = open_lab(name)
    wrong = next(iter(lab.mistakes().values())).source
    for source in ((lab.folder / "solution.py").read_text(), wrong):
        asked = {**task("alice", source, seconds=PATIENCE), "lab": name}
        assert without_locks(grade_one(asked)) == as_json(lab.grade(source, "alice"))


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_a_hostile_answer_gets_nothing_for_it_and_a_sentence(name):
    result = grade_one(task("mallory", HOSTILE[name]))
    first = result["checks"][0]
    assert first["points"] == 0
    assert first["kind"] in ("failed", "wrong")
    assert first["message"]
    assert result["points"] == 0


def test_forged_results_are_only_wrong_answers():
    assert grade_one(task("mallory", FORGES))["points"] == 0


def test_one_bad_function_does_not_cost_the_others():
    result = grade_one(task("alice", SOLUTION + "\n\n" + HOSTILE["leaves"], seconds=PATIENCE))
    points = {one["check"]: one["points"] for one in result["checks"]}
    assert points["SYN schedule"] == 0
    assert points["data schedule"] == 15


def test_an_answer_cannot_use_the_engine_that_judges_it():
    named = grade_one(task("mallory", "import tcpcore\n" + SOLUTION))
    assert "imports tcpcore" in named["checks"][0]["message"]
    hidden = grade_one(task("mallory", SOLUTION + HEAD + "    __import__('tcpcore')\n"))
    assert "ModuleNotFoundError" in hidden["checks"][0]["message"]


@pytest.mark.parametrize("name", ["leaves", "forks", "loops-in-c", "sends-garbage"])
def test_without_namespaces_the_limits_still_hold(name):
    result = grade_one(task("mallory", HOSTILE[name], namespaces=False))
    assert result["points"] == 0
    assert not {"network", "files", "processes"} & set(result["locks"])


@pytest.mark.skipif(os.geteuid() != 0, reason="needs the namespaces that root may make")
def test_locked_in_there_is_no_solution_no_network_and_nothing_to_delete():
    probe = f"""
def trial(what):
    try:
        return repr(what())
    except OSError as error:
        return "no: " + str(error.errno)

def syn_schedule(*_):
    o, t = __import__("os"), trial
    raise ValueError([
        t(lambda: o.listdir({str(FOLDER)!r})), t(lambda: o.unlink({str(FOLDER / "check.py")!r})),
        t(lambda: o.kill(o.getppid(), 9)), t(lambda: open("/etc/hostname", "w")),
        o.getuid(), sorted(o.listdir("/proc")), sorted(o.environ),
    ])
"""
    remote = Remote(probe, given={}, limits=Limits(hide=(str(FOLDER.parent),)))
    try:
        with pytest.raises(Exception, match="ValueError") as caught:
            remote.call("syn_schedule")
        assert set(remote.locks) >= {"limits"}
        if "files" in remote.locks:
            assert str(caught.value).count("'no: ") >= 3
            assert "65534, [], []" in str(caught.value)
    finally:
        remote.close()
    assert (FOLDER / "check.py").is_file()


def test_a_folder_is_graded_in_parallel_with_csv_and_feedback(tmp_path, capsys):
    handed_in = tmp_path / "in"
    (handed_in / "bob_12_assignsubmission").mkdir(parents=True)
    (handed_in / "bob_12_assignsubmission" / "answer.py").write_text(STARTER)
    (handed_in / "alice.py").write_text(
        SOLUTION.replace("'demo'", "'bob'").replace('"demo"', '"bob"')
    )
    (handed_in / "eve.py").write_text(SOLUTION + "\n" + HOSTILE["leaves"])
    (tmp_path / "class.csv").write_text(
        "id,name,email\nalice,Ada Lovelace,a@x\nbob,Bob,b@x\neve,=HYPERLINK(1),\ndan,Dan,d@x\n"
    )
    out = tmp_path / "out" / "grades.csv"
    given = [str(handed_in), "--lab", LAB, "--roster", str(tmp_path / "class.csv"), "-o", str(out)]
    assert grade.main([*given, "--jobs", "2", "--results", str(tmp_path / "all.json")]) == 0
    rows = {row["id"]: row for row in csv.DictReader(out.open())}
    assert [rows[one]["points"] for one in ("alice", "bob", "eve", "dan")] == [
        "100",
        "0",
        "50",
        "0",
    ]
    assert "graded as alice's" in rows["alice"]["note"]
    assert rows["eve"]["name"] == "'=HYPERLINK(1)", "no cell becomes a formula"
    assert "Nothing was handed in" in (out.parent / "feedback" / "dan.md").read_text()
    eve = (out.parent / "feedback" / "eve.md").read_text()
    assert "**rule**" in eve
    assert "The program is gone" in eve
    assert len(json.loads((tmp_path / "all.json").read_text())) == 4
    assert "4 graded" in capsys.readouterr().out


@pytest.mark.parametrize("form", ["canvas", "moodle"])
def test_the_csv_has_the_columns_that_the_platform_imports(form, tmp_path):
    (tmp_path / "alice.py").write_text(STARTER)
    out = tmp_path / "grades.csv"
    grade.main([str(tmp_path), "--lab", LAB, "-o", str(out), "--format", form, "--jobs", "1"])
    header, *rows = list(csv.reader(out.open()))
    if form == "canvas":
        assert header[:5] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
        assert rows[0] == ["    Points Possible", "", "", "", "", "100"]
    else:
        assert header[:3] == ["ID number", "Full name", "Email address"]
    assert header[5 if form == "canvas" else 3] == "Timer arithmetic"
    assert rows[-1][0] == "alice"


def test_any_executor_will_do():
    with ThreadPoolExecutor(2) as pool:
        results = run.grade_all([task("alice", SOLUTION), task("bob", STARTER)], pool)
    assert (results["alice"]["points"], results["bob"]["points"]) == (100, 0)


def test_a_worker_that_dies_costs_only_its_own_submission(monkeypatch):
    class Fragile(ThreadPoolExecutor):
        def submit(self, function, task):  # a pool whose worker dies of one submission
            if task["student"] != "mallory":
                return super().submit(function, task)
            lost: Future[object] = Future()
            lost.set_exception(BrokenProcessPool())
            return lost

    monkeypatch.setattr(run, "_pool", lambda jobs: Fragile(1))
    results = run.grade_all([task("mallory", STARTER), task("alice", SOLUTION)], jobs=1)
    assert results["alice"]["points"] == 100
    assert "by hand" in results["mallory"]["note"]


def test_a_roster_finds_its_files_under_the_names_that_platforms_give(tmp_path):
    ada = Student("al1", "Ada Lovelace", "ada@x", "")
    for name in (
        "al1",
        "al1_1234_answer",
        "ada@x",
        "Ada Lovelace_77_file",
        "lovelaceada_9_8_answer",
    ):
        assert ada.owns(name), name
    for name in ("al12", "answer", "ada"):
        assert not ada.owns(name), name
    (tmp_path / "zed.py").write_text("")
    with pytest.raises(UsageError, match="nobody for zed"):
        collect(tmp_path, [ada])
    (tmp_path / "class.csv").write_text("name\nAda\n")
    with pytest.raises(UsageError, match="column 'id'"):
        roster(tmp_path / "class.csv")


def test_a_mistake_on_the_command_line_is_one_sentence(tmp_path, capsys):
    assert grade.main([str(tmp_path), "--lab", "no-such-lab"]) == 2
    assert "Which lab?" in capsys.readouterr().err
    assert grade.main([str(tmp_path / "none"), "--lab", LAB]) == 2
    assert "There is no folder" in capsys.readouterr().err
