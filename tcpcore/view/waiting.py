"""Who waits for a loss: each piece of an answer as a bar from its arrival to when it can be read.

One connection of TCP, a connection for each answer and the streams of `tcpcore.multistream` are
drawn alike, so that the same loss can be laid side by side.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from tcpcore.multistream import Piece, Transfer
from tcpcore.view.evidence import engine
from tcpcore.view.exchange import Exchange, Seen
from tcpcore.view.shown import Shown


def pieces_of(run: Exchange, host: str = "server") -> list[Piece]:
    """The labelled segments (``A1``) of a host's data, in the order in which they could be read.

    A byte can be read when it and all before it on its connection have arrived.  Times count from
    the run's first segment, as on the wire; microseconds.
    """
    found: list[tuple[int, Piece]] = []
    for ports in dict.fromkeys(one.ports for one in run.segments):
        mine = [one for one in run.data(host) if one.ports == ports]
        found += _in_order(mine)
    return [piece for _, piece in sorted(found, key=lambda each: (each[1].read, each[0]))]


def _in_order(segments: list[Seen]) -> list[tuple[int, Piece]]:
    """``(first byte, piece)`` for the data of one connection."""
    arrivals: dict[int, int] = {}
    for one in segments:
        if one.arrived is not None:
            arrived = round(one.arrived * 1e6)
            arrivals[one.seq] = min(arrived, arrivals.get(one.seq, arrived))
    lost = {one.seq for one in segments if one.lost}
    labels = {one.seq: one.text for one in segments}
    found, front = [], 0
    for seq in sorted(arrivals):
        front = max(front, arrivals[seq])
        label = labels[seq]
        piece = Piece(label[0], int(label[1:]), arrivals[seq], front, seq in lost)
        found.append((seq, piece))
    return found


class Waiting(Shown):
    """The pieces of several runs below each other, on one scale; `runs` maps a title to pieces."""

    def __init__(self, runs: dict[str, Sequence[Piece]]) -> None:
        pieces = [one for each in runs.values() for one in each]
        start = min(one.arrived for one in pieces)
        end = max(one.read for one in pieces)
        margin = max((end - start) // 40, 1)
        scale = (start - margin, end + margin)
        super().__init__(_html(runs, scale), _text(runs))
        self.runs = runs


def _summary(pieces: Sequence[Piece]) -> str:
    late = [one for one in pieces if one.waited]
    total = sum(one.waited for one in late)
    if not late:
        return "nothing waits"
    streams = sorted({one.stream for one in late})
    return (
        f"{len(late)} of {len(pieces)} pieces wait, of {_listed(streams)}; "
        f"together {total / 1000:.0f} ms"
    )


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _html(runs: dict[str, Sequence[Piece]], scale: tuple[int, int]) -> str:
    parts = "".join(_part(title, pieces, scale) for title, pieces in runs.items())
    legend = "".join(
        f"<span class='key {kind}'>{name}</span>"
        for kind, name in (
            ("delay", "has arrived, and waits"),
            ("ready", "can be read"),
            ("again", "can be read; had to be sent twice"),
        )
    )
    return f"<div class='tcpfig'>{parts}<p class='legend'>{legend}</p></div>"


def _part(title: str, pieces: Sequence[Piece], scale: tuple[int, int]) -> str:
    rows = "".join(
        _row(one, scale) for one in sorted(pieces, key=lambda one: (one.stream, one.number))
    )
    caption = f"{html.escape(title)}: {_summary(pieces)}"
    return (
        f"<div class='scroll' tabindex='0' role='group' aria-label='{caption}'>"
        f"<table class='waiting'><caption>{caption}</caption><thead><tr><th scope='col'>Piece</th>"
        "<th scope='col'><span class='hidden'>Drawn</span></th>"
        "<th scope='col'>Arrived<br>(s)</th><th scope='col'>Read<br>(s)</th>"
        f"</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _row(one: Piece, scale: tuple[int, int]) -> str:
    start, end = scale
    left = 100 * (one.arrived - start) / (end - start)
    width = 100 * one.waited / (end - start)
    bar = f"<span class='delay' style='left:{left:.2f}%;width:{width:.2f}%'></span>"
    kind = "again" if one.again else "ready"
    mark = f"<span class='{kind}' style='left:{left + width:.2f}%'></span>"
    drawn = (bar if one.waited else "") + mark
    return (
        f"<tr><th scope='row'>{one.stream}{one.number}</th>"
        f"<td><div class='track' role='img' aria-label='{_words(one)}'>{drawn}</div></td>"
        f"<td>{one.arrived / 1e6:.3f}</td><td>{one.read / 1e6:.3f}</td></tr>"
    )


def _words(one: Piece) -> str:
    again = ", sent twice" if one.again else ""
    waits = f", waits {one.waited / 1000:.0f} ms" if one.waited else ""
    return f"{one.stream}{one.number} arrives at {one.arrived / 1e6:.3f} s{again}{waits}"


def _text(runs: dict[str, Sequence[Piece]]) -> str:
    lines = []
    for title, pieces in runs.items():
        lines.append(f"{title}: {_summary(pieces)}")
        lines += [f"  {_words(one)}" for one in pieces]
    return "\n".join(lines)


def mean_wait(streams: int, segments: int = 12) -> dict[str, float]:
    """Milliseconds that a segment waits on average, when each of them is lost once in turn.

    So many answers share the segments: on one connection of TCP, on one each, and as streams.
    """
    pieces = segments // streams
    size: dict[str, Any] = {"streams": streams, "pieces": pieces}
    one, each = [], []
    for number in range(segments):
        drop = (_FIRST_DATA + number,)
        one.append(pieces_of(engine("head-of-line", drop=drop, **size)))
        drop = (_FIRST_DATA * streams + number,)
        each.append(pieces_of(engine("head-of-line", drop=drop, separate=True, **size)))
    model = [Transfer(streams, pieces, lost=(number,)).pieces for number in range(segments)]
    return {
        "one connection": _mean(one),
        "one for each": _mean(each),
        "streams": _mean(model),
    }


_FIRST_DATA = 5
"""Segments of a connection before its first data comes back: SYN, SYN+ACK, ACK, request, ACK."""


def _mean(runs: Sequence[Sequence[Piece]]) -> float:
    waits = [piece.waited for pieces in runs for piece in pieces]
    return sum(waits) / len(waits) / 1000
