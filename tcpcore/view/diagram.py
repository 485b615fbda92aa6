"""TCP's state diagram, drawn from the transition table; runs light up the arrows that they take.

Each lit arrow is a link to the step of the player on the same page that takes it.
"""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from itertools import pairwise
from math import atan2, cos, sin

from tcpcore.scenarios import registry
from tcpcore.tcp.state import TRANSITIONS, Transition
from tcpcore.view.document import document
from tcpcore.view.shown import Shown

_PLACES = {
    "CLOSED": (360, 28), "LISTEN": (120, 104), "SYN_SENT": (600, 104), "SYN_RECV": (120, 208),
    "ESTABLISHED": (360, 272), "FIN_WAIT_1": (120, 352), "CLOSE_WAIT": (600, 352),
    "CLOSING": (360, 412), "FIN_WAIT_2": (120, 492), "LAST_ACK": (600, 492),
    "TIME_WAIT": (360, 540),
}  # fmt: skip
_SIZE = (720, 566)
_BOX = (122, 30)
_MARGINS = {
    ("TIME_WAIT", "CLOSED"): ("M299 540H28Q16 540 16 528V40Q16 28 28 28H296", (296, 28), 0.0),
    ("LAST_ACK", "CLOSED"): (
        "M661 492H692Q704 492 704 480V40Q704 28 692 28H424",
        (424, 28),
        3.1416,
    ),
}
_MARGIN_LABELS = {("TIME_WAIT", "CLOSED"): (78, 545), ("LAST_ACK", "CLOSED"): (664, 236)}
EVENTS = {
    "PASSIVE_OPEN": "listen()", "ACTIVE_OPEN": "connect()", "CLOSE": "close()", "ABORT": "abort",
    "SYN": "SYN", "SYN_ACK": "SYN+ACK", "ACK_OF_SYN": "ACK of SYN", "FIN": "FIN",
    "ACK_OF_FIN": "ACK of FIN", "RST": "RST", "TIMEOUT": "timer",
}  # fmt: skip
_HOME = {
    "SYN_SENT": ("RST", "TIMEOUT"), "LAST_ACK": ("ACK_OF_FIN",), "TIME_WAIT": ("TIMEOUT",),
}  # fmt: skip


@dataclass(slots=True)
class _Arrow:
    """An arrow: its rows of the table, and where runs take it: (player, step, host)."""

    old: str
    new: str
    rows: list[Transition] = field(default_factory=list)
    taken: list[tuple[str, int, int]] = field(default_factory=list)

    @property
    def drawn(self) -> bool:
        """Resets and time-outs lead from everywhere to CLOSED: only the taken ones are drawn."""
        away = self.new == "CLOSED" and self.old not in ("TIME_WAIT", "LISTEN")
        return bool(self.taken) or not away or any(row.event == "ACK_OF_FIN" for row in self.rows)

    @property
    def label(self) -> str:
        """What leads along the arrow; of the many ways to CLOSED only what it is drawn for."""
        rows = [row for row in self.rows if row.event != "ABORT"]
        if self.new == "CLOSED":
            kept = _HOME.get(self.old, ("CLOSE",))
            rows = [row for row in rows if row.event in kept] or rows
        return " or ".join(
            EVENTS[row.event] + (f" / {row.reply}" if row.reply else "") for row in rows
        )


class States(Shown):
    """The diagram; `players` are scenarios whose players stand on the page, under their names."""

    def __init__(self, *players: str) -> None:
        arrows = _arrows(players)
        super().__init__(_html(arrows), _text(arrows))
        self.taken = [(a.old, a.new) for a in arrows if a.taken]


def allowed(path: list[str]) -> bool:
    """Whether a connection can go through these states one after the other.

    Between two of them lies at most one more, never CLOSED: looks from outside miss a short one.
    """
    between = [name for name in _PLACES if name != "CLOSED"]
    steps = {(row.state, row.next) for row in TRANSITIONS}
    return all(
        (old, new) in steps or any((old, mid) in steps and (mid, new) in steps for mid in between)
        for old, new in pairwise(path)
    )


def _arrows(players: tuple[str, ...]) -> list[_Arrow]:
    arrows: dict[tuple[str, str], _Arrow] = {}
    for row in TRANSITIONS:
        arrow = arrows.setdefault((row.state, row.next), _Arrow(row.state, row.next))
        arrow.rows.append(row)
    for name in players:
        for number, step in enumerate(document(registry.run(name))["steps"], 1):
            for move in step["transitions"]:
                key = (move["from"], move["to"])
                if key in arrows:
                    arrows[key].taken.append((name, number, step["host"]))
    return list(arrows.values())


# ---- drawing ---------------------------------------------------------------------------------


def atlas_html(links: dict[str, tuple[str, int]]) -> tuple[str, str]:
    """The diagram, and the table below it, where every transition is a link.

    `links` holds, by ``STATE-EVENT``, the address that shows it and the host that takes it.
    """
    arrows = _arrows(())
    for arrow in arrows:
        shown = [row for row in arrow.rows if EVENTS[row.event] in arrow.label]
        for row in shown if arrow.drawn else ():
            if link := links.get(f"{row.state}-{row.event}"):
                name, _, step = link[0].partition(":")
                arrow.taken.append((name, int(step), link[1]))
    table = _table({key: link for key, (link, _) in links.items()})
    return f"<div class='tcpfig'>{_drawing(arrows)}</div>", f"<div class='tcpfig'>{table}</div>"


def _html(arrows: list[_Arrow]) -> str:
    return (
        f"<div class='tcpfig'>{_drawing(arrows)}"
        f"<details class='rows'><summary>The table behind the diagram: {len(TRANSITIONS)} "
        f"transitions</summary>{_table({})}</details></div>"
    )


