"""Grades one submission: in a worker's process, with the answer in a sandboxed child of its own."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from labs.kit.answer import Answer, constant
from labs.kit.instance import DEMO, Instance, tidy
from labs.kit.lab import Lab, open_lab
from labs.kit.remote import Limits, Remote
from labs.kit.report import as_json
from labs.kit.verdicts import Failed, Result

Task = dict[str, Any]


@lru_cache(maxsize=16)
def lab_of(name: str) -> Lab:
    """The lab, loaded once in each worker: the engine is imported then, too."""
    return open_lab(name)


def grade_one(task: Task) -> dict[str, Any]:
    """The result of one submission, as plain data.

    `task` has lab, student, file, source, problem and limits (fields of `Limits`).
    """
    lab = lab_of(task["lab"])
    limits = Limits(**{**task["limits"], "lines": lab.lines})
    made: list[Remote] = []

    def make(instance: Instance) -> Answer:
        if task["problem"]:
            raise Failed(task["problem"], where="what was handed in")
        remote = Remote(task["source"], task["file"], lab.imports, instance.given, limits)
        made.append(remote)
        remote.load()
        return remote

    try:
        result = lab.run(make, task["student"])
        locks = made[0].locks if made else []
    finally:
        for one in made:
            one.close()
    return {**as_json(result), "locks": locks, "note": note(task)}


def note(task: Task) -> str:
    """What the teacher should look at: an ID in the file that is another student's."""
    own = constant(task["source"], "ID")
    if isinstance(own, str) and tidy(own) not in (tidy(task["student"]), DEMO, ""):
        return f"The file says ID = {own[:40]!r}; it was graded as {task['student']}'s."
    return ""


def not_graded(task: Task, why: str) -> dict[str, Any]:
    """The result of a submission that could not be graded: no points, and the reason."""
    lab = lab_of(task["lab"])

    def make(_instance: Instance) -> Answer:
        raise Failed(why, where="what was handed in")

    result: Result = lab.run(make, task["student"])
    return {**as_json(result), "locks": [], "note": why}
