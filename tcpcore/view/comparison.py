"""The engine beside a recorded kernel as a table: what both did, when, and why times differ.

`tcpcore.linux.compare` finds the differences; here they become a caption, rows and marks.
"""

from __future__ import annotations

import html
from typing import Any

from tcpcore.errors import UsageError
from tcpcore.linux import store
from tcpcore.linux.compare import Comparison, Row, compare
from tcpcore.linux.events import Event
from tcpcore.scenarios import registry
from tcpcore.units import format_seconds
from tcpcore.view.shown import Shown

_WORDS = {"S": "SYN", "F": "FIN", "R": "RST", "P": "PSH", "U": "URG", "E": "ECE", "W": "CWR",
          "A": "AE", ".": "ACK"}  # fmt: skip
_PROMPT = 1_000
"""Less lateness than this, in µs, is the wire's and the machine's: shown as none."""


def beside_kernel(scenario: str, *, drop: tuple[int, ...] = (), **parameters: Any) -> Shown:
    """Run the scenario and lay it beside its record; `UsageError` when there is no record."""
    trace = registry.run(scenario, parameters, drop=drop)
    record = store.find(scenario, trace.parameters, drop)
    if record is None:
        raise UsageError(f"There is no kernel record of {scenario} with {trace.parameters}.")
    return table(compare(trace, record))


def table(found: Comparison) -> Shown:
    """A comparison as HTML, and as the text that it prints."""
    caption = _caption(found)
    return Shown(_html(found, caption), f"{caption}\n{found}")


def _caption(found: Comparison) -> str:
    segments, calls = len(found.segments), len(found.calls)
    counted = f"{_many(segments, 'segment')} and {_many(calls, 'call')}"
    if found.same:
        verdict = "the same on both sides"
    else:
        count = len(found.differing)
        verdict = f"{_many(count, 'row')} differ{'s' if count == 1 else ''}, marked ≠"
    late = max((row.late or 0 for row in _rows(found)), default=0)
    lateness = f"; the kernel comes up to {_late(late)} later" if late >= _PROMPT else ""
    return f"Engine ({found.profile}) beside Linux {found.kernel}: {counted}, {verdict}{lateness}."


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _rows(found: Comparison) -> list[Row]:
    return sorted(
        (*found.segments, *found.calls),
        key=lambda row: (row.event.time, row.kernel.time if row.kernel else row.event.time),
    )


def _html(found: Comparison, caption: str) -> str:
    heads = ("From", "Segment or call", "Engine<br>(s)", f"Linux {found.kernel}<br>(s)", "Later")
    top = "<th scope='col'><span class='hidden'>Same</span></th>"
    top += "".join(f"<th scope='col'>{head}</th>" for head in heads)
    body, before = "", dict[int, str]()
    for row in _rows(found):
        header = _header(row.event)
        body += _row(row, found.hosts, header if header != before.get(row.event.host) else "")
        before[row.event.host] = header or before.get(row.event.host, "")
    label = html.escape(caption)
    return (
        f"<div class='tcpfig'><p class='caption'>{label}</p>"
        f"<div class='scroll' tabindex='0' role='group' aria-label='{label}'>"
        f"<table class='comparison'><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
        "</div></div>"
    )


def _row(row: Row, hosts: list[str], header: str) -> str:
    differs = bool(row.differences)
    mark = "<span title='differs'>≠</span>" if differs else "<span title='the same'>=</span>"
    small = f"<small>{html.escape(header)}</small>" if header else ""
    cells = (
        mark,
        hosts[row.event.host],
        _what(row.event) + small,
        _time(row.engine, exact=True),
        _time(row.kernel, exact=False),
        _later(row),
    )
    kind = " class='differs'" if differs else ""
    return f"<tr{kind}>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _header(event: Event) -> str:
    """Window and options: shown when the host's last segment had others."""
    facts = event.facts
    if "call" in facts:
        return ""
    return f"win {facts['window']} {facts['options'].replace(',', ', ')}".rstrip()


def _what(event: Event) -> str:
    facts = event.facts
    if "call" in facts:
        return f"<i>{html.escape(facts['call'])}() → {html.escape(facts['result'])}</i>"
    flags = "+".join(_WORDS[letter] for letter in facts["flags"])
    ack = "" if facts["ack"] is None else f" ack {facts['ack']}"
    length = f" len {facts['length']}" if facts["length"] else ""
    lost = "" if facts["fate"] == "delivered" else f" <em>{facts['fate']}</em>"
    return f"<b>{flags}</b> seq {facts['seq']}{ack}{length}{lost}"


def _time(event: Event | None, *, exact: bool) -> str:
    if event is None:
        return "–"
    return format_seconds(event.time) if exact else f"{event.time / 1e6:.3f}"


def _late(microseconds: int) -> str:
    """``4 ms``, ``1.07 s``."""
    if microseconds < 1_000_000:
        return f"{microseconds / 1000:.0f} ms"
    return f"{microseconds / 1e6:.2f} s"


def _later(row: Row) -> str:
    """How much later the kernel's came, and why; or what differs."""
    late = row.late or 0
    # What the row adds to the lateness so far: "timer wheel: +27 ms (2.7 %)".
    remark = html.escape(row.remark).replace(": fires ", ": +").replace(" late", "")
    if late < _PROMPT:
        return f"<small>{remark}</small>" if remark else ""
    remark = remark or "late since an earlier row"
    return f"{_late(late)}<small>{remark}</small>"
