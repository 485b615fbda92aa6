"""What a player writes has room: states, times, labels between close lifelines, sources."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tcpcore.scenarios import registry
from tcpcore.view.document import document
from tests.book.test_player_icmp import play

pytestmark = pytest.mark.browser


def test_states_of_three_hosts_do_not_touch_on_a_narrow_screen(pages: Any, tmp_path: Path) -> None:
    doc = document(registry.run("shared-address"))
    page = play(pages, tmp_path, doc, viewport={"width": 380, "height": 900})
    page.locator(".ladder").focus()
    for _ in range(9):
        page.keyboard.press("ArrowRight")
    pills = page.evaluate(
        """() => [...document.querySelectorAll(".hosts .state")].map((pill) => {
          const { left, right } = pill.getBoundingClientRect();
          return [left, right, pill.textContent];
        })"""
    )
    assert [text for *_, text in pills] == ["ESTABLISHED"] * 3
    assert all(one[1] <= other[0] for one, other in pairwise(pills)), pills


@pytest.mark.parametrize("width", [1280, 380])
@pytest.mark.parametrize("name", ["congestion-avoidance", "head-of-line"])
def test_every_time_of_the_axis_is_whole(pages: Any, tmp_path: Path, name: str, width: int) -> None:
    page = play(
        pages, tmp_path, document(registry.run(name)), viewport={"width": width, "height": 900}
    )
    cut = page.evaluate(
        """() => {
          const edge = document.querySelector(".ladder svg").getBoundingClientRect().left;
          return [...document.querySelectorAll(".axis text")]
            .filter((text) => text.getBoundingClientRect().left < edge)
            .map((text) => text.textContent);
        }"""
    )
    assert page.locator(".axis .gap").count() > 0
    assert cut == []


def test_what_a_host_alone_does_stands_beside_its_arrows_and_not_on_them(
    pages: Any, tmp_path: Path
) -> None:
    page = play(pages, tmp_path, document(registry.run("self-connect")))
    right, line = page.evaluate(
        """() => [
          Math.max(...[...document.querySelectorAll(".mark text")]
            .map((text) => text.getBoundingClientRect().right)),
          document.querySelector(".lifeline line").getBoundingClientRect().left,
        ]"""
    )
    assert page.locator(".mark text").count() > 3
    assert right <= line


@pytest.mark.parametrize("width", [1280, 380])
def test_between_three_hosts_a_label_that_does_not_fit_gives_its_numbers_up(
    pages: Any, tmp_path: Path, width: int
) -> None:
    doc = document(registry.run("forged-segments"))
    page = play(pages, tmp_path, doc, viewport={"width": width, "height": 900})
    spans = page.evaluate(
        """() => [...document.querySelectorAll(".item")].map((item) => {
          const [label, wire] = [item.querySelector(".label"), item.querySelector(".wire")];
          const way = Math.abs(wire.x2.baseVal.value - wire.x1.baseVal.value);
          return [label.getComputedTextLength(), way, label.textContent];
        })"""
    )
    assert all(text <= way + 40 for text, way, _ in spans), spans
    spoken = page.locator(".pick").nth(4).get_attribute("aria-label")
    assert "seq" in spoken
    assert "ack" in spoken


def test_a_source_does_not_leave_a_narrow_player(pages: Any, tmp_path: Path) -> None:
    doc = document(registry.run("accept-queue-overflow"))
    page = play(pages, tmp_path, doc, viewport={"width": 380, "height": 900})
    page.locator(".ladder").focus()
    beyond = []
    for _ in range(len(doc["steps"]) - 1):
        page.keyboard.press("ArrowRight")
        beyond += page.evaluate(
            """() => {
              const line = document.querySelector(".why");
              const edge = line.getBoundingClientRect().right;
              return [...line.querySelectorAll("cite")]
                .filter((cite) => cite.getBoundingClientRect().right > edge + 1)
                .map((cite) => cite.textContent);
            }"""
        )
    assert beyond == []
