"""Commands of ``ip`` that both backends obey."""

from __future__ import annotations

import pytest

from tcpcore.errors import UsageError
from tcpcore.packetdrill.routes import EVERYBODY, forgotten


@pytest.mark.parametrize(
    ("command", "whom"),
    [
        ("ip tcp_metrics flush all", EVERYBODY),
        ("/sbin/ip -4 tcp_metrics flush", EVERYBODY),
        ("ip tcpm f", EVERYBODY),
        ("ip tcp_metrics flush 192.0.2.7/24", "192.0.2.0/24"),
        ("ip tcp_metrics delete address 192.0.2.1", "192.0.2.1/32"),
        ("ip -6 tcp_metrics del fd3d::1", "fd3d::1/128"),
    ],
)
def test_who_is_forgotten(command: str, whom: str) -> None:
    assert forgotten(command) == whom


@pytest.mark.parametrize(
    "command", ["ip tcp_metrics show", "ip tcp_metrics", "ip t flush", "ip addr flush dev tun0"]
)
def test_what_flushes_something_else_forgets_nobody(command: str) -> None:
    assert forgotten(command) is None


def test_a_flush_of_what_is_no_address_is_a_mistake() -> None:
    with pytest.raises(UsageError, match="'everybody' is no IP address or prefix"):
        forgotten("ip tcp_metrics flush everybody")
