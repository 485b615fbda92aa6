"""A run as the player's document: one JSON value, the same in a kernel, a page and a worker.

Times are integer microseconds.  A step is one moment at one host; it holds the sections of that
host which changed, each of them complete, so that the player can go back by looking up.  The form
is told in full in `document`; `as_text` is the same story for those without the player.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from tcpcore import trace as tr
from tcpcore.errors import UsageError
from tcpcore.host.profiles import DEFAULT
from tcpcore.observe.tcpdump import Printer
from tcpcore.trace import Moment, Trace, TracedIcmp
from tcpcore.units import format_seconds
from tcpcore.view import drawings
from tcpcore.view.packet import Describer
from tcpcore.why import Reason

FORMAT = 1

Json = dict[str, Any]


class _Whys:
    """The reasons of a run, each text once; segments and steps refer to them by index."""

    def __init__(self) -> None:
        self.rows: list[Json] = []
        self._known: dict[tuple[str, str], int] = {}

    def add(self, reason: Reason | None) -> int | None:
        if reason is None:
            return None
        key = (reason.why.key, reason.text)
        if key not in self._known:
            self._known[key] = len(self.rows)
            why = reason.why
            self.rows.append(
                {"key": why.key, "text": reason.text, "rfc": why.rfc, "kernel": why.kernel}
            )
        return self._known[key]


def document(
    trace: Trace, *, title: str = "", question: str = "", figures: Collection[str] = ()
) -> Json:
    """The document of a run; title, question and parameters come from its scenario, if it has one.

    ``{"format", "scenario", "title", "question", "profile", "parameters", "drop", "hosts", "end",
    "outcome", "whys", "segments", "icmp", "steps"}``.  Segments, ICMP errors and steps refer to
    each other by index; an ICMP error of a router is `from` nobody, and `by` names it.  With
    `figures`, kinds of `drawings.KINDS`, there are those, too.
    """
    whys = _Whys()
    describer, printer = Describer(), Printer()
    segments = _segments(trace, whys, describer, printer)
    icmp = [_icmp(one, trace, whys, segments, describer, printer) for one in trace.icmp]
    steps = _Steps(whys, segments, icmp).all(trace.moments)
    scenario = _scenario(trace)
    return {
        "format": FORMAT,
        "scenario": trace.scenario,
        "title": title or scenario["title"],
        "question": question or scenario["question"],
        "profile": trace.profile,
        "parameters": scenario["parameters"],
        "drop": list(trace.dropped),
        "hosts": [{"name": name, "address": address} for name, address in trace.hosts],
        "end": trace.end,
        "outcome": _outcome(steps, trace),
        "whys": whys.rows,
        "segments": segments,
        "icmp": icmp,
        "steps": steps,
        **({"figures": drawings.figures(trace, figures)} if figures else {}),
    }


def _scenario(trace: Trace) -> Json:
    if not trace.scenario:
        return {"title": "", "question": "", "parameters": []}
    from tcpcore.scenarios import registry

    scenario = registry.get(trace.scenario)
    rows = []
    for p in scenario.parameters:
        rows.append(
            {
                "name": p.name,
                "label": p.label,
                "unit": p.unit,
                "kind": p.kind,
                "minimum": p.minimum,
                "maximum": p.maximum,
                "step": p.step,
                "default": p.default_in(trace.profile),
                "value": trace.parameters[p.name],
                "help": p.help,
                **({"choices": list(p.choices)} if p.choices else {}),
            }
        )
    return {"title": scenario.title, "question": scenario.question, "parameters": rows}


def _segments(trace: Trace, whys: _Whys, describer: Describer, printer: Printer) -> list[Json]:
    rows = []
    for traced in trace.segments:
        receiver = traced.receiver
        rows.append(
            {
                "from": traced.sender,
                "to": receiver if receiver is not None else 1 - min(traced.sender, 1),
                "sent": traced.sent,
                "arrived": traced.arrived,
                "fate": traced.fate,
                "retransmission": traced.retransmission,
                "why": whys.add(traced.why),
                "lost_because": whys.add(traced.lost_because),
                "tcpdump": printer.line(traced.public, traced.sent),
                **describer.entry(traced.public),
            }
        )
    return rows


def _icmp(
    traced: TracedIcmp,
    trace: Trace,
    whys: _Whys,
    segments: list[Json],
    describer: Describer,
    printer: Printer,
) -> Json:
    """An ICMP error as a row like a segment's; why it was sent is why the segment was lost."""
    quoted = traced.segment
    about = (
        index
        for index in reversed(range(len(segments)))
        if (one := trace.segments[index]).sender == traced.receiver
        and one.sent <= traced.sent
        and (one.segment.seq, one.segment.dport) == (quoted.seq, quoted.dport)
    )
    quotes = next(about, None)
    lost = trace.segments[quotes].lost_because if quotes is not None else None
    label = segments[quotes]["label"] if quotes is not None else f"seq {quoted.seq}"
    return {
        "from": traced.host,
        "by": traced.sender,
        "to": traced.receiver if traced.receiver is not None else 0,
        "sent": traced.sent,
        "arrived": traced.arrived,
        "fate": traced.fate,
        "quotes": quotes,
        "retransmission": 0,
        "why": whys.add(lost),
        "lost_because": whys.add(traced.lost_because),
        "tcpdump": printer.line(traced.message, traced.sent),
        **describer.icmp_entry(traced.message, label),
    }


