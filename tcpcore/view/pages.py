"""Sphinx extension for what `shown` makes: its HTML on the page, and the page of all claims.

Claims are collected from the executed cells' outputs when a page is read, so that they come from
the cache as well as from a run; ``{claims}`` prints them all with a link to where each was run.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from tcpcore.view import terms
from tcpcore.view.claims import HOLDS, SOURCES, VERDICTS, plan
from tcpcore.view.outputs import HTML_BUILDERS, TEXT_BUILDERS, output, output_of
from tcpcore.view.shown import MARK, MIME, STATIC, style_sheet

STYLE, SCRIPT = "tcpfig.css", "tcpfig.js"
SCRIPTS = ("predict.js", "print.js", "terms.js")
EPUB_STYLE = "epub-text.css"
COLUMNS = ("Claim", "What the source says", "What the runs did", "True today")


class MimeRenderer:
    """An entry point of `myst_nb.mime_renderers`."""

    mime_priority_overrides = tuple(
        (builder, MIME, 4) for builder in (*HTML_BUILDERS, *TEXT_BUILDERS)
    )

    @staticmethod
    def handle_mime(renderer: Any, data: Any, inline: bool) -> list[Any] | None:
        """The output as HTML and as text, with its claims; None when it is not ours."""
        if inline or data.mime_type != MIME:
            return None
        content = data.content
        return [output_of(content["html"], content["text"], content["claims"])]


class claims_table(nodes.General, nodes.Element):  # type: ignore[misc]  # docutils has no types
    """Stands where ``{claims}`` was until all pages are read."""


class ClaimsDirective(SphinxDirective):
    """``{claims}``: every executed claim of the book."""

    def run(self) -> list[nodes.Node]:
        return [claims_table()]


def _all_claims(env: Any) -> dict[str, list[dict[str, Any]]]:
    """Claims by the page that ran them."""
    if not hasattr(env, "tcpcore_claims"):
        env.tcpcore_claims = {}
    found: dict[str, list[dict[str, Any]]] = env.tcpcore_claims
    return found


def collect(app: Any, doctree: Any) -> None:
    """Remember the claims of a page that has just been read."""
    found = [one for node in doctree.findall(output) for one in node["tcpcore_claims"]]
    _all_claims(app.env)[app.env.docname] = found
    if any(True for _ in doctree.findall(claims_table)):
        app.env.tcpcore_claims_pages = {
            *getattr(app.env, "tcpcore_claims_pages", ()),
            app.env.docname,
        }


def forget(_app: Any, env: Any, page: str) -> None:
    """A page is about to be read again, or gone."""
    _all_claims(env).pop(page, None)


def merge(_app: Any, env: Any, pages: set[str], other: Any) -> None:
    """Take over what a parallel reader found."""
    _all_claims(env).update({page: _all_claims(other).get(page, []) for page in pages})
    both = {*getattr(env, "tcpcore_claims_pages", ()), *getattr(other, "tcpcore_claims_pages", ())}
    env.tcpcore_claims_pages = both


def pages_to_write_again(_app: Any, env: Any) -> list[str]:
    """The page of all claims, whatever was read."""
    return [page for page in getattr(env, "tcpcore_claims_pages", ()) if page in env.found_docs]


def fill(app: Any, doctree: Any, page: str) -> None:
    """Replace ``{claims}`` by the table."""
    for place in list(doctree.findall(claims_table)):
        rows = [
            (one, f"{app.builder.get_relative_uri(page, home)}#claim-{one['id']}")
            for home, found in _all_claims(app.env).items()
            for one in found
        ]
        rows.sort(key=lambda row: int(row[0]["id"][1:]))
        done = [_summary(rows), _table(rows)] if rows else []
        place.replace_self([*done, *_left_out(len(rows))])


def _summary(rows: list[tuple[dict[str, Any], str]]) -> nodes.paragraph:
    counts = {name: sum(one["verdict"] == name for one, _ in rows) for name in VERDICTS}
    words = {HOLDS: "hold", "slip": "slips of the pen"}
    said = ", ".join(f"{count} {words.get(name, name)}" for name, count in counts.items() if count)
    return nodes.paragraph("", f"Claims: {len(rows)} ({said}).")


def _left_out(run: int) -> list[nodes.Node]:
    """How many claims belong to pages that are not built this time (`make chapter`)."""
    missing = len(plan()) - run
    if not missing:
        return []
    words = f"Claims of pages that this build leaves out: {missing} of {len(plan())}."
    return [nodes.paragraph("", words)]


def _table(rows: list[tuple[dict[str, Any], str]]) -> nodes.table:
    group = nodes.tgroup(cols=len(COLUMNS))
    group += [nodes.colspec(colwidth=width) for width in (10, 30, 32, 28)]
    group += nodes.thead("", _row([[nodes.paragraph("", name)] for name in COLUMNS]))
    body = nodes.tbody()
    for one, address in rows:
        body += _row(_cells(one, address))
    group += body
    return nodes.table("", group, classes=["tcpcore-claims"])


def _cells(one: dict[str, Any], address: str) -> list[list[nodes.paragraph]]:
    link = nodes.reference("", one["id"], refuri=address, internal=True)
    source = nodes.inline("", f" source {one['source']}", classes=["source"])
    verdict = nodes.inline("", one["verdict"], classes=["verdict", one["verdict"]])
    return [
        [nodes.paragraph("", "", link, source), nodes.paragraph("", "", verdict)],
        [nodes.paragraph("", one["says"])],
        _runs(one),
        [nodes.paragraph("", one["today"])],
    ]


def _runs(one: dict[str, Any]) -> list[nodes.paragraph]:
    """What each side did; said once when both did the same."""
    kernel = one["kernel"] or "Kernel"
    sides = [("Engine", one["engine"]), (kernel, one["record"])]
    if one["engine"] == one["record"]:
        sides = [(f"Engine and {kernel}", one["engine"])]
    return [
        nodes.paragraph("", "", nodes.strong("", f"{name}: "), nodes.Text(text))
        for name, text in sides
    ]


def _row(cells: list[list[nodes.paragraph]]) -> nodes.row:
    return nodes.row("", *[nodes.entry("", *cell) for cell in cells])


class SourcesDirective(SphinxDirective):
    """``{claim-sources}``: the source texts and the meaning of the verdicts."""

    def run(self) -> list[nodes.Node]:
        return [
            _definitions([(f"Source {number}", text) for number, text in SOURCES.items()]),
            _definitions(list(VERDICTS.items())),
        ]


def _definitions(pairs: list[tuple[str, str]]) -> nodes.bullet_list:
    items = [
        nodes.list_item(
            "", nodes.paragraph("", "", nodes.strong("", name), nodes.Text(f": {text}."))
        )
        for name, text in pairs
    ]
    return nodes.bullet_list("", *items)


def write_assets(app: Any) -> None:
    """Put style sheet and script into the built book."""
    if app.builder.name in HTML_BUILDERS:
        folder = Path(app.outdir) / "_static"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / STYLE).write_text(style_sheet(), encoding="utf-8")
        scripts = [(STATIC / name).read_text(encoding="utf-8") for name in SCRIPTS]
        (folder / SCRIPT).write_text("\n".join(scripts), encoding="utf-8")
    elif app.builder.name == "epub":
        folder = Path(app.outdir) / "_static"
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(STATIC / EPUB_STYLE, folder / EPUB_STYLE)
        app.add_css_file(EPUB_STYLE)


def add_to_page(app: Any, _page: str, _template: str, context: dict[str, Any], _tree: Any) -> None:
    """Load them where they are needed; let folded cells say what is in them."""
    if app.builder.name not in HTML_BUILDERS:
        return
    # The fold of a hidden cell has words of its own; a label that says others hides them.
    body = (context.get("body") or "").replace(' aria-label="Toggle hidden content"', "")
    context["body"] = body
    if any(mark in body for mark in (f"class='{MARK}", "tcpcore-claims", terms.MARK)):
        app.add_css_file(STYLE)
        app.add_js_file(SCRIPT, loading_method="defer")


def setup(app: Any) -> dict[str, Any]:
    """Connect to Sphinx."""
    app.add_node(claims_table)
    app.add_directive("claims", ClaimsDirective)
    app.add_directive("claim-sources", SourcesDirective)
    app.connect("builder-inited", write_assets)
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", merge)
    app.connect("doctree-read", collect)
    app.connect("env-updated", pages_to_write_again)
    app.connect("doctree-resolved", fill)
    app.connect("html-page-context", add_to_page)
    return {"version": "1", "env_version": 1, "parallel_read_safe": True}
