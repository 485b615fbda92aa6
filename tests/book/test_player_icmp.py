"""ICMP errors in the ladder: arrows of their own kind, that stepping, text and downloads know."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tcpcore.scenarios import registry
from tcpcore.view.document import document
from tcpcore.view.html_page import write_html
from tests.unit.view.test_document import rejected

pytestmark = pytest.mark.browser


def play(pages: Any, tmp_path: Path, doc: dict[str, Any], **options: Any) -> Any:
    target = tmp_path / "run.html"
    write_html([doc], target)
    page = pages.new(**options)
    page.goto(target.as_uri())
    page.wait_for_selector("html[data-tcpcore=ready]")
    return page


def ends(page: Any) -> dict[str, float]:
    """Where the arrow starts and ends, and the cross of the segment that it is about."""
    found: dict[str, float] = page.evaluate(
        """() => {
          const line = document.querySelector(".kind-icmp .wire");
          const cross = document.querySelector(".item.lost .cross");
          const at = cross?.getAttribute("transform").match(/[\\d.]+/g).map(Number);
          return { x1: +line.getAttribute("x1"), y1: +line.getAttribute("y1"),
                   x2: +line.getAttribute("x2"), y2: +line.getAttribute("y2"),
                   crossX: at?.[0], crossY: at?.[1] };
        }"""
    )
    return found


@pytest.mark.parametrize("width", [1280, 380])
def test_a_routers_error_starts_where_the_segment_was_lost(
    pages: Any, tmp_path: Path, width: int
) -> None:
    doc = document(registry.run("icmp-unreachable"))
    page = play(pages, tmp_path, doc, viewport={"width": width, "height": 900})
    place = ends(page)
    assert place["x2"] < place["x1"]
    assert place["y1"] < place["y2"]
    assert abs(place["x1"] - place["crossX"]) < 12
    assert abs(place["y1"] - place["crossY"]) < 2
    assert page.locator(".maker").text_content() == "router"
    shown = " ".join(page.locator(".kind-icmp .label").all_text_contents())
    assert shown == "ICMP host unreachable"
    inside = page.evaluate(
        """() => {
          const frame = document.querySelector(".ladder svg").getBoundingClientRect();
          return [...document.querySelectorAll(".kind-icmp text")].every((text) => {
            const box = text.getBoundingClientRect();
            return box.left >= frame.left && box.right <= frame.right;
          });
        }"""
    )
    assert inside


def test_the_arrow_is_dashed_and_has_a_colour_of_the_palette(pages: Any, tmp_path: Path) -> None:
    page = play(pages, tmp_path, document(registry.run("icmp-unreachable")))
    style = page.evaluate(
        """() => {
          const icmp = getComputedStyle(document.querySelector(".kind-icmp .wire"));
          return [icmp.strokeDasharray, icmp.stroke];
        }"""
    )
    assert style[0] != "none"
    assert style[1] == "rgb(85, 101, 10)"


def test_stepping_with_the_keyboard_comes_to_it(pages: Any, tmp_path: Path) -> None:
    page = play(pages, tmp_path, document(registry.run("icmp-unreachable")))
    arrow = page.locator(".kind-icmp")
    assert "ahead" in arrow.get_attribute("class")
    page.locator(".ladder").focus()
    page.keyboard.press("End")
    assert "ahead" not in arrow.get_attribute("class")
    assert "chosen" in arrow.get_attribute("class")
    spoken = arrow.locator(".pick").get_attribute("aria-label")
    assert spoken == "ICMP error, router to client at 25 ms: ICMP host unreachable"
    page.locator("[data-panel=segment] > summary").click()
    page.wait_for_selector("[data-panel=segment] table")
    body = page.locator("[data-panel=segment]").inner_text()
    assert "from router to client, sent at 25 ms, arrived after 25 ms" in body
    assert "3: destination unreachable" in body
    assert "--reject-with icmp-host-unreachable" in body
    assert page.locator(".kind-icmp .drop").count() == 0


def test_the_text_has_it_where_a_capture_would(pages: Any, tmp_path: Path) -> None:
    page = play(pages, tmp_path, document(registry.run("path-mtu")))
    page.locator("[data-panel=text] > summary").click()
    page.wait_for_selector("[data-panel=text] pre")
    lines = page.locator("[data-panel=text] pre .line").all_inner_texts()
    assert lines == sorted(lines, key=lambda line: line.split(" ")[0])
    assert sum("need to frag (mtu 1200)" in line for line in lines) == 2
    gist = page.locator("[data-panel=text] .gist").inner_text()
    assert gist == "13 segments and 2 ICMP errors as tcpdump prints them"


def test_a_hosts_own_error_starts_at_its_lifeline(pages: Any, tmp_path: Path) -> None:
    page = play(pages, tmp_path, rejected())
    place = ends(page)
    assert page.locator(".maker").count() == 0
    assert place["x1"] - place["crossX"] > 10
    page.locator(".ladder").focus()
    page.keyboard.press("End")
    assert "chosen" in page.locator(".kind-icmp").get_attribute("class")


@pytest.mark.parametrize("width", [1280, 380])
def test_the_label_of_a_segment_that_a_router_refused_ends_before_the_routers_words(
    pages: Any, tmp_path: Path, width: int
) -> None:
    doc = document(registry.run("icmp-unreachable", {"established": True, "lasts": 3}))
    page = play(pages, tmp_path, doc, viewport={"width": width, "height": 900})
    too_long = page.evaluate(
        """() => [...document.querySelectorAll(".item.lost")].filter((item) => {
          const label = item.querySelector(".label").getBoundingClientRect();
          return label.right > item.querySelector(".cross").getBoundingClientRect().right + 4;
        }).map((item) => item.querySelector(".label").textContent)"""
    )
    assert page.locator(".item.lost").count() >= 7
    assert too_long == []
