"""A packetdrill script that was run, on the engine or by a recorded kernel, for chapters' cells.

`drilled` and `drilled_by_kernel` give a `Drilled` in the same terms, so that one question can be
put to both; `drill_beside_kernel` lays them side by side, line by line.
"""

from __future__ import annotations

import html
from typing import Any

from tcpcore.linux import script_records
from tcpcore.packetdrill import examples
from tcpcore.packetdrill.drill import perform
from tcpcore.packetdrill.outcome import PASSED
from tcpcore.packetdrill.source import Source
from tcpcore.units import format_seconds
from tcpcore.view import evidence
from tcpcore.view.exchange import Exchange
from tcpcore.view.script_document import as_text, verdict
from tcpcore.view.shown import Shown

_MARKS = {PASSED: "✓", "failed": "✗"}


class Drilled(Shown):
    """A script with its verdict; `by` is ``engine`` or the kernel's name.

    `verdict` and `summary` are those of `script_document`; `expected` and `found` are packets in
    the script's notation, empty where nothing differs; `line` is the failing one, or None.
    """

    def __init__(self, script: str, result: dict[str, Any], by: str) -> None:
        text = as_text(script, result)
        name = examples.title(result["name"])
        label = html.escape(f"{name} on {'the engine' if by == 'engine' else by}")
        super().__init__(
            f"<div class='tcpfig terminal'><p class='caption'>{label}</p>"
            f"<pre class='scroll' tabindex='0' role='group' aria-label='{label}'>"
            f"{html.escape(text)}</pre></div>",
            text,
        )
        self.by = by
        self.verdict: str = result["verdict"]
        self.summary: str = result["summary"]
        self.lines: list[dict[str, Any]] = result["lines"]
        failure = result["failure"] or {}
        self.problem: str = failure.get("problem", "")
        self.expected: str = failure.get("expected", "")
        self.found: str = failure.get("found", "")
        self.line: int | None = failure.get("line")

    @property
    def passed(self) -> bool:
        """Whether everything was as the script says."""
        return self.verdict == PASSED

    def time(self, line: int) -> float | None:
        """When the event of a line happened, in seconds; None when it was not reached."""
        micros = next(one["time"] for one in self.lines if one["line"] == line)
        return None if micros is None else micros / 1e6


def _script(script: str) -> tuple[str, str]:
    return ("script", script) if "\n" in script else (script, examples.read(script))


def drilled(script: str) -> Drilled:
    """Run an example (by its name), or a script's text, on the engine."""
    name, text = _script(script)
    return Drilled(text, verdict(text, name), "engine")


def drilled_by_kernel(name: str) -> Drilled:
    """An example as a kernel was recorded running it; `UsageError` without a record."""
    found = script_records.find(name)
    outcome = found.outcome
    result = {
        "name": name,
        "verdict": outcome["verdict"],
        "summary": f"{outcome['verdict'].capitalize()} on Linux {found.kernel}.",
        "lines": outcome["steps"],
        "failure": outcome.get("failure"),
        "story": [],
        "remarks": outcome["remarks"],
    }
    return Drilled(found.script, result, f"Linux {found.kernel}")


def drilled_exchange(script: str) -> Exchange:
    """The segments of a script on the engine, with the numbers that were really on the wire."""
    name, text = _script(script)
    system, _ = perform(Source(text, name))
    return evidence.of_trace(system.trace)  # type: ignore[attr-defined]  # the engine has one


def drill_beside_kernel(*names: str) -> Shown:
    """Example scripts line by line: verdict and time on the engine, then on the recorded kernel."""
    parts = [_beside(name) for name in names]
    return Shown("".join(part for part, _ in parts), "\n\n".join(text for _, text in parts))


def _beside(name: str) -> tuple[str, str]:
    sides = drilled(name), drilled_by_kernel(name)
    same = all(
        (a["line"], a["verdict"]) == (b["line"], b["verdict"])
        for a, b in zip(sides[0].lines, sides[1].lines, strict=True)
    )
    words = " and ".join(f"{one.verdict} on {_side(one)}" for one in sides)
    if sides[0].verdict == sides[1].verdict:
        words = f"{sides[0].verdict} on both sides"
    rest = "each line alike" if same else "not all lines alike"
    caption = f"{examples.title(name)}: {words}, {rest}."
    rows = [_cells(a, b) for a, b in zip(sides[0].lines, sides[1].lines, strict=True)]
    heads = ("Line", "Event", "Engine (s)", f"{sides[1].by} (s)")
    text = "\n".join(
        [caption, *(f"{row[0]:>4}  {row[2]:>9}  {row[3]:>9}  {row[1]}" for row in rows)]
    )
    return _html(caption, heads, rows), text


def _side(one: Drilled) -> str:
    return "the engine" if one.by == "engine" else one.by


def _cells(a: dict[str, Any], b: dict[str, Any]) -> tuple[str, str, str, str]:
    return str(a["line"]), a["text"], _went(a, exact=True), _went(b, exact=False)


def _went(step: dict[str, Any], *, exact: bool) -> str:
    if step["time"] is None:
        return "–"
    time = format_seconds(step["time"]) if exact else f"{step['time'] / 1e6:.3f}"
    return f"{_MARKS.get(step['verdict'], '')} {time}"


def _html(caption: str, heads: tuple[str, ...], rows: list[tuple[str, str, str, str]]) -> str:
    e = html.escape
    top = "".join(f"<th scope='col'>{e(head)}</th>" for head in heads)
    body = "".join(
        f"<tr><td>{e(line)}</td><td><code>{e(text)}</code></td><td>{e(a)}</td><td>{e(b)}</td></tr>"
        for line, text, a, b in rows
    )
    return (
        f"<div class='tcpfig'><p class='caption'>{e(caption)}</p>"
        f"<div class='scroll' tabindex='0' role='group' aria-label='{e(caption)}'>"
        f"<table class='drilled'><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
        "</div></div>"
    )
