"""Putting the fragments of IP packets together again, as a host does before TCP sees them.

    fragments = Reassembly()
    packet = fragments.take(packet, now)      # whole, or None while pieces are missing

Source: RFC 791 §3.2, RFC 8200 §4.5, RFC 5722; ip_frag_queue() in net/ipv4/ip_fragment.c and
nf_ct_frag6 in net/ipv6.  Read `codec` for the packets themselves.
"""

from __future__ import annotations

from typing import NamedTuple

from tcpcore.units import seconds
from tcpcore.wire.checksum import checksum
from tcpcore.wire.option_codec import WireError

_TCP = 6
_FRAGMENT_HEADER = 44
_EXTENSION_HEADERS = frozenset((0, 43, 60))
_MORE_4, _OFFSET_4 = 0x2000, 0x1FFF
_LONGEST = 0xFFFF
TIMEOUT = seconds(30)
"""ipfrag_time; IPv6 gives its fragments twice as long, and pieces that late are rare enough."""
_MOST = 1024
"""Packets that may be in pieces at a time; the oldest gives way (Linux: ipfrag_high_thresh)."""


class Piece(NamedTuple):
    """A fragment: whose it is, where in the packet it lies, and what would begin a whole one."""

    key: tuple[bytes, ...]
    start: int
    more: bool
    data: bytes
    header: bytes


class _Packet:
    """A packet in pieces."""

    __slots__ = ("begun", "end", "header", "pieces")

    def __init__(self, now: int) -> None:
        self.begun = now
        self.end: int | None = None
        self.header = b""
        self.pieces: dict[int, bytes] = {}

    def add(self, piece: Piece) -> bool:
        """Take a piece; whether it fits to the others.  Overlapping ones do not (RFC 5722 §4)."""
        end = piece.start + len(piece.data)
        if end > _LONGEST or (piece.more and len(piece.data) % 8):
            return False
        if self.pieces.get(piece.start) == piece.data:
            return True  # the same one once more
        for start, data in self.pieces.items():
            if piece.start < start + len(data) and start < end:
                return False
        if self.end is not None and (end > self.end or not piece.more):
            return False
        if not piece.more:
            self.end = end
        self.pieces[piece.start] = piece.data
        if not piece.start:
            self.header = piece.header
        return True

    def whole(self) -> bytes | None:
        """The packet, once nothing is missing."""
        if self.end is None or sum(map(len, self.pieces.values())) != self.end:
            return None
        body = b"".join(self.pieces[start] for start in sorted(self.pieces))
        return _complete(self.header, body)


class Reassembly:
    """Packets in pieces; `waiting` counts the pieces of those that are not whole yet."""

    def __init__(self) -> None:
        self._packets: dict[tuple[bytes, ...], _Packet] = {}

    @property
    def waiting(self) -> int:
        """Pieces that wait for others."""
        return sum(len(one.pieces) for one in self._packets.values())

    def take(self, packet: bytes, now: int) -> bytes | None:
        """The packet itself unless it is a fragment of a TCP packet; else the whole one, or None.

        `now` is in microseconds.  WireError when it was cut, or does not fit to the others: then
        all of them are given up.
        """
        piece = _piece(packet)
        if piece is None:
            return packet
        known = self._packets.get(piece.key)
        if known is None or not 0 <= now - known.begun <= TIMEOUT:
            known = self._packets[piece.key] = _Packet(now)
        if not known.add(piece):
            del self._packets[piece.key]
            raise WireError("fragments of an IP packet overlap, or do not fit together")
        whole = known.whole()
        if whole is not None:
            del self._packets[piece.key]
        elif len(self._packets) > _MOST:
            del self._packets[next(iter(self._packets))]
        return whole


def _piece(packet: bytes) -> Piece | None:
    """The fragment of a TCP packet that this is; None for anything else."""
    if len(packet) < 20:
        return None
    if packet[0] >> 4 == 4:
        return _piece_4(packet)
    if packet[0] >> 4 == 6 and packet[6] != _TCP and len(packet) >= 48:
        return _piece_6(packet)
    return None


def _piece_4(packet: bytes) -> Piece | None:
    place = packet[6] << 8 | packet[7]
    if not place & (_MORE_4 | _OFFSET_4) or packet[9] != _TCP:
        return None
    size, total = (packet[0] & 15) << 2, packet[2] << 8 | packet[3]
    if not 20 <= size <= total <= len(packet):
        raise WireError("a fragment of an IP packet was cut")
    key = (packet[12:20], packet[4:6])
    start = (place & _OFFSET_4) << 3
    return Piece(key, start, bool(place & _MORE_4), packet[size:total], packet[:size])


def _piece_6(packet: bytes) -> Piece | None:
    at, following, before = 40, packet[6], 6
    while following in _EXTENSION_HEADERS:
        if len(packet) < at + 8:
            return None
        before, following, at = at, packet[at], at + 8 + (packet[at + 1] << 3)
    if following != _FRAGMENT_HEADER or len(packet) < at + 8 or packet[at] != _TCP:
        return None
    place = packet[at + 2] << 8 | packet[at + 3]
    if not place & 0xFFF9:
        return None  # an atomic fragment is whole (RFC 6946)
    total = 40 + (packet[4] << 8 | packet[5])
    if not at + 8 <= total <= len(packet):
        raise WireError("a fragment of an IP packet was cut")
    header = bytearray(packet[:at])
    header[before] = packet[at]
    key = (packet[8:40], packet[at + 4 : at + 8])
    return Piece(key, place & 0xFFF8, bool(place & 1), packet[at + 8 : total], bytes(header))


def _complete(first: bytes, body: bytes) -> bytes | None:
    """A header that says how much there is, and all of it; None when no packet can be so long."""
    header = bytearray(first)
    if header[0] >> 4 == 6:
        length = len(header) - 40 + len(body)
        if length > _LONGEST:
            return None
        header[4:6] = length.to_bytes(2, "big")
        return bytes(header) + body
    if len(header) + len(body) > _LONGEST:
        return None
    header[2:4] = (len(header) + len(body)).to_bytes(2, "big")
    header[6:8] = header[10:12] = b"\0\0"
    header[10:12] = checksum(bytes(header)).to_bytes(2, "big")
    return bytes(header) + body