def _drawing(arrows: list[_Arrow]) -> str:
    width, height = _SIZE
    edges = "".join(_edge(a, arrows) for a in sorted(arrows, key=lambda a: len(a.taken)) if a.drawn)
    boxes = "".join(_box(name) for name in _PLACES)
    label = "State diagram of TCP; the lit arrows are links to the steps that take them"
    return (
        f"<div class='scroll' tabindex='0' role='group' aria-label='{label}'>"
        f"<svg class='states' viewBox='0 0 {width} {height}' role='group' "
        f"aria-label='{label}'>"
        f"{edges}{boxes}</svg></div>"
        "<p class='legend'><span class='key host-0'>taken by the client</span> "
        "<span class='key host-1'>taken by the server</span></p>"
    )


def _box(name: str) -> str:
    (x, y), (width, height) = _PLACES[name], _BOX
    return (
        f"<g class='state'><rect x='{x - width / 2:g}' y='{y - height / 2:g}' width='{width}' "
        f"height='{height}' rx='7'/><text x='{x}' y='{y + 4}'>{name}</text></g>"
    )


def _edge(arrow: _Arrow, arrows: list[_Arrow]) -> str:
    path, tip, angle, place = _course(arrow, arrows)
    title = f"{arrow.old} → {arrow.new}: {arrow.label}"
    turned = f"translate({tip[0]:.1f} {tip[1]:.1f}) rotate({angle * 57.29578:.1f})"
    drawing = (
        f"<path class='hit' d='{path}'/><path class='line' d='{path}'/>"
        f"<path class='tip' d='M1 0-9-5v10z' transform='{turned}'/>"
        f"<text x='{place[0]:.0f}' y='{place[1]:.0f}'>{html.escape(arrow.label)}</text>"
    )
    if not arrow.taken:
        return f"<g class='edge'><title>{html.escape(title)}</title>{drawing}</g>"
    name, step, host = arrow.taken[0]
    said = html.escape(f"{title}: show it in the player", quote=True)
    return (
        f"<a class='edge taken host-{host}' href='#{name}:{step}' aria-label='{said}'>"
        f"<title>{said}</title>{drawing}</a>"
    )


Point = tuple[float, float]


def _course(arrow: _Arrow, arrows: list[_Arrow]) -> tuple[str, Point, float, Point]:
    """Path, its tip and direction, and where its label goes."""
    key = (arrow.old, arrow.new)
    if key in _MARGINS:
        path, tip, angle = _MARGINS[key]
        return path, tip, angle, _MARGIN_LABELS[key]
    a, b = _PLACES[arrow.old], _PLACES[arrow.new]
    angle = atan2(b[1] - a[1], b[0] - a[0])
    back = any(other.old == arrow.new and other.new == arrow.old for other in arrows if other.drawn)
    aside = 7.0 if back else 0.0
    across = (-sin(angle) * aside, cos(angle) * aside)
    start, end = _border(a, b, 1, across), _border(b, a, 3, across)
    share = 0.5 if key != ("SYN_SENT", "SYN_RECV") else 0.42
    place = (start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share + 4)
    if back:
        place = (place[0] + across[0] * 3, place[1] + across[1] * 1.6)
    path = f"M{start[0]:.1f} {start[1]:.1f}L{end[0]:.1f} {end[1]:.1f}"
    return path, end, angle, place


def _border(at: Point, toward: Point, gap: float, across: Point) -> Point:
    """Where the line from a box's centre toward a point, moved aside, leaves the box."""
    ways = []
    for axis in (0, 1):
        distance = toward[axis] - at[axis]
        if distance:
            edge = _BOX[axis] / 2 + gap
            ways.append(((edge if distance > 0 else -edge) - across[axis]) / distance)
    share = min(way for way in ways if way > 0)
    dx, dy = toward[0] - at[0], toward[1] - at[1]
    return at[0] + across[0] + dx * share, at[1] + across[1] + dy * share


def _table(links: dict[str, str]) -> str:
    heads = ("State", "Event", "Next state", "Sends", "Source", "Linux")
    top = "".join(f"<th scope='col'>{head}</th>" for head in heads)
    return (
        "<div class='scroll' tabindex='0' role='group' aria-label='All transitions'>"
        f"<table class='transitions'><thead><tr>{top}</tr></thead><tbody>"
        f"{''.join(_table_row(row, links) for row in TRANSITIONS)}</tbody></table></div>"
    )


def _table_row(row: Transition, links: dict[str, str]) -> str:
    key = f"{row.state}-{row.event}"
    cells = [html.escape(cell) for cell in _cells(row)]
    if key in links:
        said = html.escape(f"{row.state}, {EVENTS[row.event]}: show a run", quote=True)
        cells[1] = f"<a href='#{links[key]}' aria-label='{said}'>{cells[1]}</a>"
    place = f" id='{key}'" if links else ""
    return f"<tr{place}>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _cells(row: Transition) -> tuple[str, ...]:
    return row.state, EVENTS[row.event], row.next, row.reply, row.rfc, row.note


def _text(arrows: list[_Arrow]) -> str:
    lines = [
        f"{row.state} → {row.next} on {EVENTS[row.event]}"
        + (f", sends {row.reply}" if row.reply else "")
        for row in TRANSITIONS
    ]
    taken = [
        f"Taken: {a.old} → {a.new} in {', '.join(sorted({name for name, _, _ in a.taken}))}"
        for a in arrows
        if a.taken
    ]
    return "\n".join([*lines, *taken])
