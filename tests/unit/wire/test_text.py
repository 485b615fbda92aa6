"""packetdrill's notation."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpcore.errors import UsageError
from tcpcore.wire.option_codec import decode_options
from tcpcore.wire.options import END, MALFORMED
from tcpcore.wire.segment import ACK, AE, CWR, ECE, FIN, PSH, SYN, URG, Segment
from tcpcore.wire.text import NotationError, format_packetdrill, parse_packetdrill
from tests.unit.wire.segments import segments, u32

ENDS = ("10.0.0.1", 40000, "10.0.0.2", 80)
SYN_OPTIONS = ((2, 1460), (4,), (8, 1, 0), (1,), (3, 10))

EXAMPLES = [
    (
        "S 0:0(0) win 64240 <mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 10>",
        Segment(*ENDS, SYN, 0, 0, 64240, SYN_OPTIONS),
    ),
    ("P. 1:101(100) ack 1 win 63", Segment(*ENDS, PSH | ACK, 1, 1, 63, payload=bytes(100))),
    ("F. 101:101(0) ack 1 win 63", Segment(*ENDS, FIN | ACK, 101, 1, 63)),
    ("- 7:7(0) win 0", Segment(*ENDS, 0, 7)),
    (".U 7:8(1) ack 1 win 5 urg 1", Segment(*ENDS, ACK | URG, 7, 1, 5, (), b"\0", urgent=1)),
    ("SEWA 0:0(0) win 5", Segment(*ENDS, SYN | ECE | CWR | AE, 0, 0, 5)),
    (
        ". 1:1(0) ack 1 win 5 <nop,nop,sack 101:201 301:401>",
        Segment(*ENDS, ACK, 1, 1, 5, ((1,), (1,), (5, (101, 201), (301, 401)))),
    ),
    ("S 0:0(0) win 5 <FO>", Segment(*ENDS, SYN, 0, 0, 5, ((34, b""),))),
    ("S 0:0(0) win 5 <FO 01020304>", Segment(*ENDS, SYN, 0, 0, 5, ((34, b"\1\2\3\4"),))),
    ("S 0:0(0) win 5 <FOEXP aabb>", Segment(*ENDS, SYN, 0, 0, 5, ((254, b"\xf9\x89\xaa\xbb"),))),
    ("S 0:0(0) win 5 <kind 254 0001>", Segment(*ENDS, SYN, 0, 0, 5, ((254, b"\0\1"),))),
    ("S 0:0(0) win 5 <md5 " + "11" * 16 + ">", Segment(*ENDS, SYN, 0, 0, 5, ((19, b"\x11" * 16),))),
    (
        "S 0:0(0) win 5 <kind 99 abcd,raw 02000000>",
        Segment(*ENDS, SYN, 0, 0, 5, ((99, b"\xab\xcd"), (MALFORMED, b"\2\0\0\0"))),
    ),
    ("S 0:0(0) win 5 <eol 020405>", Segment(*ENDS, SYN, 0, 0, 5, ((END, b"\2\4\5"),))),
    ("S 4294967295:3(4) win 5", Segment(*ENDS, SYN, 0xFFFF_FFFF, 0, 5, (), bytes(4))),
]


@pytest.mark.parametrize(("text", "segment"), EXAMPLES, ids=[text for text, _ in EXAMPLES])
def test_text_and_segment_are_the_same_thing(text: str, segment: Segment) -> None:
    assert parse_packetdrill(text) == segment
    assert format_packetdrill(segment) == text


@given(segments(), u32, u32)
def test_any_segment_survives_its_text_also_with_relative_numbers(
    segment: Segment, seq_base: int, ack_base: int
) -> None:
    text = format_packetdrill(segment, seq_base=seq_base, ack_base=ack_base)
    again = parse_packetdrill(
        text,
        src=segment.src,
        sport=segment.sport,
        dst=segment.dst,
        dport=segment.dport,
        seq_base=seq_base,
        ack_base=ack_base,
        payload=segment.payload,
    )
    for name in ("flags", "seq", "window", "options", "payload"):
        assert getattr(again, name) == getattr(segment, name), name
    assert again.ack == (segment.ack if segment.flags & ACK else 0)
    assert again.urgent == (segment.urgent if segment.flags & URG else 0)


@given(st.integers(0, 8).flatmap(lambda n: st.binary(min_size=n * 4, max_size=n * 4)))
def test_any_option_bytes_survive_their_text(data: bytes) -> None:
    segment = Segment(*ENDS, SYN, 0, options=decode_options(data))
    assert parse_packetdrill(format_packetdrill(segment)) == segment


def test_spaces_do_not_matter_and_the_window_may_be_left_out() -> None:
    assert parse_packetdrill("  S.  0 : 0 ( 0 )  ack 1  < mss 1460 , nop >  ") == Segment(
        *ENDS, SYN | ACK, 0, 1, 0, ((2, 1460), (1,))
    )


def test_padding_written_out_is_the_padding_that_the_header_has_anyway() -> None:
    assert parse_packetdrill("S 0:0(0) <wscale 7,eol>").options == ((3, 7),)


def test_a_digit_is_the_accurate_ecn_counter() -> None:
    assert parse_packetdrill(".5 1:1(0) ack 1").flags == ACK | ECE | AE
    assert parse_packetdrill(".0 1:1(0) ack 1").flags == ACK


@pytest.mark.parametrize(
    ("text", "column", "expected"),
    [
        ("", 1, "flags, such as S"),
        ("X 0:0(0)", 1, "FSRP.UEWA"),
        ("SS 0:0(0)", 2, "at most once"),
        ("S x:0(0)", 3, "a sequence number"),
        ("S 0-0(0)", 4, "':'"),
        ("S 0:5(4)", 5, "4, which is 0 and 4 bytes"),
        ("S 0:0(0", 8, "')'"),
        ("S 0:0(70000)", 7, "a length, 0 to 65535"),
        ("S 4294967296:0(0)", 3, "0 to 4294967295"),
        ("S " + "9" * 5000 + ":0(0)", 3, "0 to 4294967295"),
        (". 0:0(0) win 5", 15, "'ack N' and the flag"),
        ("S 0:0(0) ack 1", 15, "'ack N' and the flag"),
        ("S 0:0(0) win 65536", 14, "the number of win"),
        ("S 0:0(0) win", 13, "the number of win"),
        ("S 0:0(0) more", 10, "nothing more"),
        ("S 0:0(0) <...>", 11, "an option"),
        ("S 0:0(0) <>", 11, "an option"),
        ("S 0:0(0) <mss>", 14, "the number of mss"),
        ("S 0:0(0) <nop nop>", 15, "',' or '>'"),
        ("S 0:0(0) <nop", 14, "',' or '>'"),
        ("S 0:0(0) <TS val 1>", 19, "'ecr'"),
        ("S 0:0(0) <sack>", 15, "the left edge"),
        ("S 0:0(0) <sack 1>", 17, "':'"),
        ("S 0:0(0) <FO abc>", 14, "hexadecimal"),
        ("S 0:0(0) <kind 256>", 16, "an option kind"),
        ("S 0:0(0) <FO " + "00" * 50 + ">", 10, "options that a header can carry"),
    ],
)
def test_bad_text_gives_the_column_and_what_was_expected(
    text: str, column: int, expected: str
) -> None:
    with pytest.raises(NotationError) as caught:
        parse_packetdrill(text)
    assert caught.value.column == column
    assert expected in caught.value.expected
    assert f"column {column}" in str(caught.value)


@given(st.text(alphabet="SF.P- 0123456789:()<>,ackwinmsTtovler\u0663\n", max_size=40))
def test_any_text_is_a_segment_or_a_notation_error(text: str) -> None:
    with suppress(NotationError):
        parse_packetdrill(text)


def test_a_payload_of_another_length_is_refused() -> None:
    with pytest.raises(UsageError, match=r"says 2 bytes; the payload given has 3"):
        parse_packetdrill("P. 0:2(2) ack 1", payload=b"abc")
