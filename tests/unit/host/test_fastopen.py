"""TCP Fast Open on the server's side: cookies, early data, limits (RFC 7413, fact K32)."""

from __future__ import annotations

from typing import Any

import pytest

from tcpcore.errors import UsageError
from tcpcore.host import fastopen
from tcpcore.units import MICROSECOND, ms, seconds
from tests.notation import HOST, PEER, Sock, Wire
from tests.states.conftest import Make
from tests.unit.host.options import get_option, listening

KEY = bytes(range(16))
OTHER_KEY = bytes(range(16, 32))
COOKIE = fastopen.cookie(PEER, HOST, KEY).hex()
OLD_COOKIE = fastopen.cookie(PEER, HOST, OTHER_KEY).hex()

SYN_ACK = "S. 0:0(0) ack 1 <mss 1460>"
ASK = "S 0:0(0) win 65535 <mss 1460,FO,nop,nop>"
GIVEN = f"S. 0:0(0) ack 1 <mss 1460,FO {COOKIE},nop,nop>"
EARLY = f"S 0:100(100) win 65535 <mss 1460,FO {COOKIE},nop,nop>"
TAKEN = "S. 0:0(0) ack 101 <mss 1460>"
THIRD = ". 101:101(0) ack 1 win 65535"


def server(make: Any, bits: int = 3, queue: int = 5, key: bytes = KEY) -> tuple[Any, Sock]:
    wire = make(tcp_fastopen=bits)
    return wire, listening(wire, TCP_FASTOPEN=queue, TCP_FASTOPEN_KEY=key)


def test_a_cookie_is_siphash_over_the_two_addresses_as_the_recorded_kernel_has_it():
    assert fastopen.cookie("10.0.0.1", "10.0.0.2", KEY).hex() == "84dc7a7d3b3a4769"
    assert fastopen.cookie("10.0.0.1", "10.0.0.2", OTHER_KEY).hex() == "3e47f1d94072a03d"


def test_the_sysctl_gives_every_listener_its_key_and_an_own_key_comes_first(make: Make):
    words = "03020100-07060504-0b0a0908-0f0e0d0c"
    wire = make(tcp_fastopen=3, tcp_fastopen_key=words)
    listening(wire, TCP_FASTOPEN=5)
    wire << ASK
    wire >> GIVEN
    wire = make(tcp_fastopen=3, tcp_fastopen_key="00000001-00000002-00000003-00000004")
    listening(wire, TCP_FASTOPEN=5, TCP_FASTOPEN_KEY=KEY)
    wire << ASK
    wire >> GIVEN


def test_a_second_key_of_the_sysctl_is_good_and_replaced(make: Make):
    both = "03020100-07060504-0b0a0908-0f0e0d0c,13121110-17161514-1b1a1918-1f1e1d1c"
    wire = make(tcp_fastopen=3, tcp_fastopen_key=both)
    listener = listening(wire, TCP_FASTOPEN=5)
    wire << f"S 0:100(100) win 65535 <mss 1460,FO {OLD_COOKIE},nop,nop>"
    wire >> f"S. 0:0(0) ack 101 <mss 1460,FO {COOKIE},nop,nop>"
    listener.accept().read(100)


@pytest.mark.parametrize(
    "text", ["1-2-3", "1-2-3-4-5", "1-2-3-g", "1-2-3-4,1-2", "123456789-2-3-4"]
)
def test_what_is_no_key_is_told_in_one_sentence(text: str):
    with pytest.raises(UsageError, match="takes one key or two"):
        Wire(tcp_fastopen_key=text)


# --- asking for a cookie -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bits", "queue", "answer"),
    [(3, 5, GIVEN), (2, 5, GIVEN), (1, 5, SYN_ACK), (0, 5, SYN_ACK), (3, 0, SYN_ACK)],
)
def test_the_server_bit_and_a_queue_make_a_server_give_cookies(
    make: Make, bits: int, queue: int, answer: str
):
    wire, _ = server(make, bits, queue)
    wire << ASK
    wire >> answer
    assert wire.count("TcpExtTCPFastOpenCookieReqd") == 1


def test_every_listener_gives_cookies_when_the_sysctl_says_so(make: Make):
    wire = make(tcp_fastopen=0x402)
    listening(wire, TCP_FASTOPEN_KEY=KEY)
    wire << ASK
    wire >> GIVEN


