"""A TCP segment with the few fields of its IP header that TCP cares about.

One small value that every part of the project passes around.  It is a slotted class that nobody
changes after it was sent (frozen dataclasses cost five times as much to build).  Bytes are made
and read in `wire.codec`; printing is in `wire.text` (packetdrill) and `observe.tcpdump`.
"""

from __future__ import annotations

from tcpcore.why import Reason
from tcpcore.wire.options import Option

FIN = 0x01
SYN = 0x02
RST = 0x04
PSH = 0x08
ACK = 0x10
URG = 0x20
ECE = 0x40
CWR = 0x80
AE = 0x100
"""The flag bits of the TCP header, AE (RFC 9768, once NS) included."""


class Segment:
    """One segment as it travels; fields hold what is on the wire (`window` is not scaled).

    Addresses are text (``10.0.0.1``, ``2001:db8::1``), numbers are as in the header, `payload` is
    bytes, `options` a tuple in wire order (see `wire.options`).  `reason` is not on the wire: it
    says why our own engine sent the segment, and is None for captured ones.  `size` is the IP
    packet's, in bytes, where whoever made the segment knows it, else 0: ask `net.packet`.
    """

    __slots__ = (
        "ack",
        "dport",
        "dst",
        "flags",
        "ip_id",
        "options",
        "payload",
        "reason",
        "seq",
        "size",
        "sport",
        "src",
        "tos",
        "ttl",
        "urgent",
        "window",
    )

    def __init__(
        self,
        src: str,
        sport: int,
        dst: str,
        dport: int,
        flags: int,
        seq: int,
        ack: int = 0,
        window: int = 0,
        options: tuple[Option, ...] = (),
        payload: bytes = b"",
        reason: Reason | None = None,
        urgent: int = 0,
        ttl: int = 64,
        tos: int = 0,
        ip_id: int = 0,
        size: int = 0,
    ) -> None:
        self.src = src
        self.sport = sport
        self.dst = dst
        self.dport = dport
        self.flags = flags
        self.seq = seq
        self.ack = ack
        self.window = window
        self.options = options
        self.payload = payload
        self.reason = reason
        self.urgent = urgent
        self.ttl = ttl
        self.tos = tos
        self.ip_id = ip_id
        self.size = size

    @property
    def length(self) -> int:
        """Length in sequence space: payload bytes, and one each for SYN and FIN (RFC 9293 §3.4)."""
        return len(self.payload) + ((self.flags >> 1) & 1) + (self.flags & 1)

    @property
    def end(self) -> int:
        """The sequence number right after this segment."""
        return (self.seq + self.length) & 0xFFFF_FFFF

    def _wire_fields(self) -> tuple[object, ...]:
        return (
            self.src, self.sport, self.dst, self.dport, self.flags, self.seq, self.ack, self.window,
            self.options, self.payload, self.urgent, self.ttl, self.tos, self.ip_id,
        )  # fmt: skip

    def __copy__(self) -> Segment:
        return Segment(
            self.src, self.sport, self.dst, self.dport, self.flags, self.seq, self.ack, self.window,
            self.options, self.payload, self.reason, self.urgent, self.ttl, self.tos, self.ip_id,
        )  # fmt: skip

    def as_long(self) -> Segment:
        """A copy for who changes addresses or TTL, and so nothing that makes it longer."""
        copied = self.__copy__()
        copied.size = self.size
        return copied

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Segment):
            return NotImplemented
        return self._wire_fields() == other._wire_fields()

    def __hash__(self) -> int:
        return hash(self._wire_fields())

    def __repr__(self) -> str:
        return (
            f"Segment({self.src}:{self.sport} > {self.dst}:{self.dport}"
            f" flags={self.flags:#04x} seq={self.seq} ack={self.ack} win={self.window}"
            f" len={len(self.payload)} options={self.options})"
        )
