"""Figures of a run as data: which lines, bars and dots, in which colours, and the same in words.

A figure is JSON that ``static/figure.js`` draws with Plotly, in a page, a notebook or the player,
and which ``text`` tells to those who do not see it.  Nothing here needs Plotly; this also runs in
the reader's browser.

    {"kind", "title", "unit", "end", "top", "marks": [...], "text"}

`end` is the last time (us); `top`, unless None, the highest value to show.  A mark is a row of
points ``{"name", "color", "shape", "x", "y"}`` with times in us; colours are names of the palette.
Shapes: ``steps`` (a value holds until the next one), ``line``, ``dots``, and ``bars`` from `y` to
`z`.  `segment`, where given, are the segments of the points, as indices into the trace; ``dash`` is
a line to tell apart from another one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tcpcore.errors import UsageError
from tcpcore.trace import Trace
from tcpcore.units import MILLISECOND, SECOND, format_seconds
from tcpcore.view import flows as measured
from tcpcore.view.flows import Points, Sent, Series

Json = dict[str, Any]
_LISTS = ("x", "y", "z", "segment")

SEVERAL = ("client", "server", "data", "retransmitted", "other", "reset")
"""Colours of several runs or connections in one figure."""


def figures(trace: Trace, kinds: Iterable[str], host: str = "") -> list[Json]:
    """The figures of these kinds, of all connections that `host` (or anybody) sends data on.

    UsageError for a kind or host that does not exist.
    """
    wanted = list(kinds)
    for kind in wanted:
        if kind not in KINDS:
            raise UsageError(f"There is no figure {kind!r}; the kinds are {', '.join(KINDS)}.")
    try:
        flows = measured.of(trace, host)
    except UsageError:
        if host:
            raise
        return [_empty(kind) for kind in wanted]  # a slider may leave nothing to draw
    return [_figure(kind, _names(trace, flows), trace) for kind in wanted]


def together(runs: Mapping[str, Trace], kind: str, host: str = "") -> Json:
    """One figure of several runs, by their names; of each, the connection on which most is sent."""
    if kind not in KINDS:
        raise UsageError(f"There is no figure {kind!r}; the kinds are {', '.join(KINDS)}.")
    flows = [(name, measured.of(trace, host)[0]) for name, trace in runs.items()]
    found = _figure(kind, flows, next(iter(runs.values())))
    if kind == "queue":
        found["marks"] = [
            mark | {"name": name, "color": color}
            for (name, trace), color in zip(runs.items(), SEVERAL, strict=False)
            for mark in _queue([("", _flow_of(trace, host))], trace)["marks"][:1]
        ]
    return found


def cut(figure: Json, end: int) -> Json:
    """The figure up to that time (us); its words are still about the whole run."""
    marks = []
    for mark in figure["marks"]:
        kept = [i for i, time in enumerate(mark["x"]) if time <= end]
        lists = {name: [mark[name][i] for i in kept] for name in mark if name in _LISTS}
        if kept:
            marks.append({**mark, **lists})
    return {**figure, "end": min(figure["end"], end), "marks": marks}


def _flow_of(trace: Trace, host: str) -> Series:
    return measured.of(trace, host)[0]


def _names(trace: Trace, flows: list[Series]) -> list[tuple[str, Series]]:
    """The connections by what tells them apart: nothing, their senders, or their ports."""
    if len(flows) == 1:
        return [("", flows[0])]
    hosts = [trace.hosts[flow.host][0] for flow in flows]
    if len(set(hosts)) == len(hosts):
        return list(zip(hosts, flows, strict=True))
    ports = [flow.name.split(" ")[0].rpartition(":")[2] for flow in flows]
    return [(f"port {port}", flow) for port, flow in zip(ports, flows, strict=True)]


def _figure(kind: str, flows: list[tuple[str, Series]], trace: Trace) -> Json:
    title, unit, draw = KINDS[kind]
    end = max(flow.end for _, flow in flows)
    drawn = draw(flows, trace)
    return {
        "kind": kind,
        "title": title,
        "unit": unit,
        "end": end,
        "top": drawn.get("top"),
        "marks": [mark for mark in drawn["marks"] if mark["x"]],
        "text": " ".join(drawn["text"]),
    }


def _empty(kind: str) -> Json:
    title, unit, _ = KINDS[kind]
    text = "No data is sent in this run."
    return {
        "kind": kind, "title": title, "unit": unit, "end": 0, "top": 1, "marks": [], "text": text,
    }  # fmt: skip


def _mark(name: str, color: str, shape: str, points: Points, end: int | None = None) -> Json:
    """A mark of points; those without a value are left out, and steps go on to the end."""
    kept = measured.thin([(time, value) for time, value in points if value is not None])
    if end is not None and kept and kept[-1][0] < end:
        kept.append((end, kept[-1][1]))
    return {
        "name": name,
        "color": color,
        "shape": shape,
        "x": [time for time, _ in kept],
        "y": [value for _, value in kept],
    }


def _at(time: int) -> str:
    return f"{format_seconds(round(time, -3))} s"


# --- sequence ------------------------------------------------------------------------------------


def _sequence(flows: list[tuple[str, Series]], trace: Trace) -> Json:
    """Stevens's figure, as tcptrace draws it: what was sent when, and what was acknowledged.

    Of several runs: how the acknowledgments went on, and what was sent again.
    """
    if len(flows) > 1:
        return _sequences(flows, trace)
    flow, sent = flows[0][1], flows[0][1].segments
    new = [one for one in sent if not one.again and not one.lost]
    again = [one for one in sent if one.again and not one.lost]
    lost = [one for one in sent if one.lost]
    sacks = [Sent(index, time, a, b, 0, False, None) for time, a, b, index in flow.news_of_sacks()]
    top = round(max(one.end for one in sent) * 1.06)
    edge = flow.edge if any(edge < top for _, edge in flow.edge) else []  # else far beyond
    marks = [
        _mark("window edge", "timer", "steps", edge, flow.end) | {"dash": True},
        _mark("acknowledged", "client", "steps", flow.acked, flow.end),
        _bars("sent", "data", new),
        _bars("sent again", "retransmitted", again),
        _bars("lost", "lost", lost),
        _bars("SACK", "server", sacks),
    ]
    return {
        "marks": marks,
        "top": top,
        "text": _sequence_text(trace, flow),
    }


def _sequences(flows: list[tuple[str, Series]], trace: Trace) -> Json:
    marks, told = [], []
    for (name, flow), color in zip(flows, SEVERAL, strict=False):
        again = [one for one in flow.segments if one.again]
        marks.append(_mark(f"acknowledged, {name}", color, "steps", flow.acked, flow.end))
        marks.append(_bars(f"sent again, {name}", color, again))
        told.append(f"{name}: {len(again)} sent again; the last ACK comes at {_at(flow.end)}.")
    return {"marks": marks, "text": told}


def _bars(name: str, color: str, sent: list[Sent]) -> Json:
    kept = measured.thin_rows(sent)
    return {
        "name": name,
        "color": color,
        "shape": "bars",
        "x": [one.time for one in kept],
        "y": [one.seq for one in kept],
        "z": [one.end for one in kept],
        "segment": [one.index for one in kept],
    }


def _sequence_text(trace: Trace, flow: Series) -> list[str]:
    sent = flow.segments
    size = max(one.end for one in sent) - min(one.seq for one in sent)
    again, lost = [one for one in sent if one.again], [one for one in sent if one.lost]
    told = [
        f"{trace.hosts[flow.host][0].capitalize()} sends {size:,} bytes in {len(sent)} segments, "
        f"from {_at(sent[0].time)} to {_at(sent[-1].time)}; the last ACK comes at {_at(flow.end)}."
    ]
    if lost:
        told.append(f"{len(lost)} lost: {_listed(lost)}.")
    if again:
        told.append(f"{len(again)} sent again: {_listed(again)}.")
    if flow.sacks:
        times = [time for time, *_ in flow.sacks]
        told.append(f"SACK blocks come from {_at(times[0])} to {_at(times[-1])}.")
    return told


def _listed(sent: list[Sent], most: int = 6) -> str:
    rows = [f"{one.seq}:{one.end} at {_at(one.time)}" for one in sent[:most]]
    more = f" and {len(sent) - most} more" if len(sent) > most else ""
    return ", ".join(rows) + more


# --- cwnd ----------------------------------------------------------------------------------------


def _cwnd(flows: list[tuple[str, Series]], trace: Trace) -> Json:
    if len(flows) > 1:
        marks = [
            _mark(f"cwnd, {name}", color, "steps", flow.cwnd, flow.end)
            for (name, flow), color in zip(flows, SEVERAL, strict=False)
        ]
        return {"marks": marks, "text": [_cwnd_text(flow, name) for name, flow in flows]}
    flow = flows[0][1]
    marks = [
        _mark("in flight", "data", "steps", flow.in_flight, flow.end),
        _mark("ssthresh", "timer", "steps", flow.ssthresh, flow.end) | {"dash": True},
        _mark("cwnd", "client", "steps", flow.cwnd, flow.end),
    ]
    states = [(time, state) for time, state in flow.ca_state if state != "Open"]
    told = [_cwnd_text(flow)]
    if states:
        seen = list(dict.fromkeys(state for _, state in states))
        told.append(f"From {_at(states[0][0])} on not always Open: {', '.join(seen)}.")
    return {"marks": marks, "text": told}


def _cwnd_text(flow: Series, name: str = "") -> str:
    high = max(flow.cwnd, key=lambda one: one[1])
    last = [value for time, value in flow.cwnd if time <= flow.end][-1]
    low = [f"ssthresh {value} at {_at(time)}" for time, value in flow.ssthresh if value is not None]
    cut = f"; {', '.join(low[:4])}" if low else "; ssthresh is never set"
    who = f"{name}: " if name else ""
    return (
        f"{who}cwnd is {flow.cwnd[0][1]} segments at first, {high[1]} at most (at {_at(high[0])}), "
        f"{last} at the end{cut}."
    )


# --- round trips, queue, throughput --------------------------------------------------------------


def _rtt(flows: list[tuple[str, Series]], trace: Trace) -> Json:
    if len(flows) > 1:
        marks = [
            _mark(f"RTT, {name}", color, "dots", _ms(flow.rtt))
            for (name, flow), color in zip(flows, SEVERAL, strict=False)
        ]
        return {"marks": marks, "text": [_rtt_text(flow, name) for name, flow in flows]}
    flow = flows[0][1]
    marks = [
        _mark("RTT sample", "data", "dots", _ms(flow.rtt)),
        _mark("srtt", "client", "steps", _ms(flow.srtt), flow.end),
        _mark("RTO", "timer", "steps", _ms(flow.rto), flow.end) | {"dash": True},
    ]
    return {"marks": marks, "text": [_rtt_text(flow)]}


def _ms(points: Points) -> Points:
    return [(time, None if us is None else round(us / MILLISECOND, 3)) for time, us in points]


def _rtt_text(flow: Series, name: str = "") -> str:
    who = f"{name}: " if name else ""
    if not flow.rtt:
        return f"{who}no round trip could be measured."
    values = [us / MILLISECOND for _, us in flow.rtt]
    rto = [us / MILLISECOND for time, us in flow.rto if time <= flow.end]
    return (
        f"{who}{len(values)} round trips are measured, {min(values):.1f} ms at least and "
        f"{max(values):.1f} ms at most. The RTO is {max(rto):.0f} ms at most, {rto[-1]:.0f} ms at "
        "the end."
    )


def _queue(flows: list[tuple[str, Series]], trace: Trace) -> Json:
    """The queue in which the sender's packets waited longest, and the link's loss there."""
    flow = flows[0][1]
    busiest = max(trace.queues, key=lambda one: sum(w for _, w in one.sojourns()), default=None)
    if busiest is None:
        return {"marks": [], "text": ["No link of this run has a rate: nothing waits."]}
    lengths = [(t, size / 1000) for t, _, size in busiest.lengths() if t <= flow.end]
    waits: Points = [(time, wait) for time, wait in busiest.sojourns() if time <= flow.end]
    marks = [
        _mark("bytes in the queue, kB", "data", "steps", lengths, flow.end),
        _mark("wait of a packet, ms", "client", "line", _ms(waits)),
    ]
    most = max((size for _, size in lengths), default=0)
    longest = max((wait for _, wait in waits), default=0) / MILLISECOND
    told = (
        f"In the queue before the link from {busiest.sender} to {busiest.to}: {most:.1f} kB and "
        f"{longest:.1f} ms at most."
    )
    return {"marks": marks, "text": [told]}


def _throughput(flows: list[tuple[str, Series]], trace: Trace) -> Json:
    end = max(flow.end for _, flow in flows)
    window = _window(end)
    marks, told = [], []
    for (name, flow), color in zip(flows, SEVERAL, strict=False):
        rates = [(t, bits / 1_000_000) for t, bits in measured.rate(flow.delivered, window)]
        marks.append(_mark(name or "delivered", color if name else "data", "line", rates))
        first, last = flow.segments[0].time, flow.delivered[-1][0] if flow.delivered else 0
        mean = flow.delivered[-1][1] * 8 / max(last - first, 1) if flow.delivered else 0
        best = max((value for _, value in rates), default=0)
        told.append(
            f"{name + ': ' if name else ''}{mean:.2f} Mbit/s on average, {best:.2f} at most "
            f"(in {window / MILLISECOND:g} ms)."
        )
    return {"marks": marks, "text": told}


def _window(end: int) -> int:
    """A window of 1, 2 or 5 times a power of ten, of which about 40 make the run."""
    for window in (10, 20, 50, 100, 200, 500, 1000, 2000, 5000):
        if window * MILLISECOND * 40 >= end:
            return window * MILLISECOND
    return 10 * SECOND


_Draw = Callable[[list[tuple[str, Series]], Trace], Json]
KINDS: dict[str, tuple[str, str, _Draw]] = {
    "sequence": ("Sequence numbers over time", "sequence number", _sequence),
    "cwnd": ("Congestion window", "segments", _cwnd),
    "rtt": ("Round trips", "ms", _rtt),
    "queue": ("Queue before the link", "kB, ms", _queue),
    "throughput": ("Throughput", "Mbit/s", _throughput),
}
"""Title, unit of the values and drawing of each kind."""
