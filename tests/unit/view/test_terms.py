"""Words of the glossary in prose: which are found, once, and where not."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from docutils import nodes
from docutils.utils import new_document
from sphinx import addnodes

from tcpcore.view import terms
from tcpcore.view.terms import LinkTerms, pattern

WORDS = ["SYN", "SYN queue", "half-close", "accept queue", "Nagle's algorithm", "TIME_WAIT"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A SYN, then two SYNs", ["SYN", "SYN"]),
        ("the SYN queue's limit", ["SYN queue"]),
        ("Half-close one; half-closes", ["Half-close", "half-close"]),
        ("SYN+ACK and SYN-ACK, syn, ASYN, tcp.SYN", ["SYN"]),
        ("Nagle’s algorithm in TIME_WAIT", ["Nagle’s algorithm", "TIME_WAIT"]),
        ("the accept\nqueue", ["accept\nqueue"]),
    ],
)
def test_words_are_found_whole_in_the_plural_and_at_the_start_of_a_sentence(text, found):
    assert [one[1] for one in pattern(WORDS).finditer(text)] == found


def glossary():
    names = [nodes.term("", name, ids=[f"term-{name}"]) for name in ("ISN", "initial number")]
    meaning = nodes.definition("", nodes.paragraph("", "The number of the SYN. (RFC 9293 §3.4.1)"))
    item = nodes.definition_list_item("", *names, meaning)
    return addnodes.glossary("", nodes.definition_list("", item))


def book():
    env = SimpleNamespace(docname="appendix/glossary", found_docs={"appendix/glossary", "a/b"})
    builder = SimpleNamespace(get_relative_uri=lambda here, there: f"../{there}.html")
    app = SimpleNamespace(env=env, builder=builder)
    env.app = app
    doc = new_document("glossary")
    doc += glossary()
    terms.collect(app, doc)
    return app


def linked(page, *children):
    app = book()
    app.env.docname = page
    doc = new_document(page)
    doc += children
    doc.settings.env = app.env
    LinkTerms(doc).run()
    return list(doc.findall(nodes.reference))


def test_the_first_use_on_a_page_becomes_a_link_with_the_meaning():
    (link,) = linked("a/b", nodes.paragraph("", "An ISN. Another ISN, an initial number."))
    assert link.astext() == "ISN"
    assert link["refuri"] == "../appendix/glossary.html#term-ISN"
    assert link["reftitle"] == "The number of the SYN."
    assert link["classes"] == [terms.MARK]


def test_a_plural_is_linked_whole():
    (link,) = linked("a/b", nodes.paragraph("", "Two ISNs"))
    assert link.astext() == "ISNs"


def test_titles_links_code_and_quotations_are_left_alone():
    inside = (nodes.title, nodes.block_quote, nodes.literal_block)
    quiet = [kind("", nodes.paragraph("", "An ISN")) for kind in inside]
    code = nodes.paragraph("", "", nodes.literal("", "ISN"))
    assert linked("a/b", *quiet, code) == []


def test_a_link_made_by_hand_gets_the_meaning_and_is_the_only_one():
    inner = nodes.inline("", "ISN", classes=["std", "std-term"])
    own = nodes.reference("", "", inner, refuri="x.html#term-ISN")
    links = linked("a/b", nodes.paragraph("", "", own), nodes.paragraph("", "The ISN"))
    assert [link.get("reftitle") for link in links] == ["The number of the SYN."]


def test_pages_beside_the_glossary_are_left_alone():
    assert linked("appendix/sysctls", nodes.paragraph("", "An ISN")) == []


def test_all_pages_are_written_again_when_a_meaning_changes_and_only_then():
    app = book()
    assert terms.pages_to_write_again(app, app.env) == ["a/b", "appendix/glossary"]
    assert terms.pages_to_write_again(app, app.env) == []
    terms.forget(app, app.env, "appendix/glossary")
    assert terms.pages_to_write_again(app, app.env) != []