def test_the_experimental_option_is_answered_in_kind(make: Make):
    wire, _ = server(make)
    wire << "S 0:0(0) win 65535 <mss 1460,FOEXP>"
    wire >> f"S. 0:0(0) ack 1 <mss 1460,FOEXP {COOKIE}>"


@pytest.mark.parametrize("cookie", ["aa", "aabbcc", "00" * 18])
def test_an_unsound_cookie_is_no_option_at_all(make: Make, cookie: str):
    wire, _ = server(make)
    wire << f"S 0:100(100) win 65535 <mss 1460,FO {cookie}>"
    wire >> SYN_ACK
    assert wire.count("TcpExtTCPFastOpenPassiveFail") == 0


def test_without_the_option_nothing_is_different(make: Make):
    wire, _ = server(make)
    wire << "S 0:100(100) win 65535 <mss 1460>"
    wire >> SYN_ACK


# --- data with the SYN ---------------------------------------------------------------------------


def test_data_with_a_good_cookie_is_acknowledged_read_and_answered_before_the_last_ack(make: Make):
    wire, listener = server(make)
    wire << EARLY
    wire >> TAKEN
    assert wire.state() == "SYN_RECV"
    sock = listener.accept()
    sock.read(100)
    sock.write(50)
    wire >> "P. 1:51(50) ack 101"
    wire << ". 101:101(0) ack 51 win 65535"
    wire.quiet()
    assert sock.state == "ESTABLISHED"
    assert wire.count("TcpExtTCPFastOpenPassive") == 1
    assert wire.count("TcpPassiveOpens") == 1


def test_a_good_cookie_without_data_opens_early_too(make: Make):
    wire, listener = server(make)
    wire << f"S 0:0(0) win 65535 <mss 1460,FO {COOKIE},nop,nop>"
    wire >> SYN_ACK
    sock = listener.accept()
    sock.write(50)
    wire >> "P. 1:51(50) ack 1"


def test_a_bad_cookie_takes_no_data_and_gets_a_fresh_one(make: Make):
    wire, listener = server(make)
    wire << f"S 0:100(100) win 65535 <mss 1460,FO {OLD_COOKIE},nop,nop>"
    wire >> GIVEN
    assert wire.count("TcpExtTCPFastOpenPassiveFail") == 1
    listener.accepting().blocks()


def test_a_cookie_of_the_second_key_is_good_and_replaced(make: Make):
    wire, listener = server(make, key=KEY + OTHER_KEY)
    wire << f"S 0:100(100) win 65535 <mss 1460,FO {OLD_COOKIE},nop,nop>"
    wire >> f"S. 0:0(0) ack 101 <mss 1460,FO {COOKIE},nop,nop>"
    listener.accept().read(100)
    assert wire.count("TcpExtTCPFastOpenPassiveAltKey") == 1


@pytest.mark.parametrize("option", ["", ",FO,nop,nop", f",FO {OLD_COOKIE},nop,nop"])
def test_a_server_that_needs_no_cookie_takes_data_at_any_rate(make: Make, option: str):
    wire, listener = server(make, bits=0x203)
    wire << f"S 0:100(100) win 65535 <mss 1460{option}>"
    wire >> TAKEN
    listener.accept().read(100)


# --- the SYN+ACK of an early connection ----------------------------------------------------------


def test_the_syn_ack_is_sent_again_with_the_data_acknowledged_and_without_a_cookie(make: Make):
    wire, _ = server(make, key=KEY + OTHER_KEY)
    wire << f"S 0:100(100) win 65535 <mss 1460,FO {OLD_COOKIE},nop,nop>"
    wire >> "S. 0:0(0) ack 101 <...>"
    wire.after(seconds(1)) >> TAKEN


def test_it_is_sent_once_more_often_than_that_of_a_request():
    wire, _ = server(Wire)
    wire << EARLY
    wire >> TAKEN
    for wait in (1, 2, 4, 8, 16, 32):
        wire.after(seconds(wait)) >> TAKEN
    wire.silent(seconds(64) - MICROSECOND)
    assert wire.state() == "SYN_RECV"
    wire.silent(MICROSECOND)
    assert wire.state() == "CLOSED"


