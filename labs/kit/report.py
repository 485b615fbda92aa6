"""A result for people and machines: text for a terminal, Markdown for feedback, HTML, JSON."""

from __future__ import annotations

import html
from dataclasses import asdict
from typing import Any

from labs.kit.verdicts import Result, Verdict

MARKS = {"right": "✔", "part": "◐", "wrong": "✘", "failed": "✘", "unwritten": "·"}
WORDS = {
    "right": "right",
    "part": "in part",
    "wrong": "wrong",
    "failed": "the program failed",
    "unwritten": "not written yet",
}


def number(points: float) -> str:
    """Points without a needless ``.0``."""
    return f"{points:g}"


def lines_of(one: Verdict) -> list[tuple[str, str]]:
    """What there is to say about one check: label and text."""
    rows = [("looked at", one.checked)]
    if one.passed:
        return rows
    rows += [("rule", one.rule), (WORDS[one.kind], one.message)]
    if one.where:
        rows.append(("first at", one.where))
    if one.expected:
        rows += [("expected", one.expected), ("found", one.found)]
    return rows


def text(result: Result) -> str:
    """For a terminal."""
    lines = [f"{result.title}, for the id {result.student}", ""]
    for one in result.verdicts:
        points = f"{number(one.points)} of {number(one.of)}"
        lines.append(f"{MARKS[one.kind]} {one.number} {one.check} ({points})")
        lines += [f"    {label}: {said}" for label, said in lines_of(one)]
    lines += ["", f"{number(result.points)} of {number(result.of)} points"]
    return "\n".join(lines)


def markdown(result: Result) -> str:
    """Feedback to hand back."""
    lines = [
        f"# {result.title}: {result.student}",
        "",
        f"**{number(result.points)} of {number(result.of)} points**",
    ]
    for one in result.verdicts:
        points = f"{number(one.points)} of {number(one.of)}"
        lines += ["", f"## {one.number} {one.check}: {points}, {WORDS[one.kind]}", ""]
        lines += [f"- **{label}**: {safe(said)}" for label, said in lines_of(one)]
    return "\n".join(lines) + "\n"


def safe(said: str) -> str:
    """Text of a student's program, so that it cannot become Markdown of ours."""
    flat = " ".join(said.split())
    for mark in "\\*_[]<>#|":
        flat = flat.replace(mark, f"\\{mark}")
    return flat


def as_json(result: Result) -> dict[str, Any]:
    """The whole result as plain data."""
    return {
        "lab": result.lab,
        "title": result.title,
        "student": result.student,
        "points": result.points,
        "of": result.of,
        "checks": [{**asdict(one), "passed": one.passed} for one in result.verdicts],
    }


class Shown:
    """A result in a notebook: a table there, text everywhere else."""

    def __init__(self, result: Result) -> None:
        self.result = result

    def __repr__(self) -> str:
        return text(self.result)

    def _repr_html_(self) -> str:
        parts = [f"<p>{html.escape(self.result.title)}, for the id {self.result.student}</p>"]
        for one in self.result.verdicts:
            points = f"{number(one.points)} of {number(one.of)}"
            head = f"{MARKS[one.kind]} {one.number} {one.check} ({points})"
            rows = "".join(
                f"<dt>{html.escape(label)}</dt><dd>{html.escape(said)}</dd>"
                for label, said in lines_of(one)
            )
            parts.append(f"<p><strong>{html.escape(head)}</strong></p><dl>{rows}</dl>")
        return f"<div class='lab-result'>{''.join(parts)}</div>"
