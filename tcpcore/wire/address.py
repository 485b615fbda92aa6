"""IP addresses: text to packed bytes and back, the same on every platform.

Python's own functions leave the text of IPv6 to the C library, and `ipaddress` changed its mind
about IPv4-mapped addresses; the traces and captures here must not.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from functools import lru_cache


@lru_cache(maxsize=4096)
def pack(text: str) -> bytes:
    """Four or sixteen bytes for an address; ValueError when `text` is none.

    A zone (``fe80::1%eth0``) is refused: it is not on the wire.
    """
    if "%" in text:
        raise ValueError(f"{text!r} names a zone, which is not part of an address on the wire")
    return ipaddress.ip_address(text).packed


@lru_cache(maxsize=4096)
def within(text: str, prefix: str) -> bool:
    """Whether an address lies in a prefix (``192.0.2.0/24``), or is that address."""
    network = ipaddress.ip_network(prefix, strict=False)
    return inside(network.network_address.packed, network.prefixlen)(text)


def inside(base: bytes, bits: int) -> Callable[[str], bool]:
    """The test whether an address has the first `bits` bits of `base`, and its IP version."""
    size, shift = len(base), 8 * len(base) - bits
    prefix = int.from_bytes(base, "big") >> shift

    def test(text: str) -> bool:
        packed = pack(text)
        return len(packed) == size and int.from_bytes(packed, "big") >> shift == prefix

    return test


@lru_cache(maxsize=4096)
def unpack(packed: bytes) -> str:
    """The text of four or sixteen bytes, IPv6 as RFC 5952 §4 and glibc's inet_ntop() write it."""
    if len(packed) == 4:
        return _dotted(packed)
    words = [packed[i] << 8 | packed[i + 1] for i in range(0, 16, 2)]
    start, length = _longest_zero_run(words)
    if start == 0 and (length == 6 or (length == 5 and words[5] == 0xFFFF)):
        prefix = "::" if length == 6 else "::ffff:"
        return prefix + _dotted(packed[12:])
    if length < 2:
        return ":".join(f"{word:x}" for word in words)
    head = ":".join(f"{word:x}" for word in words[:start])
    tail = ":".join(f"{word:x}" for word in words[start + length :])
    return f"{head}::{tail}"


def _dotted(packed: bytes) -> str:
    return ".".join(map(str, packed))


def _longest_zero_run(words: list[int]) -> tuple[int, int]:
    """Where the longest run of zero words starts (the first of equals), and how long it is."""
    best_start, best_length, start = 0, 0, 0
    for index, word in enumerate([*words, 1]):
        if word:
            if index - start > best_length:
                best_start, best_length = start, index - start
            start = index + 1
    return best_start, best_length
