"""The SYN queue and the accept queue: how much they hold, and what Linux does when they are full.

Facts K20 to K22 and SYNQ2 of the recorded kernel, and what the running one says.
"""

from __future__ import annotations

from typing import Any

import pytest

from tcpcore.errors import UsageError
from tcpcore.units import MICROSECOND, ms, seconds
from tests.notation import Wire
from tests.states.conftest import Make
from tests.unit.host.options import get_option, listening, set_option

SYN = "S 0:0(0) win 65535 <mss 1460>"
SYN_ACK = "S. 0:0(0) ack 1 <mss 1460>"
THIRD = ". 1:1(0) ack 1 win 65535"


def half_open(wire: Any, count: int, first: int = 50000) -> list[Any]:
    """So many requests, whose SYN+ACKs have gone out."""
    peers = [wire.other(first + number) for number in range(count)]
    for peer in peers:
        peer << SYN
        peer >> SYN_ACK
    return peers


def waiting(wire: Wire) -> int:
    """Requests in the SYN queue of the engine's only listener."""
    (listener,) = wire.host.listeners.values()
    return len(listener.syn_queue)


def answers(wire: Wire, peers: list[Any]) -> int:
    """How many of them are sent their SYN+ACK at this very microsecond."""
    sent = {segment.dport for _, segment in wire.net.desk}
    resent = [peer for peer in peers if peer.port in sent]
    for peer in resent:
        peer >> SYN_ACK
    return len(resent)


# --- the SYN queue -------------------------------------------------------------------------------


@pytest.mark.parametrize("backlog", [0, 1, 8])
def test_the_syn_queue_holds_backlog_plus_one_and_then_drops(make: Make, backlog: int):
    wire = make(tcp_syncookies=0)
    wire.listen(backlog)
    half_open(wire, backlog + 1)
    wire << SYN
    wire.quiet()
    assert wire.count("TcpExtTCPReqQFullDrop") == 1
    assert wire.count("TcpExtListenDrops") == 1
    assert wire.count("TcpExtListenOverflows") == 0


def test_with_cookies_a_full_syn_queue_answers_all_the_same(make: Make):
    wire = make(tcp_syncookies=1)
    wire.listen(1)
    half_open(wire, 2)
    wire << SYN
    wire >> SYN_ACK
    assert wire.count("TcpExtTCPReqQFullDoCookies") == 1
    assert wire.count("TcpExtSyncookiesSent") == 1
    assert wire.count("TcpExtListenDrops") == 0


def test_a_full_accept_queue_comes_before_a_cookie(make: Make):
    wire = make(tcp_syncookies=2)
    wire.listen(0)
    wire << SYN
    wire >> SYN_ACK
    wire << THIRD
    wire.other(40001) << SYN
    wire.quiet()
    assert wire.count("TcpExtListenOverflows") == 1
    assert wire.count("TcpExtListenDrops") == 1
    assert wire.count("TcpExtSyncookiesSent") == 1


def test_listen_is_capped_by_somaxconn(make: Make):
    wire = make(somaxconn=1, tcp_syncookies=0)
    wire.listen(100)
    half_open(wire, 2)
    wire << SYN
    wire.quiet()


def test_a_negative_backlog_means_somaxconn():
    wire = Wire(somaxconn=2, tcp_syncookies=0)  # not on the kernel: Python makes 0 of it
    wire.listen(-1)
    half_open(wire, 3)
    wire << SYN
    wire.quiet()


def test_nine_half_open_of_listen_8_lose_five_at_7_s_and_four_at_63_s():
    wire = Wire(tcp_syncookies=0)
    wire.listen(8)
    peers = half_open(wire, 9)
    for wait in (1, 2):
        wire.after(seconds(wait))
        assert answers(wire, peers) == 9
    wire.silent(seconds(4) - MICROSECOND)
    assert waiting(wire) == 9
    wire.after(MICROSECOND)
    assert answers(wire, peers) == 4
    assert waiting(wire) == 4
    for wait in (8, 16):
        wire.after(seconds(wait))
        assert answers(wire, peers) == 4
    wire.silent(seconds(32) - MICROSECOND)
    assert waiting(wire) == 4
    wire.silent(MICROSECOND)
    assert waiting(wire) == 0


@pytest.mark.parametrize(("queued", "left"), [(4, 4), (5, 4), (6, 4)])
def test_only_what_is_over_half_of_the_queue_is_pruned(queued: int, left: int):
    wire = Wire(tcp_syncookies=0)
    wire.listen(8)
    peers = half_open(wire, queued)
    for wait in (1, 2):
        wire.after(seconds(wait))
        assert answers(wire, peers) == queued
    wire.after(seconds(4))
    assert answers(wire, peers) == left


