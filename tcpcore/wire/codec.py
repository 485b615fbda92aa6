"""Segments to bytes and back: whole IP packets, IPv4 and IPv6, with checksums.

TCP options have their own file, `option_codec`.  Neither knows about connections.  Bytes are what
Linux sends for the same fields, and what scapy builds for them.
"""

from __future__ import annotations

import struct

from tcpcore.wire import address
from tcpcore.wire.checksum import checksum, pseudo_header, verifies
from tcpcore.wire.option_codec import WireError, decode_options, encode_options
from tcpcore.wire.options import MALFORMED
from tcpcore.wire.segment import Segment

__all__ = [
    "NotTcp",
    "WireError",
    "checksums_ok",
    "decode",
    "decode_cut",
    "decode_snapped",
    "encode",
]

TCP = 6
_TCP_HEADER = struct.Struct("!HHIIHHHH")
_IPV4_HEADER = struct.Struct("!BBHHHBBH4s4s")
_IPV6_HEADER = struct.Struct("!IHBB16s16s")
_DONT_FRAGMENT = 0x4000
_MORE_FRAGMENTS = 0x2000
_FRAGMENT_OFFSET = 0x1FFF
_EXTENSION_HEADERS = frozenset((0, 43, 60, 135, 139, 140))  # hop-by-hop, routing, destination, ...
_FRAGMENT_HEADER = 44
_AUTHENTICATION_HEADER = 51
_PROTOCOLS = {
    1: "ICMP",
    2: "IGMP",
    17: "UDP",
    41: "IPv6 in IP",
    47: "GRE",
    50: "ESP",
    58: "ICMPv6",
    89: "OSPF",
    112: "VRRP",
    132: "SCTP",
}
"""Names of what people's captures hold beside TCP (IANA, protocol numbers)."""
_FRAGMENT = "fragment of an IP packet"


class NotTcp(WireError):
    """The packet is well formed as far as we read it, but no TCP segment starts in it."""


def encode(segment: Segment) -> bytes:
    """The whole IP packet of a segment: checksums right, IPv4 with DF set, options padded.

    IPv6 has flow label 0.  WireError when a field or the packet does not fit.
    RFC 791 §3.1, RFC 8200 §3, RFC 9293 §3.1.
    """
    try:
        source, destination = address.pack(segment.src), address.pack(segment.dst)
    except ValueError as error:
        raise WireError(f"no packet can carry this address: {error}") from None
    if len(source) != len(destination):
        raise WireError(f"{segment.src} and {segment.dst} are addresses of different IP versions")
    tcp = _encode_tcp(segment, source, destination)
    try:
        if len(source) == 16:
            first = 6 << 28 | segment.tos << 20
            return _IPV6_HEADER.pack(first, len(tcp), TCP, segment.ttl, source, destination) + tcp
        header = _IPV4_HEADER.pack(
            0x45,
            segment.tos,
            20 + len(tcp),
            segment.ip_id,
            _DONT_FRAGMENT,
            segment.ttl,
            TCP,
            0,
            source,
            destination,
        )
    except struct.error as error:
        raise WireError(f"the IP header cannot carry {segment!r}: {error}") from None
    return header[:10] + checksum(header).to_bytes(2, "big") + header[12:] + tcp


def _encode_tcp(segment: Segment, source: bytes, destination: bytes) -> bytes:
    options = encode_options(segment.options)
    if segment.flags & ~0x1FF:
        raise WireError(f"flags {segment.flags:#x} do not fit in nine bits")
    size = 20 + len(options)
    try:
        header = _TCP_HEADER.pack(
            segment.sport,
            segment.dport,
            segment.seq,
            segment.ack,
            size << 10 | segment.flags,
            segment.window,
            0,
            segment.urgent,
        )
    except struct.error as error:
        raise WireError(f"the TCP header cannot carry {segment!r}: {error}") from None
    rest = options + segment.payload
    length = 20 + len(rest)
    if length > 0xFFFF:
        raise WireError(f"a segment of {length} bytes does not fit in an IP packet")
    pseudo = pseudo_header(source, destination, TCP, length)
    return header[:16] + checksum(pseudo + header + rest).to_bytes(2, "big") + header[18:] + rest


def decode(packet: bytes) -> Segment:
    """The segment of a whole IP packet; bytes after the packet's own length are ignored.

    Raises WireError (NotTcp when no TCP segment starts here) with the reason, never anything else.
    Checksums are not looked at: see `checksums_ok`.
    """
    segment, missing = decode_cut(packet)
    if missing:
        raise WireError(f"the packet is cut: its last {missing} bytes are missing")
    return segment


def decode_cut(packet: bytes) -> tuple[Segment, int]:
    """The segment of a packet whose end a capture may have cut off, and how many bytes that were.

    The missing bytes of the payload read as zeros, so that lengths are right.  Raises WireError as
    `decode` does when the headers themselves are not complete.
    """
    segment, missing, cut = decode_snapped(packet)
    if cut:
        start = _ip_header(packet)[5]
        there = len(packet) - start
        raise WireError(f"the packet ends after {there} of {there + cut} bytes of header")
    return segment, missing


