"""From a captured frame to the IP packet in it: Ethernet, VLAN, Linux cooked, Wi-Fi, raw IP, ...

Numbers of link types are those of https://www.tcpdump.org/linktypes.html.
"""

from __future__ import annotations

from collections.abc import Callable

from tcpcore.wire.codec import NotTcp, WireError

IPV4, IPV6 = 0x0800, 0x86DD
_VLAN_TAGS = frozenset((0x8100, 0x88A8, 0x9100))
_PPPOE_SESSION = 0x8864
_SNAP = b"\xaa\xaa\x03\x00\x00\x00"
_ETHERTYPES = {0x0806: "ARP", 0x88CC: "LLDP", 0x8863: "PPPoE discovery"}
_MPLS = frozenset((0x8847, 0x8848))
_PPP_PROTOCOLS = {0x0021: IPV4, 0x0057: IPV6}
_LOOPBACK_FAMILIES = frozenset((2, 10, 23, 24, 28, 30))  # AF_INET, and AF_INET6 of each system


class UnknownLinkType(WireError):
    """A capture of a kind of network whose frames we cannot read."""


def ip_packet(link_type: int, frame: bytes) -> bytes:
    """The IP packet in a frame; NotTcp when it carries something else, WireError when it is cut.

    UnknownLinkType for networks that are not in `LINK_TYPES`.
    """
    strip = LINK_TYPES.get(link_type)
    if strip is None:
        name = _OTHER_NAMES.get(link_type)
        named = f"{link_type} ({name})" if name else str(link_type)
        raise UnknownLinkType(f"frames of link type {named}, which cannot be read here")
    return strip(frame)


def _need(frame: bytes, size: int, what: str) -> None:
    if len(frame) < size:
        raise WireError(f"the frame ends after {len(frame)} of {size} bytes of {what} header")


def ethernet(frame: bytes) -> bytes:
    """The IP packet in an Ethernet frame; errors as `ip_packet`."""
    _need(frame, 14, "Ethernet")
    return of_type(int.from_bytes(frame[12:14], "big"), frame, 14)


def of_type(ethertype: int, frame: bytes, at: int) -> bytes:
    """What an EtherType says starts at `at`, VLAN tags and the like stepped over."""
    while ethertype in _VLAN_TAGS:
        _need(frame, at + 4, "VLAN")
        ethertype = int.from_bytes(frame[at + 2 : at + 4], "big")
        at += 4
    if ethertype in (IPV4, IPV6):
        return frame[at:]
    if ethertype == _PPPOE_SESSION:
        return _ppp(frame[at + 6 :])
    if ethertype in _MPLS:
        return _labelled(frame, at)
    if ethertype < 0x600 and frame[at : at + 6] == _SNAP:
        _need(frame, at + 8, "SNAP")
        return of_type(int.from_bytes(frame[at + 6 : at + 8], "big"), frame, at + 8)
    if ethertype < 0x600:
        raise NotTcp("IEEE 802.3 without IP")
    raise NotTcp(_ETHERTYPES.get(ethertype, f"EtherType {ethertype:#06x}") + ", not IP")


def _labelled(frame: bytes, at: int) -> bytes:
    """Past MPLS's labels, the last of which says so (RFC 3032 §2.1); what follows is a guess."""
    while True:
        _need(frame, at + 5, "MPLS")
        at += 4
        if frame[at - 2] & 1:
            break
    if frame[at] >> 4 not in (4, 6):
        raise NotTcp("MPLS without IP")
    return frame[at:]


def _ppp(frame: bytes) -> bytes:
    if frame[:2] == b"\xff\x03":
        frame = frame[2:]
    _need(frame, 2, "PPP")
    protocol = int.from_bytes(frame[:2], "big")
    if protocol not in _PPP_PROTOCOLS:
        raise NotTcp(f"PPP protocol {protocol:#06x}, not IP")
    return frame[2:]


def _cooked(frame: bytes) -> bytes:
    _need(frame, 16, "Linux cooked")
    return of_type(int.from_bytes(frame[14:16], "big"), frame, 16)


def _cooked_2(frame: bytes) -> bytes:
    _need(frame, 20, "Linux cooked")
    return of_type(int.from_bytes(frame[:2], "big"), frame, 20)


def _loopback(frame: bytes) -> bytes:
    _need(frame, 4, "loopback")
    family = frame[:4]  # in the byte order of whatever machine captured it
    number = min(int.from_bytes(family, "big"), int.from_bytes(family, "little"))
    if number not in _LOOPBACK_FAMILIES:
        raise NotTcp(f"address family {number}, not IP")
    return frame[4:]


def _wifi(frame: bytes) -> bytes:
    """IEEE 802.11: a data frame, as long as it is not encrypted."""
    _need(frame, 24, "Wi-Fi")
    kind, flags = frame[0], frame[1]
    if kind & 0x0C != 0x08 or kind & 0x40:
        raise NotTcp("Wi-Fi frame without data")
    if flags & 0x40:
        raise NotTcp("encrypted Wi-Fi frame")
    size = 24 + 6 * (flags & 3 == 3)
    if kind & 0x80:  # QoS, and with its order bit HT control
        size += 2 + 4 * bool(flags & 0x80)
    _need(frame, size + 8, "Wi-Fi")
    if frame[size : size + 6] != _SNAP:
        raise NotTcp("Wi-Fi frame without IP")
    return of_type(int.from_bytes(frame[size + 6 : size + 8], "big"), frame, size + 8)


def _radiotap(frame: bytes) -> bytes:
    _need(frame, 4, "radiotap")
    return _wifi(frame[int.from_bytes(frame[2:4], "little") :])


def _netfilter(frame: bytes) -> bytes:
    """What iptables' NFLOG saw: fields with lengths, the packet in the one numbered 9."""
    _need(frame, 4, "netfilter log")
    at = 4
    while at + 4 <= len(frame):
        size, kind = (int.from_bytes(frame[n : n + 2], "little") for n in (at, at + 2))
        if size < 4:
            break
        if kind == 9:
            return frame[at + 4 : at + size]
        at += size + -size % 4
    raise WireError("the netfilter log has no packet")


def _raw(frame: bytes) -> bytes:
    return frame


LINK_TYPES: dict[int, Callable[[bytes], bytes]] = {
    0: _loopback,
    1: ethernet,
    9: _ppp,
    12: _raw,
    14: _raw,
    50: _ppp,
    101: _raw,
    105: _wifi,
    108: _loopback,
    113: _cooked,
    127: _radiotap,
    228: _raw,
    229: _raw,
    239: _netfilter,
    276: _cooked_2,
}
"""Link types whose frames `ip_packet` reads."""

_OTHER_NAMES = {
    119: "Wi-Fi with Prism header",
    147: "private use",
    189: "USB",
    195: "IEEE 802.15.4",
    220: "USB",
    253: "netlink",
}