@pytest.mark.parametrize(("backlog", "left"), [(8, 4), (20, 9)])
def test_half_of_the_room_is_half_of_the_backlog_but_never_less_than_four(backlog: int, left: int):
    wire = Wire(tcp_syncookies=0)
    wire.listen(backlog)
    peers = half_open(wire, 9)
    for wait in (1, 2):
        wire.after(seconds(wait))
        assert answers(wire, peers) == 9
    wire.after(seconds(4))
    assert answers(wire, peers) == left


@pytest.mark.parametrize(("old", "young", "left"), [(5, 1, 5), (5, 0, 4), (7, 1, 6), (6, 1, 6)])
def test_young_requests_speak_for_old_ones(old: int, young: int, left: int):
    wire = Wire(tcp_syncookies=0)
    wire.listen(8)
    waiting_long = half_open(wire, old)
    for wait in (1, 2):
        wire.after(seconds(wait))
        assert answers(wire, waiting_long) == old
    wire.silent(ms(3500))
    half_open(wire, young, first=51000)
    wire.after(ms(500))
    assert answers(wire, waiting_long) == left


def test_syncnt_of_the_listener_bounds_the_syn_acks(make: Make):
    wire = make()
    sock = listening(wire, TCP_SYNCNT=1)
    assert get_option(sock, "TCP_SYNCNT") == 1
    wire << SYN
    wire >> SYN_ACK
    wire.after(seconds(1)) >> SYN_ACK
    wire.silent(ms(2600))
    assert wire.state() == "CLOSED"


# --- without cookies: tcp_max_syn_backlog --------------------------------------------------------


@pytest.mark.parametrize("limit", [8, 16])
def test_without_cookies_the_last_quarter_is_kept_for_proven_peers(make: Make, limit: int):
    wire = make(tcp_syncookies=0, tcp_max_syn_backlog=limit)
    wire.listen(100)
    half_open(wire, limit - limit // 4 + 1)
    wire << SYN
    wire.quiet()
    assert wire.count("TcpExtListenDrops") == 1
    assert wire.count("TcpExtTCPReqQFullDrop") == 0


def test_a_peer_that_closed_a_connection_properly_is_proven(make: Make):
    wire = make(tcp_syncookies=0, tcp_max_syn_backlog=8)
    listener = wire.listen(100)
    wire << SYN
    wire >> SYN_ACK
    wire.silent(ms(20))
    wire << THIRD
    sock = listener.accept()
    sock.close()
    wire >> "F. 1:1(0) ack 1"
    wire << "F. 1:1(0) ack 2 win 65535"
    wire >> ". 2:2(0) ack 2"
    half_open(wire, 9)


def test_with_cookies_tcp_max_syn_backlog_bounds_nothing(make: Make):
    wire = make(tcp_syncookies=1, tcp_max_syn_backlog=8)
    wire.listen(100)
    half_open(wire, 20)


# --- the accept queue ----------------------------------------------------------------------------


@pytest.mark.parametrize("backlog", [0, 2])
def test_syns_to_a_full_accept_queue_move_two_counters_each(make: Make, backlog: int):
    wire = make()
    wire.listen(backlog)
    for number in range(backlog + 1):
        peer = wire.other(50000 + number)
        peer << SYN
        peer >> SYN_ACK
        peer << THIRD
    for _ in range(5):
        wire << SYN
        wire.quiet()
    assert wire.count("TcpExtListenOverflows") == 5
    assert wire.count("TcpExtListenDrops") == 5


def overflowing(wire: Any) -> tuple[Any, Any]:
    """A listener with a full accept queue, and a peer whose last ACK is on its way."""
    listener = wire.listen(1)
    first, second, late = (wire.other(50000 + number) for number in range(3))
    first << SYN
    first >> SYN_ACK
    first << THIRD
    for peer in (second, late):
        peer << SYN
        peer >> SYN_ACK
    second << THIRD
    return listener, late


def test_a_last_ack_without_room_is_ignored_and_the_syn_ack_comes_again(make: Make):
    wire = make()
    listener, late = overflowing(wire)
    late << THIRD
    wire.quiet()
    assert wire.count("TcpExtListenOverflows") == wire.count("TcpExtListenDrops") == 1
    assert wire.state(late.port) == "SYN_RECV"
    wire.after(seconds(1))
    late >> SYN_ACK
    listener.accept()
    late << THIRD
    wire.quiet()
    assert wire.state(late.port) == "ESTABLISHED"


def test_with_abort_on_overflow_the_last_ack_is_reset(make: Make):
    wire = make(tcp_abort_on_overflow=1)
    _, late = overflowing(wire)
    late << THIRD
    late >> "R 1:1(0) win 0"
    assert wire.state(late.port) == "CLOSED"
    assert wire.count("TcpExtListenOverflows") == wire.count("TcpExtListenDrops") == 1
    assert wire.count("TcpExtEmbryonicRsts") == 1
    assert wire.count("TcpAttemptFails") == 0


def test_an_overflowed_request_is_given_up_as_if_nothing_had_come():
    wire = Wire()
    _, late = overflowing(wire)
    late << THIRD
    for wait in (1, 2, 4, 8, 16):
        wire.after(seconds(wait))
        late >> SYN_ACK
        late << THIRD
    wire.silent(seconds(32) - MICROSECOND)
    assert wire.state(late.port) == "SYN_RECV"
    wire.silent(MICROSECOND)
    assert wire.state(late.port) == "CLOSED"


def test_data_in_the_last_ack_is_no_reason_to_make_room(make: Make):
    wire = make()
    _, late = overflowing(wire)
    late << "P. 1:101(100) ack 1 win 65535"
    wire.quiet()
    assert wire.state(late.port) == "SYN_RECV"


def test_accept_makes_room_for_one_more(make: Make):
    wire = make()
    listener = wire.listen(0)
    wire << SYN
    wire >> SYN_ACK
    wire << THIRD
    other = wire.other(40001)
    other << SYN
    wire.quiet()
    listener.accept()
    other << SYN
    other >> SYN_ACK


# --- timestamps of requests ----------------------------------------------------------------------


def test_an_echo_of_a_timestamp_that_was_never_sent_does_not_open(make: Make):
    wire = make()
    wire.listen()
    wire << "S 0:0(0) win 65535 <mss 1460,TS val 700 ecr 0>"
    wire >> "S. 0:0(0) ack 1 <mss 1460,nop,nop,TS val 0 ecr 700>"
    wire << ". 1:1(0) ack 1 win 65535 <nop,nop,TS val 701 ecr 5000>"
    wire >> ". 1:1(0) ack 1 <...>"
    assert wire.state() == "SYN_RECV"
    assert wire.count("TcpExtTSEcrRejected") == 1


def test_an_old_timestamp_does_not_open(make: Make):
    wire = make()
    wire.listen()
    wire << "S 0:0(0) win 65535 <mss 1460,TS val 700 ecr 0>"
    wire >> "S. 0:0(0) ack 1 <mss 1460,nop,nop,TS val 0 ecr 700>"
    wire << ". 1:1(0) ack 1 win 65535 <nop,nop,TS val 699 ecr 0>"
    wire >> ". 1:1(0) ack 1 <...>"
    assert wire.state() == "SYN_RECV"
    assert wire.count("TcpExtPAWSEstab") == 1


# --- the kernel's log ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "text"),
    [
        (
            1,
            "TCP: request_sock_TCP: Possible SYN flooding on port 10.0.0.2:8888. Sending cookies.",
        ),
        (
            0,
            "TCP: request_sock_TCP: Possible SYN flooding on port 10.0.0.2:8888. Dropping request.",
        ),
    ],
)
def test_the_kernel_writes_of_a_flood_once_for_each_listener(mode: int, text: str):
    wire = Wire(tcp_syncookies=mode)
    sock = wire.socket()
    sock.bind(wire.port, "10.0.0.2")
    sock.raw.listen(0)
    for number in range(4):
        wire.other(50000 + number) << SYN
        wire.net.desk.clear()
    assert [entry for _, entry in wire.host.kernel_log] == [text]


