"""A large packet that is acknowledged in part: what is left is cut into segments anew."""

from __future__ import annotations

import pytest

from tcpcore.units import ms
from tests.states.conftest import Make

RTT = ms(40)
PROBE = ms(80) + 2000
"""Two round trips and TCP_TIMEOUT_MIN after the last ACK."""


@pytest.mark.parametrize(
    ("size", "ack", "left", "probe"),
    [
        (2000, 501, 2, "1501:2001(500)"),
        (1500, 500, 2, "1500:1501(1)"),
        (1500, 501, 1, None),
    ],
)
def test_segments_begin_where_the_acknowledgement_ends(
    make: Make, size: int, ack: int, left: int, probe: str | None
):
    """As many as then are needed; the others count as delivered."""
    wire = make()
    listener = wire.listen()
    wire << "S 0:0(0) win 65535 <mss 1000,sackOK,nop,wscale 7>"
    wire >> "S. 0:0(0) ack 1 <...>"
    wire.silent(RTT)
    wire << ". 1:1(0) ack 1 win 1000"
    sock = listener.accept()
    sock.write(size)
    wire.forget()
    wire << f". 1:1(0) ack {ack} win 1000"
    info = sock.info()
    assert (info["unacked"], info["delivered"]) == (left, 3 - left)
    if probe:
        wire.after(PROBE) >> f"P. {probe} ack 1"
