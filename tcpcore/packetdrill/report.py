"""What came of a script, for people and for machines."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from tcpcore.errors import UsageError
from tcpcore.packetdrill.match import Difference
from tcpcore.packetdrill.outcome import FAILED, PASSED, Failure, Outcome, Step
from tcpcore.packetdrill.source import ScriptError, Source
from tcpcore.packetdrill.system import System
from tcpcore.units import format_seconds
from tcpcore.why import Reason

_LAST_STEPS = 5


def text(
    source: Source, outcome: Outcome, *, verbose: bool = False, reasons: list[str] | None = None
) -> str:
    """One line for a script that passed; for one that failed, where and why."""
    lines = [f"  {_step(step)}" for step in outcome.steps if verbose and step.time is not None]
    lines += [f"  {remark}" for remark in outcome.remarks]
    if outcome.failure is None:
        lines.insert(0, f"{source.name}: passed ({format_seconds(outcome.time)} s)")
        lines += [f"  why {reason}" for reason in reasons or []]
        return "\n".join(lines)
    return "\n".join([*_failure(source, outcome, outcome.failure, reasons or []), *lines])


def _step(step: Step) -> str:
    at = format_seconds(step.time or 0)
    return f"{'ok' if step.verdict == PASSED else '!!'} {at:>10} line {step.line}: {step.text}"


def _failure(source: Source, outcome: Outcome, failure: Failure, reasons: list[str]) -> list[str]:
    line, column = source.place(failure.offset)
    lines = [f"{source.name}:{line}:{column}: {failure.problem}"]
    lines += [f"    {one}" for one in source.caret(failure.offset).splitlines()]
    if failure.expected:
        lines.append(f"  expected {failure.expected}")
        lines += _marks("  expected ", failure.expected, failure.differences, 1)
    if failure.found:
        lines.append(f"  found    {failure.found}")
        lines += _marks("  found    ", failure.found, failure.differences, 2)
    worked = [step for step in outcome.steps if step.verdict == PASSED][-_LAST_STEPS:]
    if worked:
        lines.append("  the last steps that worked:")
        lines += [f"    {_step(step)}" for step in worked]
    if failure.story:
        lines.append("  the host then:")
        lines += [f"    {one}" for one in failure.story]
    if reasons:
        lines.append("  why:")
        lines += [f"    {reason}" for reason in reasons]
    return lines


def _marks(indent: str, shown: str, differences: list[Difference], side: int) -> list[str]:
    """A line of ``^`` below the fields that differ; none where they cannot be found."""
    marks = [" "] * len(shown)
    for start, end in spans(shown, differences, side):
        marks[start:end] = "^" * (end - start)
    line = "".join(marks).rstrip()
    return [" " * len(indent) + line] if line else []


def spans(shown: str, differences: list[Difference], side: int) -> list[tuple[int, int]]:
    """Where in a packet the fields stand that differ; `side` is 1 for expected, 2 for found."""
    places = []
    for one in differences:
        value = one.expected if side == 1 else one.found
        at = shown.find(value)
        if one.field in ("ack", "win", "urg"):
            at = shown.find(f"{one.field} {value}")
            value = f"{one.field} {value}"
        elif one.field == "flags":
            at = shown.find(value, 2)
        if at >= 0:
            places.append((at, at + len(value)))
    return sorted(places)


def reasons(system: System) -> list[str]:
    """Why the host sent what it sent; empty for a real kernel."""
    trace = getattr(system, "trace", None)
    if trace is None:
        return []
    return [
        f"{format_seconds(one.sent)} s: {one.why.text}{_source(one.why)}"
        for one in trace.segments
        if one.why is not None and one.sender == 0
    ]


def _source(reason: Reason) -> str:
    named = ", ".join(one for one in (reason.why.rfc, reason.why.kernel) if one)
    return f" ({named})" if named else ""


def as_dict(source: Source, outcome: Outcome) -> dict[str, Any]:
    """The whole outcome, as plain values."""
    found: dict[str, Any] = {
        "script": source.name,
        "verdict": PASSED if outcome.passed else FAILED,
        "time": outcome.time,
        "steps": [asdict(step) for step in outcome.steps],
        "remarks": list(outcome.remarks),
    }
    if outcome.failure is not None:
        line, column = source.place(outcome.failure.offset)
        found["failure"] = {**asdict(outcome.failure), "line": line, "column": column}
    return found


def no_script(name: str, error: UsageError) -> dict[str, Any]:
    """The outcome of what could not be run."""
    found: dict[str, Any] = {"script": name, "verdict": "not run", "problem": str(error)}
    if isinstance(error, ScriptError):
        found |= {
            "line": error.line,
            "column": error.column,
            "problem": error.problem,
            "unsupported": error.unsupported,
        }
    return found
