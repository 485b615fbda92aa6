"""How the pages look and read: axe, light and dark, narrow and wide; screenshots are kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.book.conftest import PLAYERS
from tests.book.test_every_page import AT_ONCE, AXE, complaints

pytestmark = pytest.mark.browser

ALL_PANELS = (
    "step",
    "segment",
    "states",
    "client",
    "server",
    "timers",
    "queues",
    "counters",
    "text",
)
GO_THERE = """(place, [panels, steps]) => {
  for (const panel of panels) place.querySelector(`[data-panel=${panel}]`).open = true;
  const next = place.querySelector("[aria-label='Next step']");
  for (let i = 0; i < steps; i += 1) next.click();
}"""
"""All at once: that clicks do it is proven elsewhere."""


COLOUR = "link => getComputedStyle(link).color"


def middle(page: Any, player: Any, panels: tuple[str, ...]) -> None:
    """Every player in the middle of its story, with these panels open."""
    for name in PLAYERS:
        shown = player(page, name)
        shown.place.evaluate(GO_THERE, [panels, shown.steps // 2])
        assert shown.step == 1 + shown.steps // 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [380, 1280])
def test_axe_finds_nothing_to_complain_about(
    scheme: str, width: int, open_chapter: Any, player: Any
) -> None:
    page = open_chapter(
        color_scheme=scheme, viewport={"width": width, "height": 900}, reduced_motion="reduce"
    )
    middle(page, player, ALL_PANELS)
    page.evaluate(AXE.read_text())
    assert complaints(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("bar", [".bd-sidebar-primary", ".bd-sidebar-secondary"])
def test_a_link_under_the_pointer_can_be_read(scheme: str, bar: str, open_chapter: Any) -> None:
    page = open_chapter(color_scheme=scheme, viewport={"width": 1366, "height": 900})
    page.add_style_tag(content=AT_ONCE)
    before = (link := page.locator(f"{bar} li:not(.current) > a").nth(2)).evaluate(COLOUR)
    link.hover()
    assert link.evaluate(COLOUR) != before
    page.evaluate(AXE.read_text())
    assert complaints(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [380, 800, 1280])
def test_nothing_sticks_out_sideways(
    scheme: str, width: int, open_chapter: Any, player: Any, screenshots: Path
) -> None:
    page = open_chapter(
        color_scheme=scheme, viewport={"width": width, "height": 900}, reduced_motion="reduce"
    )
    middle(page, player, ())
    # The theme's bars stay on top of whatever is scrolled under them.
    page.add_style_tag(content="header, #pst-back-to-top, .skip-link { display: none !important; }")
    for name in PLAYERS:
        shown = player(page, name)
        if name == "data-and-close":
            shown.open("states", "segment")
        shown.place.screenshot(path=screenshots / f"{name}-{width}-{scheme}.png")
        inside = shown.place.evaluate(
            "place => [...place.querySelectorAll('.tcpcore-player, .stage > *, .sliders, .panel')]"
            ".map(e => e.getBoundingClientRect().right)"
            ".every(right => right <= place.getBoundingClientRect().right + 1)"
        )
        assert inside
    page.screenshot(path=screenshots / f"page-{width}-{scheme}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_theme_switch_turns_the_players_dark(open_chapter: Any, player: Any) -> None:
    page = open_chapter(color_scheme="light")
    shown = player(page, "handshake")
    background = "e => getComputedStyle(e.querySelector('.tcpcore-player')).backgroundColor"
    light = shown.place.evaluate(background)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert light == "rgb(255, 255, 255)"
    assert shown.place.evaluate(background) != light


def test_the_story_is_there_for_screen_readers(open_chapter: Any, player: Any) -> None:
    shown = player(open_chapter("#handshake:3"), "handshake")
    assert "Step 3 of 5" in shown.place.locator(".ladder").get_attribute("aria-label")
    assert shown.place.locator(".why[aria-live=polite]").count() == 1
    shown.open("text")
    events = shown.place.get_by_role("list", name="The ladder as text").get_by_role("listitem")
    assert events.count() == shown.steps
    names = [pick.get_attribute("aria-label") for pick in shown.place.locator(".pick").all()]
    assert names[1].startswith("Segment 1, server to client at 50 ms: SYN+ACK seq 0 ack 1")


def test_a_segment_can_be_chosen_and_lost_with_the_keyboard_alone(
    open_chapter: Any, player: Any
) -> None:
    page = open_chapter("#handshake:2")
    shown = player(page, "handshake")
    shown.place.locator(".pick[tabindex='0']").focus()
    page.keyboard.press("Enter")
    assert shown.place.locator(".pick[aria-pressed=true]").count() == 1
    page.keyboard.press("Delete")
    shown.wait_computed()
    assert shown.place.locator(".item.by-reader").count() == 1


def test_reduced_motion_means_no_animation(open_chapter: Any, player: Any) -> None:
    page = open_chapter(reduced_motion="reduce")
    shown = player(page, "handshake")
    shown.press("Next step")
    running = shown.place.evaluate("place => place.getAnimations({subtree: true}).length")
    assert running == 0
