"""What an option's value is: a number for programs, what its attribute says in a connection."""

from __future__ import annotations

from typing import Any

import pytest

from tcpcore import Network, ms, seconds
from tcpcore.host.socket_options import OPTIONS
from tcpcore.tcp.connection import Connection

FLAGS = ("SO_KEEPALIVE", "SO_OOBINLINE", "SO_REUSEADDR", "TCP_CORK", "TCP_NODELAY", "IP_RECVERR")


def exchange(name: str, value: int) -> tuple[Any, Any]:
    """The socket of a client that sets the option, and the one that a listener with it gives."""
    net = Network()
    client, server = net.host("client", "10.0.0.1"), net.host("server", "10.0.0.2")
    net.link(client, server, delay=ms(1))
    found: dict[str, Any] = {}

    async def serve(host: Any) -> None:
        listener = host.socket().bind(80)
        listener.setsockopt(name, value)
        found["server"] = await listener.listen().accept()
        await host.sleep(seconds(1))

    async def ask(host: Any) -> None:
        found["client"] = socket = host.socket()
        socket.setsockopt(name, value)
        await socket.connect("10.0.0.2", 80)
        await host.sleep(seconds(1))

    server.spawn(serve)
    client.spawn(ask)
    net.run(seconds(0.5))
    return found["client"], found["server"]


@pytest.mark.parametrize("name", FLAGS)
@pytest.mark.parametrize("value", [0, 1])
def test_a_flag_is_a_number_for_the_program_and_a_truth_value_in_the_connection(
    name: str, value: int
) -> None:
    for socket in exchange(name, value):
        shown = socket.getsockopt(name)
        assert shown == value
        assert type(shown) is int
        owner, attribute = OPTIONS[name]._owner(socket.connection)
        assert getattr(owner, attribute) is bool(value)


@pytest.mark.parametrize("name", [name for name, one in OPTIONS.items() if one.attribute])
def test_what_an_option_writes_has_the_type_that_was_there(name: str) -> None:
    option = OPTIONS[name]
    fresh = Network().host("client", "10.0.0.1").new_connection("10.0.0.1", 1, "10.0.0.2", 2)
    assert isinstance(fresh, Connection)
    owner, attribute = option._owner(fresh)
    before = getattr(owner, attribute)
    option.give(fresh, 1)
    assert isinstance(getattr(owner, attribute), type(before) if before is not None else int)
