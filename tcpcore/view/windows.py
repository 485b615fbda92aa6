"""The sender's window, moment by moment, drawn from the snapshots of a run.

The bytes of the stream lie in a row.  What is acknowledged grows from the left; behind it come the
bytes in flight, those just sent, and those that may still be sent; the rest may not.  The window is
the part in between, and slides to the right with each acknowledgment (RFC 9293 §3.8.6).
"""

from __future__ import annotations

import html
from typing import Any

from tcpcore.errors import UsageError
from tcpcore.scenarios import registry
from tcpcore.trace import ARRIVAL, Moment, Trace, TracedSegment
from tcpcore.units import seconds
from tcpcore.view.packet import flag_names
from tcpcore.view.shown import Shown

Frame = dict[str, Any]

_PARTS = {
    "acknowledged": "acknowledged",
    "flying": "in flight",
    "now": "sent now",
    "free": "may be sent",
}
"""The parts of the row from the left, and how they are called; what remains may not be sent."""


class Window(Shown):
    """What one host's connection may send through a run; `host` is its name.

    `until` ends the figure, in seconds.  UsageError when the host sends no data until then.
    """

    def __init__(
        self, scenario: str, *, host: str = "client", until: float = 60, **parameters: Any
    ) -> None:
        trace = registry.run(scenario, parameters)
        frames = [one for one in frames_of(trace, host) if one["time"] <= seconds(until)]
        if not frames:
            raise UsageError(f"{host} sends no data in the first {until} s of {scenario}.")
        super().__init__(_html(frames), _text(frames))
        self.frames = frames


def frames_of(trace: Trace, host: str) -> list[Frame]:
    """One frame for each moment that moved a window of that host's connection.

    Sizes in bytes; `limit` is the smaller one of both windows, `written` where the stream ends.
    """
    number = [name for name, _ in trace.hosts].index(host)
    data = [len(s.segment.payload) for s in trace.segments if _is_new(s) and s.sender == number]
    size, total = max(data, default=0), sum(data)
    frames: list[Frame] = []
    for moment in trace.moments:
        found = _variables(moment) if moment.host == number else None
        if found is None or not total:
            continue
        before = frames[-1]["next"] if frames else 0
        frame = {
            "time": moment.time,
            "what": _what(trace, moment),
            **_parts(found, size, total, before),
        }
        if frame["written"] and (not frames or _content(frame) != _content(frames[-1])):
            frames.append(frame)
    return frames


def _is_new(one: TracedSegment) -> bool:
    return not one.retransmission


def _variables(moment: Moment) -> dict[str, Any] | None:
    """Those of the host's connection, where the moment changed them."""
    for one in moment.sections.get("sockets", ()):
        if one["role"] == "main" and one["state"] not in ("SYN_SENT", "TIME_WAIT", "CLOSED"):
            variables: dict[str, Any] = one["variables"]
            return variables
    return None


def _content(frame: Frame) -> tuple[int, ...]:
    return frame["acknowledged"], frame["next"], frame["rwnd"], frame["cwnd"]


def _parts(seen: dict[str, Any], size: int, total: int, before: int) -> Frame:
    """The sizes of a frame; `before` is how many bytes had been sent in the frame before."""
    # The SYN took a number; a FIN behind the last byte takes one, too.
    acknowledged, following = (min(seen[name] - 1, total) for name in ("snd.una", "snd.nxt"))
    rwnd, cwnd = seen["snd.wnd"], seen["cwnd"] * size
    limit = min(rwnd, cwnd)
    old = max(min(before, following), acknowledged)
    return {
        "acknowledged": acknowledged,
        "flying": old - acknowledged,
        "now": following - old,
        "free": max(min(acknowledged + limit, total) - following, 0),
        "next": following,
        "written": following + seen["unsent"],
        "rwnd": rwnd,
        "cwnd": cwnd,
        "limit": limit,
    }


def _what(trace: Trace, moment: Moment) -> str:
    if moment.kind == ARRIVAL and moment.segment is not None:
        segment = trace.segments[moment.segment].segment
        return f"{flag_names(segment.flags)} arrives"
    return f"{moment.label.partition('(')[0]}()" if "(" in moment.label else moment.label


def _html(frames: list[Frame]) -> str:
    total = max(frame["written"] for frame in frames)
    heads = ("Time<br>(s)", "At the sender", f"The {total:,} bytes", "In flight", "rwnd", "cwnd")
    top = "".join(f"<th scope='col'>{head}</th>" for head in heads)
    body = "".join(_row(frame, total) for frame in frames)
    keys = {**_PARTS, "shut": "may not be sent yet"}
    legend = "".join(f"<span class='key {key}'>{name}</span>" for key, name in keys.items())
    label = "The sender's window, moment by moment"
    return (
        f"<div class='tcpfig'><div class='scroll' tabindex='0' role='group' aria-label=\"{label}\">"
        f"<table class='windows'><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
        f"<p class='legend'>{legend}</p></div>"
    )


def _row(frame: Frame, total: int) -> str:
    cells = (
        f"{frame['time'] / 1e6:.3f}",
        html.escape(frame["what"]),
        f"<div class='stream' role='img' aria-label='{_words(frame)}'>{_bar(frame, total)}</div>",
        f"{frame['flying'] + frame['now']:,}",
        *(_marked(frame, name) for name in ("rwnd", "cwnd")),
    )
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _bar(frame: Frame, total: int) -> str:
    left = total
    parts = []
    for name in _PARTS:
        size = min(frame[name], left)
        left -= size
        if size:
            parts.append(f"<span class='{name}' style='width:{100 * size / total:.2f}%'></span>")
    return "".join(parts)


def _marked(frame: Frame, name: str) -> str:
    """A window; the one that limits is bold."""
    shown = f"{frame[name]:,}"
    return f"<b>{shown}</b>" if frame[name] == frame["limit"] else shown


def _words(frame: Frame) -> str:
    return ", ".join(f"{name} {frame[key]:,}" for key, name in _PARTS.items())


def _text(frames: list[Frame]) -> str:
    return "\n".join(
        f"{one['time'] / 1e6:8.3f} s  {one['what']}: {_words(one)}; "
        f"rwnd {one['rwnd']:,}, cwnd {one['cwnd']:,}"
        for one in frames
    )
