"""Formulas of papers and RFCs, at values that can be reckoned by hand."""

from __future__ import annotations

import pytest

from tcpcore.errors import UsageError
from tcpcore.view.theory import cubic_wait, cubic_window, mathis, reno_wait


def test_four_times_the_loss_halves_the_speed_and_so_does_twice_the_round_trip():
    assert mathis(100, 4) == pytest.approx(mathis(100, 1) / 2)
    assert mathis(200, 1) == pytest.approx(mathis(100, 1) / 2)


def test_one_per_cent_at_100_ms_is_a_window_of_twelve_segments():
    assert mathis(100, 1) == pytest.approx(1448 * 8 * 12.247 / 0.1 / 1e6, rel=1e-3)


@pytest.mark.parametrize(("rtt", "loss"), [(0, 1), (100, 0), (-1, 1)])
def test_without_a_round_trip_or_a_loss_there_is_no_formula(rtt: float, loss: float):
    with pytest.raises(UsageError, match="above 0"):
        mathis(rtt, loss)


def test_cubic_begins_at_seven_tenths_and_is_back_after_its_wait():
    assert cubic_window(0, 100) == pytest.approx(70)
    assert cubic_window(cubic_wait(100), 100) == pytest.approx(100)
    assert cubic_wait(100) == pytest.approx(75 ** (1 / 3))


def test_reno_needs_half_a_window_of_round_trips():
    assert reno_wait(100, 100) == pytest.approx(5)