class _Steps:
    """Turns moments into steps, in order: it remembers since when each timer has been running."""

    def __init__(self, whys: _Whys, segments: list[Json], icmp: list[Json]) -> None:
        self._whys = whys
        self._segments = segments
        self._icmp = icmp
        self._come: dict[tuple[int, int], list[int]] = {}
        for index, one in enumerate(icmp):
            self._come.setdefault((one["arrived"], one["to"]), []).append(index)
        self._started: dict[tuple[int, str, str, int], int] = {}

    def all(self, moments: list[Moment]) -> list[Json]:
        return [self._step(moment) for moment in moments]

    def _step(self, moment: Moment) -> Json:
        step: Json = {
            "t": moment.time,
            "host": moment.host,
            "kind": moment.kind,
            "label": self._label(moment),
            "segment": moment.segment,
            "sent": [],
            "whys": [],
            "notes": [],
            "transitions": [],
            "hosts": {},
        }
        timers: list[int | None] = []
        for kind, subject, reason, values in moment.events:
            why = self._whys.add(reason)
            (timers if kind in (tr.TIMER_SET, tr.TIMER_CANCELLED) else step["whys"]).append(why)
            if kind == tr.SENT:
                step["sent"].append(values)
            elif kind == tr.NOTE:
                step["notes"].append(subject)
            elif kind == tr.STATE:
                old, new = values
                step["transitions"].append({"socket": subject, "from": old, "to": new, "why": why})
        # What a host does comes before the alarm clock that it sets for later.
        step["whys"] = [why for why in dict.fromkeys([*step["whys"], *timers]) if why is not None]
        self._add_icmp(step, moment)
        if moment.sections:
            step["hosts"] = {str(moment.host): self._sections(moment)}
        return step

    def _add_icmp(self, step: Json, moment: Moment) -> None:
        """The ICMP error that arrives in this step, and those that the host sends in it."""
        come = self._come.get((moment.time, moment.host))
        if come and moment.kind == tr.ARRIVAL and moment.segment is None:
            step["icmp"] = come.pop(0)
        sends = [note for note in step["notes"] if note.startswith("sends ICMP")]
        if sends:
            here = (moment.time, moment.host)
            own = [i for i, one in enumerate(self._icmp) if (one["sent"], one["from"]) == here]
            step["icmp_sent"] = own

    def _label(self, moment: Moment) -> str:
        """What happened: a call, ``SYN+ACK arrives``, ``retransmission timer fires``."""
        if moment.kind == tr.ARRIVAL and moment.segment is not None:
            segment = self._segments[moment.segment]
            text = f": {segment['text']}" if "text" in segment else ""
            if segment["kind"] == "data":
                return f"{segment['length']} bytes arrive{text}"
            return f"{segment['label'].split(' ')[0]} arrives{text}"
        if moment.kind == tr.TIMER:
            return f"{moment.label} timer fires"
        return moment.label

    def _sections(self, moment: Moment) -> Json:
        sections = dict(moment.sections)
        if "timers" in sections:
            sections["timers"] = [
                {**timer, "set": self._since(moment, timer)} for timer in sections["timers"]
            ]
        return sections

    def _since(self, moment: Moment, timer: Json) -> int:
        key = (moment.host, timer["socket"], timer["name"], timer["deadline"])
        return self._started.setdefault(key, moment.time)


