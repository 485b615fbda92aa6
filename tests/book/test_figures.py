"""Figures of a run: drawn when seen, linked to the ladder both ways, computed again by a slider."""

from __future__ import annotations

import gzip
import html
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tcpcore.scenarios import registry
from tcpcore.view import Plot, bundle, web_assets
from tcpcore.view.document import document, page_state
from tcpcore.view.embed import figure_html, player_html
from tests.book.conftest import ROOT
from tests.book.site import Site

pytestmark = pytest.mark.browser

NAME = "fast-retransmit"
KINDS = ("sequence", "cwnd", "rtt", "queue", "throughput")
TWO = {"Reno": {"control": "reno"}, "CUBIC": {"control": "cubic"}}
SHAPES = "canvas => canvas.layout.shapes.map((shape) => shape.x0)"
POINT = """(canvas, name) => {
  const index = canvas.data.findIndex((trace) => trace.name === name);
  const trace = canvas.data[index];
  const { xaxis, yaxis } = canvas._fullLayout;
  const box = canvas.getBoundingClientRect();
  return [box.left + xaxis._offset + xaxis.d2p(trace.x[0]),
          box.top + yaxis._offset + yaxis.d2p((trace.y[0] + trace.y[1]) / 2), trace.customdata[0]];
}"""
"""Where the first bar of a trace is, and which segment that is."""
HOVERED = """kind =>
  document.querySelector(`.plots [data-kind=${kind}] .canvas`)._hoverdata?.length"""
"""Whether Plotly knows already what is under the mouse: a click asks it."""


