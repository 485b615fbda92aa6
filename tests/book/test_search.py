"""The book's own search, on a server and from a disk."""

from __future__ import annotations

from typing import Any

import pytest

from tests.book.conftest import HTML

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("where", ["server", "disk"])
def test_search_finds_the_chapter_and_leads_to_it(where: str, pages: Any, site: Any) -> None:
    page = pages.new()
    address = site.address if where == "server" else HTML.as_uri()
    page.goto(f"{address}/search.html?q=SYN+queue")
    results = page.locator("#search-results li a")
    results.first.wait_for()
    assert results.count() >= 1
    page.locator("#search-results a", has_text="three-way handshake").first.click()
    page.wait_for_url("**/three-way-handshake.html**")


def test_the_search_field_of_a_chapter_leads_to_results(pages: Any) -> None:
    page = pages.new()
    page.goto((HTML / "chapters/handshake/three-way-handshake.html").as_uri())
    page.keyboard.press("Control+k")
    page.keyboard.type("accept queue")
    page.keyboard.press("Enter")
    page.locator("#search-results li a").first.wait_for()
