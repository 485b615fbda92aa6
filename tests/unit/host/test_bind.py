"""bind(): what is in the way of a port, and what SO_REUSEADDR moves out of it."""

from __future__ import annotations

from typing import Any

import pytest

from tcpcore.errors import EADDRINUSE
from tcpcore.net.network import Network
from tcpcore.units import seconds

PORT = 8888


def bound(
    *, first: bool, second: bool, listen: bool = False, keep: bool = False, wait: int = 1
) -> bool:
    """Whether a second bind() succeeds while the first socket, or its old connection, is there."""
    net = Network(seed=1)
    client, server = net.host("client", "10.0.0.1"), net.host("server", "10.0.0.2")
    net.link(client, server, delay=1000)
    results: list[bool] = []

    def socket(host: Any, reuse: bool) -> Any:
        one = host.socket()
        return one.setsockopt("SO_REUSEADDR", 1) if reuse else one

    async def serve(host: Any) -> None:
        earlier = socket(host, first).bind(PORT)
        if listen:
            earlier.listen(4)
            if not keep:
                await (await earlier.accept()).close()
                await earlier.close()
        await host.sleep(seconds(wait))
        try:
            socket(host, second).bind(PORT)
            results.append(True)
        except OSError as error:
            results.append(error.errno != EADDRINUSE)

    async def visit(host: Any) -> None:
        connection = host.socket()
        await connection.connect("10.0.0.2", PORT)
        await connection.recv(1)
        await connection.close()

    server.spawn(serve)
    if listen and not keep:
        client.spawn(visit)
    net.run(seconds(wait + 5))
    return results[0]


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("second", [False, True])
def test_a_bound_socket_is_in_the_way_unless_both_have_so_reuseaddr(first: bool, second: bool):
    assert bound(first=first, second=second) is (first and second)


def test_a_listener_is_always_in_the_way():
    assert not bound(first=True, second=True, listen=True, keep=True)


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("second", [False, True])
def test_a_connection_in_time_wait_is_in_the_way_unless_both_have_so_reuseaddr(
    first: bool, second: bool
):
    assert bound(first=first, second=second, listen=True) is (first and second)


def test_after_time_wait_the_port_is_free():
    assert not bound(first=False, second=False, listen=True, wait=59)
    assert bound(first=False, second=False, listen=True, wait=61)
