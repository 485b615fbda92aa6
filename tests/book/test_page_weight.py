"""What a reader's browser transfers: little before the first slider, Python only after it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.book.conftest import CHAPTER, HTML
from tests.book.site import Site

pytestmark = pytest.mark.browser


def test_a_chapter_loads_light_and_python_comes_with_the_first_slider(
    pages: Any, player: Any
) -> None:
    with Site(HTML) as fresh:
        page = pages.new()
        page.goto(f"{fresh.address}/{CHAPTER}", wait_until="networkidle")
        html = sum(size for name, size in fresh.sent if name.endswith(".html"))
        assert html <= 300_000
        assert fresh.bytes_sent <= 2_000_000, sorted(fresh.sent, key=lambda s: -s[1])[:8]
        assert not [name for name, _ in fresh.sent if "pyodide" in name]
        player(page, "handshake").set("rtt", 40)
        player(page, "handshake").wait_computed()
        python = sum(size for name, size in fresh.sent if "pyodide" in name)
        assert 3_000_000 < python < 6_000_000
        assert fresh.missing == []


def test_pages_without_a_figure_do_not_load_the_player(pages: Any) -> None:
    with Site(HTML) as fresh:
        page = pages.new()
        page.goto(f"{fresh.address}/chapters/index.html", wait_until="networkidle")
        if not page.locator("[data-figure]").count():
            assert not [name for name, _ in fresh.sent if "_static/tcpcore/" in name]
        assert fresh.missing == []
