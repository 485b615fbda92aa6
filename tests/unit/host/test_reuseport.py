"""Several sockets that listen on one port, with SO_REUSEPORT: who gets which connection."""

from __future__ import annotations

from typing import Any

import pytest

from tcpcore.errors import EADDRINUSE
from tcpcore.host import ports
from tcpcore.net.network import Network
from tcpcore.units import seconds
from tests.states.conftest import Make
from tests.unit.host.options import set_option

PORT = 8888


def share(host: Any, count: int) -> list[Any]:
    """So many listeners of one port."""
    made = [host.socket().setsockopt("SO_REUSEPORT", 1).bind(PORT) for _ in range(count)]
    return [one.listen(200) for one in made]


def world(clients: int, seed: int = 1) -> tuple[Network, Any, list[Any]]:
    """A server with three listeners, and clients that connect at once."""
    net = Network(seed=seed)
    client, server = net.host("client", "10.0.0.1"), net.host("server", "10.0.0.2")
    net.link(client, server, delay=1000)
    listeners = share(server, 3)

    async def visit(host: Any) -> None:
        await host.socket().connect("10.0.0.2", PORT)
        await host.pause()

    for _ in range(clients):
        client.spawn(visit)
    return net, server, listeners


def waiting(listeners: list[Any]) -> list[int]:
    return [len(one.listener.accept_queue) for one in listeners if one.listener is not None]


def test_a_hash_of_the_addresses_shares_connections_among_them():
    net, _, listeners = world(120)
    net.run(seconds(1))
    found = waiting(listeners)
    assert sum(found) == 120
    assert min(found) > 20


def test_another_host_has_another_hash():
    several = set()
    for seed in range(3):
        net, _, listeners = world(120, seed)
        net.run(seconds(1))
        several.add(tuple(waiting(listeners)))
    assert len(several) == 3


def test_who_closes_takes_only_its_own_connections_along():
    net, server, listeners = world(60)
    net.run(seconds(1))
    before = waiting(listeners)
    listeners[0]._close()
    assert len(server.endpoints) == 60 - before[0]
    assert server.sharing(PORT) == [listeners[2].listener, listeners[1].listener]
    assert server.listeners[PORT] is listeners[2].listener


def test_when_all_have_closed_the_port_is_free():
    net, server, listeners = world(0)
    for one in listeners:
        one._close()
    assert (server.listeners, server.bound_ports) == ({}, {})
    assert not ports.taken(server, PORT, {})
    net.run(seconds(1))


def test_ss_lists_each_of_them():
    net, server, _ = world(0)
    net.run(seconds(1))
    assert server.sh("ss -Htln").count(f":{PORT}") == 3


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("second", [False, True])
def test_both_must_have_so_reuseport(make: Make, first: bool, second: bool):
    wire = make()
    one, other = wire.socket(), wire.socket()
    for sock, shares in ((one, first), (other, second)):
        if shares:
            set_option(sock, "SO_REUSEPORT", 1)
    one.bind(PORT)
    one.raw.listen(1)
    if first and second:
        other.bind(PORT)
        other.raw.listen(1)
        return
    with pytest.raises(OSError) as caught:
        other.bind(PORT)
    assert caught.value.errno == EADDRINUSE


def test_the_snapshot_shows_all_of_them():
    net, server, listeners = world(clients=30)
    net.run(seconds(1))
    shown = server.snapshot()
    assert [one["state"] for one in shown["sockets"]].count("LISTEN") == 3
    queues = [one for one in shown["queues"] if one["name"] == "accept queue"]
    assert [len(one["entries"]) for one in queues] == waiting(listeners)
