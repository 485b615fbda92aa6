"""A player offers each host's part of its run as a packetdrill script."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tcpcore.packetdrill.drill import run_text
from tests.book.conftest import CHAPTER, HTML

pytestmark = pytest.mark.browser

BUTTON = "Copy as packetdrill script"
CLIPBOARD = ["clipboard-read", "clipboard-write"]


def copied(page: Any, shown: Any, host: str) -> str:
    """Press the host's button, and read the clipboard when the player says so."""
    shown.press(f"Copy {host}'s part")
    shown.place.locator(".status", has_text=f"Copied: {host}'s part").wait_for()
    return str(page.evaluate("navigator.clipboard.readText()"))


def test_each_hosts_part_is_copied_and_passes(open_chapter: Any, player: Any) -> None:
    page = open_chapter()
    page.context.grant_permissions(CLIPBOARD)
    shown = player(page, "handshake")
    assert not shown.place.locator(".scripts").is_visible()
    shown.press(BUTTON)
    for host in ("client", "server"):
        text = copied(page, shown, host)
        assert text.startswith(f"// handshake, as {host} saw it.")
        assert run_text(text).passed
    shown.press(BUTTON)
    assert not shown.place.locator(".scripts").is_visible()


def test_a_run_that_the_reader_changed_is_what_is_copied(open_chapter: Any, player: Any) -> None:
    page = open_chapter()
    page.context.grant_permissions(CLIPBOARD)
    shown = player(page, "handshake")
    shown.press(BUTTON)
    shown.set("rtt", 300)
    shown.wait_computed()
    changed = copied(page, shown, "client")
    assert "0.300000 < S. 0:0(0) ack 1" in changed
    assert run_text(changed).passed


def test_from_a_disk_the_page_has_the_script(pages: Any, player: Any) -> None:
    page = pages.new()
    page.context.grant_permissions(CLIPBOARD)
    page.goto((HTML / CHAPTER).as_uri())
    page.wait_for_selector("html[data-tcpcore=ready]")
    shown = player(page, "handshake")
    shown.press(BUTTON)
    assert run_text(copied(page, shown, "server")).passed


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_there_in_the_light_and_in_the_dark(
    open_chapter: Any, player: Any, screenshots: Path, scheme: str
) -> None:
    page = open_chapter(color_scheme=scheme)
    shown = player(page, "handshake")
    shown.press(BUTTON)
    row = shown.place.locator(".scripts")
    assert row.locator("button").all_inner_texts() == ["client", "server"]
    page.wait_for_load_state("networkidle")
    shown.place.screenshot(path=screenshots / f"as-script-{scheme}.png")
