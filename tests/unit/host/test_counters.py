"""Counters under their nstat names move exactly as the kernel's do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.states import worlds
from tests.states.conftest import Make
from tests.states.worlds import RTO

NAMES = (
    "TcpActiveOpens",
    "TcpPassiveOpens",
    "TcpAttemptFails",
    "TcpEstabResets",
    "TcpInSegs",
    "TcpOutSegs",
    "TcpRetransSegs",
    "TcpOutRsts",
    "TcpExtListenOverflows",
    "TcpExtListenDrops",
)


def refused(wire: Any) -> None:
    worlds.syn_sent(wire)
    wire << "R. 0:0(0) ack 1 win 0"


def stranger(wire: Any) -> None:
    wire << ". 7:7(0) ack 99 win 65535"
    wire >> "R 99:99(0) win 0"


def retransmitted(wire: Any) -> None:
    sock = worlds.established(wire)
    sock.write(100)
    wire >> "P. 1:101(100) ack 1"
    wire.after(RTO) >> "P. 1:101(100) ack 1"
    wire << ". 1:1(0) ack 101 win 65535"


def syn_ack_again(wire: Any) -> None:
    worlds.half_open(wire)
    wire.after(1_000_000) >> "S. 0:0(0) ack 1 <...>"


def reset(wire: Any) -> None:
    worlds.established(wire)
    wire << "R 1:1(0) win 0"


def reset_later(wire: Any) -> None:
    worlds.fin_wait_1(wire)
    wire << "R 1:1(0) win 0"


def aborted(wire: Any) -> None:
    sock = worlds.established(wire)
    wire << "P. 1:101(100) ack 1 win 65535"
    wire >> ". 1:1(0) ack 101"
    sock.close()
    wire >> "R. 1:1(0) ack 101"


def request_reset(wire: Any) -> None:
    worlds.half_open(wire)
    wire << "R 1:1(0) win 0"


STORIES: dict[str, Callable[[Any], Any]] = {
    "connect": lambda wire: wire.connected(),
    "accept": worlds.established,
    "refused": refused,
    "stranger": stranger,
    "retransmitted": retransmitted,
    "SYN+ACK again": syn_ack_again,
    "reset": reset,
    "reset in FIN_WAIT_1": reset_later,
    "aborted": aborted,
    "request reset": request_reset,
    "time wait": worlds.time_wait,
    "last ack": worlds.last_ack,
}

# In the order of NAMES, as Linux 6.18 counts.
EXPECTED: dict[str, tuple[int, ...]] = {
    "connect": (1, 0, 0, 0, 1, 2, 0, 0, 0, 0),
    "accept": (0, 1, 0, 0, 2, 1, 0, 0, 0, 0),
    "refused": (1, 0, 1, 0, 1, 1, 0, 0, 0, 0),
    "stranger": (0, 0, 0, 0, 1, 1, 0, 1, 0, 0),
    "retransmitted": (0, 1, 0, 0, 3, 2, 1, 0, 0, 0),
    "SYN+ACK again": (0, 0, 0, 0, 1, 2, 1, 0, 0, 0),
    "reset": (0, 1, 0, 1, 3, 1, 0, 0, 0, 0),
    "reset in FIN_WAIT_1": (0, 1, 0, 0, 3, 2, 0, 0, 0, 0),
    "aborted": (0, 1, 0, 1, 3, 3, 0, 1, 0, 0),
    "request reset": (0, 0, 1, 0, 2, 1, 0, 0, 0, 0),
    "time wait": (0, 1, 0, 0, 4, 3, 0, 0, 0, 0),
    "last ack": (0, 1, 0, 0, 3, 3, 0, 0, 0, 0),
}


@pytest.mark.parametrize("name", STORIES)
def test_each_story_moves_the_counters_as_in_the_kernel(make: Make, name: str):
    wire = make()
    STORIES[name](wire)
    wire.quiet()
    found = tuple(wire.count(counter) for counter in NAMES)
    assert dict(zip(NAMES, found, strict=True)) == dict(zip(NAMES, EXPECTED[name], strict=True))
