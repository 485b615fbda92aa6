"""What tests measure: functions of a module, which worker processes can see."""

from __future__ import annotations

from typing import Any

from tcpcore.net.network import Network

NAME = "data-and-close"
"""A scenario of some 10 segments."""


def seed_squared(network: Network) -> dict[str, Any]:
    return {"square": network.seed**2}


def fails_for_three(network: Network) -> dict[str, Any]:
    if network.seed == 3:
        raise ZeroDivisionError("three is too many")
    return {}


def gives_a_list(network: Network) -> dict[str, Any]:
    return {"hosts": [host.name for host in network.hosts]}


class Stops:
    """Somebody presses Ctrl-C at a cell."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.asked: list[int] = []

    def __call__(self, network: Network) -> dict[str, Any]:
        self.asked.append(network.seed)
        if network.seed == self.seed:
            raise KeyboardInterrupt
        return {}
