"""SYN cookies: what they hold, how long they count, what they lose (fact K30)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpcore.host import syncookies
from tcpcore.host.secrets import Secrets
from tcpcore.host.syncookies import MSS_TABLE, PERIOD, SynCookies, options_in, stamp
from tcpcore.seqnum import MASK
from tcpcore.units import MICROSECOND, MILLISECOND, seconds
from tcpcore.wire.options import NOP_OPTION, TIMESTAMPS
from tcpcore.wire.segment import ACK, PSH, Segment
from tests.notation import HOST, PEER, PEER_PORT, PORT, STREAM, Wire
from tests.states.conftest import Make

SYN = "S 0:0(0) win 65535 <mss 1460>"
SYN_ACK = "S. 0:0(0) ack 1 <mss 1460>"
THIRD = ". 1:1(0) ack 1 win 65535"
FULL_SYN = "S 0:0(0) win 65535 <mss 1460,sackOK,TS val 700 ecr 0,nop,wscale 7>"

ENDS = (HOST, PORT, PEER, PEER_PORT)
MAKER = SynCookies(Secrets(bytes(16)))

sequences = st.integers(0, MASK)
times = st.integers(0, 10 * 365 * 86_400 * 1_000_000)


# --- the number ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("peers", "kept"),
    [(0, 536), (535, 536), (536, 536), (1299, 536), (1300, 1300), (1439, 1300), (1440, 1440),
     (1459, 1440), (1460, 1460), (9000, 1460)],
)  # fmt: skip
def test_an_mss_is_rounded_down_to_one_of_four(peers: int, kept: int):
    cookie = MAKER.make(ENDS, 1000, peers, 0)
    assert MAKER.check(ENDS, cookie, 1000, 0) == kept


@pytest.mark.parametrize(
    ("made", "checked", "good"),
    [
        (0, PERIOD - 1, True),
        (0, 2 * PERIOD - 1, True),
        (0, 2 * PERIOD, False),
        (PERIOD - 1, 2 * PERIOD - 1, True),
        (PERIOD - 1, 2 * PERIOD, False),
        (PERIOD, 3 * PERIOD - 1, True),
        (PERIOD, PERIOD - 1, False),
    ],
)
def test_a_cookie_counts_in_its_minute_and_the_next(made: int, checked: int, good: bool):
    cookie = MAKER.make(ENDS, 7, 1460, made)
    assert (MAKER.check(ENDS, cookie, 7, checked) == 1460) == good


@given(sequences, st.integers(0, 65535), times)
def test_a_cookie_comes_back_with_its_mss(sequence: int, mss: int, now: int):
    cookie = MAKER.make(ENDS, sequence, mss, now)
    assert MAKER.check(ENDS, cookie, sequence, now) == MSS_TABLE[syncookies.mss_index(mss)]


@given(sequences, sequences, times)
def test_a_number_that_was_not_made_is_good_once_in_four_million(
    cookie: int, sequence: int, now: int
):
    # 2 of 256 minutes and 4 of 2^24 indices: hypothesis does not hit that by chance.
    assert MAKER.check(ENDS, cookie, sequence, now) is None


@pytest.mark.parametrize(
    "other",
    [
        (HOST, PORT, PEER, PEER_PORT + 1),
        (HOST, PORT + 1, PEER, PEER_PORT),
        (HOST, PORT, "10.0.0.3", PEER_PORT),
        ("10.0.0.4", PORT, PEER, PEER_PORT),
    ],
)
def test_a_cookie_is_good_for_its_four_tuple_only(other: tuple[str, int, str, int]):
    cookie = MAKER.make(ENDS, 7, 1460, 0)
    assert MAKER.check(other, cookie, 7, 0) is None
    assert SynCookies(Secrets(bytes(15) + b"x")).check(ENDS, cookie, 7, 0) is None


def test_cookies_work_over_ipv6():
    ends = ("2001:db8::2", 80, "2001:db8::1", 40000)
    assert MAKER.check(ends, MAKER.make(ends, 9, 1440, 0), 9, 0) == 1440


# --- the timestamp -------------------------------------------------------------------------------


@given(
    st.integers(64 * MILLISECOND, 10**15),
    st.none() | st.integers(0, 14),
    st.booleans(),
    st.booleans(),
)
def test_options_ride_in_a_timestamp_that_is_not_in_the_future(
    now: int, scale: int | None, sack: bool, ecn: bool
):
    value = stamp(now, scale, sack, ecn)
    assert options_in(value) == (scale, sack, ecn)
    assert 0 <= now // MILLISECOND - value < 64


# --- a server with cookies -----------------------------------------------------------------------


def ack(wire: Any, *, value: int, echo: int, payload: int = 0, wrong: int = 0) -> Segment:
    """The handshake's last ACK with timestamps; `echo` is counted from the host's first one."""
    peer = wire.peer
    stamps = (TIMESTAMPS, value, (peer.host_stamp + echo) & MASK)
    return Segment(
        PEER,
        PEER_PORT,
        HOST,
        PORT,
        ACK | (PSH if payload else 0),
        (peer.isn + 1) & MASK,
        (peer.host_isn + 1 + wrong) & MASK,
        65535,
        (NOP_OPTION, NOP_OPTION, stamps),
        STREAM[1 : 1 + payload],
    )


def test_nothing_is_remembered_and_nothing_sent_again(make: Make):
    wire = make(tcp_syncookies=2)
    wire.listen()
    wire << SYN
    wire >> SYN_ACK
    assert wire.state() == "CLOSED"
    wire.silent(seconds(3))
    assert wire.count("TcpExtSyncookiesSent") == 1


def test_the_ack_opens_the_connection(make: Make):
    wire = make(tcp_syncookies=2)
    listener = wire.listen()
    wire << SYN
    wire >> SYN_ACK
    wire << THIRD
    wire.quiet()
    assert listener.accept().state == "ESTABLISHED"
    assert wire.count("TcpExtSyncookiesRecv") == 1
    assert wire.count("TcpPassiveOpens") == 1


def test_data_opens_it_when_the_ack_was_lost(make: Make):
    wire = make(tcp_syncookies=2)
    listener = wire.listen()
    wire << SYN
    wire >> SYN_ACK
    wire << "P. 1:101(100) ack 1 win 65535"
    wire >> ". 1:1(0) ack 101"
    listener.accept().read(100)


@pytest.mark.parametrize(("mss", "used"), [(1400, 1300), (1460, 1460), (600, 536), (1300, 1300)])
def test_segments_are_as_large_as_the_cookie_remembers(make: Make, mss: int, used: int):
    wire = make(tcp_syncookies=2)
    listener = wire.listen()
    wire << f"S 0:0(0) win 65535 <mss {mss}>"
    wire >> SYN_ACK
    wire << THIRD
    listener.accept().write(used + 100)
    wire >> f". 1:{1 + used}({used}) ack 1"
    wire >> f"P. {1 + used}:{101 + used}(100) ack 1"


def test_without_timestamps_window_scale_and_sack_are_not_even_answered(make: Make):
    wire = make(tcp_syncookies=2)
    wire.listen()
    wire << "S 0:0(0) win 65535 <mss 1460,nop,nop,sackOK,nop,wscale 7>"
    wire >> "S. 0:0(0) ack 1 win 64240 <mss 1460>"


def test_with_timestamps_everything_is_answered(make: Make):
    wire = make(tcp_syncookies=2)
    wire.listen()
    wire << FULL_SYN
    wire >> "S. 0:0(0) ack 1 win 65160 <mss 1460,sackOK,TS val 0 ecr 700,nop,wscale 10>"


def test_the_options_come_back_from_the_echo(make: Make):
    wire = make(tcp_syncookies=2)
    listener = wire.listen()
    wire << FULL_SYN
    wire >> "S. 0:0(0) ack 1 <...>"
    wire.arrive(ack(wire, value=701, echo=0, payload=100))
    wire >> ". 1:1(0) ack 101 win 63 <...>"  # a small number: it is scaled
    sock = listener.accept()
    sock.read(100)
    wire.arrive(hole(wire))
    found = wire.take(PEER_PORT, "> a duplicate ACK with a SACK block")
    assert any(option[0] == 5 for option in found.options)


def hole(wire: Any) -> Segment:
    """Data with 100 bytes missing before it."""
    segment = ack(wire, value=702, echo=0, payload=100)
    segment.seq = (segment.seq + 200) & MASK
    return segment


def test_an_echo_of_nothing_leaves_only_the_timestamps(make: Make):
    """With echo 0 the low bits say: no scaling 0..14 but 0, and no SACK."""
    wire = make(tcp_syncookies=2)
    wire.listen()
    wire << FULL_SYN
    wire >> "S. 0:0(0) ack 1 <...>"
    wire << "P. 1:101(100) ack 1 win 65535 <nop,nop,TS val 701 ecr 0>"
    wire >> ". 1:1(0) ack 101 win 63 <...>"


def test_an_option_that_was_switched_off_meanwhile_refuses_the_cookie():
    wire = Wire(tcp_syncookies=2)
    wire.listen()
    wire << FULL_SYN
    wire >> "S. 0:0(0) ack 1 <...>"
    wire.host.sysctl.set("tcp_sack", 0)
    wire.arrive(ack(wire, value=701, echo=0))
    wire >> "R 1:1(0) win 0"
    assert wire.count("TcpExtSyncookiesRecv") == 1


def test_a_good_cookie_without_room_in_the_accept_queue_is_dropped(make: Make):
    wire = make(tcp_syncookies=2)
    wire.listen(0)
    wire << SYN
    wire >> SYN_ACK
    other = wire.other(40001)
    other << SYN
    other >> SYN_ACK
    wire << THIRD
    other << THIRD
    wire.quiet()
    assert wire.count("TcpExtSyncookiesRecv") == 2
    assert wire.count("TcpExtListenOverflows") == wire.count("TcpExtListenDrops") == 1
    assert wire.state(40001) == "CLOSED"


# --- which ACKs are looked at --------------------------------------------------------------------


@pytest.mark.parametrize(("after_cookies", "failed"), [(True, 1), (False, 0)])
def test_a_foreign_ack_is_reset_and_checked_only_after_cookies_were_sent(
    make: Make, after_cookies: bool, failed: int
):
    wire = make(tcp_syncookies=2)
    wire.listen()
    if after_cookies:
        wire << SYN
        wire >> SYN_ACK
    other = wire.other(40001)
    other << ". 1:1(0) ack 5000 win 65535"
    other >> "R 5000:5000(0) win 0"
    assert wire.count("TcpExtSyncookiesFailed") == failed


@pytest.mark.parametrize(("later", "failed"), [(0, 1), (MICROSECOND, 0)])
def test_a_listener_looks_for_cookies_until_two_minutes_after_the_last_one(later: int, failed: int):
    wire = Wire(tcp_syncookies=2)
    wire.listen()
    wire << SYN
    wire >> SYN_ACK
    wire.silent(syncookies.VALID + later)
    other = wire.other(40001)
    other << ". 1:1(0) ack 5000 win 65535"
    other >> "R 5000:5000(0) win 0"
    assert wire.count("TcpExtSyncookiesFailed") == failed


@pytest.mark.parametrize(("later", "opens"), [(0, False), (-MICROSECOND, True)])
def test_a_cookie_of_the_first_minute_ends_with_the_second(later: int, opens: bool):
    wire = Wire(tcp_syncookies=2)
    wire.listen()
    wire.silent(seconds(59))
    wire << SYN
    wire >> SYN_ACK
    wire.silent(seconds(61) + later)
    wire << THIRD
    if opens:
        wire.quiet()
    else:
        wire >> "R 1:1(0) win 0"
    assert wire.state() == ("ESTABLISHED" if opens else "CLOSED")


def test_switched_off_no_ack_is_looked_at(make: Make):
    wire = make(tcp_syncookies=0)
    wire.listen()
    wire << ". 1:1(0) ack 1 win 65535"
    wire >> "R 1:1(0) win 0"
    assert wire.count("TcpExtSyncookiesFailed") == 0


def test_a_good_cookie_does_not_open_beside_a_later_request_of_the_same_ports(make: Make):
    wire = make(tcp_syncookies=1)
    wire.listen(0)
    other = wire.other(40001)
    other << SYN
    other >> SYN_ACK
    wire << SYN  # the SYN queue is full: a cookie
    wire >> SYN_ACK
    other << "R 1:1(0) win 0"  # now it is not
    again = wire.other(PEER_PORT, wire.peer.isn + 77)
    again << SYN
    again >> SYN_ACK
    wire.peers[PEER_PORT] = wire.peer
    wire << THIRD
    wire.quiet()
    assert wire.count("TcpExtSyncookiesRecv") == 1
    assert wire.state() == "SYN_RECV"
