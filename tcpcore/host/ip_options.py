"""Socket options of the IP layer that TCP keeps and shows, and that change nothing it sends.

Most are about datagrams or multicast, and a TCP socket takes them all the same.
Source: do_ip_setsockopt() in net/ipv4/ip_sockglue.c, do_ipv6_setsockopt() in
net/ipv6/ipv6_sockglue.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tcpcore.errors import (
    EADDRNOTAVAIL,
    EINVAL,
    ENOPROTOOPT,
    EOPNOTSUPP,
    EPROTO,
)
from tcpcore.host.option import INT_MAX, SOL_IP, SOL_IPV6, Option, flag, refused

if TYPE_CHECKING:
    from tcpcore.host.sockets import Socket

_ANY_INT = -INT_MAX - 1


def _closed(level: int, number: int, shown: int, errno: int = EINVAL) -> Option:
    """An option that can be asked for, and cannot be set here."""
    return Option(level, number, _ANY_INT, store=refused(errno), default=shown)


def _nothing(level: int, number: int, errno: int) -> Option:
    """An option that is for other sockets: it cannot even be asked for."""
    return Option(level, number, _ANY_INT, store=refused(errno), show=refused(ENOPROTOOPT))


def _port(socket: Socket, _: int) -> int:
    """IP_PROTOCOL: of a raw socket the protocol, which lies where others have their port."""
    return socket.port


OPTIONS: dict[str, Option] = {
    "IP_HDRINCL": _closed(SOL_IP, 3, 0, ENOPROTOOPT),
    "IP_OPTIONS": Option(SOL_IP, 4, 0, 1),
    "IP_ROUTER_ALERT": _closed(SOL_IP, 5, 0),
    "IP_RECVOPTS": flag(SOL_IP, 6),
    "IP_RETOPTS": flag(SOL_IP, 7),
    "IP_PKTOPTIONS": _closed(SOL_IP, 9, 0, ENOPROTOOPT),
    "IP_IPSEC_POLICY": _nothing(SOL_IP, 16, EOPNOTSUPP),
    "IP_XFRM_POLICY": _nothing(SOL_IP, 17, EINVAL),
    "IP_PASSSEC": flag(SOL_IP, 18),
    "IP_RECVORIGDSTADDR": flag(SOL_IP, 20),
    "IP_NODEFRAG": _closed(SOL_IP, 22, 0, ENOPROTOOPT),
    "IP_CHECKSUM": flag(SOL_IP, 23),
    "IP_RECVFRAGSIZE": _closed(SOL_IP, 25, 0),
    "IP_RECVERR_RFC4884": Option(SOL_IP, 26, 0, 1),
    "IP_MULTICAST_IF": _closed(SOL_IP, 32, 0),
    "IP_MULTICAST_TTL": _closed(SOL_IP, 33, 255),
    "IP_MULTICAST_LOOP": flag(SOL_IP, 34, default=1),
    "IP_ADD_MEMBERSHIP": _nothing(SOL_IP, 35, EPROTO),
    "IP_DROP_MEMBERSHIP": _nothing(SOL_IP, 36, EPROTO),
    "IP_MSFILTER": Option(SOL_IP, 41, _ANY_INT, store=refused(EINVAL), show=refused(EINVAL)),
    "IP_MULTICAST_ALL": Option(SOL_IP, 49, 0, 1, default=1),
    "IP_UNICAST_IF": _closed(SOL_IP, 50, 0, EADDRNOTAVAIL),
    "IP_PROTOCOL": Option(SOL_IP, 52, store=refused(ENOPROTOOPT), show=_port),
    "IPV6_ADDRFORM": _closed(SOL_IPV6, 1, 10),
    "IPV6_2292PKTINFO": flag(SOL_IPV6, 2),
    "IPV6_2292HOPOPTS": flag(SOL_IPV6, 3),
    "IPV6_2292DSTOPTS": flag(SOL_IPV6, 4),
    "IPV6_2292RTHDR": flag(SOL_IPV6, 5),
    "IPV6_2292HOPLIMIT": flag(SOL_IPV6, 8),
    "IPV6_FLOWINFO": flag(SOL_IPV6, 11),
    "IPV6_MULTICAST_IF": _closed(SOL_IPV6, 17, 0, ENOPROTOOPT),
    "IPV6_MULTICAST_HOPS": _closed(SOL_IPV6, 18, 1, ENOPROTOOPT),
    "IPV6_MULTICAST_LOOP": Option(SOL_IPV6, 19, 0, 1, default=1),
    "IPV6_ROUTER_ALERT": _closed(SOL_IPV6, 22, 0, ENOPROTOOPT),
    "IPV6_MULTICAST_ALL": flag(SOL_IPV6, 29, default=1),
    "IPV6_ROUTER_ALERT_ISOLATE": flag(SOL_IPV6, 30),
    "IPV6_RECVERR_RFC4884": Option(SOL_IPV6, 31, 0, 1),
    "IPV6_FLOWINFO_SEND": flag(SOL_IPV6, 33),
    "IPV6_RECVPKTINFO": flag(SOL_IPV6, 49),
    "IPV6_RECVHOPLIMIT": flag(SOL_IPV6, 51),
    "IPV6_RECVHOPOPTS": flag(SOL_IPV6, 53),
    "IPV6_RECVRTHDR": flag(SOL_IPV6, 56),
    "IPV6_RECVDSTOPTS": flag(SOL_IPV6, 58),
    "IPV6_RECVPATHMTU": flag(SOL_IPV6, 60),
    "IPV6_DONTFRAG": flag(SOL_IPV6, 62),
    "IPV6_AUTOFLOWLABEL": flag(SOL_IPV6, 70, default=1),
    "IPV6_MINHOPCOUNT": Option(SOL_IPV6, 73, 0, 255),
    "IPV6_RECVORIGDSTADDR": flag(SOL_IPV6, 74),
    "IPV6_TRANSPARENT": flag(SOL_IPV6, 75),
    "IPV6_UNICAST_IF": _closed(SOL_IPV6, 76, 0, EADDRNOTAVAIL),
    "IPV6_RECVFRAGSIZE": flag(SOL_IPV6, 77),
    "IPV6_FREEBIND": flag(SOL_IPV6, 78),
}
"""Options by their Linux names."""
