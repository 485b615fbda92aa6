"""The page of states: each arrow shows the exchange that takes it, on a server and from a disk."""

from __future__ import annotations

from typing import Any

import pytest

from tests.book.conftest import HTML

pytestmark = pytest.mark.browser

PAGE = "chapters/appendix/states.html"


def test_every_arrow_and_every_row_shows_its_step_in_the_player(pages: Any) -> None:
    page = pages.new()
    page.goto((HTML / PAGE).as_uri())
    page.wait_for_selector("html[data-tcpcore=ready]")
    links = page.locator("svg.states a.edge, table.transitions a")
    assert links.count() >= 42 + 17
    for link in links.all():
        address = str(link.get_attribute("href"))
        link.focus()
        page.keyboard.press("Enter")
        step = address.partition(":")[2]
        page.locator(f"a[aria-current][href='{address}']").first.wait_for()
        page.locator(f"[data-figure=atlas] .tcpcore[data-step='{step}']").wait_for()


def test_the_run_of_an_arrow_can_be_changed_like_any_other(pages: Any, site: Any) -> None:
    page = pages.new()
    page.goto(f"{site.address}/{PAGE}#CLOSING-RST:11")
    page.wait_for_selector("html[data-tcpcore=ready]")
    page.locator("[data-parameter=rtt]").fill("200")
    page.locator(".status", has_text="Computed in your browser").wait_for()
    assert page.locator("[data-figure=atlas] .tcpcore-player").count() == 1
