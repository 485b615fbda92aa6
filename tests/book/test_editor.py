"""The editor of packetdrill scripts: in the page, from a disk, without JavaScript, as a widget."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tcpcore.packetdrill import examples
from tcpcore.view import bundle
from tcpcore.view.drill import Drill
from tcpcore.view.script_document import verdict
from tests.book.conftest import HTML
from tests.book.site import Site
from tests.book.test_every_page import AXE, complaints

pytestmark = pytest.mark.browser

PAGE = "chapters/observing/packetdrill.html"
NAME = "two_hundred_bytes_are_acknowledged"
ENDLESS = "0 < S 0:0(0)\n" * 7_000


class Editor:
    """The editor of a page."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.frame = page.locator(".tcpcore-drill")
        self.area = page.get_by_role("textbox", name="packetdrill script")

    def put(self, text: str) -> None:
        """The text all at once, as pasting does it."""
        self.area.evaluate(
            "(e, text) => { e.value = text; e.dispatchEvent(new Event('input')); }", text
        )

    def run(self, text: str) -> None:
        self.put(text)
        self.frame.get_by_role("button", name="Run").click()

    def wait(self, state: str) -> None:
        self.page.locator(f".tcpcore-drill[data-state={state}]").wait_for()

    @property
    def summary(self) -> str:
        return str(self.frame.locator(".summary").inner_text())

    def marked(self, verdict: str) -> list[str]:
        """The numbers of the lines with that mark."""
        found = self.frame.locator(f".number.{verdict}").all_inner_texts()
        return [text.split()[0] for text in found]


@pytest.fixture
def editor(open_chapter: Callable[..., Any]) -> Callable[..., Editor]:
    return lambda hash="", **options: Editor(open_chapter(hash, PAGE, **options))


def test_a_script_that_passes_has_its_ladder_and_a_mark_at_each_line(editor: Any) -> None:
    shown = editor()
    assert shown.summary == "Passed: 10 lines as written, 0.1 s of virtual time."
    shown.run(examples.read(NAME) + "+0 read(4, ..., 1000) = 200\n")
    shown.frame.locator(".summary", has_text="11 lines").wait_for()
    assert shown.frame.get_attribute("data-state") == "passed"
    assert shown.marked("passed") == ["2", "3", "4", "5", "6", "7", "8", "9", "11", "12", "13"]
    assert shown.frame.locator(".ladder .item").count() == 5
    assert shown.frame.locator(".compared").count() == 0


def test_a_failing_script_marks_the_line_and_the_field_on_both_sides(editor: Any) -> None:
    shown = editor()
    shown.run(examples.read(NAME).replace("ack 201", "ack 200") + "+1 close(4) = 0\n")
    shown.wait("failed")
    assert shown.marked("failed") == ["12"]
    assert shown.marked("not-run") == ["13"]
    assert shown.frame.locator(".compared mark").all_inner_texts() == ["ack 200", "ack 201"]
    assert shown.frame.locator(".mirror .wrong").inner_text() == "ack 200"
    assert "ack is 201, not 200" in shown.summary
    assert "ESTAB" in shown.frame.locator(".story pre").inner_text()
    shown.frame.locator(".every-line summary").click()
    assert shown.frame.locator(".every-line tr.failed").inner_text().startswith("12")
    assert "not reached" in shown.frame.locator(".every-line tr.not-run").inner_text()
    shown.area.press("End")
    shown.area.press_sequentially(" ")
    assert shown.frame.get_attribute("data-state") == "edited"
    shown.frame.locator(".number.failed").wait_for(state="detached")  # drawn with the next frame


def test_what_is_no_script_or_not_supported_is_said_with_line_and_column(editor: Any) -> None:
    shown = editor()
    shown.run("0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 bind(3, .., ...) = 0\n")
    shown.wait("not-a-script")
    assert shown.summary.startswith("Not a script, line 2, column 12: expected a value")
    assert shown.marked("refused") == ["2"]
    assert shown.frame.locator(".mirror .wrong").inner_text() == "..,"
    assert not shown.frame.locator(".ran").is_visible()
    shown.run("0 frobnicate(3) = 0\n")
    shown.wait("not-supported")
    assert "line 1, column 3: the system call frobnicate()" in shown.summary


