"""The standard record: counted by hand on small runs."""

from __future__ import annotations

from typing import Any

import pytest

from tcpcore.net.network import Network
from tcpcore.scenarios import registry
from tcpcore.sweeps.flows import fairness, flows
from tcpcore.sweeps.summary import percentile, summary
from tcpcore.units import mbit, ms, seconds
from tests.unit.net.test_link import pair, transfer


def measured(size: int, lost: tuple[int, ...] = (), **link: Any) -> tuple[dict[str, Any], Network]:
    net, client, server, _ = pair(**link)
    net.drop_segments(lost)
    transfer(net, client, server, size)
    net.run(seconds(60))
    return summary(net), net


def test_goodput_is_what_was_acknowledged_over_the_time_it_took():
    found, _ = measured(1448, delay=ms(50))
    assert (found["bytes"], found["completion"]) == (1448, ms(100))
    assert found["goodput"] == 1448 * 8 * 10


def test_a_fin_and_a_syn_are_no_bytes():
    assert measured(10_000, delay=ms(5))[0]["bytes"] == 10_000


def test_segments_are_counted_with_those_sent_again():
    found, net = measured(14_480, lost=(5,), delay=ms(5), rate=mbit(100))
    assert net.trace is not None
    assert found["segments"] == len(net.trace.segments)
    assert found["data_segments"] == 11
    assert (found["retransmissions"], found["lost"], found["timeouts"]) == (1, 1, 0)


def test_a_time_out_is_counted():
    found, net = measured(100, lost=(3, 4, 5), delay=ms(5))
    assert found["timeouts"] == sum(host.counters["TcpExtTCPTimeouts"] for host in net.hosts) > 0


def test_round_trips_are_those_of_segments_sent_once():
    found, _ = measured(1448, lost=(3,), delay=ms(20))
    assert found["rtt_max"] is None
    found, _ = measured(14_480, delay=ms(20))
    assert (found["rtt_min"], found["rtt_max"]) == (ms(40), ms(40))


def test_a_hole_does_not_lengthen_the_round_trips_of_what_waited_behind_it():
    found, _ = measured(30_000, lost=(4,), delay=ms(20), rate=mbit(100))
    assert found["retransmissions"] == 1
    assert found["rtt_max"] < ms(90)


def test_waits_in_the_queue_are_counted():
    found, _ = measured(14_480, delay=ms(20), rate=mbit(12))
    assert found["queue_max"] == 10  # ten segments behind the pure ACK of 52 bytes
    assert found["wait_max"] == 9 * 1000 + 35
    assert found["dropped"] == 0


def test_drops_of_the_queue_are_counted_with_and_without_a_trace():
    traced, _ = measured(200_000, delay=ms(20), rate=mbit(5), queue=5)
    net = Network(1, traced=False)
    client, server = net.host("client", "10.0.0.1"), net.host("server", "10.0.0.2")
    net.link(client, server, delay=ms(20), rate=mbit(5), queue=5)
    transfer(net, client, server, 200_000)
    net.run(seconds(60))
    bare = summary(net)
    assert bare == {name: traced[name] for name in bare}
    assert traced["dropped"] == traced["lost"] > 0


@pytest.mark.parametrize("name", registry.names())
def test_every_scenario_has_a_record(name: str):
    network = registry.prepare(name)
    network.run(registry.get(name).until)
    found = summary(network)
    assert found["segments"] == len(network.trace.segments)  # type: ignore[union-attr]
    assert found["bytes"] <= sum(len(s.segment.payload) for s in network.trace.segments)  # type: ignore[union-attr]


def test_both_directions_are_flows_of_their_own():
    trace = registry.run("data-and-close")
    assert [trace.hosts[flow.sender][0] for flow in flows(trace)] == ["client", "server"]


def test_jains_index_is_one_for_equals_and_one_nth_for_one_who_has_all():
    assert fairness([5, 5, 5]) == 1
    assert fairness([9, 0, 0]) == pytest.approx(1 / 3)
    assert fairness([3, 1]) == pytest.approx(0.8)
    assert fairness([3]) is None
    assert fairness([0, 0]) is None


def test_percentiles_are_by_the_nearest_rank():
    values = list(range(1, 11))
    assert [percentile(values, p) for p in (0, 50, 95, 100)] == [1, 5, 10, 10]
    assert percentile([], 50) is None
