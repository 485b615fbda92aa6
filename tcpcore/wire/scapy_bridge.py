"""Segments to scapy packets and back.

scapy is imported when a function is called, never before: the engine does not need it.
"""

from __future__ import annotations

import struct
from typing import Any

from tcpcore.wire.codec import NotTcp, WireError, decode, encode
from tcpcore.wire.options import (
    END,
    FAST_OPEN,
    MALFORMED,
    MD5_SIGNATURE,
    MSS,
    NOP,
    SACK,
    SACK_PERMITTED,
    TIMESTAMPS,
    WINDOW_SCALE,
    Option,
)
from tcpcore.wire.segment import Segment

_NAMES = {MSS: "MSS", WINDOW_SCALE: "WScale", TIMESTAMPS: "Timestamp"}


def to_scapy(segment: Segment) -> Any:
    """``IP()/TCP()`` or ``IPv6()/TCP()`` with the segment's fields; its bytes are `codec.encode`'s.

    Lengths and checksums are left for scapy to fill in, so fields can be changed.  Only broken
    options, which scapy cannot build, give a packet dissected from our bytes.
    """
    from scapy.layers.inet import IP, TCP
    from scapy.layers.inet6 import IPv6
    from scapy.packet import Raw

    raw = encode(segment)  # also refuses what no packet can carry
    broken = any(
        option[0] == MALFORMED or (option[0] == END and len(option) > 1)
        for option in segment.options
    )
    six = ":" in segment.src
    if broken:
        return IPv6(raw) if six else IP(raw)
    packet = TCP(
        sport=segment.sport,
        dport=segment.dport,
        seq=segment.seq,
        ack=segment.ack,
        flags=segment.flags,
        window=segment.window,
        urgptr=segment.urgent,
        options=[_option(option) for option in segment.options],
    )
    if segment.payload:
        packet = packet / Raw(segment.payload)
    if six:
        return IPv6(src=segment.src, dst=segment.dst, tc=segment.tos, hlim=segment.ttl) / packet
    header = IP(
        src=segment.src,
        dst=segment.dst,
        tos=segment.tos,
        id=segment.ip_id,
        ttl=segment.ttl,
        flags="DF",
    )
    return header / packet


def _option(option: Option) -> tuple[Any, Any]:
    kind = option[0]
    if kind == NOP:
        return "NOP", None
    if kind == END:
        return "EOL", None
    if kind == SACK_PERMITTED:
        return "SAckOK", b""
    if kind == SACK:
        return "SAck", tuple(edge for block in option[1:] for edge in block)
    if kind == TIMESTAMPS:
        return "Timestamp", (option[1], option[2])
    if kind in _NAMES:
        return _NAMES[kind], option[1]
    if kind == FAST_OPEN:
        return "TFO", option[1]
    if kind == MD5_SIGNATURE and len(option[1]) == 16:
        return "MD5", option[1]
    return kind, option[1]


def from_scapy(packet: Any) -> Segment:
    """The segment in a scapy packet, whatever lies around its IP and TCP headers.

    NotTcp when there is none; WireError when scapy cannot build its bytes, or they are broken.
    """
    from scapy.layers.inet import IP, TCP
    from scapy.layers.inet6 import IPv6

    layer = packet.getlayer(TCP)
    while layer is not None and not isinstance(layer, IP | IPv6):
        layer = layer.underlayer
    if layer is None:
        raise NotTcp("the scapy packet has no TCP layer over IP or IPv6")
    try:
        data = bytes(layer)
    except (struct.error, ValueError, TypeError, OSError) as error:
        raise WireError(f"scapy cannot build this packet: {error}") from None
    return decode(data)
