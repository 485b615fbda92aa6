"""What a host's routes say about TCP, as in ``ip route change ... initcwnd N``.

Where packets go is the network's business (`net.wires`); here are only attributes of a route that
TCP looks at when a connection opens.  Source: RTAX_INITCWND in tcp_init_cwnd(), RTAX_INITRWND in
tcp_select_initial_window(), RTAX_MTU in ipv4_mtu(), RTAX_ADVMSS in tcp_advertise_mss(),
RTAX_RTO_MIN in tcp_rto_min(), RTAX_QUICKACK in tcp_in_quickack_mode(), RTAX_HOPLIMIT in
ip4_dst_hoplimit(), RTAX_CC_ALGO in tcp_ca_dst_init(), RTAX_CWND in tcp_init_metrics(); ip-route(8).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from tcpcore.errors import UsageError
from tcpcore.tcp import ecn
from tcpcore.tcp.congestion import registry
from tcpcore.tcp.connection import Connection
from tcpcore.tcp.remembered import ByRoute
from tcpcore.units import MILLISECOND, SECOND

MOST = 65535
"""More than anybody wants, and what a receiver could never be told without a window scale."""
_MOST_RTO = 120 * SECOND
_LEAST_MTU = 68


@dataclass(frozen=True, slots=True)
class Route:
    """Attributes of the route to one address; 0: none, the kernel's own default.

    `initcwnd` and `initrwnd` are in segments, `mtu` and `advmss` in bytes, `rto_min` in us (whole
    ms count), `quickack` is 1 or 0.  `features` is 1 for those with ECN, `cwnd` the most that cwnd
    may be (a locked one: no other has an effect), `congctl` the name of a congestion control, and
    `congctl_lock` 1 if a program may choose no other one.
    """

    initcwnd: int = 0
    initrwnd: int = 0
    mtu: int = 0
    advmss: int = 0
    rto_min: int = 0
    quickack: int = 0
    hoplimit: int = 0
    features: int = 0
    cwnd: int = 0
    congctl: str = ""
    congctl_lock: int = 0

    def __post_init__(self) -> None:
        limits = {"rto_min": (_MOST_RTO, "us"), "hoplimit": (255, "")}
        limits |= dict.fromkeys(("quickack", "features", "congctl_lock"), (1, ""))
        if self.congctl and self.congctl not in registry.names():
            known = ", ".join(registry.names())
            raise UsageError(f"congestion controls are {known}; {self.congctl!r} is none of them.")
        for name in NUMBERS:
            value = getattr(self, name)
            most, unit = limits.get(name, (MOST, "bytes" if name in _IN_BYTES else "segments"))
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
                of = f" of {unit}" if unit else ""
                raise UsageError(f"{name} is a number{of} from 0 to {most}, not {value!r}.")
        if 0 < self.mtu < _LEAST_MTU:
            raise UsageError(f"mtu is {_LEAST_MTU} bytes at least (RFC 791), not {self.mtu}.")

    def set(self) -> dict[str, Any]:
        """The attributes that it has."""
        return {name: value for name in NAMES if (value := getattr(self, name))}

    def give(self, c: Connection) -> None:
        """Let a new connection have what its route says."""
        c.initial_cwnd, c.initial_rwnd = self.initcwnd or c.initial_cwnd, self.initrwnd
        c.always_quick = bool(self.quickack)
        if self.advmss:
            c.advertised_mss = min(c.advertised_mss, self.advmss)
        if self.cwnd or self.congctl:
            c.by_route = ByRoute(self.congctl, bool(self.congctl_lock), self.cwnd)
        if self.hoplimit:
            c.sysctl = replace(c.sysctl, ip_default_ttl=self.hoplimit)
        if self.features:
            c.sysctl = replace(c.sysctl, tcp_ecn=ecn.ASK)
        if self.rto_min:
            least = self.rto_min // MILLISECOND * MILLISECOND
            c.sysctl = replace(c.sysctl, tcp_rto_min_us=max(least, 1))


def route(attributes: Mapping[str, Any]) -> Route:
    """A route with these attributes; `UsageError` for one that is none."""
    if unknown := attributes.keys() - set(NAMES):
        raise UsageError(f"a route has no {min(unknown)!r}; it has {', '.join(NAMES)}.")
    return Route(**attributes)


NAMES = tuple(field.name for field in fields(Route))
"""The attributes that the engine obeys."""
NUMBERS = tuple(name for name in NAMES if name != "congctl")
_IN_BYTES = ("mtu", "advmss")
UNSET = Route()
