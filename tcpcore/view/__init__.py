"""How people see a run: the player and the figures, in notebooks, pages and files.

`Player` needs anywidget and loads it only when used; `document` and `as_text` need nothing but the
standard library and also run in the browser.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "Atlas": "tcpcore.view.atlas",
    "as_text": "tcpcore.view.document",
    "CaptureReader": "tcpcore.view.capture_page",
    "beside_kernel": "tcpcore.view.comparison",
    "both": "tcpcore.view.evidence",
    "checked": "tcpcore.view.claims",
    "claim": "tcpcore.view.claims",
    "claim_of_engine": "tcpcore.view.claims",
    "claim_of_page": "tcpcore.view.claims",
    "claim_of_script": "tcpcore.view.claims",
    "color": "tcpcore.view.style",
    "Drill": "tcpcore.view.drill",
    "drill_beside_kernel": "tcpcore.view.scripted",
    "drilled": "tcpcore.view.scripted",
    "drilled_by_kernel": "tcpcore.view.scripted",
    "drilled_exchange": "tcpcore.view.scripted",
    "engine": "tcpcore.view.evidence",
    "kernel": "tcpcore.view.evidence",
    "mean_wait": "tcpcore.view.waiting",
    "option_bytes": "tcpcore.view.option_table",
    "Player": "tcpcore.view.player",
    "Plot": "tcpcore.view.plot",
    "pieces_of": "tcpcore.view.waiting",
    "predict": "tcpcore.view.prediction",
    "Queues": "tcpcore.view.queues",
    "series": "tcpcore.view.plot",
    "shells": "tcpcore.view.terminal",
    "shell": "tcpcore.view.terminal",
    "States": "tcpcore.view.diagram",
    "Waiting": "tcpcore.view.waiting",
    "Window": "tcpcore.view.windows",
    "write_html": "tcpcore.view.html_page",
}

__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'tcpcore.view' has no attribute {name!r}")
    return getattr(import_module(home), name)