def test_the_syn_again_is_answered_at_once(make: Make):
    wire, _ = server(make)
    wire << EARLY
    wire >> TAKEN
    wire << "S 0:0(0) win 65535 <mss 1460>"
    wire >> TAKEN


def test_two_syns_within_half_a_second_get_one_answer(make: Make):
    wire, _ = server(make)
    wire << EARLY
    wire >> TAKEN
    wire << "S 0:0(0) win 65535 <mss 1460>"
    wire >> TAKEN
    wire << "S 0:0(0) win 65535 <mss 1460>"
    wire.quiet()


def test_the_last_ack_opens_though_nobody_accepted_yet(make: Make):
    wire, listener = server(make)
    wire << EARLY
    wire >> TAKEN
    wire << THIRD
    wire.quiet()
    assert wire.state() == "ESTABLISHED"
    listener.accept().read(100)


# --- how many ------------------------------------------------------------------------------------


def early(wire: Any, port: int) -> Any:
    peer = wire.other(port)
    peer << EARLY
    return peer


def test_no_more_early_connections_than_the_option_says(make: Make):
    wire, _ = server(make, queue=2)
    first = early(wire, 50000)
    first >> TAKEN
    early(wire, 50001) >> TAKEN
    early(wire, 50002) >> SYN_ACK
    assert wire.count("TcpExtTCPFastOpenListenOverflow") == 1
    first << THIRD
    early(wire, 51000) >> TAKEN


def test_the_accept_queue_bounds_them_too(make: Make):
    wire = make(tcp_fastopen=3)
    listening(wire, 0, TCP_FASTOPEN=5, TCP_FASTOPEN_KEY=KEY)
    early(wire, 50000) >> TAKEN
    early(wire, 50001)
    wire.quiet()
    assert wire.count("TcpExtListenOverflows") == 1


@pytest.mark.parametrize(("accepted", "waits"), [(True, True), (False, False)])
def test_an_accepted_connection_that_is_reset_early_counts_for_60_s_more(
    accepted: bool, waits: bool
):
    wire, listener = server(Wire, queue=1)
    first = early(wire, 50000)
    first >> TAKEN
    if accepted:
        listener.accept()
    first << "R 101:101(0) win 0"
    other = early(wire, 50001)
    other >> (SYN_ACK if waits else TAKEN)
    if not waits:
        return
    wire.after(seconds(1))
    other >> SYN_ACK
    wire.net.desk.clear()
    wire.net.go_on(seconds(60) - MICROSECOND)
    wire.net.desk.clear()
    early(wire, 50002) >> SYN_ACK
    wire.net.go_on(seconds(60))
    wire.net.desk.clear()
    early(wire, 50003) >> TAKEN


# --- options -------------------------------------------------------------------------------------


def test_the_limit_is_capped_by_somaxconn(make: Make):
    wire = make(somaxconn=3)
    sock = listening(wire, TCP_FASTOPEN=100)
    assert get_option(sock, "TCP_FASTOPEN") == 3


@pytest.mark.parametrize("key", [KEY, KEY + OTHER_KEY])
def test_a_key_reads_back(make: Make, key: bytes):
    sock = listening(make(), TCP_FASTOPEN_KEY=key)
    assert get_option(sock, "TCP_FASTOPEN_KEY") == key


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TCP_FASTOPEN", -1),
        ("TCP_FASTOPEN_KEY", bytes(15)),
        ("TCP_FASTOPEN_NO_COOKIE", 2),
        ("TCP_SYNCNT", 0),
        ("TCP_SYNCNT", 128),
    ],
)
def test_impossible_values_are_refused(make: Make, name: str, value: Any):
    with pytest.raises(OSError) as caught:
        listening(make(), **{name: value})
    assert caught.value.errno == 22


def test_cookies_last_across_listeners_of_one_host(make: Make):
    wire = make(tcp_fastopen=3)
    first = listening(wire, TCP_FASTOPEN=5)
    wire << ASK
    given = wire.take(wire.peer.port, "> a SYN+ACK with a cookie")
    cookie = next(option[1] for option in given.options if option[0] == 34)
    wire.silent(ms(20))
    wire << "R 1:1(0) win 0"
    first.close()
    listening(wire, TCP_FASTOPEN=5)
    again = wire.other(50000)
    again << f"S 0:100(100) win 65535 <mss 1460,FO {cookie.hex()},nop,nop>"
    again >> TAKEN