def _outcome(steps: list[Json], trace: Trace) -> str:
    """The last thing that an application was told, as a sentence."""
    notes = [(trace.hosts[step["host"]][0], note) for step in steps for note in step["notes"]]
    if not notes:
        return ""
    name, note = notes[-1]
    return f"{name.capitalize()}: {note}."


def as_text(doc: Json) -> str:
    """The whole run as a list of events: for terminals, paper, ePub, pages without JavaScript."""
    settings = ", ".join(f"{p['label']} {_value(p)}" for p in doc["parameters"])
    other = f"As {doc['profile']} does it." if doc["profile"] not in ("", DEFAULT) else ""
    lines = [line for line in (doc["title"], doc["question"], other, settings) if line]
    lines += [f"{figure['title']}: {figure['text']}" for figure in doc.get("figures", ())]
    for step in doc["steps"]:
        time = f"{format_seconds(step['t'])} s"
        lines.append(f"{time:>12}  {doc['hosts'][step['host']]['name']}: {step['label']}")
        lines += [f"{'':14}{move['from']} → {move['to']}" for move in step["transitions"]]
        for index in step["sent"]:
            segment = doc["segments"][index]
            lost = "  (lost)" if segment["fate"] == tr.LOST else ""
            lines.append(f"{'':14}sends {segment['label']}{lost}")
        lines += [f"{'':14}{note}" for note in step["notes"]]
    return "\n".join(lines)


def _value(parameter: Json) -> str:
    if parameter["kind"] == "bool":
        return "on" if parameter["value"] else "off"
    if "choices" in parameter:
        return str(parameter["choices"][parameter["value"]])
    return f"{parameter['value']} {parameter['unit']}".rstrip()


def page_state(
    doc: Json,
    *,
    name: str = "",
    step: int = 1,
    panels: tuple[str, ...] = (),
    live: bool = True,
    scripts: Json | None = None,
) -> Json:
    """What the player's model holds at first: all that a page without a kernel needs to store.

    `live` says that the scenario can be computed again (sliders, ✕); `name` is for links to a step;
    `scripts` are those of `host_scripts`.
    """
    return {
        "document": doc,
        "scenario": doc["scenario"],
        "profile": doc["profile"],
        "parameters": {p["name"]: p["value"] for p in doc["parameters"]},
        "drop": doc["drop"],
        "step": step,
        "name": name or doc["scenario"],
        "panels": list(panels),
        "figures": [figure["kind"] for figure in doc.get("figures", ())],
        "live": live,
        **({"scripts": scripts} if scripts else {}),
    }


def answer(request: str) -> str:
    """Compute what a page asks for: JSON with scenario, profile, parameters, drop, figures in.

    Out comes ``{"document": ...}``, or ``{"refused": sentence}`` when the request is out of range.
    """
    from tcpcore.scenarios import registry

    try:
        asked = _asked(request)
        trace = registry.run(
            asked["scenario"],
            asked["parameters"],
            profile=asked["profile"],
            drop=tuple(asked["drop"]),
        )
    except UsageError as error:
        return json.dumps({"refused": str(error)})
    return dumps({"document": document(trace, figures=asked.get("figures", ()))})


def _asked(request: str) -> Json:
    """The request, when it has the form of one; else `UsageError`."""
    try:
        asked = json.loads(request)
    except (ValueError, RecursionError):
        raise UsageError("The page asked for something that is no JSON.") from None
    if not isinstance(asked, dict):
        asked = {}
    drop = asked.get("drop")
    numbers = isinstance(drop, list) and all(type(one) is int and one >= 0 for one in drop)
    if not (
        isinstance(asked.get("scenario"), str)
        and isinstance(asked.get("parameters"), dict)
        and isinstance(asked.get("profile"), str)
        and numbers
    ):
        raise UsageError("The page asked for no run: it needs scenario, parameters, profile, drop.")
    return asked


def dumps(value: Any) -> str:
    """JSON as we store it: no spaces, keys in our order, so that equal runs give equal text."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