def test_options_unknown_to_the_engine_are_named(make: Make):
    sock = make().socket()
    with pytest.raises(UsageError, match="did you mean TCP_DEFER_ACCEPT"):
        set_option(sock, "TCP_DEFERACCEPT", 1)
    with pytest.raises(UsageError, match="'NO_TURBO'; names are as in tcp"):
        set_option(sock, "NO_TURBO", 1)


# --- answers of a request and of the connection it becomes ---------------------------------------


def test_the_ack_of_a_request_offers_its_window_cut_by_the_scale(make: Make):
    wire = make()
    wire.listen()
    wire << "S 0:0(0) win 65535 <mss 1460,nop,wscale 7>"
    wire >> "S. 0:0(0) ack 1 win 64240 <mss 1460,nop,wscale 10>"
    wire << ". 0:0(0) ack 1 win 65535"
    wire >> ". 1:1(0) ack 1 win 62"


def test_the_rate_limit_of_a_request_ends_with_it(make: Make):
    wire = make()
    wire.listen()
    wire << SYN
    wire >> SYN_ACK
    wire << SYN
    wire >> SYN_ACK
    wire << THIRD
    wire << SYN
    wire >> ". 1:1(0) ack 1"
    wire << SYN
    wire.quiet()
    assert wire.count("TcpExtTCPChallengeACK") == 1
    assert wire.count("TcpExtTCPSYNChallenge") == 2


def test_answers_of_a_request_that_are_held_back_are_counted_but_for_resets(make: Make):
    wire = make()
    wire.listen()
    wire << SYN
    wire >> SYN_ACK
    wire << SYN
    wire >> SYN_ACK
    wire << SYN
    wire << "R 5000:5000(0) win 0"
    wire.quiet()
    assert wire.count("TcpExtTCPACKSkippedSynRecv") == 1
