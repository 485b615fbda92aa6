"""The same player elsewhere: from a disk, without JavaScript, in one file, under anywidget."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tcpcore.scenarios import registry
from tcpcore.view import write_html
from tcpcore.view.document import document, page_state
from tests.book.conftest import CHAPTER, HTML
from tests.book.notebook import play

pytestmark = pytest.mark.browser


def test_from_a_disk_stepping_works_and_a_slider_says_why_it_cannot(
    pages: Any, player: Any
) -> None:
    page = pages.new()
    page.goto(f"{(HTML / CHAPTER).as_uri()}#handshake:2")
    shown = player(page, "handshake")
    assert shown.step == 2
    shown.press("Next step")
    assert shown.step == 3
    shown.set("rtt", 300)
    shown.place.locator(".status", has_text="web server").wait_for()
    assert shown.place.locator("[data-parameter=rtt]").input_value() == "100"
    shown.press("Next step")
    assert shown.step == 4


def test_without_javascript_the_page_tells_each_run_as_text(pages: Any, site: Any) -> None:
    page = pages.new(java_script_enabled=False)
    page.goto(f"{site.address}/{CHAPTER}")
    text = page.locator("[id=handshake] .tcpcore-fallback pre").inner_text()
    assert "client: connect(" in text
    assert "sends SYN+ACK seq 0 ack 1" in text
    assert page.locator("[id=handshake] .tcpcore-fallback pre").is_visible()


def test_one_html_file_holds_players_that_step_without_anything_else(
    pages: Any, tmp_path: Path
) -> None:
    target = tmp_path / "run.html"
    write_html([document(registry.run(name)) for name in ("handshake", "data-and-close")], target)
    page = pages.new()
    page.goto(target.as_uri())
    page.wait_for_selector("html[data-tcpcore=ready]")
    assert page.locator(".tcpcore-player").count() == 2
    shown = page.locator(".tcpcore[data-step]").first
    shown.get_by_role("button", name="Last step").click()
    assert shown.get_attribute("data-step") == shown.get_attribute("data-steps")
    assert page.get_by_role("button", name="Reset").count() == 0
    assert page.locator(".drop").count() == 0


def test_the_player_says_whose_ways_it_follows(pages: Any, tmp_path: Path) -> None:
    target = tmp_path / "run.html"
    runs = [("handshake", None), ("tw-recycle-nat", None), ("handshake", "rfc9293")]
    write_html([document(registry.run(name, profile=profile)) for name, profile in runs], target)
    page = pages.new()
    page.goto(target.as_uri())
    page.wait_for_selector("html[data-tcpcore=ready]")
    told = page.locator(".tcpcore-player .kernel").all_inner_texts()
    assert told == ["Linux 6.18", "Linux 4.9", "RFC 9293"]


def test_every_scenario_can_be_played_to_its_end_with_all_panels_open(
    pages: Any, tmp_path: Path
) -> None:
    """One host, two or three; a `NaN` in a drawing would be an error of the page."""
    names = [name for name in registry.names() if registry.get(name).recorded]
    target = tmp_path / "all.html"
    write_html([document(registry.run(name)) for name in names], target)
    page = pages.new()
    page.goto(target.as_uri())
    page.wait_for_selector("html[data-tcpcore=ready]")
    players = page.locator(".tcpcore[data-step]")
    assert players.count() == len(names)
    found = players.evaluate_all(
        """players => players.map((player) => {
          player.querySelectorAll("details.panel").forEach((panel) => { panel.open = true; });
          player.querySelector("[aria-label='Last step']").click();
          return {
            step: player.dataset.step,
            steps: player.dataset.steps,
            lifelines: player.querySelectorAll(".lifeline").length,
            broken: /NaN|undefined/.test(player.querySelector(".ladder-box").innerHTML),
          };
        })"""
    )
    for name, player in zip(names, found, strict=True):
        assert player["step"] == player["steps"], name
        assert player["lifelines"] == len(registry.run(name).hosts), name
        assert not player["broken"], name


_STEPS = """
  cell.querySelector("[aria-label='Next step']").click();
  const afterClick = [state.step, saved.length];
  model.set("step", 4);                              // as jslink would
  const linked = cell.querySelector(".where").textContent;
  model.set("document", other);                      // as the kernel answers a slider
  model.set("status", "from the kernel");
  const answered = cell.querySelector(".where").textContent;
  cell.querySelector("[data-parameter=rtt]").value = 50;
  cell.querySelector("[data-parameter=rtt]").dispatchEvent(new Event("input"));
  await new Promise((resolve) => setTimeout(resolve, 200));
  const status = cell.querySelector(".status").textContent;
  return { afterClick, linked, answered, status, parameters: saved.at(-1).parameters };
"""


def test_as_a_widget_it_needs_only_the_anywidget_contract(pages: Any, site: Any) -> None:
    """A model with get, set, save_changes, on and off, on a page that looks like JupyterLab's."""
    page = pages.new()
    page.goto(f"{site.address}/{CHAPTER}")
    state = page_state(document(registry.run("handshake")))
    other = document(registry.run("handshake", {"rtt": 200}))
    result = play(page, "player", state, other, _STEPS)
    assert result["afterClick"] == [2, 1]
    assert result["linked"] == "step 4 of 5 · 0.100 s"
    assert result["answered"] == "step 4 of 5 · 0.200 s"
    assert result["status"] == "from the kernel"
    assert result["parameters"]["rtt"] == 50
    assert result["left"] == 0
