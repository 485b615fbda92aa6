"""Counters of what a host sends, of its probes and of its ends move exactly as the kernel's do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tcpcore.units import seconds
from tests.states import worlds
from tests.states.conftest import Make
from tests.states.worlds import RTO
from tests.unit.host.options import set_option

NAMES = tuple(
    f"TcpExt{name}"
    for name in (
        "TCPOrigDataSent",
        "TW",
        "TWKilled",
        "TcpTimeoutRehash",
        "TCPKeepAlive",
        "TCPWinProbe",
        "TCPFromZeroWindowAdv",
        "TCPToZeroWindowAdv",
        "TCPWantZeroWindowAdv",
        "TCPAbortOnLinger",
        "TCPAbortOnData",
        "TCPSackFailures",
        "TCPSackRecoveryFail",
        "TCPRenoFailures",
        "TCPRenoRecoveryFail",
        "TCPLossFailures",
    )
)


def data(wire: Any) -> None:
    """A FIN is data, what is sent again is not."""
    sock = worlds.established(wire)
    sock.write(100)
    wire >> "P. 1:101(100) ack 1"
    wire.after(RTO) >> "P. 1:101(100) ack 1"
    wire << ". 1:1(0) ack 101 win 65535"
    sock.shutdown()
    wire >> "F. 101:101(0) ack 1"


def silence(wire: Any) -> None:
    sock = worlds.established(wire)
    set_option(sock, "TCP_KEEPIDLE", 1)
    set_option(sock, "SO_KEEPALIVE", 1)
    wire.after(seconds(1)) >> ". 0:0(0) ack 1"


def shut_window(wire: Any) -> None:
    sock = wire.accepted(window=0)
    sock.write(10)
    wire.after(RTO) >> ". 0:0(0) ack 1"


def orphan(wire: Any) -> None:
    worlds.fin_wait_1(wire, orphan=True)
    wire << ". 1:1(0) ack 2 win 65535"


def orphan_ends(wire: Any) -> None:
    orphan(wire)
    wire << "F. 1:1(0) ack 2 win 65535"
    wire >> ". 2:2(0) ack 2"


def both_at_once(wire: Any) -> None:
    worlds.fin_wait_1(wire, orphan=True)
    wire << "F. 1:1(0) ack 2 win 65535"
    wire >> ". 2:2(0) ack 2"


def no_patience(wire: Any) -> None:
    sock = worlds.fin_wait_1(wire)
    wire << ". 1:1(0) ack 2 win 65535"
    set_option(sock, "TCP_LINGER2", -1)
    sock.close()
    wire >> "R. 2:2(0) ack 1"


def no_patience_before(wire: Any) -> None:
    sock = worlds.established(wire)
    set_option(sock, "TCP_LINGER2", -1)
    sock.close()
    wire >> "F. 1:1(0) ack 1"
    wire << ". 1:1(0) ack 2 win 65535"
    wire >> "R 2:2(0) win 0"


def without_sack(wire: Any) -> None:
    """A duplicate ACK stands for a segment that came, and then there is silence."""
    sock = wire.accepted("mss 1000")
    sock.write(2000)
    wire >> ". 1:1001(1000) ack 1"
    wire >> "P. 1001:2001(1000) ack 1"
    wire << ". 1:1(0) ack 1 win 65535"
    wire.after(RTO) >> ". 1:1001(1000) ack 1"


STORIES: dict[str, Callable[[Any], Any]] = {
    "data": data,
    "silence": silence,
    "shut window": shut_window,
    "orphan": orphan,
    "orphan ends": orphan_ends,
    "both FINs": both_at_once,
    "TCP_LINGER2": no_patience,
    "TCP_LINGER2 before": no_patience_before,
    "without SACK": without_sack,
}
EXPECTED: dict[str, dict[str, int]] = {
    "data": {"TCPOrigDataSent": 2, "TcpTimeoutRehash": 1},
    "silence": {"TCPKeepAlive": 1},
    "shut window": {"TCPWinProbe": 1},
    "orphan": {"TCPOrigDataSent": 1, "TW": 1},
    "orphan ends": {"TCPOrigDataSent": 1, "TW": 1},
    "both FINs": {"TCPOrigDataSent": 1, "TW": 1},
    "TCP_LINGER2": {"TCPOrigDataSent": 1, "TCPAbortOnLinger": 1},
    "TCP_LINGER2 before": {"TCPOrigDataSent": 1, "TCPAbortOnData": 1},
    "without SACK": {"TCPOrigDataSent": 2, "TCPRenoFailures": 1, "TcpTimeoutRehash": 1},
}


def counted(wire: Any) -> dict[str, int]:
    found = {name.removeprefix("TcpExt"): wire.count(name) for name in NAMES}
    return {name: count for name, count in found.items() if count}


@pytest.mark.parametrize("name", STORIES)
def test_each_story_moves_the_counters_as_in_the_kernel(make: Make, name: str):
    wire = make()
    STORIES[name](wire)
    wire.quiet()
    assert counted(wire) == EXPECTED[name]


def test_what_waits_for_a_fin_no_longer_than_4_s_is_counted_apart(make: Make):
    wire = make(tcp_fin_timeout=4)
    orphan(wire)
    wire.quiet()
    assert counted(wire) == {"TCPOrigDataSent": 1, "TWKilled": 1}


def test_a_window_that_shuts_and_opens_is_counted(make: Make):
    wire = make(tcp_rmem="4096 4096 4096")
    sock = wire.accepted("mss 536")
    wire << "P. 1:1073(1072) ack 1 win 65535"
    wire >> ". 1:1(0) ack 1073 win 388"
    wire << "P. 1073:1461(388) ack 1 win 65535"
    wire.after(40_000) >> ". 1:1(0) ack 1461 win 0"
    shut = {"TCPToZeroWindowAdv": 1, "TCPWantZeroWindowAdv": 1}  # for 388 bytes there was no room
    assert counted(wire) == shut
    sock.read(1460)
    wire >> ". 1:1(0) ack 1461 win 1072"
    wire.quiet()
    assert counted(wire) == {**shut, "TCPFromZeroWindowAdv": 1}