def test_the_keyboard_runs_a_script_and_tab_leads_out_of_the_text(editor: Any) -> None:
    shown = editor()
    shown.put(examples.read(NAME).replace("ack 201", "ack 200"))
    shown.area.press("Control+Enter")
    shown.wait("failed")
    assert shown.area.input_value().count("\n") == examples.read(NAME).count("\n")
    shown.area.press("Tab")
    focused = "document.activeElement.getAttribute('aria-label')"
    assert shown.page.evaluate(focused) == "Run (Ctrl+Enter)"
    shown.page.keyboard.press("Shift+Tab")
    assert shown.page.evaluate(focused) == "packetdrill script"
    assert shown.area.get_attribute("aria-describedby")
    help_text = shown.page.locator(f"#{shown.area.get_attribute('aria-describedby')}")
    assert "Tab leaves the text field" in help_text.inner_text()


def test_a_script_that_takes_long_is_stopped_and_the_next_one_runs(editor: Any) -> None:
    shown = editor()
    shown.run(ENDLESS)
    shown.frame.locator(".status", has_text="Running").wait_for()
    assert shown.frame.get_by_role("progressbar").is_visible()
    shown.frame.get_by_role("button", name="Stop").click()
    assert "Stopped." in shown.frame.locator(".status").first.inner_text()
    assert not shown.frame.get_by_role("progressbar").is_visible()
    shown.run("0 < S 0:0(0)\n+0 > R. 0:0(0) ack 1\n")
    shown.wait("passed")


def test_picking_another_script_needs_no_python_and_keeps_what_was_typed(
    editor: Any, pages: Any
) -> None:
    shown = editor()
    workers: list[Any] = []
    shown.page.on("worker", lambda worker: workers.append(worker))
    shown.put("// mine\n")
    shown.page.get_by_label("Script", exact=True).select_option("an_ack_waits_for_more_data")
    shown.wait("passed")
    assert "15 lines" in shown.summary
    shown.page.get_by_label("Script", exact=True).select_option(NAME)
    assert shown.area.input_value() == "// mine\n"
    shown.frame.get_by_role("button", name="Back to the script as it was").click()
    shown.wait("passed")
    assert shown.area.input_value() == examples.read(NAME)
    assert workers == []


def test_a_link_holds_the_script_and_brings_it_back_without_running_it(editor: Any) -> None:
    shown = editor()
    text = "// für dich: 10 < 20\n0 < S 0:0(0)\n+0 > R. 0:0(0) ack 1\n"
    shown.put(text)
    shown.frame.get_by_role("button", name="Copy a link with this script").click()
    shown.frame.locator(".status", has_text="link").first.wait_for()
    link = shown.page.evaluate("location.hash")
    assert link.startswith("#script=")
    assert len(link) < 200
    other = editor(link)
    other.frame.locator(".status", has_text="came with the link").wait_for()
    assert other.area.input_value() == text
    assert other.summary == ""
    other.area.press("Control+Enter")
    other.wait("passed")


@pytest.mark.parametrize("link", ["#script=AAAA", "#script=%%%", "#script="])
def test_a_broken_link_is_one_sentence(link: str, editor: Any) -> None:
    shown = editor(link)
    shown.frame.locator(".status", has_text="no script that can be read").wait_for()


def test_a_long_script_is_refused_a_link_and_can_be_downloaded(editor: Any) -> None:
    shown = editor()
    noise = "".join(f"// {index * 7919 % 10007} {index * 104729 % 99991}\n" for index in range(900))
    shown.put(noise)
    shown.frame.get_by_role("button", name="Copy a link with this script").click()
    shown.frame.locator(".status", has_text="too long for a link").wait_for()
    with shown.page.expect_download() as started:
        shown.frame.get_by_role("button", name="Download as .pkt").click()
    assert started.value.suggested_filename == f"{NAME}.pkt"
    assert started.value.path().read_text() == noise


def test_running_a_script_asks_only_the_pages_own_host(pages: Any) -> None:
    with Site(HTML) as fresh:
        page = pages.new()
        page.goto(f"{fresh.address}/{PAGE}", wait_until="networkidle")
        assert not [name for name, _ in fresh.sent if "pyodide" in name]
        shown = Editor(page)
        shown.run("0 < S 0:0(0)\n+0 > R. 0:0(0) ack 1\n")
        shown.wait("passed")
        before = len(fresh.sent)
        shown.run("0 < S 0:0(0)\n+0 > R. 0:0(0) ack 2\n")
        shown.wait("failed")
        assert len(fresh.sent) == before
        assert fresh.missing == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [380, 1280])
