"""What travels through the network: TCP segments and ICMP errors, and how long they are."""

from __future__ import annotations

from tcpcore.wire.icmp import IcmpError
from tcpcore.wire.option_codec import options_length
from tcpcore.wire.options import NOP_OPTION, TIMESTAMPS
from tcpcore.wire.segment import Segment

Packet = Segment | IcmpError


def wire_length(packet: Packet) -> int:
    """Bytes of the IP packet."""
    if isinstance(packet, IcmpError):
        return packet.size
    options = packet.options
    if len(options) == 3 and options[0] is NOP_OPTION is options[1] and options[2][0] == TIMESTAMPS:
        length = 12  # what nearly all segments have
    else:
        length = options_length(options)
    return (60 if ":" in packet.src else 40) + length + len(packet.payload)
