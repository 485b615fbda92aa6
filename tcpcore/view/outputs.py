"""One output of a cell in two forms: HTML for pages, text for books without scripts.

The form is chosen when a page is written, not when it is read, because one reading of the chapters
serves all builders.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

HTML_BUILDERS = ("html", "dirhtml", "singlehtml")
TEXT_BUILDERS = ("epub", "latex", "text", "man")


class output(nodes.General, nodes.Element):  # type: ignore[misc]  # docutils has no types
    """Both forms as children, HTML first."""


def output_of(
    html: str, text: str, claims: Iterable[dict[str, Any]] = (), name: str = ""
) -> output:
    """An output; `claims` are those that the cell judged, `name` is a player's address."""
    # Not "text_html": the theme paints that class white also on dark pages.
    page = nodes.raw(text=html, format="html", classes=["output"])
    node = output("", page, nodes.literal_block(text, text, language="none"))
    node["tcpcore_claims"] = list(claims)
    node["tcpcore_name"] = name
    return node


class ChooseForm(SphinxPostTransform):
    """Keep the form that the builder can show."""

    default_priority = 5  # right after myst-nb has chosen among MIME types

    def run(self, **_: Any) -> None:
        """Replace each output by one of its forms."""
        for node in list(self.document.findall(output)):
            html, text = node.children
            if self.app.builder.name in HTML_BUILDERS:
                node.replace_self(html)
            else:
                node.replace_self([*_places(node), text])


def _places(node: output) -> list[nodes.target]:
    """What links to a claim or a player lead to; in HTML their own elements have the addresses."""
    names = [node["tcpcore_name"], *(f"claim-{one['id']}" for one in node["tcpcore_claims"])]
    return [nodes.target("", "", ids=[name]) for name in names if name]


def setup(app: Any) -> None:
    """Connect to Sphinx."""
    app.add_node(output)
    app.add_post_transform(ChooseForm)
