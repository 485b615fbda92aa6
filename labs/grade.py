"""``python -m labs.grade SUBMISSIONS/ -o grades.csv``: grade a class.

Each submission runs in a process of its own, locked in (see labs/README.md on what that holds
against); the checks and the engine that judges stay outside.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from labs.grading import outputs
from labs.grading.run import grade_all
from labs.grading.submissions import Submission, collect, roster
from labs.kit.instance import file_name
from labs.kit.lab import LABS, folders, open_lab
from tcpcore.errors import UsageError

LOCKS = {
    "network": "no network",
    "processes": "no other processes in sight",
    "files": "all files read-only, labs and submissions hidden",
    "user": "no rights of the teacher's",
}


def arguments(given: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="labs.grade", description="Grade a folder of submissions."
    )
    parser.add_argument("submissions", type=Path, help="a file or folder per student")
    parser.add_argument("-o", "--output", type=Path, default=Path("grades.csv"))
    parser.add_argument("--lab", default="", help="by default the name of the folder")
    parser.add_argument("--roster", type=Path, help="CSV: id, name, email, submission")
    parser.add_argument("--format", choices=("plain", "canvas", "moodle"), default="plain")
    parser.add_argument("--feedback", type=Path, help="folder; by default feedback/ beside grades")
    parser.add_argument("--results", type=Path, help="write all results as JSON, too")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--timeout", type=float, default=20.0, help="seconds an answer may take")
    parser.add_argument("--memory", type=int, default=512, help="MB an answer may take")
    parser.add_argument("--executor", default="", help="module:function that gives an Executor")
    return parser.parse_args(given)


def lab_name(given: argparse.Namespace) -> str:
    """The lab to grade."""
    name = given.lab or given.submissions.resolve().name
    if name not in [folder.name for folder in folders()]:
        listed = ", ".join(folder.name for folder in folders())
        raise UsageError(f"Which lab? Give --lab NAME, one of {listed}.")
    return str(name)


def tasks_of(found: list[Submission], lab: str, given: argparse.Namespace) -> list[dict[str, Any]]:
    """What the workers get: plain data, so that they may be on other machines."""
    hide = [str(LABS), str(given.submissions.resolve())]
    limits = {"seconds": given.timeout, "memory": given.memory << 20, "hide": tuple(hide)}
    return [
        {
            "lab": lab,
            "student": one.student.id,
            "file": one.file or "answer.py",
            "source": one.source,
            "problem": one.problem,
            "limits": limits,
        }
        for one in found
    ]


def executor_of(name: str) -> Any:
    """The executor that a function of the teacher's gives."""
    module, _, function = name.partition(":")
    try:
        sys.path.insert(0, os.getcwd())
        make: Callable[[], Any] = getattr(import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"--executor {name}: {error}.") from error
    return make()


def write(graded: outputs.Graded, given: argparse.Namespace) -> None:
    """Grades, feedback, results."""
    given.output.parent.mkdir(parents=True, exist_ok=True)
    given.output.write_text(outputs.table(graded, given.format), encoding="utf-8")
    folder = given.feedback or given.output.parent / "feedback"
    folder.mkdir(parents=True, exist_ok=True)
    for student, result in graded:
        file = folder / f"{file_name(student.id)}.md"
        file.write_text(outputs.feedback(student, result), encoding="utf-8")
    if given.results:
        content = json.dumps([result for _, result in graded], indent=1, ensure_ascii=False)
        given.results.write_text(content + "\n", encoding="utf-8")


def locks(graded: outputs.Graded) -> str:
    """Which locks held for every program that ran, and which this machine does not give."""
    held = [set(result["locks"]) for _, result in graded if result["locks"]]
    common = set.intersection(*held) if held else set(LOCKS)
    missing = [text for lock, text in LOCKS.items() if lock not in common]
    if missing:
        return f"Not to be had here: {'; '.join(missing)}. See labs/README.md, What the locks hold."
    return "Locked in: " + "; ".join(LOCKS.values()) + "."


def main(given: list[str]) -> int:
    """Grade, write, say what was done."""
    begun = time.monotonic()
    try:
        options = arguments(given)
        lab = lab_name(options)
        found = collect(options.submissions, roster(options.roster) if options.roster else [])
        open_lab(lab)
        pool = executor_of(options.executor) if options.executor else None
        results = grade_all(tasks_of(found, lab, options), pool, options.jobs)
    except UsageError as error:
        print(error, file=sys.stderr)
        return 2
    graded = [(one.student, results[one.student.id]) for one in found]
    write(graded, options)
    full = sum(result["points"] == result["of"] for _, result in graded)
    seconds = time.monotonic() - begun
    print(f"{len(graded)} graded in {seconds:.1f} s, {full} with full marks: {options.output}")
    print(locks(graded))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
