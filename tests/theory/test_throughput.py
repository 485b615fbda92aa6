"""Reno's throughput on a lossy path, beside the formulas of Mathis and of Padhye (PFTK).

Linux counts segments and not ACKs when cwnd grows, so one ACK stands for b = 1 segment in both
formulas, whatever the receiver delays.
"""

from __future__ import annotations

from math import sqrt
from typing import Any

import pytest

import tcpcore
from tcpcore.sweeps import Table
from tests.theory.measures import sent

LOSSES = (0.5, 1, 2, 3)
"""Percent."""
ROUND_TRIPS = (20, 60, 200)
"""ms."""
ROUNDS = 700
"""Round trips that each run lasts: enough losses for a mean."""
SEEDS = (1, 2)


@pytest.fixture(scope="module")
def runs() -> dict[int, Table]:
    """For each round trip a table of its losses and seeds."""
    return {
        rtt: tcpcore.sweep(
            "loss-and-throughput",
            {"rtt": rtt, "loss": LOSSES, "lasts": rtt * ROUNDS // 1000, "seed": SEEDS},
            measure=sent,
            traced=False,
        )
        for rtt in ROUND_TRIPS
    }


def throughput(table: Table, loss: float) -> float:
    """Segments a second, mean over the seeds."""
    cells = table.where(loss=loss)
    return sum(cell["new"] / cell["lasts"] for cell in cells) / len(cells)


def mathis(rtt: float, loss: float) -> float:
    """Mathis, Semke, Mahdavi, Ott 1997: segments a second."""
    return sqrt(3 / 2 / loss) / rtt


def pftk(rtt: float, loss: float, time_outs: float | None = None) -> float:
    """Padhye, Firoiu, Towsley, Kurose 1998, equation (30), without a limit by the window.

    `time_outs` is the share of losses that end in a time-out; None: the formula's own estimate.
    """
    share = min(1, 3 * sqrt(3 * loss / 8)) if time_outs is None else time_outs
    wait = 0.2 + rtt  # the RTO: srtt and 200 ms
    return 1 / (rtt * sqrt(2 * loss / 3) + wait * share * loss * (1 + 32 * loss**2))


@pytest.mark.parametrize("rtt", ROUND_TRIPS)
@pytest.mark.parametrize("loss", LOSSES)
def test_reno_is_as_fast_as_mathis_says(runs: dict[int, Table], loss: float, rtt: int):
    assert throughput(runs[rtt], loss) == pytest.approx(mathis(rtt / 1000, loss / 100), rel=0.2)


@pytest.mark.parametrize("loss", LOSSES)
def test_reno_is_as_fast_as_pftk_says_where_a_time_out_is_a_few_round_trips(
    runs: dict[int, Table], loss: float
):
    assert throughput(runs[200], loss) == pytest.approx(pftk(0.2, loss / 100), rel=0.2)


@pytest.mark.parametrize("rtt", ROUND_TRIPS)
@pytest.mark.parametrize("loss", LOSSES)
def test_reno_is_as_fast_as_pftk_says_of_the_time_outs_that_happened(
    runs: dict[int, Table], loss: float, rtt: int
):
    """SACK, RACK and the tail loss probe avoid nearly all time-outs that the formula counts on.

    At 20 ms a time-out lasts eleven round trips, so there its own estimate is far too low.
    """
    cells = runs[rtt].where(loss=loss)
    share = sum(cells.column("timeouts")) / sum(cells.column("again"))
    assert share < 0.05
    expected = pftk(rtt / 1000, loss / 100, share)
    assert throughput(runs[rtt], loss) == pytest.approx(expected, rel=0.2)


def test_without_sack_and_probes_time_outs_come_back_and_pftk_counts_them():
    grid: dict[str, Any] = {"rtt": 200, "loss": 3, "lasts": 150, "seed": SEEDS}
    classical = {"tcp_sack": 0, "tcp_recovery": 0, "tcp_early_retrans": 0}
    table = tcpcore.sweep("loss-and-throughput", {**grid, **classical}, measure=sent, traced=False)
    assert sum(table.column("timeouts")) > 20
    assert throughput(table, 3) == pytest.approx(pftk(0.2, 0.03), rel=0.2)
