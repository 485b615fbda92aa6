"""Claims are collected from the outputs of cells, page by page, however the book is built."""

from __future__ import annotations

from types import SimpleNamespace

from docutils import nodes
from docutils.utils import new_document

from tcpcore.view import outputs, pages
from tcpcore.view.claims import checked, claim_of_page
from tcpcore.view.shown import MIME


def output_of_a_cell():
    shown = checked(claim_of_page("S18", said=True, shows="all there"))
    content = shown._repr_mimebundle_()[MIME]
    return SimpleNamespace(mime_type=MIME, content=content)


def app(page: str):
    env = SimpleNamespace(docname=page, found_docs={page, "claims"})
    builder = SimpleNamespace(get_relative_uri=lambda here, there: f"{there}.html")
    return SimpleNamespace(env=env, builder=builder)


def document(*children):
    doc = new_document("page")
    doc += children
    return doc


def read(book, page, *children):
    book.env.docname = page
    doc = document(*children)
    pages.collect(book, doc)
    return doc


def rendered():
    (node,) = pages.MimeRenderer.handle_mime(None, output_of_a_cell(), False)
    return node


def written(builder: str) -> nodes.document:
    doc = document(rendered())
    doc.settings.env = SimpleNamespace(app=SimpleNamespace(builder=SimpleNamespace(name=builder)))
    outputs.ChooseForm(doc).run()
    return doc


def test_on_a_page_an_output_is_its_html():
    (node,) = written("html").children
    assert isinstance(node, nodes.raw)
    assert "id='claim-S18'" in node.astext()


def test_in_an_epub_an_output_is_its_text_and_its_claims_have_addresses():
    place, text = written("epub").children
    assert place["ids"] == ["claim-S18"]
    assert isinstance(text, nodes.literal_block)
    assert text.astext().startswith("S18 (holds)")


def test_other_outputs_are_left_to_others():
    other = SimpleNamespace(mime_type="text/html", content="")
    assert pages.MimeRenderer.handle_mime(None, other, False) is None


def test_a_pages_claims_are_collected_and_listed_with_a_link():
    book = app("chapter")
    read(book, "chapter", rendered())
    listing = read(book, "claims", pages.claims_table())
    pages.fill(book, listing, "claims")
    assert "Claims: 1 (1 hold)." in listing.astext()
    assert "S18" in listing.astext()
    assert [link["refuri"] for link in listing.findall(nodes.reference)] == [
        "chapter.html#claim-S18"
    ]


def test_the_listing_is_written_again_after_any_change():
    book = app("chapter")
    read(book, "claims", pages.claims_table())
    assert pages.pages_to_write_again(book, book.env) == ["claims"]


def test_a_page_that_is_read_again_or_gone_is_forgotten_first():
    book = app("chapter")
    read(book, "chapter", rendered())
    pages.forget(book, book.env, "chapter")
    listing = read(book, "claims", pages.claims_table())
    pages.fill(book, listing, "claims")
    assert "Claims of pages that this build leaves out: 194 of 194." in listing.astext()
    assert not list(listing.findall(nodes.reference))


def test_what_a_parallel_reader_found_is_taken_over():
    book, other = app("a"), app("b")
    read(book, "claims", pages.claims_table())
    read(other, "b", rendered())
    pages.merge(book, book.env, {"b"}, other.env)
    listing = document(pages.claims_table())
    pages.fill(book, listing, "claims")
    assert "S18" in listing.astext()
    assert pages.pages_to_write_again(book, book.env) == ["claims"]