def decode_snapped(packet: bytes) -> tuple[Segment, int, int]:
    """As `decode_cut`, yet the options may be cut, too: how many bytes of them are missing.

    The options that are there in full are read.  Then none of the payload is there.
    """
    source, destination, ttl, tos, ip_id, start, end = _ip_header(packet)
    if end - start < 20:
        raise WireError(f"the IP packet has {end - start} bytes for a TCP header of at least 20")
    if len(packet) < start + 20:
        raise WireError(f"the packet ends after {len(packet) - start} of 20 bytes of TCP header")
    sport, dport, seq, ack, offset_flags, window, _, urgent = _TCP_HEADER.unpack_from(packet, start)
    size = offset_flags >> 12 << 2
    if size < 20:
        raise WireError(f"the TCP header says that it is {size} bytes long, less than 20")
    if start + size > end:
        raise WireError(
            f"the TCP header says that it is {size} bytes long; the packet has {end - start}"
        )
    cut = max(0, start + size - len(packet))
    missing = max(0, end - len(packet)) - cut
    options = decode_options(packet[start + 20 : start + size])
    if cut and options and options[-1][0] == MALFORMED:
        options = options[:-1]
    segment = Segment(
        address.unpack(source),
        sport,
        address.unpack(destination),
        dport,
        offset_flags & 0x1FF,
        seq,
        ack,
        window,
        options,
        packet[start + size : end] + bytes(missing),
        urgent=urgent,
        ttl=ttl,
        tos=tos,
        ip_id=ip_id,
    )
    return segment, missing, cut


def checksums_ok(packet: bytes) -> bool:
    """Whether the IPv4 header's and the TCP segment's checksums hold.

    Raises WireError as `decode` does.  A capture made on the sending machine often has TCP
    checksums that the network card was still to fill in.
    """
    header, pseudo, tcp = checksum_parts(packet)
    return (not header or verifies(header)) and verifies(pseudo + tcp)


def checksum_parts(packet: bytes) -> tuple[bytes, bytes, bytes]:
    """What its checksums cover: the IPv4 header (IPv6: nothing), TCP's pseudo header, the segment.

    Raises WireError as `decode` does.
    """
    source, destination, _, _, _, start, end = _ip_header(packet)
    if len(packet) < end:
        raise WireError(f"the packet is cut: its last {end - len(packet)} bytes are missing")
    header = packet[: (packet[0] & 0x0F) << 2] if packet[0] >> 4 == 4 else b""
    return header, pseudo_header(source, destination, TCP, end - start), packet[start:end]


_Header = tuple[bytes, bytes, int, int, int, int, int]
"""Source, destination, TTL, traffic class, identification, where TCP starts and ends."""


def _ip_header(packet: bytes) -> _Header:
    if not packet:
        raise WireError("the packet is empty")
    version = packet[0] >> 4
    if version == 4:
        return _ipv4_header(packet)
    if version == 6:
        return _ipv6_header(packet)
    raise WireError(f"this is IP version {version}; only 4 and 6 are known")


def _ipv4_header(packet: bytes) -> _Header:
    if len(packet) < 20:
        raise WireError(f"the packet ends after {len(packet)} of 20 bytes of IPv4 header")
    first, tos, total, ip_id, fragment, ttl, protocol, _, source, destination = (
        _IPV4_HEADER.unpack_from(packet)
    )
    size = (first & 0x0F) << 2
    if size < 20:
        raise WireError(f"the IPv4 header says that it is {size} bytes long, less than 20")
    # Captures on a sending machine see large packets before the card cuts them: length 0.
    total = total or len(packet)
    if total < size:
        raise WireError(f"the IPv4 packet says that it is {total} bytes long, less than its header")
    if protocol != TCP:
        raise _not_tcp(protocol)
    if fragment & (_FRAGMENT_OFFSET | _MORE_FRAGMENTS):
        raise NotTcp(_FRAGMENT)
    if len(packet) < size:
        raise WireError(f"the packet ends after {len(packet)} of {size} bytes of IPv4 header")
    return source, destination, ttl, tos, ip_id, size, total


def _not_tcp(protocol: int) -> NotTcp:
    return NotTcp(f"{_PROTOCOLS.get(protocol, f'IP protocol {protocol}')}, not TCP")


def _ipv6_header(packet: bytes) -> _Header:
    if len(packet) < 40:
        raise WireError(f"the packet ends after {len(packet)} of 40 bytes of IPv6 header")
    first, length, following, hops, source, destination = _IPV6_HEADER.unpack_from(packet)
    end = 40 + length if length else len(packet)
    start = 40
    while following != TCP:
        if following not in _EXTENSION_HEADERS and following not in (
            _FRAGMENT_HEADER,
            _AUTHENTICATION_HEADER,
        ):
            raise _not_tcp(following)
        if start + 8 > min(end, len(packet)):
            raise WireError("the packet ends inside an IPv6 extension header")
        size = 8 + (packet[start + 1] << 3)
        if following == _FRAGMENT_HEADER:
            size = 8
            if int.from_bytes(packet[start + 2 : start + 4], "big") & 0xFFF9:
                raise NotTcp(_FRAGMENT)
        elif following == _AUTHENTICATION_HEADER:
            size = (packet[start + 1] + 2) << 2
        following = packet[start]
        start += size
    if start > end:
        raise WireError("an IPv6 extension header reaches past the end of the packet")
    return source, destination, hops, first >> 20 & 0xFF, 0, start, end
