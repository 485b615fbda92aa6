"""Chromium on the built book; nothing but this machine can be reached."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.book.site import Site

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build" / "html"
SHOTS = ROOT / "_build" / "screenshots"
CHAPTER = "chapters/handshake/three-way-handshake.html"
PLAYERS = (
    "handshake",
    "syn-unanswered",
    "synack-unanswered",
    "connection-refused",
    "data-and-close",
)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]

PATIENCE = 120_000
"""Milliseconds: Python in a page starts slowly on a busy machine."""

SIGNATURE = """frame => [...frame.querySelectorAll('*')]
  .filter(e => !e.closest('.tools, .status'))
  .map(e => [e.tagName, [...e.classList].sort().join('.'), e.getAttribute('aria-label'),
             e.childElementCount ? '' : e.textContent].join(' '))
  .join('\\n')"""


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """One browser for all tests: the shell, where there is one.

    The same engine without a window's trimmings, which cost twice as much as a page does.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        program = shutil.which("chromium-headless-shell") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=program, headless=True, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    with Site(HTML) as running:
        yield running


class Pages:
    """Opens pages; after the test, none may have erred or asked another host for anything."""

    def __init__(self, browser: Any) -> None:
        self.browser = browser
        self.contexts: list[Any] = []
        self.errors: list[str] = []
        self.outside: list[str] = []
        self.expected_error: str | None = None

    def new(self, **options: Any) -> Any:
        context = self.browser.new_context(
            **{"viewport": {"width": 1280, "height": 900}, **options}
        )
        self.contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._console)
        page.on("request", self._request)
        return page

    def _console(self, message: Any) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} {message.location}")

    def _request(self, request: Any) -> None:
        if not re.match(r"(http://127\.0\.0\.1:\d+/|file:|data:|blob:)", request.url):
            self.outside.append(request.url)

    def close(self) -> None:
        for context in self.contexts:
            context.close()

    def check(self) -> None:
        unexpected = [
            error
            for error in self.errors
            if self.expected_error is None or not re.search(self.expected_error, error)
        ]
        assert not unexpected
        assert not self.outside


@pytest.fixture
def pages(chromium: Any) -> Iterator[Pages]:
    opened = Pages(chromium)
    yield opened
    opened.close()
    opened.check()


@pytest.fixture
def open_chapter(pages: Pages, site: Site) -> Callable[..., Any]:
    """``open_chapter(hash="#handshake:3", chapter=..., **options of the browser's context)``."""

    def open_page(hash: str = "", chapter: str = CHAPTER, **options: Any) -> Any:
        page = pages.new(**options)
        page.goto(f"{site.address}/{chapter}{hash}")
        page.wait_for_selector("html[data-tcpcore=ready]")
        return page

    return open_page


class PlayerOnPage:
    """One player of a page, by the name that links use."""

    def __init__(self, page: Any, name: str) -> None:
        self.page = page
        self.place = page.locator(f"[data-figure=player][id='{name}']")
        self.frame = self.place.locator(".tcpcore[data-step]")

    def __getattr__(self, name: str) -> Any:
        return getattr(self.place, name)

    @property
    def step(self) -> int:
        return int(self.frame.get_attribute("data-step"))

    @property
    def steps(self) -> int:
        return int(self.frame.get_attribute("data-steps"))

    def press(self, button: str) -> None:
        self.place.get_by_role("button", name=button, exact=True).click()

    def open(self, *panels: str) -> None:
        for panel in panels:
            summary = self.place.locator(f"[data-panel={panel}] > summary")
            if summary.locator("xpath=..").get_attribute("open") is None:
                summary.click()

    def text(self, part: str) -> str:
        return str(self.place.locator(part).first.inner_text())

    def segments(self) -> int:
        return int(self.place.locator(".item").count())

    def choose(self, index: int) -> None:
        self.place.locator(".item").nth(index).locator(".label").click()

    def lose(self, index: int) -> None:
        self.choose(index)
        self.place.locator(".item").nth(index).locator(".drop").click()

    def set(self, parameter: str, value: float) -> None:
        self.place.locator(f"[data-parameter='{parameter}']").fill(str(value))

    def wait_computed(self) -> None:
        self.place.locator(".status", has_text="Computed in your browser").wait_for()

    def signature(self) -> str:
        """All that the player shows at this step, as text and classes."""
        return str(self.frame.evaluate(SIGNATURE))


@pytest.fixture
def player() -> type[PlayerOnPage]:
    return PlayerOnPage


@pytest.fixture(scope="session")
def screenshots() -> Path:
    SHOTS.mkdir(parents=True, exist_ok=True)
    return SHOTS
