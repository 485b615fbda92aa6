"""Quantities made of plain numbers."""

from __future__ import annotations

import pytest

from tcpcore import units


def test_times_are_whole_microseconds():
    assert units.us(3) == 3
    assert units.ms(0.5) == 500
    assert units.seconds(1.5) == 1_500_000
    assert units.minutes(2) == 120_000_000
    assert isinstance(units.seconds(0.1), int)


def test_rates_are_bits_per_second():
    assert units.kbit(1) == 1000
    assert units.mbit(10) == 10_000_000
    assert units.gbit(0.1) == 100_000_000


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (0, "0"),
        (1, "0.000001"),
        (200, "0.0002"),
        (50_000, "0.05"),
        (1_000_000, "1"),
        (131_000_000, "131"),
        (924_600_000, "924.6"),
        (-1_500_000, "-1.5"),
        (-1, "-0.000001"),
    ],
)
def test_a_time_is_printed_with_the_fewest_digits_that_lose_nothing(time: int, text: str):
    assert units.format_seconds(time) == text
