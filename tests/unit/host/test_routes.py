"""The attributes of a route: the first windows of a connection, like ``ip route ... initcwnd``."""

from __future__ import annotations

from typing import Any

import pytest

from tcpcore.errors import UsageError
from tcpcore.host.routes import Route
from tcpcore.host.stack import Host
from tcpcore.net.network import Network
from tcpcore.scenarios import registry
from tcpcore.sysctl import Sysctls
from tcpcore.tcp import metrics
from tcpcore.tcp.connection import Connection
from tcpcore.trace import Trace
from tcpcore.units import ms, seconds

RACE = "flow-control-vs-congestion-control"


def first_flight(trace: Trace) -> int:
    """Segments of data that the client sends before the first of them is acknowledged."""
    sent = [one for one in trace.segments if one.sender == 0 and one.segment.payload]
    return sum(one.sent == sent[0].sent for one in sent)


@pytest.mark.parametrize("segments", [1, 2, 10, 30])
def test_the_first_flight_is_as_large_as_the_route_says(segments: int) -> None:
    assert first_flight(registry.run(RACE, {"initcwnd": segments})) == segments


def test_the_receiver_still_has_a_say_in_the_first_flight() -> None:
    trace = registry.run(RACE, {"initcwnd": 40, "buffer": 16384})
    assert first_flight(trace) < 40


def exchange(initcwnd: int = 0, initrwnd: int = 0, pause: int = 0) -> Trace:
    """The server answers with 60,000 bytes, and after a pause with as much again."""
    net = Network()
    client, server = net.host("client", "10.0.0.1"), net.host("server", "10.0.0.2")
    net.link(client, server, delay=ms(50))
    server.change_route("10.0.0.1", initcwnd=initcwnd)
    client.change_route("10.0.0.2", initrwnd=initrwnd)

    async def serve(host: Host) -> None:
        connection = await host.socket().bind(80).listen(1).accept()
        connection.setsockopt("SO_SNDBUF", 500_000)
        await connection.send(bytes(60_000))
        if pause:
            await host.sleep(pause)
            await connection.send(bytes(60_000))
        await connection.close()

    async def fetch(host: Host) -> None:
        connection = host.socket()
        await connection.connect("10.0.0.2", 80)
        while await connection.recv(65536):
            pass
        await connection.close()

    server.spawn(serve)
    client.spawn(fetch)
    return net.run()


def answers(trace: Trace, after: int = 0) -> list[int]:
    """When the server sent data, later than that."""
    sent = [one.sent for one in trace.segments if one.sender == 1 and one.segment.payload]
    return [time for time in sent if time > after]


def test_a_server_that_accepts_looks_at_its_route_as_well() -> None:
    times = answers(exchange(initcwnd=25))
    assert times.count(times[0]) == 25


def test_after_idleness_a_sender_falls_back_to_the_windows_of_its_route() -> None:
    times = answers(exchange(initcwnd=25, pause=seconds(30)), after=seconds(20))
    assert times.count(times[0]) == 25


def test_without_attributes_ten_segments_go_first() -> None:
    times = answers(exchange())
    assert times.count(times[0]) == 10


def test_initrwnd_bounds_the_window_that_is_offered_first() -> None:
    syn = exchange(initrwnd=3).segments[0].segment
    assert syn.window == 3 * 1460


@pytest.mark.interpreted("compiled functions take no other types")
@pytest.mark.parametrize("value", [-1, 65536, True, 1.5])
def test_a_route_takes_no_other_numbers(value: object) -> None:
    host = Network().host("client", "10.0.0.1")
    with pytest.raises(UsageError, match="initcwnd is a number of segments from 0 to 65535"):
        host.change_route("10.0.0.2", initcwnd=value)  # type: ignore[arg-type]
    host.change_route("10.0.0.2", initcwnd=65535)


@pytest.mark.parametrize(
    ("attributes", "sentence"),
    [
        ({"mtu": 67}, "mtu is 68 bytes at least"),
        ({"advmss": 65536}, "advmss is a number of bytes from 0 to 65535, not 65536"),
        ({"quickack": 2}, "quickack is a number from 0 to 1, not 2"),
        ({"rto_min": -1}, "rto_min is a number of us from 0 to 120000000, not -1"),
        ({"hoplimit": 256}, "hoplimit is a number from 0 to 255, not 256"),
        ({"congctl": "vegas"}, "congestion controls are reno, cubic, bbr; 'vegas' is none of them"),
        ({"realm": 3}, "a route has no 'realm'; it has initcwnd, "),
    ],
)
def test_an_attribute_that_no_route_has_is_refused(
    attributes: dict[str, Any], sentence: str
) -> None:
    host = Network().host("client", "10.0.0.1")
    with pytest.raises(UsageError, match=sentence):
        host.change_route("10.0.0.2", **attributes)


def test_what_a_change_does_not_name_is_the_default_again() -> None:
    host = Network().host("client", "10.0.0.1")
    host.change_route("10.0.0.2", mtu=1200, initcwnd=3)
    host.change_route("10.0.0.2", initrwnd=4)
    assert host.routes["10.0.0.2"].set() == {"initrwnd": 4}


def learned(locked: str) -> int:
    """The reordering remembered of a peer where a route says 5 and a connection found 20."""
    c = Connection("10.0.0.1", 1, "10.0.0.2", 2, Sysctls(), 0)
    Route(reordering=5, locked=locked).give(c)
    c.metrics = {}
    c.srtt, c.ssthresh, c.cwnd, c.loss.reordering = 8000, 20, 10, 20
    memory = c.metrics
    metrics.remember(c)
    return memory["10.0.0.2"].reordering


def test_a_connection_raises_the_reordering_of_a_route_unless_it_is_locked() -> None:
    assert learned("") == 20
    assert learned("reordering") == 5
