"""What a host knows about path MTUs: one number per destination, learned from ICMP, for 10 minutes.

Source: ip_rt_update_pmtu() in net/ipv4/route.c; RFC 1191 §6.3, RFC 8201 §4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tcpcore.units import SECOND
from tcpcore.wire.icmp import IcmpError

if TYPE_CHECKING:
    from tcpcore.host.machine import Machine

EXPIRES = 600 * SECOND
"""net.ipv4.route.mtu_expires."""

SMALLEST = 552
"""net.ipv4.route.min_pmtu: a smaller number from a stranger is not believed."""

SMALLEST_6 = 1280
"""The smallest MTU of IPv6 (RFC 8200 §5)."""


class PathMtus:
    """Path MTUs by destination address; see the module."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, int]] = {}

    def get(self, address: str, link: int, now: int) -> int:
        """The MTU toward the address; that of the first link unless a smaller one is known."""
        if address in self._known:
            mtu, expires = self._known[address]
            if now < expires:
                return min(mtu, link)
            del self._known[address]
        return link

    def set(self, address: str, mtu: int, now: int) -> None:
        """Remember a smaller MTU."""
        self._known[address] = (mtu, now + EXPIRES)


def learn(host: Machine, error: IcmpError) -> None:
    """Take what a frag-needed error says, if it says less than we know."""
    if not error.too_big:
        return
    if error.over_ipv6 and error.mtu < SMALLEST_6:
        return  # no link is that narrow (__ip6_rt_update_pmtu())
    address = error.quoted.dst
    known = host.mtu_to(address)
    mtu = max(error.mtu, min(SMALLEST, known))
    if mtu < known:
        host.path_mtus.set(address, mtu, host.now)
