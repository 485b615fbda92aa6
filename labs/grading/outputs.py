"""Grades as CSV (plain, for Canvas, for Moodle) and feedback as Markdown, one file per student."""

from __future__ import annotations

import csv
import io
from typing import Any

from labs.grading.submissions import Student
from labs.kit.report import WORDS, number, safe

Result = dict[str, Any]
Graded = list[tuple[Student, Result]]


def tame(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@") else value


def table(graded: Graded, form: str) -> str:
    """The CSV text; `form` is ``plain``, ``canvas`` or ``moodle``."""
    rows = {"plain": plain, "canvas": canvas, "moodle": moodle}[form](graded)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([[tame(cell) for cell in row] for row in rows])
    return text.getvalue()


def plain(graded: Graded) -> list[list[Any]]:
    """id, name, points, of, each check's points, a note for the teacher."""
    checks = [one["check"] for one in graded[0][1]["checks"]] if graded else []
    rows: list[list[Any]] = [["id", "name", "points", "of", *checks, "note"]]
    for student, result in graded:
        points = [number(one["points"]) for one in result["checks"]]
        total = [number(result["points"]), number(result["of"])]
        rows.append([student.id, student.name, *total, *points, result["note"]])
    return rows


def canvas(graded: Graded) -> list[list[Any]]:
    """Canvas's gradebook import: its five columns, the assignment, the points possible."""
    title = graded[0][1]["title"] if graded else ""
    possible = number(graded[0][1]["of"]) if graded else ""
    rows: list[list[Any]] = [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", title],
        ["    Points Possible", "", "", "", "", possible],
    ]
    for student, result in graded:
        name = student.name or student.id
        rows.append([name, "", student.id, student.id, "", number(result["points"])])
    return rows


def moodle(graded: Graded) -> list[list[Any]]:
    """Moodle's grade import: mapped by ID number or by email address."""
    title = graded[0][1]["title"] if graded else ""
    rows: list[list[Any]] = [
        ["ID number", "Full name", "Email address", title, "Feedback comments"]
    ]
    for student, result in graded:
        missed = [one["check"] for one in result["checks"] if not one["passed"]]
        said = f"To look at again: {', '.join(missed)}." if missed else "All right."
        row = [student.id, student.name, student.email, number(result["points"]), said]
        rows.append(row)
    return rows


def feedback(student: Student, result: Result) -> str:
    """What the student gets back: each check, and of what went wrong the rule and the place."""
    points = f"{number(result['points'])} of {number(result['of'])}"
    lines = [f"# {result['title']}: {safe(student.name or student.id)}", "", f"**{points} points**"]
    if result["note"]:
        lines += ["", safe(result["note"])]
    for one in result["checks"]:
        share = f"{number(one['points'])} of {number(one['of'])}"
        lines += ["", f"## {one['number']} {one['check']}: {share}, {WORDS[one['kind']]}", ""]
        lines.append(f"- **looked at**: {one['checked']}")
        if one["passed"]:
            continue
        said = [("rule", one["rule"]), (WORDS[one["kind"]], one["message"])]
        said += [("first at", one["where"])] if one["where"] else []
        if one["expected"]:
            said += [("expected", one["expected"]), ("found", one["found"])]
        lines += [f"- **{label}**: {safe(text)}" for label, text in said]
    return "\n".join(lines) + "\n"
