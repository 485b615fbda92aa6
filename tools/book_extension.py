"""Sphinx extension for what the build itself needs; the player's own is `tcpcore.view.sphinxext`.

The cache of executed chapters is keyed by a hash of the package, because jupyter-cache looks only
at a chapter's own cells; chapters are executed side by side; sphinx-thebe's scripts are left out,
because they stand twice in each page (a JavaScript error) and name a CDN; an ePub can be built;
the search works from a disk; what a cell prints is one text, wherever its kernel cut it; a link
under the pointer can be read.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import re
import shutil
from pathlib import Path
from typing import Any

from docutils import nodes
from jupyter_cache import get_cache
from myst_nb.core import render
from myst_nb.core.utils import coalesce_streams
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform

import tcpcore

ROOT = Path(__file__).resolve().parent.parent
# What can change the output of a cell: package and labs (scripts and styles of the page cannot).
SUFFIXES = {".py", ".json", ".csv", ".txt", ".pkt"}


THEBE = re.compile(
    r'<script type="text/x-thebe-config">.*?</script>|<script>kernelName = .*?</script>', re.DOTALL
)
STATUS = {"✅": "passed", "❌": "failed", "Run Time (s)": "Seconds", "Document": "Page"}
STYLE = "book.css"
# The theme's orange has a contrast of 2.5 on white, where WCAG asks for 4.5; this one has 5.9.
RULES = 'html[data-theme="light"]:root { --pst-color-link-hover: #9a5200; }\n'
# They say nothing about parallel reading; both act only when all pages have been read.
SILENT = ("sphinx_multitoc_numbering", "sphinx_jupyterbook_latex")


def package_hash() -> str:
    """A short hash of the code and data of package and labs, and of the pinned versions."""
    files = [
        path
        for folder in ("tcpcore", "labs")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in SUFFIXES and path.is_file()
    ]
    digest = hashlib.sha256()
    for path in [*sorted(files), ROOT / "constraints.txt"]:
        digest.update(f"{path.relative_to(ROOT)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def key_the_cache(_app: Any, config: Any) -> None:
    """Choose this package's cache, and drop those of earlier states of the package.

    The path is a setting that Sphinx compares with the last build: it reads every page anew when
    the package changed.
    """
    caches = ROOT / "_build" / ".jupyter_cache"
    chosen = caches / package_hash()
    if caches.is_dir():
        for old in caches.iterdir():
            if old != chosen and old.is_dir():
                shutil.rmtree(old)
    chosen.mkdir(parents=True, exist_ok=True)
    get_cache(chosen).list_cache_records()  # makes its database before two readers would
    config.nb_execution_cache_path = str(chosen)


def read_side_by_side(app: Any, _config: Any) -> None:
    """Read, and so execute, as many pages at a time as there are processors."""
    app.parallel = max(app.parallel, min(os.cpu_count() or 1, 4))  # a kernel takes 100 MB
    for name in SILENT:
        if name in app.extensions:
            app.extensions[name].parallel_read_safe = True


def prepare_epub(app: Any) -> None:
    """An ePub has a version, no buttons (the theme would fail), and no older ePub in it.

    Its table of contents names a page as its list of files does, not as `chapters/../labs/...`.
    """
    if app.builder.name == "epub":
        app.builder.get_toc = lambda: with_plain_paths(app.builder)
        app.config.version = tcpcore.__version__
        app.config.html_theme_options = {}
        for old in (*Path(app.outdir).glob("*.epub"), *Path(app.outdir).glob("index.html")):
            old.unlink()


def add_style(app: Any) -> None:
    """Mend the theme where it cannot be read."""
    if app.builder.format == "html" and app.builder.name != "epub":
        folder = Path(app.outdir) / "_static"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / STYLE).write_text(RULES, encoding="utf-8")
        app.add_css_file(STYLE, priority=900)


def with_plain_paths(builder: Any) -> None:
    """Sphinx's own table of contents, each path as short as it can be."""
    type(builder).get_toc(builder)
    for node in builder.refnodes:
        node["refuri"] = posixpath.normpath(node["refuri"])


def drop_thebe(_app: Any, _page: str, _template: str, context: dict[str, Any], _tree: Any) -> None:
    """Take sphinx-thebe's scripts out of the page's head and body."""
    context["body"] = THEBE.sub("", context.get("body") or "")
    context["script_files"][:] = [
        script
        for script in context["script_files"]
        if "sphinx-thebe" not in str(getattr(script, "filename", ""))
        and "THEBE_JS_URL" not in (getattr(script, "attributes", {}).get("body") or "")
    ]


def search_from_a_disk(app: Any, page: str, _template: str, _context: Any, _tree: Any) -> None:
    """Results without excerpts where a browser may not fetch the pages that they are taken from."""
    if page == "search":
        app.add_js_file(
            None,
            body="if (location.protocol === 'file:') "
            "DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;",
        )


def lean_epub_page(app: Any, _page: str, _template: str, context: dict[str, Any], _: Any) -> None:
    """Leave out a style sheet that myst-nb writes only when the ePub is already packed."""
    if app.builder.name == "epub":
        context["css_files"][:] = [
            sheet for sheet in context["css_files"] if "mystnb." not in str(sheet.filename)
        ]


def icons_from_the_font(app: Any, failure: Exception | None) -> None:
    """Empty the theme's script that draws all icons a second time: 1.5 MB on every page.

    The theme's web font has them, and its pages ask for both.
    """
    script = Path(app.outdir) / "_static" / "scripts" / "fontawesome.js"
    if failure is None and script.is_file():
        script.write_text("// The icons come from the web font.\n")


def whole_streams(outputs: list[Any]) -> list[Any]:
    """A cell's outputs, each stream in one piece.

    A kernel sends what is printed in pieces, cut wherever its clock says; myst-nb would end a line
    at each cut, and a page would differ from one build to the next.
    """
    joined: list[Any] = []
    begun: dict[str, Any] = {}
    for output in outputs:
        name = output["name"] if output["output_type"] == "stream" else None
        if name in begun:
            begun[name]["text"] += output["text"]
            continue
        if name is not None:
            begun[name] = output
        joined.append(output)
    merged: list[Any] = coalesce_streams(joined)
    return merged


class StatusInWords(SphinxPostTransform):
    """In myst-nb's table of executed pages: titles for paths, words for pictures."""

    default_priority = 9  # after the table was made, before its links are resolved

    def run(self, **_: Any) -> None:
        """Change the table in place."""
        for table in self.document.findall(nodes.table):
            for link in table.findall(addnodes.pending_xref):
                page = posixpath.normpath(
                    posixpath.join(posixpath.dirname(self.env.docname), link["reftarget"])
                )
                if page in self.env.titles:
                    link.children = [nodes.inline("", self.env.titles[page].astext())]
            for text in list(table.findall(nodes.Text)):
                if text.astext() in STATUS:
                    text.parent.replace(text, nodes.Text(STATUS[text.astext()]))


def setup(app: Any) -> dict[str, bool]:
    """Connect all to Sphinx."""
    render.coalesce_streams = whole_streams
    app.add_post_transform(StatusInWords)
    app.connect("build-finished", icons_from_the_font)
    app.connect("config-inited", read_side_by_side)
    app.connect("config-inited", key_the_cache, priority=100)
    app.connect("builder-inited", prepare_epub, priority=100)
    app.connect("builder-inited", add_style)
    app.connect("html-page-context", drop_thebe, priority=900)
    app.connect("html-page-context", search_from_a_disk)
    app.connect("html-page-context", lean_epub_page, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
