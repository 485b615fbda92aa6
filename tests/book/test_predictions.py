"""Predictions, the state diagram and the tables of a chapter, in a browser."""

from __future__ import annotations

from typing import Any

import pytest

from tests.book.conftest import CHAPTER, HTML

pytestmark = pytest.mark.browser

# The page glides to its place.
IN_SIGHT = "e => Math.abs(e.getBoundingClientRect().top) < innerHeight"


def box(page: Any, key: str) -> Any:
    return page.locator(f"#predict-{key}")


def options(page: Any, key: str) -> Any:
    return box(page, key).locator("label")


def compare(page: Any, key: str) -> str:
    """Open the answer; the line that compares it with the choice."""
    box(page, key).locator("summary").click()
    line = box(page, key).locator(".verdict")
    line.wait_for()
    return str(line.inner_text())


def right_and_wrong(page: Any, key: str) -> tuple[int, int]:
    right = int(box(page, key).get_attribute("data-right"))
    return right, 0 if right else 1


def test_a_right_prediction_is_told_so(open_chapter: Any) -> None:
    page = open_chapter()
    right, _ = right_and_wrong(page, "syn-ack-number")
    options(page, "syn-ack-number").nth(right).click()
    assert compare(page, "syn-ack-number") == "You predicted it."


def test_another_prediction_stands_beside_what_the_run_says(open_chapter: Any) -> None:
    page = open_chapter()
    _, wrong = right_and_wrong(page, "late-accept")
    chosen = options(page, "late-accept").nth(wrong)
    chosen.click()
    said = compare(page, "late-accept")
    assert chosen.inner_text().strip() in said
    assert said.endswith("The run says:")


def test_no_prediction_is_no_mistake(open_chapter: Any) -> None:
    assert compare(open_chapter(), "refused") == "You made no prediction. The run says:"


def test_a_prediction_is_kept_in_the_browser(open_chapter: Any) -> None:
    page = open_chapter()
    options(page, "last-ack-lost").nth(2).click()
    page.reload()
    page.wait_for_selector("html[data-tcpcore=ready]")
    assert options(page, "last-ack-lost").nth(2).locator("input").is_checked()
    assert not box(page, "refused").locator("input:checked").count()


def test_a_prediction_can_be_made_with_the_keyboard(open_chapter: Any) -> None:
    page = open_chapter()
    inputs = box(page, "how-many-syns").locator("input")
    inputs.first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    assert inputs.nth(1).is_checked()


def test_without_javascript_the_options_and_the_folded_answer_remain(pages: Any, site: Any) -> None:
    page = pages.new(java_script_enabled=False)
    page.goto(f"{site.address}/{CHAPTER}")
    assert options(page, "server-state").count() == 3
    answer = box(page, "server-state").locator("details p b")
    assert not answer.is_visible()
    box(page, "server-state").locator("summary").click()
    assert answer.is_visible()


def test_a_page_from_a_disk_compares_too(pages: Any) -> None:
    page = pages.new()
    page.goto(f"file://{HTML / CHAPTER}")
    options(page, "refused").nth(right_and_wrong(page, "refused")[0]).click()
    assert compare(page, "refused") == "You predicted it."


def test_every_lit_arrow_of_the_diagram_shows_its_step_in_the_player(
    open_chapter: Any, player: Any
) -> None:
    page = open_chapter()
    arrows = page.locator("svg.states a.edge")
    assert arrows.count() >= 12
    for arrow in arrows.all():
        name, _, step = str(arrow.get_attribute("href")).lstrip("#").partition(":")
        arrow.focus()
        page.keyboard.press("Enter")
        shown = player(page, name)
        shown.frame.and_(page.locator(f"[data-step='{step}']")).wait_for()
        page.wait_for_function(IN_SIGHT, arg=shown.place.element_handle())


def test_on_a_phone_tables_scroll_and_the_page_does_not(open_chapter: Any) -> None:
    page = open_chapter(viewport={"width": 380, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == 380
    wide = page.locator(".tcpfig .scroll").filter(has=page.locator("table.comparison")).first
    assert wide.evaluate("e => e.scrollWidth > e.clientWidth")


def test_a_link_from_the_page_of_claims_leads_to_the_claim(pages: Any, site: Any) -> None:
    page = pages.new()
    page.goto(f"{site.address}/chapters/appendix/claims.html")
    page.locator("a", has_text="S131").click()
    page.wait_for_url("**/three-way-handshake.html#claim-S131")
    assert page.locator("#claim-S131").is_visible()
