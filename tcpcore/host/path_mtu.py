"""What a host knows about path MTUs: one per destination, learned from ICMP, for mtu_expires.

Source: ip_rt_update_pmtu() in net/ipv4/route.c; RFC 1191 §6.3, RFC 8201 §4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tcpcore.units import SECOND
from tcpcore.wire.icmp import IcmpError

if TYPE_CHECKING:
    from tcpcore.host.machine import Machine

_UNBELIEVED, _UNHEARD = 1, 2
"""Values of ip_no_pmtu_disc: an error is worth min_pmtu, whatever it says, or nothing."""

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

    def set(self, address: str, mtu: int, until: int) -> None:
        """Remember a smaller MTU."""
        self._known[address] = (mtu, until)


def unheard(host: Machine, error: IcmpError) -> bool:
    """Whether the host has no ear for it: ip_no_pmtu_disc is 2 (icmp_unreach())."""
    return error.too_big and not error.over_ipv6 and host.sysctl.ip_no_pmtu_disc == _UNHEARD


def learn(host: Machine, error: IcmpError) -> None:
    """Take what a frag-needed error says, if it says less than we know."""
    if not error.too_big:
        return
    if error.over_ipv6 and error.mtu < SMALLEST_6:
        return  # no link is that narrow (__ip6_rt_update_pmtu())
    address = error.quoted.dst
    known = host.mtu_to(address)
    sysctl = host.sysctl
    said = 0 if sysctl.ip_no_pmtu_disc == _UNBELIEVED and not error.over_ipv6 else error.mtu
    mtu = max(said, min(sysctl.min_pmtu, known))
    if mtu < known:
        host.path_mtus.set(address, mtu, host.now + sysctl.mtu_expires * SECOND)
