"""Figures as HTML: an element with its data inside it and a text alternative.

``static/host.js`` finds these elements and draws them; without JavaScript the text stays.
"""

from __future__ import annotations

import html
from typing import Any

from tcpcore.view.document import as_text, dumps

MARK = 'data-figure="'
"""What a page with a figure has in it."""


ICON = (
    '<link rel="icon" href="data:image/svg+xml,'
    "%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Cpath d='M3 1v14' stroke='%231d4ed8' stroke-width='2'/%3E"
    "%3Cpath d='M13 1v14' stroke='%237e22ce' stroke-width='2'/%3E"
    "%3Cpath d='M3 4l10 3L3 10l10 3' fill='none' stroke='%230f5e7a' stroke-width='1.5'/%3E"
    '%3C/svg%3E">'
)
"""Three segments between two hosts; without an icon of its own a browser asks for /favicon.ico."""


def embedded(value: Any) -> str:
    """JSON that may stand inside a script element of an HTML page."""
    return dumps(value).replace("<", "\\u003c").replace("\u2028", "\\u2028")


def player_html(state: dict[str, Any]) -> str:
    """A player for a static page: its data, and the event list for pages without JavaScript."""
    text = html.escape(as_text(state["document"]))
    title = html.escape(state["document"]["title"] or "Run")
    fallback = (
        f'<details open><summary>{title}: what happened, as text</summary><pre tabindex="0">{text}'
        "</pre></details>"
    )
    return figure_html("player", state, fallback, name=str(state["name"]))


def figure_html(kind: str, state: Any, fallback: str, *, name: str = "", label: str = "") -> str:
    """Any figure: `kind` is its name in ``static/host.js``, `name` its address in links."""
    attributes = f' id="{html.escape(name)}"' if name else ""
    if label:
        attributes += f' role="group" aria-label="{html.escape(label)}"'
    return (
        f'<div class="tcpcore" {MARK}{html.escape(kind)}"{attributes}>'
        f'<script type="application/json">{embedded(state)}</script>'
        f'<div class="tcpcore-fallback">{fallback}</div></div>'
    )


def plotly_label(figure: dict[str, Any]) -> str:
    """The title of a Plotly figure."""
    title = figure.get("layout", {}).get("title") or {}
    return (title.get("text", "") if isinstance(title, dict) else str(title)) or "Figure"


def plotly_html(figure: dict[str, Any]) -> str:
    """A Plotly figure, with the room that it will take."""
    layout = figure.get("layout", {})
    label = plotly_label(figure)
    height = int(layout.get("height") or 450)
    # Templates carry every default of Plotly again, 7 KB a figure; the page's own colours rule.
    lean = {**figure, "layout": {k: v for k, v in layout.items() if k != "template"}}
    note = f"<noscript>{html.escape(label)}: this figure needs JavaScript.</noscript>"
    return (
        f'<div style="min-height:{height}px">{figure_html("plotly", lean, note, label=label)}</div>'
    )
