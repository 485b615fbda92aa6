"""What travels through the network: TCP segments and ICMP errors, and how long they are."""

from __future__ import annotations

from tcpcore.wire.icmp import IcmpError
from tcpcore.wire.option_codec import options_length
from tcpcore.wire.segment import Segment

Packet = Segment | IcmpError


def wire_length(packet: Packet) -> int:
    """Bytes of the IP packet; a segment remembers what was measured once."""
    return packet.size or _measured(packet)


def _measured(packet: Packet) -> int:
    if not isinstance(packet, IcmpError):
        header = 60 if ":" in packet.src else 40
        packet.size = header + options_length(packet.options) + len(packet.payload)
    return packet.size
