"""The one palette: what a colour means, in every figure of the book.

Each name is a pair, for light and for dark pages; all are readable as text (WCAG AA, 4.5 to 1) on
their background.  The player gets them as CSS custom properties (``--tcp-client``), Plotly figures
through `color`.
"""

from __future__ import annotations

PALETTE: dict[str, tuple[str, str]] = {
    # who
    "client": ("#1d4ed8", "#7cb0ff"),
    "server": ("#7e22ce", "#cf9dfd"),
    "other": ("#334155", "#cbd5e1"),
    # what a segment carries
    "control": ("#0f5e7a", "#67c7e8"),
    "data": ("#0b6b5d", "#4fd1b5"),
    "ack": ("#4b5563", "#aeb8c6"),
    "reset": ("#9d174d", "#f58fb9"),
    "icmp": ("#55650a", "#c3d64f"),
    # what became of it
    "lost": ("#b91c1c", "#ff8f8f"),
    "retransmitted": ("#b4430a", "#ffa45c"),
    "timer": ("#8a5a00", "#f2c14e"),
    # the page around
    "ink": ("#1f2937", "#e6e9ef"),
    "quiet": ("#566072", "#a5afbf"),
    "faint": ("#687385", "#8893a6"),
    "line": ("#d5dae3", "#3a4352"),
    "paper": ("#ffffff", "#14181e"),
    "panel": ("#f6f8fb", "#1c222b"),
    "mark": ("#fff3bf", "#4a3f12"),
}

DARK_PAGES = (
    'html[data-theme="dark"] .tcpcore',  # pydata-sphinx-theme
    'body[data-jp-theme-light="false"] .tcpcore',  # JupyterLab
)
DARK_ELSEWHERE = "html:not([data-theme]) body:not([data-jp-theme-light]) .tcpcore"


def color(name: str, dark: bool = False) -> str:
    """The colour with that meaning, as ``#rrggbb``."""
    return PALETTE[name][1 if dark else 0]


def _properties(side: int) -> str:
    return "".join(f"--tcp-{name}:{pair[side]};" for name, pair in PALETTE.items())


def palette_css() -> str:
    """The palette as custom properties of `.tcpcore`, for light pages, dark ones and systems."""
    dark = _properties(1)
    return (
        f".tcpcore{{{_properties(0)}color-scheme:light}}\n"
        f"{','.join(DARK_PAGES)}{{{dark}color-scheme:dark}}\n"
        f"@media (prefers-color-scheme:dark){{{DARK_ELSEWHERE}{{{dark}color-scheme:dark}}}}\n"
    )
