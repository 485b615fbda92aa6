"""How many round trips pass before the answer to the first request is there."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from tcpcore.scenarios import tls
from tcpcore.view.evidence import engine
from tcpcore.view.exchange import Exchange


def visit(number: int = 1, **parameters: Any) -> Exchange:
    return engine("tls-flights", **parameters).connection(number)


def round_trips(run: Exchange) -> int:
    """From the SYN to the last byte of the answer."""
    answer = next(one for one in run.segments if "200 OK" in one.text)
    return round((answer.time + 0.05) / 0.1)


@pytest.mark.parametrize(("version", "trips"), [(0, 2), (1, 4), (2, 3)])
def test_tls_costs_its_flights_on_top_of_tcps_one(version: int, trips: int):
    assert round_trips(visit(tls=version)) == trips


@pytest.mark.parametrize(("version", "trips"), [(0, 1), (1, 3), (2, 2), (3, 1)])
def test_fast_open_saves_one_round_trip_at_the_next_visit(version: int, trips: int):
    second = visit(2, tls=version, fast_open=True, earlier_visit=True)
    assert round_trips(second) == trips
    assert second[0].length > 0


def test_early_data_saves_one_round_trip_without_fast_open():
    assert round_trips(visit(2, tls=3, earlier_visit=True)) == 2


def test_the_first_visit_saves_nothing():
    assert round_trips(visit(fast_open=True)) == round_trips(visit()) == 3
    assert round_trips(visit(tls=3)) == 3


@pytest.mark.parametrize(("hello", "trips"), [(1420, 2), (1421, 3)])
def test_a_hello_too_long_for_a_syn_saves_nothing(hello: int, trips: int):
    second = visit(2, fast_open=True, earlier_visit=True, hello=hello)
    assert round_trips(second) == trips


def test_the_ack_may_wait_for_the_hello_and_carry_it():
    assert visit(ack_waits=False)[2].length == 0
    assert (visit(ack_waits=True)[2].length, visit(ack_waits=True)[2].ack) == (517, 1)


@pytest.mark.parametrize("version", [tls.NO_TLS, tls.TLS_1_2, tls.TLS_1_3, tls.EARLY_DATA])
def test_the_two_sides_take_turns(version: int):
    speakers = [flight[0] for flight in tls.flights(version, 517)]
    assert all(one != other for one, other in pairwise(speakers))
