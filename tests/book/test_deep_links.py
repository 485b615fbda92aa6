"""Links into a player that nobody of us made: nothing breaks, and the player goes on."""

from __future__ import annotations

import random
import string
from typing import Any

import pytest

pytestmark = pytest.mark.browser

STRANGE = [
    "#%E0%A4%A",  # no UTF-8
    "#handshake:99999999999999999999",
    "#handshake:0",
    "#handshake:-1",
    "#handshake:1e3",
    "#handshake:2?",
    "#handshake:2?drop=,,,x,-1,1e9",
    "#handshake:2?rtt=abc&rtt=1e400&unknown=1",
    "#handshake:2?__proto__=1&constructor=2",
    "#__proto__:1",
    "#constructor:2",
    "#toString:1?rtt=50",
    "#<img src=x onerror=alert(1)>:1",
    "#nobody:5",
    "#",
]


def made_up(chance: random.Random) -> str:
    letters = string.ascii_letters + string.digits + ":?=&%#,.-_<>\"'\\/ é😀\x00"
    start = chance.choice(["#", "#handshake:", "#handshake:2?", "#handshake:2?rtt=", "#%"])
    return start + "".join(chance.choice(letters) for _ in range(chance.randrange(30)))


def test_no_link_breaks_a_page(open_chapter: Any, player: Any) -> None:
    page = open_chapter()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("dialog", lambda dialog: errors.append(dialog.message))
    chance = random.Random(1)
    for link in [*STRANGE, *(made_up(chance) for _ in range(150))]:
        page.evaluate("link => { location.hash = link; }", link)
        assert errors == [], link
    page.evaluate("location.hash = '#handshake:3'")
    shown = player(page, "handshake")
    page.wait_for_function("document.querySelector('#handshake').textContent.includes('step 3 of')")
    assert shown.step == 3


@pytest.mark.parametrize("link", ["#%E0%A4%A", "#handshake:99999999999999999999", "#handshake:0"])
def test_a_page_opened_by_such_a_link_has_its_players(
    link: str, open_chapter: Any, player: Any
) -> None:
    shown = player(open_chapter(link), "handshake")
    assert 1 <= shown.step <= shown.steps
    before = shown.step
    shown.press("First step" if before == shown.steps else "Last step")
    assert shown.step != before
