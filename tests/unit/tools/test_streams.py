"""What a cell printed reads the same wherever the kernel cut it into pieces."""

from __future__ import annotations

from typing import Any

import pytest

TEXT = "engine SYN SYN+ACK\n    client: ok\n"


def new_output(kind: str, **fields: Any) -> Any:
    from nbformat.v4 import new_output  # slow, so not whenever tests are only collected

    return new_output(kind, **fields)


def whole_streams(outputs: list[Any]) -> list[Any]:
    from tools import book_extension

    return book_extension.whole_streams(outputs)


@pytest.mark.parametrize("cut", range(len(TEXT) + 1))
def test_a_cut_is_no_end_of_a_line_and_eats_no_blank(cut: int):
    pieces = [new_output("stream", name="stdout", text=part) for part in (TEXT[:cut], TEXT[cut:])]
    (whole,) = whole_streams(pieces)
    assert whole["text"] == TEXT


def test_a_figure_between_the_pieces_keeps_its_place_behind_the_first():
    figure = new_output("display_data", data={"text/plain": "figure"})
    pieces = [new_output("stream", name="stdout", text=part) for part in ("a", "b\n")]
    found = whole_streams([pieces[0], figure, pieces[1]])
    assert [one["output_type"] for one in found] == ["stream", "display_data"]
    assert found[0]["text"] == "ab\n"


def test_standard_output_and_errors_are_not_mixed():
    found = whole_streams(
        [new_output("stream", name=name, text=name) for name in ("stdout", "stderr", "stdout")]
    )
    assert [one["text"] for one in found] == ["stdoutstdout\n", "stderr\n"]


def test_a_cell_without_output_stays_without():
    assert whole_streams([]) == []
