"""A page on paper: runs as text, nothing cut off, nothing folded that cannot be opened there."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.browser


def test_on_paper_a_player_is_its_whole_text(open_chapter: Any, player: Any) -> None:
    page = open_chapter()
    place = player(page, "data-and-close").place
    text = place.locator(".tcpcore-fallback pre")
    assert not text.is_visible()
    page.emulate_media(media="print")
    assert text.is_visible()
    assert "sends FIN" in text.inner_text()
    assert text.evaluate("e => e.scrollHeight <= e.clientHeight + 2")
    assert not place.locator(".tcpcore-player").is_visible()


def test_solutions_answers_and_claims_are_printed_open_and_folded_again(open_chapter: Any) -> None:
    page = open_chapter()
    folded = page.locator("details.sd-dropdown, .tcpfig.predict details, .tcpfig details.claim")
    are_open = "all => all.every(one => one.open)"
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert folded.count() > 10
    assert folded.evaluate_all(are_open)
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert not folded.evaluate_all("all => all.some(one => one.open)")
