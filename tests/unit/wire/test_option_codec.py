"""Options of the header, whole and broken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpcore.wire.option_codec import WireError, decode_options, encode_options
from tcpcore.wire.options import END, MALFORMED, MSS, NOP, SACK, TIMESTAMPS, Option
from tests.unit.wire.segments import option_lists

fields = st.integers(0, 10).flatmap(lambda words: st.binary(min_size=words * 4, max_size=words * 4))
likely = st.lists(
    st.sampled_from([0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 8, 10, 18, 19, 34, 254, 255]), max_size=40
).map(lambda values: bytes(values[: len(values) // 4 * 4]))


@given(option_lists())
def test_options_survive_their_bytes(options: tuple[Option, ...]) -> None:
    assert decode_options(encode_options(options)) == options


@given(st.integers(0, 0xFFFF_FFFF), st.integers(0, 0xFFFF_FFFF))
def test_timestamps_behind_two_nops_have_the_bytes_that_they_have_anywhere(
    value: int, echo: int
) -> None:
    stamps: Option = (TIMESTAMPS, value, echo)
    behind = encode_options(((NOP,), (NOP,), stamps))
    assert behind == b"\x01\x01" + encode_options((stamps, (NOP,), (NOP,)))[:10]
    assert encode_options(((NOP,), (NOP,), stamps, (NOP,)))[:12] == behind


@given(st.one_of(fields, likely))
def test_whatever_the_bytes_are_reading_and_writing_keeps_them(data: bytes) -> None:
    assert encode_options(decode_options(data)) == data


@pytest.mark.parametrize(
    ("data", "options"),
    [
        ("", ()),
        ("020405b4", ((MSS, 1460),)),
        ("0303 0a 00", ((3, 10),)),
        ("01010402", ((NOP,), (NOP,), (4,))),
        ("0101050a 00000001 00000002", ((NOP,), (NOP,), (SACK, (1, 2)))),
        ("2202 0101", ((34, b""), (NOP,), (NOP,))),
        ("2206 01020304 0000", ((34, b"\1\2\3\4"),)),
        ("fe08 f989 01020304", ((254, b"\xf9\x89\1\2\3\4"),)),
        ("6305 aabbcc 000000", ((99, b"\xaa\xbb\xcc"),)),
        ("1312" + "11" * 16 + "0000", ((19, b"\x11" * 16),)),
    ],
)
def test_options_are_read_as_rfcs_draw_them(data: str, options: tuple[Option, ...]) -> None:
    assert decode_options(bytes.fromhex(data)) == options


@pytest.mark.parametrize(
    ("data", "options", "what"),
    [
        ("0101 0200", ((NOP,), (NOP,), (MALFORMED, b"\2\0")), "length 0"),
        ("0201 05b4", ((MALFORMED, b"\2\1\5\xb4"),), "length 1"),
        ("0101 0805", ((NOP,), (NOP,), (MALFORMED, b"\x08\5")), "past the end"),
        ("0101 0102", ((NOP,), (NOP,), (NOP,), (MALFORMED, b"\2")), "no length byte"),
        ("0203 05 01 020405b4", ((MALFORMED, b"\2\3\5"), (NOP,), (MSS, 1460)), "MSS of 3 bytes"),
        ("0506 00000000 0101", ((MALFORMED, b"\5\6\0\0\0\0"), (NOP,), (NOP,)), "half a block"),
        ("0502 0101", ((MALFORMED, b"\5\2"), (NOP,), (NOP,)), "SACK without a block"),
        ("0403 00 00", ((MALFORMED, b"\4\3\0"),), "SACK permitted with data"),
        ("00 020405", ((END, b"\2\4\5"),), "something after END"),
        ("00000000", ((END, b"\0\0\0"),), "a whole word of padding"),
    ],
)
def test_broken_options_are_kept_where_linux_skips_or_stops(
    data: str, options: tuple[Option, ...], what: str
) -> None:
    assert decode_options(bytes.fromhex(data)) == options, what


def test_an_end_asked_for_is_written() -> None:
    assert encode_options(((MSS, 1460), (END,))).hex() == "020405b400000000"


@pytest.mark.parametrize(
    "options",
    [
        *[((MSS, 70000),), ((3, 256),), ((8, 1),), ((SACK, (1, 2, 3)),), ((99,),), ((99, "text"),)],
        *[((NOP,), (NOP,), (TIMESTAMPS, 2**32, 0)), ((NOP,), (NOP,), (TIMESTAMPS, 1))],
    ],
)
def test_an_option_with_an_impossible_value_is_a_wire_error(options: tuple[Option, ...]) -> None:
    with pytest.raises(WireError, match="option"):
        encode_options(options)
