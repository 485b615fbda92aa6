"""The palette: readable, and with one home."""

from __future__ import annotations

import re

import pytest

from tcpcore.view.bundle import STATIC
from tcpcore.view.style import PALETTE, color, palette_css

TEXT = sorted(set(PALETTE) - {"line", "paper", "panel", "mark"})


def luminance(value: str) -> float:
    """WCAG 2.1, relative luminance."""
    parts = [int(value[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["paper", "panel"])
@pytest.mark.parametrize("name", TEXT)
def test_every_colour_can_be_read_as_text(name: str, ground: str, dark: bool) -> None:
    assert contrast(color(name, dark), color(ground, dark)) >= 4.5


def test_the_style_sheet_names_no_colour_of_its_own() -> None:
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b", (STATIC / "player.css").read_text())


def test_every_colour_that_the_style_sheet_uses_is_in_the_palette() -> None:
    used = set(re.findall(r"var\(--tcp-(\w+)", (STATIC / "player.css").read_text()))
    assert used <= set(PALETTE)


def test_the_palette_follows_theme_notebook_and_system() -> None:
    css = palette_css()
    assert css.count("--tcp-client:") == 3
    assert "data-jp-theme-light" in css
    assert "prefers-color-scheme:dark" in css
