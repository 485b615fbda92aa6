"""The book for e-readers: whole, without scripts, figures as text, links that lead somewhere."""

from __future__ import annotations

import posixpath
import subprocess
import zipfile
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import pytest

from tests.book.test_built_pages import chapters
from tools.build_book import EPUB, environment

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.book


class Book:
    """An ePub: its files, and its pages as trees."""

    def __init__(self, path: Path) -> None:
        with zipfile.ZipFile(path) as archive:
            self.files = {name: archive.read(name) for name in archive.namelist()}
        self.pages = {
            name: ElementTree.fromstring(content)
            for name, content in self.files.items()
            if name.endswith(".xhtml")
        }

        self.ids = {
            name: {one.get("id") for one in page.iter()} for name, page in self.pages.items()
        }

    def has(self, link: str, page: str) -> bool:
        """Whether a link of the page leads into the book, or out of it."""
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            return True
        target = posixpath.normpath(posixpath.join(posixpath.dirname(page), unquote(parts.path)))
        target = target if parts.path else page
        fragment = unquote(parts.fragment)
        return target in self.files and (not fragment or fragment in self.ids[target])

    def text(self, page: str) -> str:
        return "".join(self.pages[page].itertext())

    def elements(self, tag: str) -> list[ElementTree.Element]:
        return [one for page in self.pages.values() for one in page.iter() if one.tag == tag]


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    """Built from the executed chapters of `make build`, in a folder of its own."""
    folder = tmp_path_factory.mktemp("epub")
    command = [*EPUB, "--path-output", str(folder)]
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    (path,) = folder.rglob("*.epub")
    return Book(path)


def test_it_holds_every_chapter_and_lists_it(book: Book) -> None:
    links = [one.get("href") for one in book.pages["nav.xhtml"].iter() if one.get("href")]
    listed = [unquote(str(link)) for link in links]
    wanted = [str(path.relative_to(ROOT / "_build/html")) for path in chapters()]
    assert listed == [one.replace(".html", ".xhtml") for one in wanted]
    assert set(listed) <= set(book.pages)


def test_it_is_read_in_the_order_of_its_list(book: Book) -> None:
    package = ElementTree.fromstring(book.files["content.opf"])
    files = {one.get("id"): one.get("href") for one in package.iter() if one.get("media-type")}
    order = [files[one.get("idref")] for one in package.iter() if one.get("idref")]
    links = [one.get("href") for one in book.pages["nav.xhtml"].iter() if one.get("href")]
    assert [one for one in order if one in links] == links
    assert len(set(order)) == len(order)


def test_its_pages_need_no_script_and_nothing_from_elsewhere(book: Book) -> None:
    xhtml = "{http://www.w3.org/1999/xhtml}"
    assert book.elements(f"{xhtml}script") == []
    sources = [one.get("src") for tag in ("img", "iframe") for one in book.elements(xhtml + tag)]
    styles = [one.get("href") for one in book.elements(f"{xhtml}link")]
    assert not [one for one in (*sources, *styles) if one and "//" in one]


def test_players_and_predictions_are_there_as_text(book: Book) -> None:
    text = book.text("chapters/handshake/three-way-handshake.xhtml")
    assert "sends SYN+ACK seq 0 ack 1" in text
    assert "Answer: Two: one in LISTEN, one in SYN_RECV." in text
    assert "S131 (holds), source" in text


def test_every_link_inside_leads_somewhere(book: Book) -> None:
    dead = [
        (name, link)
        for name, page in book.pages.items()
        for link in (one.get("href") for one in page.iter())
        if link and not book.has(link, name)
    ]
    assert dead == []
