"""What timestamps are good for, number by number."""

from __future__ import annotations

from typing import Any

import pytest

from tcpcore.view.evidence import Exchange, engine


def stale(**parameters: Any) -> Exchange:
    return engine("stale-segment", **parameters)


def received(found: Exchange) -> list[int]:
    """Bytes that the server's program got, call by call."""
    return found.moved("recv", "server")


def test_a_segment_from_long_ago_is_dropped_and_answered_with_an_ack():
    found = stale()
    assert received(found) == [100, 100]
    (answer,) = [one for one in found.segments if one.host == "server" and one.time == 1.15]
    assert (answer.flags, answer.ack) == ("ACK", 101)
    assert found.count("TcpExtPAWSEstab") == 1


def test_without_timestamps_it_takes_the_place_of_what_comes_later():
    found = stale(tcp_timestamps=0)
    assert received(found) == [100, 100]
    texts = [(one.text, one.seq) for one in found.segments if one.length]
    assert texts == [("first", 1), ("stale", 101), ("second", 101)]
    acks = [one.ack for one in found.segments if one.host == "server"]
    assert acks == [1, 101, 201, 201, 201]


@pytest.mark.parametrize(("age", "dropped"), [(0, 0), (1, 0), (2, 1)])
def test_one_tick_is_forgiven(age: int, dropped: int):
    assert stale(age=age).count("TcpExtPAWSEstab") == dropped


def test_an_old_reset_at_the_exact_number_ends_the_connection():
    assert "ECONNRESET" in stale(reset=True).results("recv")


def test_an_old_reset_elsewhere_in_the_window_is_challenged():
    found = stale(reset=True, offset=1000)
    assert "ECONNRESET" not in found.results("recv")
    assert [one.ack for one in found.segments if one.time == 1.15] == [101]


@pytest.mark.parametrize(("stamps", "wait"), [(1, 0.3), (0, 3)])
def test_after_a_lost_syn_only_timestamps_measure_the_round_trip(stamps: int, wait: float):
    run = engine("first-rto", tcp_timestamps=stamps, drop=(0, 4))
    times = [one.time for one in run.segments if one.length]
    assert times[1] - times[0] == pytest.approx(wait)


@pytest.mark.parametrize("stamps", [0, 1])
def test_a_syn_that_was_sent_once_measures_it_anyway(stamps: int):
    run = engine("first-rto", tcp_timestamps=stamps, drop=(3,))
    times = [one.time for one in run.segments if one.length]
    assert times[1] - times[0] == pytest.approx(0.3)


@pytest.mark.parametrize(("stamps", "second"), [(1, "ok"), (0, "EADDRNOTAVAIL")])
def test_a_port_of_time_wait_needs_timestamps_to_be_used_again(stamps: int, second: str):
    run = engine("reuse-with-timestamps", tcp_timestamps=stamps)
    assert run.results("connect") == ["ok", second]


def test_a_segment_tells_its_timestamps():
    first, second = engine("handshake").segments[:2]
    assert first.stamps is not None
    assert second.stamps is not None
    assert (first.stamps[1], second.stamps[1]) == (0, first.stamps[0])
    assert engine("first-rto", tcp_timestamps=0)[0].stamps is None
