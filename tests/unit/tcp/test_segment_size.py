"""Into a window go two segments at least, unless it is tiny (tcp_bound_to_half_wnd())."""

from __future__ import annotations

import pytest

from tests.notation import Wire
from tests.states.conftest import Make


@pytest.mark.parametrize(
    ("window", "sent"),
    [
        (2001, [". 1:1001(1000)", "P. 1001:2001(1000)"]),
        (2000, [". 1:1001(1000)", "P. 1001:2001(1000)"]),
        (1999, [". 1:1000(999)", "P. 1000:1999(999)"]),
        (1500, [". 1:751(750)", "P. 751:1501(750)"]),
        (537, [". 1:269(268)", "P. 269:537(268)"]),
        (536, ["P. 1:537(536)"]),
        (60, ["P. 1:61(60)"]),
    ],
)
@pytest.mark.parametrize("opened", ["connected", "accepted"])
def test_a_small_window_is_filled_with_halves(
    make: Make, window: int, sent: list[str], opened: str
):
    wire = make()
    sock = getattr(wire, opened)(peer_options="mss 1000", window=window)
    sock.write(4000)
    for one in sent:
        wire >> f"{one} ack 1"
    wire.quiet()


def test_the_window_of_a_syn_ack_is_not_scaled(make: Make):
    wire = make()
    sock = wire.connected(peer_options="mss 1000,nop,wscale 7", window=1500)
    sock.write(4000)
    wire >> ". 1:751(750) ack 1"
    wire >> "P. 751:1501(750) ack 1"
    wire.quiet()


def test_when_the_window_has_grown_segments_are_whole_again(make: Make):
    wire = make()
    sock = wire.connected(peer_options="mss 1000", window=1500)
    sock.write(4000)
    wire >> ". 1:751(750) ack 1"
    wire >> "P. 751:1501(750) ack 1"
    wire << ". 1:1(0) ack 751 win 5000"
    wire >> ". 1501:2501(1000) ack 1"


def test_ss_shows_what_a_full_segment_is_now():
    wire = Wire()
    wire.connected(peer_options="mss 1000", window=1500)
    assert "mss:750 " in wire.host.sh("ss -ti")
