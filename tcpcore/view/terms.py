"""Sphinx extension: the words of the glossary explain themselves where a page first uses them.

When a page is written, the first use of each word of a ``{glossary}`` in its prose becomes a link
to it that carries the definition (not on pages in the glossary's own folder);
``static/terms.js`` shows that on hover, focus or tap.  Writers need no markup; ``{term}`` works as
ever and gets the same.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform

MARK = "glossary-term"
"""The class of such links."""

# Where a word is not prose, or has a link already.
_ELSEWHERE = (nodes.title, nodes.reference, nodes.block_quote, nodes.table, nodes.literal_block)
_NOT_INSIDE = (*_ELSEWHERE, nodes.literal, nodes.raw, nodes.math, addnodes.pending_xref)


class Term:
    """A word of the glossary: where it stands, and what it means."""

    def __init__(self, page: str, key: str, meaning: str) -> None:
        self.page, self.key, self.meaning = page, key, meaning


Terms = dict[str, Term]


def _plain(text: str) -> str:
    """As it would be typed: Sphinx turns apostrophes into typographic ones."""
    return text.replace("’", "'")


def _by_page(env: Any) -> dict[str, Terms]:
    if not hasattr(env, "tcpcore_terms"):
        env.tcpcore_terms = {}
    found: dict[str, Terms] = env.tcpcore_terms
    return found


def all_terms(env: Any) -> Terms:
    """The words of all glossaries of the book."""
    return {word: term for terms in _by_page(env).values() for word, term in terms.items()}


def collect(app: Any, doctree: Any) -> None:
    """Remember the words of a page that has just been read."""
    found: Terms = {}
    for item in doctree.findall(nodes.definition_list_item):
        if not isinstance(item.parent.parent, addnodes.glossary):
            continue
        (meaning,) = item.findall(nodes.definition)
        text = " ".join(meaning.astext().split())
        for word in item.findall(nodes.term):
            name = _plain(word.astext())
            found[name] = Term(app.env.docname, word["ids"][0], re.sub(r" ?\(RFC.*?\)$", "", text))
    if found:
        _by_page(app.env)[app.env.docname] = found


def forget(_app: Any, env: Any, page: str) -> None:
    """A page is about to be read again, or gone."""
    _by_page(env).pop(page, None)


def merge(_app: Any, env: Any, pages: set[str], other: Any) -> None:
    """Take over what a parallel reader found."""
    _by_page(env).update({page: found for page, found in _by_page(other).items() if page in pages})


def pages_to_write_again(_app: Any, env: Any) -> list[str]:
    """All pages, when a word came, went or changed its meaning."""
    now = {word: term.meaning for word, term in all_terms(env).items()}
    before, env.tcpcore_meanings = getattr(env, "tcpcore_meanings", None), now
    return [] if before == now else sorted(env.found_docs)


def pattern(words: list[str]) -> re.Pattern[str]:
    """Finds a word, also in the plural and at the start of a sentence."""
    forms = []
    for word in sorted(words, key=len, reverse=True):
        form = re.escape(word).replace("'", "['’]").replace(r"\ ", r"\s+")
        if word[:1].islower() and word[1:2].islower():
            form = f"(?i:{form[0]}){form[1:]}"
        forms.append(form)
    return re.compile(rf"(?<![\w.-])({'|'.join(forms)})(s?)(?![\w-])")


class LinkTerms(SphinxPostTransform):
    """Link the first use of each word on a page; give links to the glossary their meaning."""

    default_priority = 20  # after the links of {term} have been resolved

    def run(self, **_: Any) -> None:
        """Change the page's tree in place."""
        terms = all_terms(self.env)
        if not terms or self.env.docname in _by_page(self.env):
            return
        used = self._explain_links(terms)
        words = {
            word: term
            for word, term in terms.items()
            if term.key not in used and not self._beside(term)
        }
        if words:
            self._link_first_uses(words)

    def _beside(self, term: Term) -> bool:
        """Whether this page and the glossary lie in one folder: both are for looking things up."""
        return posixpath.dirname(self.env.docname) == posixpath.dirname(term.page)

    def _explain_links(self, terms: Terms) -> set[str]:
        """Meanings for the links that ``{term}`` made; the addresses that they lead to."""
        by_key = {term.key: term for term in terms.values()}
        used = set()
        for link in self.document.findall(nodes.reference):
            key = link.get("refuri", "").partition("#")[2]
            if (
                key in by_key
                and link.children
                and "std-term" in link.children[0].get("classes", ())
            ):
                self._mark(link, by_key[key])
                used.add(key)
        return used

    def _link_first_uses(self, terms: Terms) -> None:
        finder, left = pattern(list(terms)), {term.meaning for term in terms.values()}
        for text in list(_prose(self.document)):
            parts: list[nodes.Node] = []
            done, source = 0, text.astext()
            for found in finder.finditer(source):
                term = terms.get(_word(found[1], terms))
                if term is None or term.meaning not in left:
                    continue
                left.discard(term.meaning)  # of all its names only the first is linked
                parts += [nodes.Text(source[done : found.start()]), self._link(found[0], term)]
                done = found.end()
            if parts:
                text.parent.replace(text, [*parts, nodes.Text(source[done:])])

    def _link(self, word: str, term: Term) -> nodes.reference:
        page = self.app.builder.get_relative_uri(self.env.docname, term.page)
        link = nodes.reference("", word, internal=True, refuri=f"{page}#{term.key}")
        return self._mark(link, term)

    @staticmethod
    def _mark(link: nodes.reference, term: Term) -> nodes.reference:
        link["classes"].append(MARK)
        link["reftitle"] = term.meaning
        return link


def _word(found: str, terms: Terms) -> str:
    """The glossary's form of a word that the pattern found."""
    plain = " ".join(_plain(found).split())
    return plain if plain in terms else plain[:1].lower() + plain[1:]


def _prose(document: nodes.document) -> Iterator[nodes.Text]:
    for text in document.findall(nodes.Text):
        node, inside = text.parent, False
        while node is not None and not isinstance(node, nodes.document):
            if isinstance(node, _NOT_INSIDE):
                break
            inside = inside or isinstance(node, nodes.paragraph)
            node = node.parent
        else:
            if inside:
                yield text


def setup(app: Any) -> dict[str, Any]:
    """Connect to Sphinx."""
    app.connect("doctree-read", collect)
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", merge)
    app.connect("env-updated", pages_to_write_again)
    app.add_post_transform(LinkTerms)
    return {
        "version": "1",
        "env_version": 1,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
