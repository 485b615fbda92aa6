"""What lies inside tunnels: IP in IP, GRE, VXLAN and Geneve, each down to the innermost IP packet.

Formats: RFC 2003, RFC 4213, RFC 2784 and RFC 2890, RFC 7348, RFC 8926.  An encrypted tunnel (ESP,
WireGuard) stays closed.
"""

from __future__ import annotations

from tcpcore.observe.link_layer import ethernet, of_type

_IPV4, _UDP, _IPV6, _GRE = 4, 17, 41, 47
_TRANSPARENT_BRIDGING = 0x6558
_VXLAN, _GENEVE = 4789, 6081
_DEEPEST = 4
"""Tunnels in tunnels; more is a loop, or noise."""


def innermost(packet: bytes) -> bytes:
    """The IP packet that the tunnels around it carry; the packet itself where there are none.

    Raises WireError when what the tunnel carries is cut, NotTcp when that is no IP.
    """
    for _ in range(_DEEPEST):
        inner = _inside(packet)
        if inner is None:
            break
        packet = inner
    return packet


def _inside(packet: bytes) -> bytes | None:
    """One tunnel less; None where there is none."""
    if len(packet) < 28:
        return None
    if packet[0] >> 4 == 4:
        protocol, start = packet[9], (packet[0] & 15) << 2
        if (packet[6] << 8 | packet[7]) & 0x3FFF:  # a fragment
            return None
    elif packet[0] >> 4 == 6:
        protocol, start = packet[6], 40
    else:
        return None
    body = packet[start:]
    if protocol in (_IPV4, _IPV6):
        return body
    if protocol == _GRE:
        return _gre(body)
    if protocol == _UDP and len(body) >= 16:
        port = body[2] << 8 | body[3]
        if port == _VXLAN and body[8] & 8:
            return ethernet(body[16:])
        if port == _GENEVE and not body[8] >> 6:
            return _ethertype(body[10] << 8 | body[11], body, 16 + ((body[8] & 63) << 2))
    return None


def _gre(body: bytes) -> bytes | None:
    """Past the header, whose flags say how long it is; None for version 1 (PPTP)."""
    if len(body) < 4 or body[1] & 7:
        return None
    at = 4 + 4 * (bool(body[0] & 0x80) + bool(body[0] & 0x20) + bool(body[0] & 0x10))
    return _ethertype(body[2] << 8 | body[3], body, at)


def _ethertype(kind: int, body: bytes, at: int) -> bytes:
    return ethernet(body[at:]) if kind == _TRANSPARENT_BRIDGING else of_type(kind, body, at)
