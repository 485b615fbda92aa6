"""No time and no size in the prose differs from what the page's runs gave."""

from __future__ import annotations

import pytest

from tests.book.test_chapter_shape import FOLDER, HTML, chapters
from tools import printed_numbers


@pytest.mark.book
@chapters
def test_every_time_and_size_in_the_prose_is_a_result_of_the_page(path):
    page = (HTML / path.relative_to(FOLDER)).with_suffix(".html").read_text()
    assert printed_numbers.unproven(path.read_text(), page) == [], (
        "no output, player or setting of this page has these numbers: print them, mend them, or "
        "explain them in a comment, `% given: 1,500 bytes: what an Ethernet frame holds`"
    )


@chapters
def test_every_number_that_a_comment_explains_stands_in_the_prose(path):
    assert printed_numbers.idle(path.read_text()) == []
