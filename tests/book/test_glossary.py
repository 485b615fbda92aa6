"""Words that explain themselves: with the mouse, the keyboard, a finger, and without scripts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.book.conftest import CHAPTER, HTML

pytestmark = pytest.mark.browser

MEANING = "#glossary-meaning"


def word(page: Any, text: str = "backlog") -> Any:
    return page.locator("a.glossary-term", has_text=text).first


def test_pointing_at_a_word_shows_its_meaning_and_leaving_hides_it(open_chapter: Any) -> None:
    page = open_chapter()
    word(page).hover()
    page.locator(MEANING, has_text="second argument of listen()").wait_for()
    page.mouse.move(2, 2)
    page.locator(MEANING).wait_for(state="hidden")


def test_the_pointer_may_move_onto_the_meaning(open_chapter: Any) -> None:
    page = open_chapter()
    page.clock.install()
    word(page).hover()
    page.locator(MEANING).hover()
    page.clock.run_for(400)
    assert page.locator(MEANING).is_visible()


def test_focus_shows_the_meaning_to_screen_readers_and_escape_closes_it(open_chapter: Any) -> None:
    page = open_chapter()
    word(page).focus()
    assert word(page).get_attribute("aria-describedby") == MEANING.lstrip("#")
    page.keyboard.press("Escape")
    assert not page.locator(MEANING).is_visible()
    assert word(page).get_attribute("aria-describedby") is None


def test_the_first_tap_explains_and_the_second_follows(open_chapter: Any) -> None:
    page = open_chapter(has_touch=True, viewport={"width": 380, "height": 800})
    word(page).tap()
    page.locator(MEANING).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") == 380
    word(page).tap()
    page.wait_for_url("**/glossary.html#term-backlog")


def test_from_a_disk_and_without_scripts_meanings_are_there(pages: Any) -> None:
    page = pages.new()
    page.goto((HTML / CHAPTER).as_uri())
    word(page).hover()
    page.locator(MEANING, has_text="second argument").wait_for()
    page = pages.new(java_script_enabled=False)
    page.goto((HTML / CHAPTER).as_uri())
    assert "second argument" in word(page).get_attribute("title")
