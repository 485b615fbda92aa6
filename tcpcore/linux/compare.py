"""The engine beside a kernel: what each did, row by row, and where and why they differ.

What must be equal: direction, flags, relative numbers, length, window, options, fate, and what
the applications' calls came to.  What cannot be: initial sequence numbers, ephemeral ports,
timestamp values, IP identification.  Times are the model's, exact, beside the kernel's, whose
timers fire late; how late is still the same behaviour is `tolerance`, packetdrill's rule.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tcpcore import trace as tracing
from tcpcore.errors import UsageError
from tcpcore.linux import store
from tcpcore.linux.align import align
from tcpcore.linux.events import Event, arrivals_in, engine_events, kernel_events
from tcpcore.linux.store import Record
from tcpcore.scenarios import registry
from tcpcore.units import format_seconds

if TYPE_CHECKING:
    from tcpcore.trace import Trace

_WORTH_SAYING = 1_000
"""Lateness in µs that a row explains; less is the wire's and the machine's own."""
_A_TIMER = 10_000
"""An event that comes so long (µs) after its host's last one may be a timer's."""
_REACH = 100
"""How many rows back an event's origin is looked for."""


def tolerance(gap: int, hz: int | None) -> int:
    """How far a kernel's event may lie from the model's, in µs; `gap` is since the event before.

    packetdrill's rule is max(4 ms, 12.5 % of the gap): the timer wheel rounds a wait up, by an
    eighth of it at most (kernel/time/timer.c).  Here two ticks come on top, since the kernel first
    rounds its RTO and the present up to ticks, which shows where a tick is 4 ms (HZ=250, or
    unknown).
    """
    tick = 1_000_000 // (hz or 250)
    return max(4_000 if hz == 1000 else 14_000, gap // 8 + 2 * tick)


@dataclass(slots=True)
class Difference:
    """One thing that is not the same: `what` names it, the values are as each side has them."""

    what: str
    engine: Any
    kernel: Any

    @property
    def text(self) -> str:
        return f"{self.what}: engine {self.engine}, kernel {self.kernel}"


@dataclass(slots=True)
class Row:
    """An event of the engine beside the kernel's; one is None where the other side has no such.

    `late` is how much later (µs) the kernel's came; `note` explains what is allowed to differ.
    """

    engine: Event | None
    kernel: Event | None
    differences: list[Difference] = field(default_factory=list)
    note: str = ""

    @property
    def event(self) -> Event:
        """The engine's event, or the kernel's where it has none."""
        found = self.engine or self.kernel
        assert found is not None
        return found

    @property
    def late(self) -> int | None:
        return self.kernel.time - self.engine.time if self.engine and self.kernel else None

    @property
    def remark(self) -> str:
        """The differences, marked ``≠``, or the note, or nothing."""
        return "; ".join(f"≠ {difference.text}" for difference in self.differences) or self.note


@dataclass(slots=True)
class Comparison:
    """All rows in order of time: `segments` and `calls`; `same` when nothing differs."""

    hosts: list[str]
    profile: str
    kernel: str
    segments: list[Row]
    calls: list[Row]

    @property
    def same(self) -> bool:
        return not self.differing

    @property
    def differing(self) -> list[Row]:
        """The rows with differences."""
        return [row for row in (*self.segments, *self.calls) if row.differences]

    def table(self) -> list[tuple[str, str, str, str, str]]:
        """Rows of text: host, what happened, model seconds, kernel seconds, remark."""
        rows = sorted((*self.segments, *self.calls), key=_order)
        return [
            (
                self.hosts[row.event.host],
                row.event.text,
                format_seconds(row.engine.time) if row.engine else "-",
                f"{row.kernel.time / 1_000_000:.4f}" if row.kernel else "-",
                row.remark,
            )
            for row in rows
        ]

    @property
    def _heading(self) -> tuple[str, str, str, str, str]:
        return (
            "host",
            "segment or call",
            f"model {self.profile}, s",
            f"Linux {self.kernel}, s",
            "",
        )

    def __str__(self) -> str:
        rows = [self._heading, *self.table()]
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        return "\n".join(
            f"{row[0]:<{widths[0]}}  {row[2]:>{widths[2]}}  {row[3]:>{widths[3]}}"
            f"  {row[1]:<{widths[1]}}  {row[4]}".rstrip()
            for row in rows
        )

    def _repr_html_(self) -> str:
        """The table for notebooks and the book; a row with differences has the class `differs`."""
        head = "".join(f"<th scope='col'>{html.escape(cell)}</th>" for cell in self._heading)
        body = "".join(
            f"<tr{' class=differs' if '≠' in row[4] else ''}>"
            + "".join(f"<td>{html.escape(cell)}</td>" for cell in row)
            + "</tr>"
            for row in self.table()
        )
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        return f"<div class='tcpcore-comparison'>{table}</div>"


def _order(row: Row) -> tuple[int, int]:
    """By model time, and within one instant as the kernel had it."""
    return row.event.time, row.kernel.time if row.kernel else row.event.time


def beside(
    scenario: str, parameters: Mapping[str, Any] | None = None, drop: Iterable[int] = ()
) -> Comparison:
    """Run a scenario on the engine and lay it beside the record that comes with the package.

    `UsageError` when there is no record with these parameters.
    """
    lost = tuple(sorted(set(drop)))
    full = registry.get(scenario).check(parameters)
    record = store.find(scenario, full, lost)
    if record is None:
        raise UsageError(
            f"There is no record of {scenario} with {full} and segments {list(lost)} lost; "
            f"make one with `tcpcore record {scenario}`."
        )
    return compare(registry.run(scenario, full, drop=lost), record)


# ---- laying them side by side ----------------------------------------------------------------


def compare(trace: Trace, record: Record) -> Comparison:
    """Lay the engine's trace beside the kernel's record of the same scenario and parameters."""
    engine_segments, engine_calls = engine_events(trace)
    kernel_segments, kernel_calls = kernel_events(record)
    segments = _rows(engine_segments, kernel_segments)
    calls = _rows(engine_calls, kernel_calls)
    ends = (trace.end - (trace.segments[0].sent if trace.segments else 0), record.end)
    segments = [row for row in segments if not _after_the_end(row, *ends, record.hz)]
    calls = [row for row in calls if not _after_the_end(row, *ends, record.hz)]
    by_event = {id(row.engine): row for row in segments if row.engine}
    causes = {
        moment: [by_event[id(event)] for event in came if id(event) in by_event]
        for moment, came in arrivals_in(trace, engine_segments).items()
    }
    both = sorted((row for row in (*segments, *calls) if row.engine and row.kernel), key=_order)
    _judge_times(both, causes, record.hz)
    _explain_lateness(both, causes, record.hz)
    hosts = [name for name, _ in trace.hosts]
    return Comparison(hosts, trace.profile, record.kernel, segments, calls)


def _rows(engine: list[Event], kernel: list[Event]) -> list[Row]:
    """Align each host's part in each connection by itself, then sort by time.

    Two hosts' events at one instant have no order, and two connections' timers follow none.
    """
    rows: list[Row] = []
    for which in sorted({(event.host, event.flow) for event in (*engine, *kernel)}):
        ours = [event for event in engine if (event.host, event.flow) == which]
        theirs = [event for event in kernel if (event.host, event.flow) == which]
        rows += _aligned(ours, theirs)
    rows = _reunite(_pair_like_connections(rows))
    for row in rows:
        row.differences = _differences(row)
    return sorted(rows, key=lambda row: (row.event.time, row.event.host))


def _aligned(ours: list[Event], theirs: list[Event]) -> list[Row]:
    pairs = align(
        [(event.time, event.facts) for event in ours],
        [(event.time, event.facts) for event in theirs],
    )
    return [
        Row(None if left is None else ours[left], None if right is None else theirs[right])
        for left, right in pairs
    ]


def _pair_like_connections(rows: list[Row]) -> list[Row]:
    """Join equal events of one host without partner, though their connections' numbers differ.

    Which of several like connections meets a fate may be chance: a kernel rounds their timers to
    one instant, and fires them in any order.
    """
    found = [row for row in rows if row.engine and row.kernel]
    alone = [row for row in rows if not (row.engine and row.kernel)]
    for host in sorted({row.event.host for row in alone}):
        ours = [row.engine for row in alone if row.engine and row.event.host == host]
        theirs = [row.kernel for row in alone if row.kernel and row.event.host == host]
        for row in _aligned(ours, theirs):
            if row.engine and row.kernel and not _alike(row.engine, row.kernel):
                found += [Row(row.engine, None), Row(None, row.kernel)]
            else:
                found.append(row)
    return found


def _alike(ours: Event, theirs: Event) -> bool:
    """The same event of another connection."""
    return ours.facts == theirs.facts and ours.flow != theirs.flow


def _reunite(rows: list[Row]) -> list[Row]:
    """Join what an alignment in order cannot: two events of one model instant, swapped by chance.

    A kernel's timer is a little late, so that what ties in the model comes in some order there.
    """
    lone = [row for row in rows if row.kernel is None]
    for ours in lone:
        assert ours.engine is not None
        tied = sum(
            row.engine is not None
            and (row.engine.host, row.engine.time) == (ours.engine.host, ours.engine.time)
            for row in rows
        )
        for theirs in rows:
            same = theirs.engine is None and theirs.kernel is not None
            if tied > 1 and same and theirs.event.facts == ours.event.facts:
                ours.kernel = theirs.kernel
                rows = [row for row in rows if row is not theirs]
                break
    return rows


def _differences(row: Row) -> list[Difference]:
    if row.engine is None:
        return [Difference("only the kernel", "nothing", row.event.text)]
    if row.kernel is None:
        return [Difference("only the engine", row.event.text, "nothing")]
    ours, theirs = row.engine.facts, row.kernel.facts
    return [
        Difference(name, ours[name], theirs[name]) for name in ours if ours[name] != theirs[name]
    ]


def _after_the_end(row: Row, engine_end: int, kernel_end: int, hz: int | None) -> bool:
    """The event came when the other side was no longer watched (its run was over)."""
    if row.engine is None:
        return row.event.time > engine_end - tolerance(engine_end, hz)
    return row.kernel is None and row.event.time > kernel_end - tolerance(kernel_end, hz)


Causes = dict[tuple[int, int], list[Row]]
"""At which host and model time which rows' segments arrived."""


def _judge_times(rows: list[Row], causes: Causes, hz: int | None) -> None:
    """Say of each pair whether the kernel's time fits the model's.

    A kernel's lateness adds up: what follows a late timer is late too.  So an event fits when its
    time fits, or its distance from what it may follow from: the segment that arrived then, its
    host's event before in this instant, and unless an arrival made it, its host's in an earlier
    instant, its host's before in this connection, or the last of all.
    """
    last_of_flow: dict[tuple[int, int], Row] = {}
    for number, row in enumerate(rows):
        earlier = rows[max(0, number - _REACH) : number][::-1]
        own = [each for each in earlier if each.event.host == row.event.host]
        origins = causes.get((row.event.host, row.event.time), [])
        origins = origins + [each for each in own if each.event.time == row.event.time][:1]
        if row.event.kind != tracing.ARRIVAL or not origins:
            origins += [each for each in own if each.event.time < row.event.time][:1]
            origins += earlier[:1]
            origins += [each for each in (last_of_flow.get(_flow(row)),) if each]
        last_of_flow[_flow(row)] = row
        _judge_time(row, origins, hz)


def _flow(row: Row) -> tuple[int, int]:
    return row.event.host, row.event.flow


def _judge_time(row: Row, origins: list[Row], hz: int | None) -> None:
    late = row.late or 0
    gaps = [(row.event.time - each.event.time, late - (each.late or 0)) for each in origins]
    shortest = min((gap for gap, _ in gaps), default=0)
    fits = abs(late) <= tolerance(shortest, hz)
    if not fits and not any(abs(added) <= tolerance(gap, hz) for gap, added in gaps):
        ours, theirs = format_seconds(row.event.time), format_seconds(row.event.time + late)
        row.differences.append(Difference("time", f"{ours} s", f"{theirs} s"))


def _explain_lateness(rows: list[Row], causes: Causes, hz: int | None) -> None:
    """Note how late each timer fired; its wait is counted from its host's instant before.

    What happens as a segment arrives is no timer's: there the machine was busy.
    """
    for number, row in enumerate(rows):
        reaction = (row.event.host, row.event.time) in causes and row.event.kind != tracing.TIMER
        origin = next(
            (
                each
                for each in rows[max(0, number - _REACH) : number][::-1]
                if each.event.host == row.event.host and each.event.time < row.event.time
            ),
            None,
        )
        if origin is None or row.differences or reaction:
            continue
        gap = row.event.time - origin.event.time
        added = (row.late or 0) - (origin.late or 0)
        if gap >= _A_TIMER and _WORTH_SAYING <= added <= tolerance(gap, hz):
            row.note = f"timer wheel: fires {added / 1000:.0f} ms late ({100 * added / gap:.1f} %)"
