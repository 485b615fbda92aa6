"""RFC 1071."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from tcpcore.wire.checksum import checksum, ones_sum, verifies


def word_by_word(data: bytes) -> int:
    """The sum as RFC 1071 §4.1 writes it: add words, fold the carries."""
    padded = data + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def test_the_example_of_rfc_1071_section_3() -> None:
    data = bytes.fromhex("0001f203f4f5f6f7")
    assert ones_sum(data) == 0xDDF2
    assert checksum(data) == 0x220D


@given(st.binary(max_size=200))
def test_the_sum_equals_adding_word_by_word(data: bytes) -> None:
    assert ones_sum(data) == word_by_word(data)


@given(st.lists(st.sampled_from([b"\xff\xff", b"\x00\x00", b"\x00\x01", b"\xff\xfe"]), max_size=40))
def test_both_zeros_of_ones_complement_are_told_apart(words: list[bytes]) -> None:
    data = b"".join(words)
    assert ones_sum(data) == word_by_word(data)


@given(st.binary(max_size=100).map(lambda data: data + b"\0" * (len(data) % 2)))
def test_data_with_its_checksum_verifies_and_with_another_does_not(data: bytes) -> None:
    right = checksum(data)
    assert verifies(data + right.to_bytes(2, "big"))
    assert not verifies(data + ((right + 1) & 0xFFFF or 2).to_bytes(2, "big")) or right == 0xFFFF
