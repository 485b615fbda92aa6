"""What a cell shows besides players: HTML for pages and notebooks, text for everything else.

`Shown` is the value of such a cell.  On built pages `pages` renders it, with one style sheet for
all; in a notebook it carries the styles with it.  Everything works without JavaScript.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from tcpcore.view.style import palette_css

STATIC = Path(__file__).parent / "static"
MIME = "application/vnd.tcpcore.page+json"
MARK = "tcpfig"
"""The class of every such output: style sheet and script are loaded where it stands."""


@cache
def style_sheet() -> str:
    """The palette and the rules of tables, figures, predictions and claims."""
    return palette_css().replace(".tcpcore", f".{MARK}") + (STATIC / "figures.css").read_text(
        encoding="utf-8"
    )


class Shown:
    """HTML with its text alternative; `claims` are those that the cell has judged."""

    def __init__(self, html: str, text: str, claims: tuple[dict[str, Any], ...] = ()) -> None:
        self.html = html
        self.text = text
        self.claims = claims

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {
            MIME: {"html": self.html, "text": self.text, "claims": list(self.claims)},
            "text/html": f"<style>{style_sheet()}</style>{self.html}",
            "text/plain": self.text,
        }
