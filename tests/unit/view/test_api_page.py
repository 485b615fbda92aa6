"""The reference made from docstrings."""

from __future__ import annotations

import pytest
from docutils import nodes

from tcpcore.view.api_page import addresses, described, signature
from tcpcore.view.exchange import Exchange


def test_a_signature_shows_names_and_defaults_and_no_types():
    def connect(self, address: str, port: int = 80, *, wait: bool = False) -> None: ...

    assert signature(connect) == "(address, port=80, *, wait=False)"
    assert signature(property(connect)) == ""


def test_a_docstring_becomes_paragraphs_with_code_and_blocks():
    first, block, last = described("Sends `data`\nas ``x``.\n\n    a = 1\n      b\n\nEnd.")
    assert [one.astext() for one in first.findall(nodes.literal)] == ["data", "x"]
    assert first.astext() == "Sends data as x."
    assert isinstance(block, nodes.literal_block)
    assert last.astext() == "End."


def test_a_star_means_every_described_member():
    found = addresses("tcpcore.view.exchange:Exchange.*")
    assert "tcpcore.view.exchange:Exchange.times" in found
    assert not [one for one in found if "._" in one]
    assert len(found) <= len(vars(Exchange))
    assert addresses("tcpcore:run") == ["tcpcore:run"]


def test_an_unknown_name_stops_the_build():
    with pytest.raises(AttributeError):
        addresses("tcpcore.view.exchange:Nobody.*")
