"""What holds for each page of the book: readable by everybody, light, at home on its own host."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.book.conftest import HTML, ROOT
from tests.book.site import Site
from tests.book.test_built_pages import chapters

pytestmark = pytest.mark.browser

every_page = pytest.mark.parametrize(
    "path", [*chapters(), HTML / "search.html"], ids=lambda path: path.stem
)
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
RULES = """axe.run(document, {
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'best-practice'],
  resultTypes: ['violations'],
  // The theme's own sidebar has parts outside of its landmarks.
  rules: { region: { enabled: false } },
}).then((found) => found.violations)"""
"""Only these leave the page: what is well fills megabytes."""


WIDE = """() => [...document.querySelectorAll('main *')]
  .filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.scroll, pre'))
  .map(e => e.outerHTML.slice(0, 160)).slice(0, 5)"""


def complaints(page: Any) -> list[tuple[str, Any, str]]:
    return [
        (rule["id"], node["target"], node["failureSummary"][:300])
        for rule in page.evaluate(RULES)
        for node in rule["nodes"][:4]
    ]


@every_page
def test_a_page_is_light_and_readable_bright_and_dark_wide_and_narrow(
    path: Path, pages: Any
) -> None:
    with Site(HTML) as fresh:
        page = pages.new(
            reduced_motion="reduce", color_scheme="dark", viewport={"width": 380, "height": 800}
        )
        page.goto(f"{fresh.address}/{path.relative_to(HTML)}", wait_until="networkidle")
        assert fresh.bytes_sent <= 1_000_000, sorted(fresh.sent, key=lambda s: -s[1])[:8]
        assert fresh.missing == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 380, page.evaluate(WIDE)
        page.evaluate(AXE.read_text())
        assert complaints(page) == []
        page.evaluate("document.documentElement.dataset.theme = 'light'")
        page.set_viewport_size({"width": 1280, "height": 900})
        assert complaints(page) == []


def test_every_page_opens_from_a_disk_without_an_error(pages: Any) -> None:
    page = pages.new()
    for path in chapters():
        page.goto(path.as_uri(), wait_until="load")
        assert page.locator("h1").count() >= 1, path.name
