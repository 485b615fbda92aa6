"""Equal flows share a link equally: Jain's index."""

from __future__ import annotations

import pytest

import tcpcore


@pytest.mark.parametrize("control", ["reno", "cubic"])
@pytest.mark.parametrize("queue", [10, 20])
def test_equal_flows_get_equal_shares(control: str, queue: int):
    table = tcpcore.sweep(
        "two-flows-fairness",
        {"first": control, "second": control, "queue": queue, "lasts": 20, "seed": range(4)},
    )
    assert table.mean("fairness")[()] >= 0.95
    assert min(table.column("goodput")) > 1_800_000, "and they fill the link"
