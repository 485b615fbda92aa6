"""Two hosts over a bad network: every byte once and in order, or an error; and an end."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from tcpcore.units import mbit, ms
from tests.pairs.hostile import DATA, judge, networks, plans, run


@settings(max_examples=int(os.environ.get("HOSTILE_EXAMPLES", "150")))
@given(plans(False), plans(True), networks)
def test_every_byte_arrives_once_and_in_order_or_an_error_is_reported(
    client: dict[str, Any], server: dict[str, Any], network: dict[str, Any]
):
    note(f"{client}\n{server}\n{network}")
    judge(*run([client, server], network))


@settings(max_examples=60)
@given(st.lists(st.integers(0, 25), max_size=10), st.sampled_from([0, ms(30)]))
def test_whichever_segments_are_lost_the_rest_makes_up_for_them(drops: list[int], slow: int):
    plan = {"steps": [("write", 12_000)], "chunk": 2000, "slow": slow, "leave": False}
    network = {
        "seed": 1,
        "delay": ms(20),
        "rate": None,
        "queue": 1000,
        "impairments": {},
        "drops": drops,
        "sysctls": {},
    }
    reports, net = run([plan, plan], network)
    judge(reports, net)
    assert not reports[0].errors
    assert not reports[1].errors
    assert reports[0].received == DATA[1][:12_000]
    assert reports[1].received == DATA[0][:12_000]


@pytest.mark.parametrize("number", range(24))
def test_the_loss_of_any_single_segment_is_made_up_for(number: int):
    plan = {"steps": [("write", 8_000)], "chunk": 2000, "slow": 0, "leave": False}
    network = {
        "seed": 1,
        "delay": ms(20),
        "rate": mbit(10),
        "queue": 1000,
        "impairments": {},
        "drops": [number],
        "sysctls": {},
    }
    reports, net = run([plan, plan], network)
    judge(reports, net)
    assert all(report.end_of_file for report in reports)


def test_a_lost_segment_that_takes_small_ones_along_is_sent_again_once():
    """Found by a million segments: two small ones of one large packet became one, and both went."""
    client = {"steps": [("write", 1)], "chunk": 1, "slow": 0, "leave": False}
    server = {"steps": [("pause", 0), ("write", 2920)], "chunk": 1, "slow": 0, "leave": False}
    network = {
        "seed": 12,
        "delay": 0,
        "rate": None,
        "queue": 1,
        "impairments": {"loss": 0.01, "burst": (0.1, 0.2)},
        "drops": [0, 4, 7],
        "sysctls": {"tcp_timestamps": 0, "tcp_rmem": "4096 6000 6000"},
    }
    judge(*run([client, server], network))
