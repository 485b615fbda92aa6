"""Which pieces of an answer wait for a loss: on the wire, as programs read, and as drawn."""

from __future__ import annotations

import pytest

from tcpcore.multistream import Transfer
from tcpcore.view import Waiting, both, engine, mean_wait, pieces_of


def waiting(run) -> set[str]:
    return {one.stream for one in pieces_of(run) if one.waited > 50_000}


def test_on_one_connection_all_that_comes_after_the_hole_waits_on_engine_and_kernel():
    for run in both("head-of-line", drop=(5,)):
        assert waiting(run) == {"A", "B", "C"}
        assert [one.again for one in pieces_of(run)].count(True) == 1


def test_with_a_connection_each_only_one_answer_waits_on_engine_and_kernel():
    for run in both("head-of-line", separate=True, drop=(15,)):
        assert waiting(run) == {"A"}


def test_pieces_are_read_when_the_client_program_reads_them():
    for run in both("head-of-line", drop=(5,)):
        read = [one.read for one in pieces_of(run)]
        assert read == pytest.approx([round(t * 1e6) for t in run.ends("recv")], abs=15_000)


def test_without_a_loss_nothing_waits():
    assert not waiting(engine("head-of-line"))


def test_the_figure_says_in_words_what_it_draws():
    figure = Waiting(
        {"TCP": pieces_of(engine("head-of-line", drop=(5,))), "Streams": Transfer(lost=(0,)).pieces}
    )
    assert "TCP: 8 of 9 pieces wait, of A, B and C" in figure.text
    assert "Streams: 2 of 9 pieces wait, of A;" in figure.text
    assert "A1 arrives at" in figure.text
    assert figure.html.count("<tr>") == 2 + 18
    assert "nothing waits" in Waiting({"x": Transfer().pieces}).text


def test_more_streams_wait_less_and_more_answers_on_one_connection_wait_as_long():
    two, six = mean_wait(2), mean_wait(6)
    assert two["one connection"] == pytest.approx(six["one connection"])
    assert six["one for each"] < two["one for each"] < two["one connection"]
    assert six["streams"] < two["streams"]
