"""The built pages need nobody else: no CDN, no dead link, nothing that failed."""

from __future__ import annotations

import gzip
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build" / "html"
pytestmark = pytest.mark.book

# What a browser fetches by itself, in contrast to a link that the reader clicks.
FETCHED = {
    "script": "src",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "audio": "src",
    "embed": "src",
    "object": "data",
}
FETCHING_LINKS = {"stylesheet", "preload", "modulepreload", "icon", "prefetch", "preconnect"}
CSS_ADDRESS = re.compile(r"""(?:url\(\s*|@import\s+)['"]?((?:https?:)?//[^'")\s]+)""")
CELL_TROUBLE = re.compile(r"cell_output[^>]*>\s*<div class=\"output (?:stderr|traceback)")


class Page(HTMLParser):
    """What a page fetches, which links it has, and which ids."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.images_without_text: list[str] = []
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        has = {key: value or "" for key, value in attributes}
        if "id" in has:
            self.ids.add(has["id"])
        if tag == "img" and "alt" not in has:
            self.images_without_text.append(has.get("src", ""))
        if (where := FETCHED.get(tag)) and has.get(where):
            self.fetched.append(has[where])
        elif tag == "link" and FETCHING_LINKS.intersection(has.get("rel", "").split()):
            self.fetched.append(has.get("href", ""))
        elif tag == "a" and has.get("href"):
            self.links.append(has["href"])


def pages() -> list[Path]:
    return sorted(path for path in HTML.rglob("*.html") if "_static" not in path.parts)


def chapters() -> list[Path]:
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    names = [toc["root"], *(c["file"] for part in toc["parts"] for c in part["chapters"])]
    return [HTML / f"{name}.html" for name in names]


def is_elsewhere(address: str) -> bool:
    return bool(urlsplit(address).netloc)


def test_every_chapter_of_the_table_of_contents_became_a_page() -> None:
    assert [path for path in chapters() if not path.is_file()] == []


def test_no_page_fetches_anything_from_another_host() -> None:
    found = {
        (str(path.relative_to(HTML)), address)
        for path in pages()
        for address in Page(path).fetched
        if is_elsewhere(address)
    }
    assert not found


def test_no_style_sheet_fetches_anything_from_another_host() -> None:
    found = {
        (str(path.relative_to(HTML)), address)
        for path in [*HTML.rglob("*.css"), *pages()]
        for address in CSS_ADDRESS.findall(path.read_text())
    }
    assert not found


def test_every_file_that_a_page_fetches_is_there() -> None:
    missing = {
        (str(path.relative_to(HTML)), address)
        for path in pages()
        for address in Page(path).fetched
        if not is_elsewhere(address)
        and not address.startswith("data:")
        and not (path.parent / unquote(urlsplit(address).path)).is_file()
    }
    assert not missing


def leads_somewhere(link: str, path: Path, read: dict[Path, Page]) -> bool:
    """Whether a link of the page at `path` goes to a file, and to a place that is in it.

    A deep link into a player (``#handshake:5``) names its figure before the colon.
    """
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return True
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if not parts.fragment or target not in read:
        return target.exists()
    fragment = unquote(parts.fragment)
    return bool({fragment, fragment.partition(":")[0]} & read[target].ids)


def test_every_link_inside_the_book_leads_somewhere() -> None:
    read = {path: Page(path) for path in pages()}
    dead = {
        (str(path.relative_to(HTML)), link)
        for path, page in read.items()
        for link in page.links
        if not leads_somewhere(link, path, read)
    }
    assert not dead


def test_no_cell_of_a_chapter_failed_or_wrote_to_stderr() -> None:
    assert [path.name for path in chapters() if CELL_TROUBLE.search(path.read_text())] == []


def test_every_image_has_a_text_alternative() -> None:
    found = {(path.name, image) for path in pages() for image in Page(path).images_without_text}
    assert not found


@pytest.mark.parametrize("index", range(len(chapters())), ids=[path.stem for path in chapters()])
def test_a_page_with_its_figures_data_is_at_most_300_kb_gzipped(index: int) -> None:
    size = len(gzip.compress(chapters()[index].read_bytes()))
    assert size <= 300_000, f"{size} bytes"


def test_binder_and_the_repository_are_one_click_away() -> None:
    page = (HTML / "chapters/handshake/three-way-handshake.html").read_text()
    address = yaml.safe_load((ROOT / "_config.yml").read_text())["repository"]["url"]
    slug = address.removeprefix("https://github.com/")
    assert f"https://mybinder.org/v2/gh/{slug}/main?urlpath=lab/tree/chapters" in page
    assert f'href="{address}"' in page


def test_search_works_without_a_server() -> None:
    """The index is a script, which also loads from a file:// address."""
    index = (HTML / "searchindex.js").read_text()
    assert index.startswith("Search.setIndex(")
    assert "three-way-handshake" in index
