"""Forty beliefs: a prediction of a chapter puts each to the test, and the appendix links it."""

from __future__ import annotations

import re

import pytest

from tcpcore.view.beliefs import beliefs
from tests.book.test_chapter_shape import FOLDER, HTML, cells

PREDICTION = re.compile(r"predict\(\s*\"([\w-]+)\"")


def test_there_are_forty_beliefs_each_once():
    assert [one.number for one in beliefs()] == [f"M{number}" for number in range(1, 41)]
    assert len({one.says for one in beliefs()}) == 40


@pytest.mark.parametrize("belief", beliefs(), ids=lambda one: one.number)
def test_a_prediction_of_its_chapter_puts_the_belief_to_the_test(belief):
    text = (FOLDER / f"{belief.chapter}.md").read_text()
    asked = [key for _, code in cells(text) for key in PREDICTION.findall(code)]
    assert belief.prediction in asked


@pytest.mark.book
def test_the_page_of_beliefs_leads_to_each_prediction():
    page = (HTML / "appendix" / "beliefs.html").read_text()
    for one in beliefs():
        assert f"../{one.chapter}.html#predict-{one.prediction}" in page, one.number
        there = (HTML / f"{one.chapter}.html").read_text()
        assert f"id='predict-{one.prediction}'" in there, one.number
