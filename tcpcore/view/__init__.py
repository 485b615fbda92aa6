"""How people see a run: the player and the figures, in notebooks, pages and files.

`Player` needs anywidget and loads it only when used; `document` and `as_text` need nothing but the
standard library and also run in the browser.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "Player": "tcpcore.view.player",
    "as_text": "tcpcore.view.document",
    "color": "tcpcore.view.style",
    "write_html": "tcpcore.view.html_page",
}

__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'tcpcore.view' has no attribute {name!r}")
    return getattr(import_module(home), name)
