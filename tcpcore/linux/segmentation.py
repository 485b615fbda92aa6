"""What a network card does with a large packet (TSO): cut it into segments, and add checksums.

Before a packet the kernel puts a `virtio_net_hdr` that says how (uapi/linux/virtio_net.h).
"""

from __future__ import annotations

import copy
import struct

from tcpcore.seqnum import MASK
from tcpcore.wire import codec
from tcpcore.wire.segment import FIN, PSH, Segment

HEADER = struct.Struct("=BBHHHH")
"""flags, type, length of the headers, size of a segment, where the checksum starts and stands."""

_WHOLE, _OF_IPV4, _OF_IPV6 = 0, 1, 4
"""VIRTIO_NET_HDR_GSO_NONE, _TCPV4, _TCPV6."""


def merged(packet: bytes, size: int) -> bytes:
    """The header of a packet that arrives merged of segments with so much data; 0: it is one.

    The kernel passes over the size where the packet has no more data than that.
    """
    over_ipv4 = packet[0] >> 4 == 4
    if not size or (packet[9] if over_ipv4 else packet[6]) != codec.TCP:
        return bytes(HEADER.size)
    return HEADER.pack(0, _OF_IPV4 if over_ipv4 else _OF_IPV6, 0, size, 0, 0)


def cut(packet: bytes) -> tuple[bytes, list[bytes]]:
    """``(the IP packet as the kernel handed it over, the packets that go onto the wire)``."""
    _, kind, _, size, _, _ = HEADER.unpack_from(packet)
    handed = packet[HEADER.size :]
    if handed[0] >> 4 != 4 or handed[9] != codec.TCP:
        return handed, [handed]
    whole = codec.decode(handed)
    if kind == _WHOLE or not size:
        return handed, [codec.encode(whole)]  # its checksum was left to the card
    payload = whole.payload
    starts = range(0, len(payload), size)
    return handed, [codec.encode(_piece(whole, start, size)) for start in starts]


def _piece(whole: Segment, start: int, size: int) -> Segment:
    """The segment from byte `start` on; only the last one has PSH and FIN."""
    last = start + size >= len(whole.payload)
    flags = whole.flags if last else whole.flags & ~(PSH | FIN)
    piece = copy.copy(whole)
    piece.seq, piece.flags = whole.seq + start & MASK, flags
    piece.payload = whole.payload[start : start + size]
    return piece
