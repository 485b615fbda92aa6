"""The two queues of a listener, moment by moment, drawn from the snapshots of a run.

A connection is a chip that moves to the right: from the SYN queue, where it is only a request,
through the accept queue, to the application that took it with accept().
"""

from __future__ import annotations

import html
from typing import Any

from tcpcore.scenarios import registry
from tcpcore.trace import ARRIVAL, Moment, Trace
from tcpcore.units import format_seconds
from tcpcore.view.packet import flag_names
from tcpcore.view.shown import Shown

_SLOTS = 8
"""At most so many places of a queue are drawn; a larger limit is said in words."""

Frame = dict[str, Any]


class Queues(Shown):
    """The queues of one host's listener through a run; `host` is its name."""

    def __init__(
        self, scenario: str, *, host: str = "server", drop: tuple[int, ...] = (), **parameters: Any
    ) -> None:
        frames = frames_of(registry.run(scenario, parameters, drop=drop), host)
        super().__init__(_html(frames), _text(frames))
        self.frames = frames


def frames_of(trace: Trace, host: str) -> list[Frame]:
    """One frame for each moment that changed the queues: time, what, both queues, taken."""
    number = [name for name, _ in trace.hosts].index(host)
    known: dict[str, Any] = {}
    frames: list[Frame] = []
    for moment in trace.moments:
        if moment.host != number:
            continue
        before = known.get("sockets", ())
        known.update(moment.sections)
        if len(known.get("queues", ())) < 2:
            continue
        frame = _frame(trace, moment, known, before)
        if not frames or _content(frame) != _content(frames[-1]):
            frames.append(frame)
    return frames


def _content(frame: Frame) -> tuple[Any, ...]:
    return frame["SYN queue"], frame["accept queue"], frame["taken"]


def _frame(trace: Trace, moment: Moment, known: dict[str, Any], before: Any) -> Frame:
    queues = {queue["name"]: queue for queue in known["queues"]}
    waiting = [*queues["SYN queue"]["entries"], *queues["accept queue"]["entries"]]
    peers = [
        one["name"].split(" > ")[1]
        for one in known.get("sockets", ())
        if one["role"] == "main" and one["state"] != "CLOSED"
    ]
    return {
        "time": moment.time,
        "what": _what(trace, moment),
        "SYN queue": list(queues["SYN queue"]["entries"]),
        "accept queue": list(queues["accept queue"]["entries"]),
        "taken": [peer for peer in peers if peer not in waiting],
        "limits": (queues["SYN queue"]["limit"], queues["accept queue"]["limit"]),
    }


def _what(trace: Trace, moment: Moment) -> str:
    if moment.kind == ARRIVAL and moment.segment is not None:
        return f"{flag_names(trace.segments[moment.segment].segment.flags)} arrives"
    return f"{moment.label.partition('(')[0]}()" if "(" in moment.label else moment.label


def _html(frames: list[Frame]) -> str:
    syn, accept = frames[0]["limits"]
    heads = ("Time<br>(s)", "At the server", f"SYN queue<br>(room for {syn})",
             f"Accept queue<br>(room for {accept})", "Application")  # fmt: skip
    columns = len(heads) if any(frame["taken"] for frame in frames) else len(heads) - 1
    top = "".join(f"<th scope='col'>{head}</th>" for head in heads[:columns])
    body = "".join(_row(frame, columns) for frame in frames)
    label = "The two queues of the listener, moment by moment"
    return (
        f"<div class='tcpfig'><div class='scroll' tabindex='0' role='group' aria-label='{label}'>"
        f"<table class='queues'><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
        "</div></div>"
    )


def _row(frame: Frame, columns: int) -> str:
    syn, accept = frame["limits"]
    cells = (
        format_seconds(frame["time"]),
        html.escape(frame["what"]),
        _slots(frame["SYN queue"], syn, "request"),
        _slots(frame["accept queue"], accept, "ready"),
        _slots(frame["taken"], 0, "taken"),
    )
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells[:columns]) + "</tr>"


def _slots(entries: list[str], limit: int, kind: str) -> str:
    chips = "".join(f"<span class='chip {kind}'>{html.escape(one)}</span>" for one in entries)
    free = min(limit, _SLOTS) - len(entries)
    return chips + "<span class='chip free' aria-hidden='true'></span>" * max(free, 0)


def _text(frames: list[Frame]) -> str:
    lines = []
    for frame in frames:
        held = "; ".join(
            f"{name}: {', '.join(frame[name]) or 'empty'}"
            for name in ("SYN queue", "accept queue", "taken")
        )
        lines.append(f"{format_seconds(frame['time']):>8} s  {frame['what']}: {held}")
    return "\n".join(lines).replace("taken:", "with the application:")
