"""One HTML file with players in it, stepping through stored runs: no server, network or Python."""

from __future__ import annotations

import html
from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Any

from tcpcore.view import bundle
from tcpcore.view.document import page_state
from tcpcore.view.embed import ICON, player_html

_STYLE = """
body { margin: 0 auto; padding: 1rem; max-width: 72rem; background: #fff; color: #1f2937;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif; }
h1 { font-size: 1.4rem; margin: 0; }
@media (prefers-color-scheme: dark) { body { background: #0d1014; color: #e6e9ef; } }
"""


def html_page(
    documents: Iterable[dict[str, Any]],
    title: str = "TCP, segment by segment",
    follow: str = "",
) -> str:
    """The page as text; each document gets a player, in order.

    `follow` is where a run that goes on is to be had again and again (see ``static/follow.js``).
    """
    players = []
    for number, document in enumerate(documents, 1):
        name = document["scenario"] or f"connection-{number}"
        state = page_state(document, name=name, live=False)
        if follow:
            state["follow"] = follow
        players.append(player_html(state))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n{ICON}\n"
        f"<style>{_STYLE}{bundle.style_sheet()}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{html.escape(title)}</h1>\n{''.join(players)}\n</main>\n"
        f"<script>{bundle.page_script()}</script>\n</body>\n</html>\n"
    )


def write_html(
    documents: Iterable[dict[str, Any]],
    path: str | PathLike[str],
    title: str = "TCP, segment by segment",
) -> None:
    """Write that page to `path`."""
    Path(path).write_text(html_page(documents, title), encoding="utf-8")
