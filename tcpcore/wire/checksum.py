"""The Internet checksum (RFC 1071): one's complement sum of 16-bit words."""

from __future__ import annotations


def ones_sum(data: bytes) -> int:
    """The folded 16-bit one's complement sum of `data`; an odd last byte is padded with zero.

    Reading the bytes as one number and taking it modulo 0xFFFF is the same sum, because
    2**16 is 1 modulo 0xFFFF; it leaves the adding to Python's integers.  RFC 1071 §1 and §2.
    """
    number = int.from_bytes(data, "big")
    if len(data) & 1:
        number <<= 8
    if not number:
        return 0
    return number % 0xFFFF or 0xFFFF


def checksum(data: bytes) -> int:
    """The checksum to put in the header, whose checksum field is zero in `data`.  RFC 1071 §1."""
    return ones_sum(data) ^ 0xFFFF


def verifies(data: bytes) -> bool:
    """Whether `data`, checksum field included, sums to all ones.  RFC 1071 §1."""
    return ones_sum(data) == 0xFFFF


def pseudo_header(source: bytes, destination: bytes, protocol: int, length: int) -> bytes:
    """What TCP's checksum covers besides the segment; addresses are packed, 4 or 16 bytes each.

    RFC 9293 §3.1 for IPv4, RFC 8200 §8.1 for IPv6.
    """
    if len(source) == 4:
        return source + destination + bytes((0, protocol)) + length.to_bytes(2, "big")
    return source + destination + length.to_bytes(4, "big") + bytes((0, 0, 0, protocol))
