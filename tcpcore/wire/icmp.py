"""ICMP errors: what routers and hosts send when a packet cannot go on, and their bytes.

Only what TCP hears of (RFC 792, RFC 1191 for the MTU): destination unreachable, time exceeded and
parameter problem over IPv4, and the same over IPv6 with its own numbers (RFC 4443).  The packet
that caused the error is quoted, so that the receiver can tell which of its connections is meant.
"""

from __future__ import annotations

import struct

from tcpcore.wire import address
from tcpcore.wire.checksum import checksum, pseudo_header, verifies
from tcpcore.wire.codec import WireError, decode_cut, encode
from tcpcore.wire.segment import Segment

PROTOCOL, PROTOCOL_6 = 1, 58
ECHO_REPLY, ECHO = 0, 8
ECHO_6, ECHO_REPLY_6 = 128, 129
UNREACHABLE = 3
TIME_EXCEEDED = 11

NET, HOST, PROTOCOL_UNREACHABLE, PORT, FRAG_NEEDED = 0, 1, 2, 3, 4
NET_PROHIBITED, HOST_PROHIBITED, ADMIN_PROHIBITED = 9, 10, 13
"""Codes of destination unreachable."""
SOURCE_QUENCH, REDIRECT, PARAMETER_PROBLEM = 4, 5, 12

UNREACHABLE_6, TOO_BIG_6, TIME_EXCEEDED_6, PARAMETER_PROBLEM_6 = 1, 2, 3, 4
NO_ROUTE_6, PROHIBITED_6, BEYOND_SCOPE_6, ADDRESS_6, PORT_6, POLICY_6, REJECT_6 = range(7)
"""Types of ICMPv6, and codes of destination unreachable there."""

NAMES = {
    (UNREACHABLE, NET): "net unreachable",
    (UNREACHABLE, HOST): "host unreachable",
    (UNREACHABLE, PROTOCOL_UNREACHABLE): "protocol unreachable",
    (UNREACHABLE, PORT): "port unreachable",
    (UNREACHABLE, FRAG_NEEDED): "fragmentation needed",
    (UNREACHABLE, NET_PROHIBITED): "net prohibited",
    (UNREACHABLE, HOST_PROHIBITED): "host prohibited",
    (UNREACHABLE, ADMIN_PROHIBITED): "admin prohibited",
    (TIME_EXCEEDED, 0): "time exceeded in transit",
}
NAMES_6 = {
    (UNREACHABLE_6, NO_ROUTE_6): "no route",
    (UNREACHABLE_6, PROHIBITED_6): "admin prohibited",
    (UNREACHABLE_6, BEYOND_SCOPE_6): "beyond scope",
    (UNREACHABLE_6, ADDRESS_6): "address unreachable",
    (UNREACHABLE_6, PORT_6): "port unreachable",
    (TOO_BIG_6, 0): "packet too big",
    (TIME_EXCEEDED_6, 0): "time exceeded in transit",
}

LONGEST = 576
"""Bytes of the whole packet: what every host can take (RFC 1812 §4.3.2.3; icmp_send())."""
LONGEST_6 = 1280
"""The same over IPv6 (RFC 4443 §2.4)."""

_IP_HEADER = struct.Struct("!BBHHHBBH4s4s")


class IcmpError:
    """One ICMP error on its way from `src` to `dst`; nobody changes it after it was sent.

    `quoted` is the TCP segment that could not go on; `mtu` is the next link's, for frag needed.
    """

    __slots__ = ("code", "dst", "mtu", "quoted", "src", "ttl", "type")

    def __init__(
        self, src: str, dst: str, type: int, code: int, quoted: Segment, mtu: int = 0, ttl: int = 64
    ) -> None:
        self.src = src
        self.dst = dst
        self.type = type
        self.code = code
        self.quoted = quoted
        self.mtu = mtu
        self.ttl = ttl

    @property
    def name(self) -> str:
        """``host unreachable``; ``fragmentation needed, MTU 1200``."""
        names = NAMES_6 if self.over_ipv6 else NAMES
        known = names.get((self.type, self.code), f"type {self.type} code {self.code}")
        return f"{known}, MTU {self.mtu}" if self.mtu else known

    @property
    def over_ipv6(self) -> bool:
        """Whether type and code are those of ICMPv6."""
        return ":" in self.src

    @property
    def too_big(self) -> bool:
        """Whether it tells of a link with a smaller MTU."""
        if self.over_ipv6:
            return self.type == TOO_BIG_6
        return (self.type, self.code) == (UNREACHABLE, FRAG_NEEDED)

    @property
    def size(self) -> int:
        """Bytes of its IP packet."""
        if self.over_ipv6:
            return min(48 + len(encode(self.quoted)), LONGEST_6)
        return min(28 + len(encode(self.quoted)), LONGEST)

    def __repr__(self) -> str:
        return f"IcmpError({self.src} > {self.dst}: {self.name}, about {self.quoted!r})"


