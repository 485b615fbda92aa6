"""Addresses and networks as filters write them: ``10.0.0.1``, ``10.0.0.0/8``."""

from __future__ import annotations

from collections.abc import Callable

from tcpcore.errors import UsageError
from tcpcore.wire import address as wire_address


def inside(network: str, tool: str) -> Callable[[str], bool]:
    """The test whether an address lies in the network, or is that very address.

    `UsageError` when `network` is neither.
    """
    return wire_address.inside(*parse(network, tool))


def parse(network: str, tool: str) -> tuple[bytes, int]:
    """``(address, bits of the prefix)``; `UsageError` for anything else."""
    text, slash, length = network.partition("/")
    try:
        packed = wire_address.pack(text)
    except ValueError:
        packed = b""
    if not packed or (slash and not length.isdigit()):
        raise UsageError(f"{tool}: an address or network such as 10.0.0.0/8, not {network!r}.")
    bits = int(length) if slash else 8 * len(packed)
    if bits > 8 * len(packed):
        raise UsageError(f"{tool}: {network} has more bits than an address.")
    return packed, bits
