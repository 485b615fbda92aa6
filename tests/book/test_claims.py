"""All 194 claims are run, each in its chapter, and the page of claims shows them."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from tcpcore.view.claims import PLAN, SOURCES, VERDICTS, plan, statements

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = ROOT / "chapters"
HTML = ROOT / "_build" / "html" / "chapters"
PRESENT = list(statements().values())
CELL = re.compile(r"```\{code-cell\}.*?\n(.*?)```", re.DOTALL)
CALL = re.compile(r"claim(?:_of_page|_of_engine|_of_script)?\(\s*\"(S\d+)\"")


def ids_in_cells(page: Path) -> list[str]:
    return [key for cell in CELL.findall(page.read_text()) for key in CALL.findall(cell)]


def test_the_plan_has_each_of_the_194_claims_once():
    written = re.findall(r"\bS\d+\b", PLAN.read_text())
    assert len(written) == len(plan()) == 194


def test_each_of_them_is_stated_in_our_words():
    assert {one.id for one in PRESENT} == {*plan()}


def test_every_statement_stands_in_the_plan_of_its_chapter():
    moved = {one.id: one.chapter for one in statements().values() if plan()[one.id] != one.chapter}
    assert not moved, "move them in statements/plan.txt as well"


@pytest.mark.parametrize("chapter", sorted({*plan().values()}))
def test_every_claim_of_a_chapter_has_a_cell_there(chapter):
    run = ids_in_cells(CHAPTERS / f"{chapter}.md")
    missing = {key for key, home in plan().items() if home == chapter} - {*run}
    assert not missing, f"{chapter} runs no claim(...) of these"


def test_no_cell_runs_a_claim_that_belongs_to_another_chapter():
    for page in CHAPTERS.rglob("*.md"):
        for key in ids_in_cells(page):
            assert f"{statements()[key].chapter}.md" == str(page.relative_to(CHAPTERS)), key


def test_every_statement_is_in_our_own_words_and_names_a_known_source_and_verdict():
    for one in statements().values():
        assert one.source in SOURCES, one.id
        assert one.otherwise in ("", *VERDICTS), one.id
        for sentence in (one.says, one.today):
            assert sentence.isascii(), one.id
            assert sentence.endswith("."), one.id


@pytest.mark.book
@pytest.mark.parametrize("statement", PRESENT, ids=lambda one: one.id)
def test_the_executed_claim_stands_on_its_page(statement):
    page = (HTML / f"{statement.chapter}.html").read_text()
    assert f"id='claim-{statement.id}'" in page


@pytest.mark.book
def test_the_page_of_claims_lists_exactly_the_executed_ones_with_a_link_to_each():
    page = (HTML / "appendix" / "claims.html").read_text()
    linked = re.findall(r'href="\.\./([^"#]+)\.html#claim-(S\d+)"', page)
    assert sorted(linked) == sorted((one.chapter, one.id) for one in PRESENT)


@pytest.mark.book
def test_the_page_of_claims_has_all_194():
    page = (HTML / "appendix" / "claims.html").read_text()
    assert "Claims: 194 (" in page
    assert "leaves out" not in page


@pytest.mark.book
def test_the_page_of_claims_says_what_the_source_says_and_what_is_true():
    page = html.unescape((HTML / "appendix" / "claims.html").read_text())
    text = re.sub(r"[’‘]", "'", re.sub(r"<[^>]+>", "", page))
    for one in PRESENT:
        assert one.says in text, one.id
        assert one.today in text, one.id


@pytest.mark.book
def test_the_addresses_that_a_source_names_are_links_of_the_chapter():
    page = (HTML / "handshake" / "three-way-handshake.html").read_text()
    for address in (
        "https://www.ibm.com/support/knowledgecenter/en/SSLTBW_2.1.0/",
        "http://edsiper.linuxchile.cl/blog/2013/02/21/linux-tcp-fastopen-in-your-sockets/",
        "https://blog.cloudflare.com/syn-packet-handling-in-the-wild/",
        "https://blog.cloudflare.com/this-is-strictly-a-violation-of-the-tcp-specification/",
        "http://www.freesoft.org/CIE/Course/Section4/11.htm",
    ):
        assert f'href="{address}' in page
