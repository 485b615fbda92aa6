"""What a host's routes say about TCP, as in ``ip route change ... initcwnd N``.

Where packets go is the network's business (`net.wires`); here are only attributes of a route that
TCP looks at when a connection opens.  Source: RTAX_INITCWND in tcp_init_cwnd(), RTAX_INITRWND in
tcp_select_initial_window(), RTAX_MTU in ipv4_mtu(), RTAX_ADVMSS in tcp_advertise_mss(),
RTAX_RTO_MIN in tcp_rto_min(), RTAX_QUICKACK in tcp_in_quickack_mode(), RTAX_HOPLIMIT in
ip4_dst_hoplimit(), RTAX_CC_ALGO in tcp_ca_dst_init(), RTAX_WINDOW in tcp_connect_init() and
tcp_openreq_init_rwin(), RTAX_FASTOPEN_NO_COOKIE in tcp_fastopen_no_cookie(); RTAX_CWND, RTAX_RTT,
RTAX_SSTHRESH and RTAX_REORDERING in tcpm_suck_dst(); ip-route(8).
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
_LARGEST_WINDOW = 1 << 30


@dataclass(frozen=True, slots=True)
class Route:
    """Attributes of the route to one address; 0: none, the kernel's own default.

    `initcwnd` and `initrwnd` are in segments, `mtu`, `advmss` and `window` (the largest ever
    offered) in bytes, `rto_min` in us (whole ms count); `quickack` and `fastopen_no_cookie` are 1
    or 0.  `features` is 1 for those with ECN, `cwnd` the most that cwnd may be (a locked one: no
    other has an effect), `congctl` the name of a congestion control, and `congctl_lock` 1 if a
    program may choose no other one.  `rtt` in us, `ssthresh` and `reordering` in segments are
    where the memory of the peer begins; `rttvar` in us is kept there, and looked at by nobody.
    `locked` names those of ``mtu``, ``rtt``, ``ssthresh``, ``reordering`` that neither ICMP nor a
    connection may change, with spaces between.
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
    window: int = 0
    rtt: int = 0
    rttvar: int = 0
    ssthresh: int = 0
    reordering: int = 0
    fastopen_no_cookie: int = 0
    locked: str = ""

    def __post_init__(self) -> None:
        limits = dict.fromkeys(TIMES, (_MOST_RTO, "us")) | {"hoplimit": (255, "")}
        limits |= dict.fromkeys(("quickack", "features", "congctl_lock"), (1, ""))
        limits |= {"fastopen_no_cookie": (1, ""), "window": (_LARGEST_WINDOW, "bytes")}
        if unknown := set(self.locked.split()) - set(LOCKABLE):
            raise UsageError(f"locked names some of {', '.join(LOCKABLE)}, not {min(unknown)!r}.")
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
        c.window_clamp = self.window
        if c.advertised_mss < c.sysctl.min_adv_mss and ":" not in c.remote:
            c.advertised_mss = c.sysctl.min_adv_mss  # ipv4_default_advmss()
        if self.advmss:
            c.advertised_mss = min(c.advertised_mss, self.advmss)
        if self.congctl or self.cwnd or self.rtt or self.ssthresh or self.reordering:
            c.by_route = self._of_peer()
        if self.hoplimit:
            c.sysctl = replace(c.sysctl, ip_default_ttl=self.hoplimit)
        if self.features:
            c.sysctl = replace(c.sysctl, tcp_ecn=ecn.ASK)
        if self.rto_min:
            least = self.rto_min // MILLISECOND * MILLISECOND
            c.sysctl = replace(c.sysctl, tcp_rto_min_us=max(least, 1))

    def _of_peer(self) -> ByRoute:
        said = ByRoute()
        said.congestion, said.locked = self.congctl, bool(self.congctl_lock)
        said.cwnd, said.rtt = self.cwnd, self.rtt << 3
        said.ssthresh, said.reordering = self.ssthresh, self.reordering
        said.fixed = tuple(self.locked.split())
        return said


def route(attributes: Mapping[str, Any]) -> Route:
    """A route with these attributes; `UsageError` for one that is none."""
    if unknown := attributes.keys() - set(NAMES):
        raise UsageError(f"a route has no {min(unknown)!r}; it has {', '.join(NAMES)}.")
    return Route(**attributes)


NAMES = tuple(field.name for field in fields(Route))
"""The attributes that the engine obeys."""
NUMBERS = tuple(name for name in NAMES if name not in ("congctl", "locked"))
TIMES = ("rto_min", "rtt", "rttvar")
LOCKABLE = ("mtu", "rtt", "ssthresh", "reordering")
_IN_BYTES = ("mtu", "advmss")
UNSET = Route()
