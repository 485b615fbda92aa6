"""The windowed filter: the best of a window, from three samples."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tcpcore.tcp.minmax import Windowed

WINDOW = 100


def test_a_better_sample_is_the_best_at_once():
    least = Windowed(1)
    least.reset(0, 50)
    assert least.update(WINDOW, 1, 60) == 50
    assert least.update(WINDOW, 2, 40) == 40


def test_the_greatest_is_kept_with_the_other_sign():
    most = Windowed(-1)
    most.reset(0, 50)
    assert most.update(WINDOW, 1, 40) == 50
    assert most.update(WINDOW, 2, 60) == 60


def test_a_sample_counts_to_the_end_of_the_window_and_not_longer():
    for late, expected in ((WINDOW, 50), (WINDOW + 1, 60)):
        least = Windowed(1)
        least.reset(0, 50)
        least.update(WINDOW, 30, 60)
        assert least.update(WINDOW, late, 70) == expected


def test_when_the_whole_window_is_over_only_the_new_sample_counts():
    least = Windowed(1)
    least.reset(0, 50)
    assert least.update(WINDOW, WINDOW + 1, 90) == 90


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 1000)), min_size=1, max_size=60))
def test_the_answer_is_a_sample_of_the_window_and_none_is_better_than_the_newest(steps):
    least, time, seen = Windowed(1), 0, []
    for step, value in steps:
        time += step
        best = least.update(WINDOW, time, value) if seen else least.reset(time, value)
        seen.append((time, value))
        assert best <= value
        assert best in [value for at, value in seen if time - at <= WINDOW]
