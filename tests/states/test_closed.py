"""CLOSED: what a host answers on a port where nobody listens (RFC 9293 §3.10.7.1)."""

from __future__ import annotations

import pytest

from tests.states.conftest import Make


@pytest.mark.parametrize(
    ("arrives", "answer"),
    [
        ("S 0:0(0) win 65535 <mss 1460>", "R. 0:0(0) ack 1 win 0"),
        ("S 0:10(10) win 65535", "R. 0:0(0) ack 11 win 0"),
        ("SF 0:0(0) win 65535", "R. 0:0(0) ack 2 win 0"),
        ("F 7:7(0) win 65535", "R. 0:0(0) ack 8 win 0"),
        ("P 7:17(10) win 65535", "R. 0:0(0) ack 17 win 0"),
        ("- 7:7(0) win 65535", "R. 0:0(0) ack 7 win 0"),
        (". 7:7(0) ack 99 win 65535", "R 99:99(0) win 0"),
        ("S. 7:7(0) ack 99 win 65535", "R 99:99(0) win 0"),
        ("F. 7:7(0) ack 99 win 65535", "R 99:99(0) win 0"),
        ("P. 7:27(20) ack 99 win 65535", "R 99:99(0) win 0"),
    ],
)
def test_a_stranger_is_reset(make: Make, arrives: str, answer: str):
    wire = make()
    wire << arrives
    wire >> answer
    assert wire.count("TcpOutRsts") == 1
    assert wire.state() == "CLOSED"


@pytest.mark.parametrize("arrives", ["R 0:0(0) win 0", "R. 0:0(0) ack 9 win 0"])
def test_a_reset_is_never_answered_with_a_reset(make: Make, arrives: str):
    wire = make()
    wire << arrives
    wire.quiet()
