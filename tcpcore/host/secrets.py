"""What a host draws from its secret: initial sequence numbers and timestamp offsets.

RFC 9293 §3.4.1 for sequence numbers, RFC 7323 §5.4 for timestamps; net/core/secure_seq.c.  Linux
hashes with SipHash; any keyed hash does, since only the host itself can check it.
"""

from __future__ import annotations

import hashlib

from tcpcore.seqnum import MASK

TICK_NS = 64
"""Linux's sequence clock ticks every 64 ns (seq_scale()); RFC 9293 §3.4.1 suggests 4 us."""

FourTuple = tuple[str, int, str, int]
"""``(local address, local port, remote address, remote port)``."""


class Secrets:
    """The secret of one host, drawn when it boots."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = key

    def number(self, purpose: str, ends: FourTuple) -> int:
        """32 bits that nobody else can guess, the same for the same purpose and four-tuple."""
        text = f"{purpose} {ends!r}".encode()
        digest = hashlib.blake2s(text, key=self._key, digest_size=4).digest()
        return int.from_bytes(digest, "big")

    def initial_sequence(self, ends: FourTuple, now: int, tick: int = TICK_NS) -> int:
        """A clock of 64 ns plus a hash of the four-tuple (secure_tcp_seq_and_ts_off())."""
        return (now * 1000 // tick + self.number("sequence", ends)) & MASK

    def timestamp_offset(self, ends: FourTuple) -> int:
        """Where the timestamp clock of a connection starts (secure_tcp_ts_off())."""
        return self.number("timestamp", ends)

    def key(self, purpose: str) -> bytes:
        """16 bytes for a keyed hash of its own (SYN cookies, Fast Open cookies)."""
        return hashlib.blake2s(purpose.encode(), key=self._key, digest_size=16).digest()