@pytest.fixture(scope="session")
def figures_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A page with a player that has all figures, and with a figure by itself."""
    root = tmp_path_factory.mktemp("figures")
    vendor = ROOT / "node_modules"
    pyodide = web_assets.pyodide_folder(vendor)
    if not web_assets.write_pyodide(vendor, root / pyodide):
        pytest.skip("node_modules has no Pyodide: `make build` brings it")
    name = web_assets.write_own(root, pyodide)
    web_assets.write_plotly(vendor, root / name / "plotly.min.js")
    state = page_state(document(registry.run(NAME), figures=KINDS))
    plot = Plot("cubic-vs-reno", "cwnd", runs=TWO)
    text = f"<pre>{html.escape(plot.text)}</pre>"
    alone = figure_html("plot", {"figure": plot.figure}, text, label=plot.figure["title"])
    (root / "page.html").write_text(
        '<!doctype html><html lang="en" data-theme="light"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Figures</title>'
        f'<link rel="icon" href="data:,"><link rel="stylesheet" href="{name}/player.css">'
        "<style>html[data-theme=dark] { background: #14181e }</style></head>"
        f'<body><main><h1>Figures</h1>{player_html(state)}<p style="height: 3000px"></p>{alone}'
        f'</main><script defer src="{name}/player.js"></script></body></html>',
        encoding="utf-8",
    )
    with Site(root) as running:
        yield running


@pytest.fixture
def open_figures(pages: Any, figures_site: Site) -> Callable[..., Any]:
    def open_page(**options: Any) -> Any:
        page = pages.new(**options)
        page.goto(f"{figures_site.address}/page.html")
        page.wait_for_selector("html[data-tcpcore=ready]")
        return page

    return open_page


def drawn(page: Any, kind: str = "sequence") -> Any:
    """The figure of that kind in the player, when it is there."""
    figure = page.locator(f".plots [data-kind={kind}]")
    figure.scroll_into_view_if_needed()
    page.locator(f".plots [data-kind={kind}][data-drawn]").wait_for()
    return figure


def test_a_step_moves_a_line_in_every_figure(open_figures: Any, player: Any) -> None:
    page = open_figures()
    shown = player(page, NAME)
    canvases = [drawn(page, kind).locator(".canvas") for kind in KINDS]
    shown.press("Last step")
    assert all(canvas.evaluate(SHAPES) == [] for canvas in canvases), "TIME_WAIT's end is far away"
    shown.press("First step")
    for _ in range(4):
        shown.press("Next step")
    times = {tuple(canvas.evaluate(SHAPES)) for canvas in canvases}
    assert len(times) == 1
    assert times.pop()[0] == pytest.approx(0.100096)


def test_a_chosen_segment_moves_the_line_to_where_it_was_sent(
    open_figures: Any, player: Any
) -> None:
    page = open_figures()
    canvas = drawn(page).locator(".canvas")
    sent = registry.run(NAME).segments[44].sent
    player(page, NAME).choose(44)
    assert canvas.evaluate(SHAPES) == [pytest.approx(sent / 1e6)]


def test_a_click_on_a_segment_in_the_figure_chooses_it_in_the_ladder(
    open_figures: Any, player: Any
) -> None:
    page = open_figures()
    figure = drawn(page)
    x, y, segment = figure.locator(".canvas").evaluate(POINT, "lost")
    page.mouse.move(x, y)
    page.wait_for_function(HOVERED, arg="sequence")
    page.mouse.click(x, y)
    shown = player(page, NAME)
    page.wait_for_function("document.querySelector('.tcpcore[data-step]').dataset.step > 1")
    shown.open("segment")
    trace = registry.run(NAME)
    assert trace.segments[segment].fate == "lost"
    assert "lost" in shown.text("[data-panel=segment]")
    assert float(figure.get_attribute("data-time")) == trace.segments[segment].sent


def test_a_click_on_a_curve_goes_to_that_time(open_figures: Any, player: Any) -> None:
    page = open_figures()
    box = drawn(page, "cwnd").locator(".nsewdrag").bounding_box()
    place = box["x"] + box["width"] * 0.7, box["y"] + box["height"] * 0.3
    page.mouse.move(*place)
    page.wait_for_function(HOVERED, arg="cwnd")
    page.mouse.click(*place)
    page.wait_for_function("document.querySelector('.tcpcore[data-step]').dataset.step > 1")
    at = float(page.locator(".plots [data-kind=cwnd]").get_attribute("data-time"))
    assert 200_000 < at < 400_000
    assert player(page, NAME).step > 5


def test_a_slider_computes_the_figures_again(open_figures: Any, player: Any) -> None:
    page = open_figures()
    figure = drawn(page)
    assert "1 lost: 15929:17377" in figure.inner_text()
    shown = player(page, NAME)
    shown.set("lost", 20)
    shown.wait_computed()
    assert "1 lost: 27513:28961" in figure.inner_text()
    names = "canvas => canvas.data.map((trace) => trace.name)"
    assert "lost" in figure.locator(".canvas").evaluate(names)
    shown.set("lost", 0)
    page.wait_for_function("!document.querySelector('.plots').innerText.includes('1 lost')")
    page.wait_for_function(
        "!document.querySelector('.plots .canvas').data.some((trace) => trace.name === 'lost')"
    )
    shown.press("Reset")
    page.wait_for_function("document.querySelector('.plots').innerText.includes('15929:17377')")


def test_plotly_comes_once_and_only_when_a_figure_is_near(pages: Any, figures_site: Site) -> None:
    with Site(figures_site.root) as fresh:
        page = pages.new(viewport={"width": 700, "height": 300})
        page.goto(f"{fresh.address}/page.html", wait_until="networkidle")
        asked = lambda: [name for name, _ in fresh.sent if "plotly" in name]  # noqa: E731
        assert asked() == []
        drawn(page)
        page.locator("[data-figure=plot]").scroll_into_view_if_needed()
        page.locator("[data-figure=plot] [data-drawn]").wait_for()
        assert len(asked()) == 1
        assert fresh.missing == []


def test_figures_follow_the_switch_between_light_and_dark(open_figures: Any) -> None:
    page = open_figures()
    canvas = drawn(page).locator(".canvas")
    colours = "canvas => [canvas.layout.font.color, canvas.data[0].line.color]"
    light = canvas.evaluate(colours)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.wait_for_function(
        f"JSON.stringify(({colours})(document.querySelector('.plots .canvas')))"
        f" !== JSON.stringify({light!r})"
    )
    assert canvas.evaluate(colours) != light


@pytest.mark.parametrize("width", [380, 768, 1280])
def test_figures_fit_their_page(open_figures: Any, width: int) -> None:
    page = open_figures(viewport={"width": width, "height": 900})
    for kind in KINDS:
        canvas = drawn(page, kind).locator(".canvas")
        inside, drawing = canvas.evaluate(
            "c => [c.clientWidth, c.querySelector('.main-svg').getBoundingClientRect().width]"
        )
        assert abs(inside - drawing) <= 1
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_each_figure_has_a_name_and_its_words_and_the_keyboard_reaches_it(
    open_figures: Any, player: Any
) -> None:
    page = open_figures()
    figure = drawn(page, "cwnd")
    assert figure.get_attribute("aria-label") == "Congestion window"
    assert "cwnd is 10 segments at first, 21 at most" in figure.inner_text()
    assert figure.locator(".canvas").get_attribute("aria-hidden") == "true"
    page.add_script_tag(path=str(ROOT / "node_modules" / "axe-core" / "axe.min.js"))
    faults = "() => axe.run('.plots').then((r) => r.violations.map((v) => v.id))"
    assert page.evaluate(faults) == []
    figure.focus()
    assert figure.evaluate("node => document.activeElement === node")
    page.keyboard.press("ArrowRight")
    assert player(page, NAME).step == 2


def test_without_javascript_the_figures_are_told(pages: Any, figures_site: Site) -> None:
    page = pages.new(java_script_enabled=False)
    page.goto(f"{figures_site.address}/page.html")
    text = page.locator("main").inner_text()
    assert "Congestion window: cwnd is 10 segments at first" in text
    assert "CUBIC: cwnd is 10 segments at first" in text


def test_a_page_with_figures_is_light(figures_site: Site) -> None:
    """A player of 89 segments with all five figures, and a figure of two runs."""
    assert len(gzip.compress((figures_site.root / "page.html").read_bytes())) <= 60_000


_IN_A_NOTEBOOK = """async ({ source, style, state, library }) => {
  document.body.innerHTML = "<div id=cell style='width: 600px'></div>";
  document.body.dataset.jpThemeLight = "true";
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(style);
  document.adoptedStyleSheets = [sheet];
  delete window.Plotly;
  const listeners = {};
  const model = {
    get: (key) => state[key],
    set: (key, value) => {
      state[key] = value;
      (listeners[`change:${key}`] || []).slice().forEach((f) => f());
    },
    // As the kernel answers:
    save_changes: () => { if (state.wants_plotly && !state.plotly) model.set("plotly", library); },
    on: (event, f) => { (listeners[event] ||= []).push(f); },
    off: (event, f) => {
      listeners[event] = (listeners[event] || []).filter((g) => g !== f);
    },
  };
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const widget = (await import(url)).default;
  const undo = widget.render({ model, el: document.getElementById("cell") });
  document.querySelector(".plot").scrollIntoView();
  for (let i = 0; i < 200 && !document.querySelector("[data-drawn]"); i += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const drawn = document.querySelectorAll("[data-drawn] .main-svg").length;
  undo();
  return { drawn, left: Object.values(listeners).flat().length };
}"""


@pytest.mark.parametrize("entry", ["plot", "player"])
def test_in_a_notebook_the_kernel_brings_plotly(pages: Any, figures_site: Site, entry: str) -> None:
    page = pages.new()
    page.goto(f"{figures_site.address}/page.html")
    page.wait_for_selector("html[data-tcpcore=ready]")
    doc = document(registry.run(NAME), figures=("cwnd",))
    state = {
        "plot": {"figure": doc["figures"][0], "plotly": ""},
        "player": page_state(doc) | {"plotly": ""},
    }[entry]
    library = next(figures_site.root.glob("*/plotly.min.js")).read_text(encoding="utf-8")
    result = page.evaluate(
        _IN_A_NOTEBOOK,
        {
            "source": bundle.widget_module(entry),
            "style": bundle.style_sheet(),
            "state": state,
            "library": library,
        },
    )
    assert result["drawn"] >= 1
    assert result["left"] == 0
