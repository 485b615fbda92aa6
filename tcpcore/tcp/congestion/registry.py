"""Congestion controls by Linux's names."""

from __future__ import annotations

from collections.abc import Callable

from tcpcore.sysctl import CONGESTION_CONTROLS
from tcpcore.tcp.congestion.base import CongestionControl
from tcpcore.tcp.congestion.bbr import Bbr
from tcpcore.tcp.congestion.cubic import Cubic
from tcpcore.tcp.congestion.reno import Reno

_KNOWN: dict[str, Callable[[], CongestionControl]] = {"reno": Reno, "bbr": Bbr, "cubic": Cubic}


def register(algorithm: type[CongestionControl]) -> None:
    """Let sysctl and TCP_CONGESTION choose it by its name."""
    _KNOWN[algorithm.name] = algorithm
    if algorithm.name not in CONGESTION_CONTROLS:
        CONGESTION_CONTROLS.append(algorithm.name)


def names() -> list[str]:
    """What tcp_available_congestion_control shows."""
    return list(_KNOWN)


def create(name: str) -> CongestionControl:
    """A new one for a connection; `KeyError` when nothing is called so."""
    return _KNOWN[name]()