def encode_icmp(error: IcmpError) -> bytes:
    """The whole IP packet, checksums right."""
    if error.over_ipv6:
        return _encode_6(error)
    quoted = encode(error.quoted)[: LONGEST - 28]
    body = struct.pack("!BBHHH", error.type, error.code, 0, 0, error.mtu) + quoted
    body = body[:2] + checksum(body).to_bytes(2, "big") + body[4:]
    source, destination = address.pack(error.src), address.pack(error.dst)
    # 0xC0: internetwork control, as icmp_send() marks errors.
    header = _IP_HEADER.pack(
        0x45, 0xC0, 20 + len(body), 0, 0, error.ttl, PROTOCOL, 0, source, destination
    )
    return header[:10] + checksum(header).to_bytes(2, "big") + header[12:] + body


def _encode_6(error: IcmpError) -> bytes:
    quoted = encode(error.quoted)[: LONGEST_6 - 48]
    source, destination = address.pack(error.src), address.pack(error.dst)
    body = struct.pack("!BBHI", error.type, error.code, 0, error.mtu) + quoted
    pseudo = pseudo_header(source, destination, PROTOCOL_6, len(body))
    body = body[:2] + checksum(pseudo + body).to_bytes(2, "big") + body[4:]
    header = struct.pack("!IHBB", 6 << 28, len(body), PROTOCOL_6, error.ttl)
    return header + source + destination + body


def decode_icmp(packet: bytes) -> IcmpError | None:
    """The ICMP error of an IPv4 packet that quotes TCP; None for any other ICMP message."""
    start = (packet[0] & 15) * 4
    if len(packet) < start + 8 or packet[start] not in (UNREACHABLE, TIME_EXCEEDED):
        return None
    _, _, _, _, _, ttl, _, _, source, destination = _IP_HEADER.unpack_from(packet)
    kind, code, _, _, mtu = struct.unpack_from("!BBHHH", packet, start)
    try:
        quoted, _ = decode_cut(packet[start + 8 :])
    except WireError:
        return None
    return IcmpError(
        address.unpack(source), address.unpack(destination), kind, code, quoted, mtu, ttl
    )


_ERRORS_6 = (UNREACHABLE_6, TOO_BIG_6, TIME_EXCEEDED_6)


def decode_icmp_6(packet: bytes) -> IcmpError | None:
    """The ICMPv6 error of an IPv6 packet that quotes TCP; None for any other message.  RFC 4443."""
    if len(packet) < 48 or packet[6] != PROTOCOL_6 or packet[40] not in _ERRORS_6:
        return None
    kind, code, _, mtu = struct.unpack_from("!BBHI", packet, 40)
    try:
        quoted, _ = decode_cut(packet[48:])
    except WireError:
        return None
    source, destination = address.unpack(packet[8:24]), address.unpack(packet[24:40])
    size = mtu if kind == TOO_BIG_6 else 0
    return IcmpError(source, destination, kind, code, quoted, size, packet[7])


def decode_any(packet: bytes) -> IcmpError | None:
    """The ICMP error of an IP packet of either version, as `decode_icmp` and `decode_icmp_6`."""
    version = packet[0] >> 4 if packet else 0
    if version == 4 and len(packet) >= 28 and packet[9] == PROTOCOL:
        return decode_icmp(packet)
    return decode_icmp_6(packet) if version == 6 else None


def echo_reply(packet: bytes) -> bytes | None:
    """The answer to a ping: the whole IP packet; None for any other packet (RFC 1122 §3.2.2.6).

    A ping whose checksum does not fit is not answered.
    """
    if packet[:1] and packet[0] >> 4 == 6:
        return _echo_reply_6(packet)
    start = (packet[0] & 15) * 4
    if len(packet) < start + 8 or packet[start] != ECHO or not verifies(packet[start:]):
        return None
    body = bytes((ECHO_REPLY, 0, 0, 0)) + packet[start + 4 :]
    body = body[:2] + checksum(body).to_bytes(2, "big") + body[4:]
    source, destination = packet[12:16], packet[16:20]
    header = _IP_HEADER.pack(
        0x45, packet[1], 20 + len(body), 0, 0, 64, PROTOCOL, 0, destination, source
    )
    return header[:10] + checksum(header).to_bytes(2, "big") + header[12:] + body


def _echo_reply_6(packet: bytes) -> bytes | None:
    """The same over IPv6 (RFC 4443 §4.2)."""
    if len(packet) < 48 or packet[6] != PROTOCOL_6 or packet[40] != ECHO_6:
        return None
    source, destination, asked = packet[8:24], packet[24:40], packet[40:]
    if not verifies(pseudo_header(source, destination, PROTOCOL_6, len(asked)) + asked):
        return None
    body = bytes((ECHO_REPLY_6, 0, 0, 0)) + asked[4:]
    pseudo = pseudo_header(destination, source, PROTOCOL_6, len(body))
    body = body[:2] + checksum(pseudo + body).to_bytes(2, "big") + body[4:]
    header = struct.pack("!IHBB", 6 << 28, len(body), PROTOCOL_6, 64)
    return header + destination + source + body
