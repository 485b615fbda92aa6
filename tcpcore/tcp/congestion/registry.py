"""Congestion controls by Linux's names."""

from __future__ import annotations

from collections.abc import Callable

from tcpcore.errors import UsageError
from tcpcore.sysctl import CONGESTION_CONTROLS
from tcpcore.tcp.congestion.base import CongestionControl
from tcpcore.tcp.congestion.bbr import Bbr
from tcpcore.tcp.congestion.cubic import Cubic
from tcpcore.tcp.congestion.reno import Reno

_KNOWN: dict[str, Callable[[], CongestionControl]] = {"reno": Reno, "cubic": Cubic, "bbr": Bbr}
LINUX = tuple(_KNOWN)
"""Those that every host has."""


LONGEST_NAME = 15
"""TCP_CA_NAME_MAX less the 0 at its end."""


def register(algorithm: type[CongestionControl]) -> type[CongestionControl]:
    """Let sysctl and TCP_CONGESTION choose it by its name; also as a decorator.

    A name may be registered anew, so that a cell of a notebook can run twice.  `UsageError` when
    it is no `CongestionControl`, or has no name of its own, or one that Linux has.
    """
    if not (isinstance(algorithm, type) and issubclass(algorithm, CongestionControl)):
        raise UsageError(f"register() takes a class derived from CongestionControl: {algorithm!r}.")
    own = vars(algorithm).get("name")
    if not isinstance(own, str) or not 0 < len(own) <= LONGEST_NAME or own.split() != [own]:
        raise UsageError(
            f'{algorithm.__name__} needs a line such as name = "mine": one word of at most '
            f"{LONGEST_NAME} letters, not {own!r}."
        )
    if own in LINUX:
        raise UsageError(f"{own!r} is Linux's; {algorithm.__name__} needs another name.")
    _KNOWN[own] = algorithm
    if own not in CONGESTION_CONTROLS:
        CONGESTION_CONTROLS.append(own)
    return algorithm


def names() -> list[str]:
    """What tcp_available_congestion_control shows."""
    return list(_KNOWN)


def create(name: str) -> CongestionControl:
    """A new one for a connection; `KeyError` when nothing is called so."""
    return _KNOWN[name]()
