"""The page that reads a capture: a file, text, samples; nothing leaves the browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tcpcore.view.capture_page import sample, sample_text
from tests.book.conftest import HTML
from tests.book.site import Site
from tests.book.test_every_page import AXE, complaints

pytestmark = pytest.mark.browser

PAGE = "chapters/observing/your-own-capture.html"


class Reader:
    """The reader of the page."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.frame = page.locator(".tcpcore-capture")

    def give(self, name: str, data: bytes) -> None:
        file = {"name": name, "mimeType": "application/octet-stream", "buffer": data}
        self.frame.get_by_label("Drop a capture here, or choose a file").set_input_files(file)

    def told(self, words: str) -> None:
        self.frame.locator(".status", has_text=words).first.wait_for()

    def findings(self) -> str:
        return str(self.frame.locator(".findings").inner_text())


@pytest.fixture
def reader(open_chapter: Callable[..., Any]) -> Callable[..., Reader]:
    return lambda **options: Reader(open_chapter("", PAGE, **options))


DROP = """([name, numbers]) => {
  const moved = new DataTransfer();
  moved.items.add(new File([new Uint8Array(numbers)], name));
  const zone = document.querySelector(".tcpcore-capture");
  zone.dispatchEvent(new DragEvent("drop", { dataTransfer: moved, bubbles: true }));
}"""


def test_a_dropped_file_becomes_a_table_a_verdict_and_a_player_and_nothing_is_sent(
    pages: Any,
) -> None:
    with Site(HTML) as fresh:
        page = pages.new()
        page.goto(f"{fresh.address}/{PAGE}", wait_until="networkidle")
        assert not [name for name, _ in fresh.sent if "pyodide" in name]
        shown = Reader(page)
        page.evaluate(DROP, ["mine.pcap", list(sample("accept-queue-overflow"))])
        shown.told("mine.pcap: 4 connections, 25 TCP segments.")
        asked = len(fresh.sent)
        posted: list[str] = []
        page.on("request", lambda request: posted.append(request.url))
        assert shown.frame.locator("tbody tr").count() == 4
        page.get_by_role("button", name="Show connection 3").click()
        page.locator("tr.chosen[data-connection='3']").wait_for()
        assert "accept queue overflowed" in shown.findings()
        assert shown.frame.locator(".ladder .item").count() == 13
        shown.frame.locator(".findings .step").last.click()
        assert shown.frame.locator(".tcpcore[data-step='12']").count() == 1
        shown.give("other.pcap", sample("syn-unanswered"))
        shown.told("other.pcap: 1 connection")
        assert "nobody answered the SYN" in shown.findings()
        assert posted == []
        assert len(fresh.sent) == asked
        assert fresh.missing == []


def test_pasted_text_is_read(reader: Any) -> None:
    shown = reader()
    shown.frame.locator(".paste summary").click()
    shown.page.get_by_label("Lines of tcpdump -n tcp").fill(sample_text())
    shown.frame.get_by_role("button", name="Read the text").click()
    shown.told("The text: 1 connection, 14 TCP segments.")
    assert "nothing unusual: 4000 bytes there" in shown.frame.locator(".heading").inner_text()
    shown.page.get_by_label("Lines of tcpdump -n tcp").fill("hello")
    shown.frame.get_by_role("button", name="Read the text").click()
    shown.told("The text has no line of a TCP segment")
    assert not shown.frame.locator(".rows").is_visible()


def test_a_broken_a_cut_and_a_large_file_are_a_sentence_each(reader: Any) -> None:
    shown = reader()
    shown.give("notes.txt", b"hello")
    shown.told("notes.txt: this is no pcap or pcapng file")
    assert not shown.frame.locator(".rows").is_visible()
    shown.give("cut.pcap", sample("data-and-close")[:-5])
    shown.told("cut.pcap: 1 connection")
    assert "in the middle of packet" in shown.frame.locator(".remarks").inner_text()
    shown.page.evaluate(
        """() => {
          const moved = new DataTransfer();
          const file = new File([], "huge.pcap");
          Object.defineProperty(file, "size", { value: 3e9 });
          const event = new DragEvent("drop", { bubbles: true });
          Object.defineProperty(event, "dataTransfer", { value: { files: [file] } });
          document.querySelector(".tcpcore-capture").dispatchEvent(event);
        }"""
    )
    shown.told("huge.pcap has 3000 MB; this page reads up to 50 MB")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [380, 1280])
def test_samples_are_readable_by_everybody(scheme: str, width: int, reader: Any) -> None:
    shown = reader(color_scheme=scheme, viewport={"width": width, "height": 900})
    shown.frame.get_by_role("button", name="A window that stays closed").click()
    shown.told("zero-window.pcap: 1 connection")
    assert "window was closed for" in shown.findings()
    shown.frame.locator(".paste summary").click()
    shown.page.evaluate(AXE.read_text())
    assert complaints(shown.page) == []
    assert shown.page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_keyboard_reaches_file_samples_and_rows(reader: Any) -> None:
    shown = reader()
    shown.frame.get_by_role("button", name="A full accept queue").focus()
    shown.page.keyboard.press("Enter")
    shown.told("4 connections")
    shown.page.get_by_role("button", name="Show connection 4").focus()
    shown.page.keyboard.press("Enter")
    shown.page.locator("tr.chosen[data-connection='4']").wait_for()
    assert shown.frame.get_by_label("Drop a capture here, or choose a file").is_enabled()


def test_from_a_disk_it_says_what_it_needs(pages: Any) -> None:
    page = pages.new()
    page.goto((HTML / PAGE).as_uri())
    shown = Reader(page)
    shown.give("a.pcap", sample("data-and-close"))
    shown.told("web server")


def test_without_javascript_a_sample_is_explained_as_text(pages: Any, site: Any) -> None:
    page = pages.new(java_script_enabled=False)
    page.goto(f"{site.address}/{PAGE}")
    text = page.locator("[data-figure=capture] .tcpcore-fallback").inner_text()
    assert "data-and-close.pcap: 1 connection, 10 TCP segments" in text