def test_a_verdict_is_readable_by_everybody(scheme: str, width: int, editor: Any) -> None:
    shown = editor(color_scheme=scheme, viewport={"width": width, "height": 900})
    for name in ("a_segment_without_an_acknowledgment", "an_ack_waits_for_more_data"):
        shown.page.get_by_label("Script", exact=True).select_option(name)
        shown.frame.locator(".every-line summary").click()
        shown.page.evaluate(AXE.read_text())
        assert complaints(shown.page) == []
        assert shown.page.evaluate("document.documentElement.scrollWidth") <= width
    live = shown.frame.locator(".summary")
    assert live.get_attribute("role") == "status"
    assert live.get_attribute("aria-live") == "polite"


def test_from_a_disk_the_stored_verdicts_are_there_and_running_says_what_it_needs(
    pages: Any,
) -> None:
    page = pages.new()
    page.goto((HTML / PAGE).as_uri())
    shown = Editor(page)
    page.get_by_label("Script", exact=True).select_option("a_segment_without_an_acknowledgment")
    shown.wait("failed")
    shown.run("0 < S 0:0(0)\n")
    shown.frame.locator(".status", has_text="web server").wait_for()
    assert shown.frame.get_attribute("data-state") == "edited"


def test_without_javascript_scripts_and_verdicts_are_text(pages: Any, site: Any) -> None:
    page = pages.new(java_script_enabled=False)
    page.goto(f"{site.address}/{PAGE}")
    text = page.locator("[data-figure=drill] .tcpcore-fallback").inner_text()
    assert " 11 ✗      0.1  +0 > . 1:1(0) ack 201" in text
    assert "Passed: 10 lines as written" in text


_AS_IN_JUPYTERLAB = """async ({ source, style, state, other }) => {
  document.body.innerHTML = "<div id=cell></div>";
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(style);
  document.adoptedStyleSheets = [sheet];
  const listeners = {};
  const saved = [];
  const emit = (key) => (listeners[`change:${key}`] || []).slice().forEach((f) => f());
  const model = {
    get: (key) => state[key],
    set: (key, value) => { state[key] = value; emit(key); },
    save_changes: () => saved.push(state.script),
    on: (event, f) => { (listeners[event] ||= []).push(f); },
    off: (event, f) => {
      listeners[event] = (listeners[event] || []).filter((g) => g !== f);
    },
  };
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const widget = (await import(url)).default;
  const cell = document.getElementById("cell");
  const undo = widget.render({ model, el: cell });
  const first = cell.querySelector(".summary").textContent;
  const area = cell.querySelector("textarea");
  area.value = other.script;
  area.dispatchEvent(new Event("input"));
  cell.querySelector("button.run").click();
  const busy = cell.querySelector(".tcpcore-drill").dataset.state;
  const stop = cell.querySelector("button.stop").hidden;
  model.set("result", other);                        // as the kernel answers
  const answered = cell.querySelector(".summary").textContent;
  const link = Boolean(cell.querySelector("[aria-label='Copy a link with this script']"));
  undo();
  return { first, busy, stop, saved, answered, link, left: Object.values(listeners).flat().length };
}"""


def test_as_a_widget_it_needs_only_the_anywidget_contract(pages: Any, site: Any) -> None:
    page = pages.new()
    page.goto(f"{site.address}/{PAGE}")
    widget = Drill(NAME)
    state = {name: getattr(widget, name) for name in ("choices", "name", "script", "result")}
    other = verdict(examples.read(NAME).replace("ack 201", "ack 200"), NAME)
    result = page.evaluate(
        _AS_IN_JUPYTERLAB,
        {
            "source": bundle.widget_module("editor"),
            "style": bundle.style_sheet(),
            "state": json.loads(json.dumps({**state, "status": ""})),
            "other": json.loads(json.dumps(other)),
        },
    )
    assert result["first"].startswith("Passed: 10 lines")
    assert (result["busy"], result["stop"], result["link"]) == ("running", True, False)
    assert result["saved"] == [other["script"]]
    assert result["answered"].startswith("Failed at line 12")
    assert result["left"] == 0
