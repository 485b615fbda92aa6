"""The book's side of the figures: how a notebook's outputs become a page that needs nobody else.

Three things: myst-nb renders our MIME type and Plotly's as an element with its data inside it and a
text alternative; the scripts go into the built book, under paths that hold a hash; a page loads
them only when it has a figure.  Further kinds of figure need a MIME type ``application/vnd.tcpcore.
NAME+json`` and a `register(NAME, ...)` in ``static/host.js``; the data's ``text`` is its fallback.
"""

from __future__ import annotations

import hashlib
import html
import os
import re
import shutil
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from tcpcore.view import bundle, web_assets
from tcpcore.view.document import as_text
from tcpcore.view.embed import MARK, figure_html, player_html, plotly_html, plotly_label
from tcpcore.view.outputs import HTML_BUILDERS, TEXT_BUILDERS, output_of
from tcpcore.view.outputs import setup as set_up_outputs

PLAYER = "application/vnd.tcpcore.player+json"
PLOTLY = "application/vnd.plotly.v1+json"
FIGURE = "application/vnd.tcpcore.figure+json"
_WIDGET_STATE = "application/vnd.jupyter.widget-state+json"  # each player's script, once more
# White on the theme's orange has a contrast of 2.4 to 1; people need 4.5.
_THEME_FIX = "<style>[data-theme=light] #pst-back-to-top{--pst-color-secondary:#7a4a00}</style>"
_STEP_LINK = re.compile(r"[\w-]+:\d+(\?.*)?")


class MimeRenderer:
    """The entry point `myst_nb.mime_renderers`."""

    mime_priority_overrides = (
        *((builder, mime, 5) for builder in HTML_BUILDERS for mime in (PLAYER, FIGURE, PLOTLY)),
        *((builder, mime, 5) for builder in TEXT_BUILDERS for mime in (PLAYER, FIGURE, PLOTLY)),
    )

    @staticmethod
    def handle_mime(renderer: Any, data: Any, inline: bool) -> list[Any] | None:
        """The output as HTML and as text; None when it is not ours."""
        if inline:
            return None
        content = data.content
        if data.mime_type == PLAYER:
            text, name = as_text(content["document"]), str(content["name"])
            return [output_of(player_html(content), text, name=name)]
        if data.mime_type == FIGURE:
            fallback = f"<pre>{html.escape(content['text'])}</pre>"
            page = figure_html(content["kind"], content["state"], fallback, label=content["label"])
            page = content.get("html", "") + page + content.get("after", "")
            return [output_of(page, content["text"])]
        if data.mime_type == PLOTLY:
            return [output_of(plotly_html(content), f"{plotly_label(content)} (on the web page)")]
        return None


def _vendor(app: Any) -> Path:
    return Path(app.srcdir) / str(app.config.tcpcore_vendor_dir)


def write_assets(app: Any) -> None:
    """Put all files into the built book; remove those of earlier builds."""
    app.tcpcore_assets = ""
    if app.builder.name not in HTML_BUILDERS:
        return
    vendor, root = _vendor(app), Path(app.outdir) / "_static" / "tcpcore"
    root.mkdir(parents=True, exist_ok=True)
    pyodide = web_assets.pyodide_folder(vendor)
    name = web_assets.write_own(root, pyodide)
    web_assets.write_pyodide(vendor, root / pyodide)
    web_assets.write_plotly(vendor, root / name / "plotly.min.js")
    web_assets.write_mathjax(vendor, root.parent / "mathjax")
    for old in root.iterdir():
        if old.name not in (name, pyodide):
            shutil.rmtree(old)
    app.tcpcore_assets = f"tcpcore/{name}"


def add_to_page(app: Any, _page: str, _template: str, context: dict[str, Any], _tree: Any) -> None:
    """Load script and style where a figure is; leave out what only a kernel could use."""
    context["script_files"][:] = [
        script
        for script in context["script_files"]
        if getattr(script, "attributes", {}).get("type") != _WIDGET_STATE
    ]
    if app.builder.name not in HTML_BUILDERS:
        return
    context["metatags"] = f"{context.get('metatags', '')}\n{_THEME_FIX}\n"
    if MARK in (context.get("body") or "") and app.tcpcore_assets:
        app.add_css_file(f"{app.tcpcore_assets}/player.css")
        app.add_js_file(f"{app.tcpcore_assets}/player.js", loading_method="defer")


class StepLinks(SphinxPostTransform):
    """Markdown links to a step of a player, ``(#handshake:5)`` or ``(page.md#handshake:5)``.

    No target of that name exists for Sphinx; this runs before MyST looks for one and warns.
    """

    default_priority = 8  # MyST's own resolver has 9

    def run(self, **_: Any) -> None:
        """Replace each such reference by a link."""
        for node in list(self.document.findall(addnodes.pending_xref)):
            if node.get("reftype") != "myst":
                continue
            other = node.get("refdomain") == "doc"
            step = str(node.get("reftargetid" if other else "reftarget") or "")
            if not _STEP_LINK.fullmatch(step):
                continue
            if self.app.builder.name not in HTML_BUILDERS:
                step = step.partition(":")[0]  # a text has no steps
            page = ""
            if other:
                page = self.app.builder.get_relative_uri(self.env.docname, node["reftarget"])
            link = nodes.reference("", "", internal=True, refuri=f"{page}#{step}")
            link += [child.deepcopy() for child in node.children]
            node.replace_self(link)


def know_the_scripts(_app: Any, config: Any) -> None:
    """Keep a hash of our scripts and styles among the settings.

    When it changes, Sphinx writes all pages anew, so that none asks for the folder of an earlier
    build, which `write_assets` removes.
    """
    digest = hashlib.sha256()
    for path in sorted(bundle.STATIC.iterdir()):
        if path.is_file():
            digest.update(path.name.encode() + path.read_bytes())
    config.tcpcore_scripts = digest.hexdigest()


def choose_mathjax(app: Any, config: Any) -> None:
    """MathJax from this site, where npm brought it."""
    if (_vendor(app) / "mathjax" / "es5" / "tex-mml-chtml.js").is_file():
        config.mathjax_path = "mathjax/tex-mml-chtml.js"


def setup(app: Any) -> dict[str, bool]:
    """Connect to Sphinx; `tcpcore_vendor_dir` is where npm's packages lie, from the book's root."""
    app.add_config_value(
        "tcpcore_vendor_dir", os.environ.get("TCPCORE_VENDOR_DIR", "node_modules"), "html"
    )
    app.add_config_value("tcpcore_scripts", "", "html")
    set_up_outputs(app)
    app.connect("config-inited", know_the_scripts)
    app.connect("config-inited", choose_mathjax)
    app.connect("builder-inited", write_assets)
    app.connect("html-page-context", add_to_page)
    app.add_post_transform(StepLinks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
