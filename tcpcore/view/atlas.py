"""Every transition of the state table with a run that takes it: a click on its arrow plays it.

The runs are found, not chosen: all scenarios are run, their transitions read, and the first short
run of each row of the table is kept.  `Atlas` shows diagram, table and one player for all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from tcpcore import trace as tracing
from tcpcore.host.profiles import DEFAULT
from tcpcore.scenarios import ends, registry
from tcpcore.tcp import state
from tcpcore.tcp.state import TRANSITIONS, Transition
from tcpcore.view import diagram
from tcpcore.view.document import Json, document, page_state
from tcpcore.view.shown import style_sheet

MIME = "application/vnd.tcpcore.figure+json"
_FROM_CALLS = {state.PASSIVE_OPEN, state.ACTIVE_OPEN, state.CLOSE, state.ABORT}

_SHORT = 20  # steps: so many are easy to follow

Experiment = tuple[str, tuple[tuple[str, int], ...]]
"""A scenario and what is set in it."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Where a run takes a transition: the step from 1, and the number of the host."""

    experiment: Experiment
    step: int
    host: int
    length: int

    @property
    def run(self) -> str:
        """The run's name: the scenario and what is set in it."""
        scenario, settings = self.experiment
        return " ".join([scenario, *(f"{name}={value}" for name, value in settings)])


def key_of(row: Transition) -> str:
    """The address of a row in links: ``CLOSING-RST``."""
    return f"{row.state}-{row.event}"


def experiments() -> Iterator[Experiment]:
    """All scenarios with their defaults, and every end in every state."""
    for name in registry.names():
        if registry.get(name).profile == DEFAULT and registry.get(name).recorded:
            yield name, ()
    for number in range(ends.SYN_RECV, ends.LAST_ACK + 1):
        for by in range(ends.CLOSE, ends.SILENCE + 1):
            yield "end-in-state", (("state", number), ("ends_by", by))


@cache
def run_of(experiment: Experiment) -> Json:
    """The document of an experiment."""
    name, settings = experiment
    return document(registry.run(name, dict(settings)))


def row_of(move: Json, step: Json, segments: list[Json]) -> Transition | None:
    """The row of the table that a change of state went by: what happened at that moment tells."""
    found = [one for one in TRANSITIONS if (one.state, one.next) == (move["from"], move["to"])]
    if len(found) > 1:
        found = [one for one in found if _fits(one.event, step, segments)]
    return found[0] if len(found) == 1 else None


def _fits(event: str, step: Json, segments: list[Json]) -> bool:
    if step["kind"] == tracing.TIMER:
        return event == state.TIMEOUT
    if step["kind"] == tracing.CALL:
        return event in _FROM_CALLS
    if step["segment"] is None:
        return False  # an ICMP error has no row of its own
    reset = "R" in segments[step["segment"]]["flags"]  # as tcpdump writes them
    return event not in (*_FROM_CALLS, state.TIMEOUT) and (event == state.RST) == reset


@cache
def taken() -> dict[str, Taken]:
    """For each row of the table, by its key, the first short run that takes it."""
    best: dict[str, Taken] = {}
    for experiment in experiments():
        doc = run_of(experiment)
        length = len(doc["steps"])
        for number, step in enumerate(doc["steps"], 1):
            for move in step["transitions"]:
                row = row_of(move, step, doc["segments"])
                if row is None:
                    continue
                known = best.get(key_of(row))
                if known is None or (known.length > _SHORT and length < known.length):
                    best[key_of(row)] = Taken(experiment, number, step["host"], length)
    return best


class Atlas:
    """The state diagram with every arrow a link, a player that shows what it does, the table."""

    def __init__(self) -> None:
        found = taken()
        links = {key: (f"{key}:{one.step}", one.host) for key, one in found.items()}
        self.html, self.table = diagram.atlas_html(links)
        self.text = "\n".join(
            f"{row.state} → {row.next} on {diagram.EVENTS[row.event]}: "
            f"step {found[key_of(row)].step} of {found[key_of(row)].run}"
            for row in TRANSITIONS
            if key_of(row) in found
        )
        self.state = {
            "runs": {one.run: page_state(run_of(one.experiment)) for one in found.values()},
            "rows": {key: {"run": one.run, "step": one.step} for key, one in found.items()},
            "first": key_of(TRANSITIONS[1]),
        }

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        content = {
            "kind": "atlas",
            "state": self.state,
            "text": self.text,
            "label": "A run that takes the chosen transition",
            "html": self.html,
            "after": self.table,
        }
        return {
            MIME: content,
            "text/html": f"<style>{style_sheet()}</style>{self.html}{self.table}",
            "text/plain": self.text,
        }
