"""What a host's routes say about TCP: the first windows, as in ``ip route change ... initcwnd N``.

Where packets go is the network's business (`net.wires`); here are only attributes of a route that
TCP looks at when a connection opens.  Source: RTAX_INITCWND and RTAX_INITRWND in tcp_init_cwnd()
and tcp_select_initial_window(); ip-route(8).
"""

from __future__ import annotations

from dataclasses import dataclass

from tcpcore.errors import UsageError

MOST = 65535
"""More than anybody wants, and what a receiver could never be told without a window scale."""


@dataclass(frozen=True, slots=True)
class Route:
    """Attributes of the route to one address, in segments; 0: none, the kernel's own default."""

    initcwnd: int = 0
    initrwnd: int = 0

    def __post_init__(self) -> None:
        for name in ("initcwnd", "initrwnd"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST:
                raise UsageError(f"{name} is a number of segments from 0 to {MOST}, not {value!r}.")


UNSET = Route()
