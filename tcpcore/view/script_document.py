"""What came of a packetdrill script, as one JSON value for the editor (``static/editor.js``).

The script runs on the engine: no shell, no file, no network.  The value is the same in a notebook's
kernel, in a page's worker and at build time; `as_text` is the same for those without the editor.
"""

from __future__ import annotations

import copy
from typing import Any

from tcpcore.errors import UsageError
from tcpcore.host import profiles
from tcpcore.packetdrill import report
from tcpcore.packetdrill.drill import Plan, perform
from tcpcore.packetdrill.outcome import FAILED, PASSED, Failure, Outcome
from tcpcore.packetdrill.source import ScriptError, Source
from tcpcore.packetdrill.system import System
from tcpcore.trace import Trace
from tcpcore.units import format_seconds
from tcpcore.view.document import document

Json = dict[str, Any]

NO_SCRIPT, UNSUPPORTED = "not a script", "not supported"
LONGEST = 100_000
"""As many characters as a script in a page may have."""
MOST_STEPS = 400
"""As many steps as a ladder bears that somebody is to read."""


def verdict(text: str, name: str = "script", profile: str = profiles.DEFAULT) -> Json:
    """Run a script and tell, whatever it is; raises nothing.

    ``{"name", "script", "verdict", "summary", "time", "lines", "failure", "story", "remarks",
    "document"}``: the verdict is ``passed``, ``failed``, ``not a script`` or ``not supported``;
    `lines` are those that hold an event, ``{"line", "text", "time", "verdict"}``; `failure` tells
    where and in what, and is None where the script passed; `document` is the ladder's, None where
    nothing ran.
    """
    source = Source(text, name)
    if len(text) > LONGEST:
        problem = f"a script here may have {LONGEST:,} characters; this one has {len(text):,}"
        return _refused(source, UsageError(f"{problem}."))
    try:
        system, outcome = perform(source, Plan(profile=profile))
    except UsageError as error:
        return _refused(source, error)
    except RecursionError:
        return _refused(source, UsageError("this script nests too deeply to be read."))
    return {
        **_ran(source, system, outcome),
        "verdict": PASSED if outcome.passed else FAILED,
        "summary": _summary(source, outcome),
        "failure": outcome.failure and _failure(source, outcome.failure),
        "story": outcome.failure.story if outcome.failure else [],
    }


def _ran(source: Source, system: System, outcome: Outcome) -> Json:
    """What there is to show of a run, also of one that could not go on."""
    trace: Trace = system.trace  # type: ignore[attr-defined]  # the engine has one
    shown, cut = shortened(trace)
    remarks = [*dict.fromkeys(outcome.remarks)]
    if cut:
        remarks.append(f"the ladder shows the first {MOST_STEPS} of {len(trace.moments)} steps")
    return {
        "name": source.name,
        "script": source.text,
        "time": outcome.time,
        "lines": [
            {"line": one.line, "text": one.text, "time": one.time, "verdict": one.verdict}
            for one in outcome.steps
        ],
        "remarks": remarks,
        "document": document(shown, title="What was on the wire") if shown.moments else None,
    }


def _summary(source: Source, outcome: Outcome) -> str:
    done = sum(step.verdict == PASSED for step in outcome.steps)
    if outcome.failure is None:
        span = f"{format_seconds(outcome.time)} s of virtual time"
        return f"Passed: {_many(done, 'line')} as written, {span}."
    line, _ = source.place(outcome.failure.offset)
    left = len(outcome.steps) - done - 1
    rest = f"; {_many(left, 'line')} behind it not reached" if left > 0 else ""
    return f"Failed at line {line}: {outcome.failure.problem}{rest}."


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _failure(source: Source, failure: Failure) -> Json:
    line, column = source.place(failure.offset)
    return {
        "line": line,
        "column": column,
        "problem": failure.problem,
        "caret": source.caret(failure.offset),
        "expected": failure.expected,
        "found": failure.found,
        "expected_marks": report.spans(failure.expected, failure.differences, 1),
        "found_marks": report.spans(failure.found, failure.differences, 2),
    }


def _refused(source: Source, error: UsageError) -> Json:
    """The verdict on what could not be run, or not to its end."""
    value: Json = {"name": source.name, "script": source.text, "verdict": NO_SCRIPT}
    value |= {"time": 0, "lines": [], "remarks": [], "document": None, "story": []}
    problem = error.problem if isinstance(error, ScriptError) else str(error).rstrip(".")
    failure: Json = {"problem": problem, "expected": "", "found": ""}
    where = ""
    if isinstance(error, ScriptError):
        if error.partial is not None:
            value |= _ran(source, *error.partial)
        value["verdict"] = UNSUPPORTED if error.unsupported else NO_SCRIPT
        caret = str(error).partition("\n")[2]
        failure |= {"line": error.line, "column": error.column, "caret": caret}
        where = f", line {error.line}, column {error.column}"
    summary = f"{value['verdict'].capitalize()}{where}: {problem}."
    return {**value, "summary": summary, "failure": failure}


def shortened(trace: Trace, most: int = MOST_STEPS) -> tuple[Trace, bool]:
    """The trace up to its first `most` moments, and whether that leaves something out."""
    if len(trace.moments) <= most:
        return trace, False
    short = copy.copy(trace)
    short.moments = trace.moments[:most]
    short.end = short.moments[-1].time
    known = max((values for one in short.moments for values in _segments(one)), default=-1) + 1
    short.segments = trace.segments[:known]
    short.icmp = [one for one in trace.icmp if one.sent < short.end]
    return short, True


def _segments(moment: Any) -> list[int]:
    """The numbers of the segments that a moment refers to."""
    sent = [values for kind, _, _, values in moment.events if kind == "sent"]
    return sent if moment.segment is None else [*sent, moment.segment]


def as_text(text: str, result: Json) -> str:
    """A script and its verdict: for terminals, paper, ePub, pages without JavaScript."""
    marks = {one["line"]: one for one in result["lines"]}
    lines = [result["name"]]
    for number, line in enumerate(text.rstrip("\n").split("\n"), 1):
        mark, time = " ", ""
        if number in marks:
            one = marks[number]
            mark = {PASSED: "✓", FAILED: "✗"}.get(one["verdict"], "·")
            time = "" if one["time"] is None else format_seconds(one["time"])
        lines.append(f"{number:>3} {mark} {time:>8}  {line}".rstrip())
    lines += ["", result["summary"]]
    failure = result["failure"]
    if failure:
        for word in ("expected", "found"):
            if failure[word]:
                lines.append(f"  {word:8} {failure[word]}")
                if marked := _carets(failure.get(f"{word}_marks", ())):
                    lines.append(f"{'':11}{marked}")
        lines += [f"  {one}" for one in failure.get("caret", "").split("\n") if one]
    return "\n".join([*lines, *(f"  {one}" for one in [*result["story"], *result["remarks"]])])


def _carets(spans: list[tuple[int, int]]) -> str:
    line = ""
    for start, end in spans:
        line = line.ljust(start) + "^" * (end - start)
    return line
