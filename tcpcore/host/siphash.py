"""SipHash-2-4, the keyed hash that Linux takes for SYN cookies and Fast Open cookies.

Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012); lib/siphash.c.
"""

from __future__ import annotations

import struct

_MASK = 0xFFFF_FFFF_FFFF_FFFF
_WORD = struct.Struct("<Q")
_KEY = struct.Struct("<QQ")

State = tuple[int, int, int, int]


def _rounds(state: State, count: int) -> State:
    a, b, c, d = state
    for _ in range(count):
        a = (a + b) & _MASK
        b = (b << 13 | b >> 51) & _MASK ^ a
        a = (a << 32 | a >> 32) & _MASK
        c = (c + d) & _MASK
        d = (d << 16 | d >> 48) & _MASK ^ c
        a = (a + d) & _MASK
        d = (d << 21 | d >> 43) & _MASK ^ a
        c = (c + b) & _MASK
        b = (b << 17 | b >> 47) & _MASK ^ c
        c = (c << 32 | c >> 32) & _MASK
    return a, b, c, d


def siphash(data: bytes, key: bytes) -> int:
    """64 bits of `data` under a key of 16 bytes."""
    first, second = _KEY.unpack(key)
    state: State = (
        first ^ 0x736F6D6570736575,
        second ^ 0x646F72616E646F6D,
        first ^ 0x6C7967656E657261,
        second ^ 0x7465646279746573,
    )
    tail = len(data) % 8
    padded = data + bytes(7 - tail) + bytes((len(data) & 0xFF,))
    for (word,) in _WORD.iter_unpack(padded):
        a, b, c, d = state
        a, b, c, d = _rounds((a, b, c, d ^ word), 2)
        state = (a ^ word, b, c, d)
    a, b, c, d = state
    a, b, c, d = _rounds((a, b, c ^ 0xFF, d), 4)
    return a ^ b ^ c ^ d
