"""The options of a segment, byte by byte."""

from __future__ import annotations

from typing import Any

import pytest

from tcpcore.linux import store
from tcpcore.view import option_bytes
from tcpcore.view.evidence import engine, kernel
from tcpcore.wire import codec

SIDES = pytest.mark.parametrize("side", [engine, kernel], ids=["engine", "kernel"])


def rows(segment: Any) -> list[list[str]]:
    return [line.split() for line in str(option_bytes(segment)).splitlines()[2:]]


@SIDES
def test_the_options_of_a_syn_stand_where_linux_puts_them(side: Any) -> None:
    found = rows(side("handshake")[0])
    assert found[0][:8] == ["20-23", "02", "04", "05", "b4", "2", "4", "mss"]
    assert [row[0] for row in found] == ["20-23", "24-25", "26-35", "36", "37-39"]
    assert "sackOK" in found[1]
    assert found[4][1:6] == ["03", "03", "0a", "3", "3"]


@SIDES
def test_a_segment_without_options_has_an_empty_table(side: Any) -> None:
    assert "0 bytes of options" in str(option_bytes(side("hand-made-options")[0]))


@SIDES
def test_an_unknown_option_keeps_its_bytes(side: Any) -> None:
    first = rows(side("hand-made-options", mss=1460, first=1)[0])[0]
    assert first[:9] == ["20-23", "c8", "04", "05", "06", "200", "4", "option", "200"]


@SIDES
def test_a_broken_option_takes_all_that_follows(side: Any) -> None:
    found = str(option_bytes(side("hand-made-options", mss=1460, first=2)[0])).splitlines()
    assert len(found) == 3
    assert "c8 01 05 06 02 04 05 b4" in found[2]
    assert "nothing is read" in found[2]


@SIDES
def test_sack_blocks_are_read_relative_and_payload_is_left_out(side: Any) -> None:
    run = side("hand-made-options", sack=True, islands=4)
    last = [one for one in run.segments if one.sack][-1]
    assert rows(last)[2][:2] == ["22-55", "05"]
    assert "sack {701:801} {501:601}" in str(option_bytes(last))
    assert "0 bytes of options" in str(option_bytes(run.data("client")[0]))


def test_what_a_kernel_sent_is_kept_byte_for_byte() -> None:
    for record in store.committed():
        for segment in record.segments[:8]:
            assert codec.encode(segment.segment) == segment.packet
