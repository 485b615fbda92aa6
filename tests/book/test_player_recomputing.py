"""Sliders and ✕ on a static page: Python in a worker, or one sentence that says why not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tcpcore.scenarios import registry
from tcpcore.view.document import document, dumps
from tests.book.conftest import HTML, PLAYERS

pytestmark = pytest.mark.browser


def test_a_slider_computes_the_run_anew_in_the_browser(open_chapter: Any, player: Any) -> None:
    page = open_chapter()
    shown = player(page, "handshake")
    shown.set("rtt", 200)
    shown.wait_computed()
    shown.press("Last step")
    assert "0.300 s" in shown.text(".where")
    shown.press("Reset")
    assert shown.step == 1
    shown.press("Last step")
    assert "0.150 s" in shown.text(".where")
    assert shown.place.locator("[data-parameter=rtt]").input_value() == "100"


def test_a_drag_is_coalesced_and_its_last_value_counts(open_chapter: Any, player: Any) -> None:
    page = open_chapter()
    shown = player(page, "syn-unanswered")
    before = int(shown.frame.get_attribute("data-document"))
    for value in (5, 4, 3, 2, 1, 2, 3, 2):
        shown.set("tcp_syn_retries", value)
    shown.wait_computed()
    page.wait_for_function(
        "document.querySelector('[id=syn-unanswered] .where').textContent.includes('of')"
    )
    shown.press("Last step")
    assert "7.000 s" in shown.text(".where")
    assert int(shown.frame.get_attribute("data-document")) - before <= 3


def test_losing_the_syn_ack_makes_the_client_ask_again_and_undo_brings_it_back(
    open_chapter: Any, player: Any
) -> None:
    shown = player(open_chapter(), "handshake")
    shown.lose(1)
    shown.wait_computed()
    assert shown.place.locator(".item.by-reader").count() == 1
    assert "You lost" in shown.text(".lost-list")
    assert shown.segments() > 3
    shown.place.locator(".chip").first.click()
    shown.place.locator(".lost-list").wait_for(state="hidden")
    assert shown.segments() == 3


def test_all_players_of_a_page_share_one_python(open_chapter: Any, player: Any) -> None:
    page = open_chapter()
    workers: list[Any] = []
    page.on("worker", lambda worker: workers.append(worker))
    for name, setting, value in (
        ("handshake", "rtt", 200),
        ("connection-refused", "rtt", 200),
        ("syn-unanswered", "tcp_syn_retries", 2),
    ):
        shown = player(page, name)
        shown.set(setting, value)
        shown.wait_computed()
    assert len(workers) == 1


def test_a_link_with_parameters_computes_that_run(open_chapter: Any, player: Any) -> None:
    shown = player(open_chapter("#handshake:5?rtt=300"), "handshake")
    shown.wait_computed()
    assert shown.step == 5
    assert "0.450 s" in shown.text(".where")


def test_without_pyodide_the_slider_says_so_stepping_works_and_a_later_try_succeeds(
    open_chapter: Any, player: Any, pages: Any
) -> None:
    pages.expected_error = "pyodide|ERR_FAILED"
    page = open_chapter()
    page.context.route("**/pyodide*/**", lambda route: route.abort())
    shown = player(page, "handshake")
    shown.set("rtt", 200)
    shown.place.locator(".status", has_text="could not be loaded").wait_for()
    assert shown.place.locator("[data-parameter=rtt]").input_value() == "100"
    shown.press("Next step")
    assert shown.step == 2
    page.context.unroute("**/pyodide*/**")
    shown.set("rtt", 200)
    shown.wait_computed()
    shown.press("Last step")
    assert "0.300 s" in shown.text(".where")


def test_an_impossible_wish_in_a_link_is_refused_in_one_sentence(
    open_chapter: Any, player: Any
) -> None:
    shown = player(open_chapter("#handshake:2?rtt=100000"), "handshake")
    shown.place.locator(".status", has_text="rtt takes a number from").wait_for()
    assert shown.steps == 5


def test_python_in_the_browser_gives_byte_for_byte_what_cpython_gives(
    open_chapter: Any,
) -> None:
    """Every scenario, at its defaults and with its first segments lost."""
    page = open_chapter()
    own = next(
        path for path in (HTML / "_static/tcpcore").iterdir() if (path / "worker.js").exists()
    )
    asked = [
        {"scenario": name, "profile": registry.get(name).profile, "parameters": {}, "drop": drop}
        for name in registry.names()
        if registry.get(name).recorded  # those of a thousand segments are for figures and sweeps
        for drop in ([], [0], [1, 2])
    ]
    answers = page.evaluate(
        """async ({ worker, asked }) => {
          const python = new Worker(worker, { type: "module" });
          const answers = [];
          for (const [id, request] of asked.entries()) {
            answers.push(await new Promise((resolve) => {
              python.onmessage = ({ data }) =>
                data.booted || resolve(data.failed || JSON.stringify(data.document));
              python.postMessage({ id, request });
            }));
          }
          python.terminate();
          return answers;
        }""",
        {"worker": f"/_static/tcpcore/{own.name}/worker.js", "asked": asked},
    )
    for request, answer in zip(asked, answers, strict=True):
        here = document(registry.run(request["scenario"], drop=request["drop"]))
        # Both sides through one parser and printer: JavaScript writes 1.0 as 1.
        assert answer.startswith("{"), answer
        assert json.loads(answer) == json.loads(dumps(here)), request
        assert len(answer) > 100


@pytest.mark.parametrize("name", PLAYERS)
def test_the_run_stored_in_the_page_is_what_the_engine_computes(
    name: str, open_chapter: Any
) -> None:
    stored = json.loads(
        open_chapter().evaluate(
            "name => document.getElementById(name)"
            ".querySelector('script[type=\"application/json\"]').textContent",
            name,
        )
    )
    run = registry.run(stored["scenario"], stored["parameters"], drop=stored["drop"])
    assert stored["document"] == json.loads(dumps(document(run)))
