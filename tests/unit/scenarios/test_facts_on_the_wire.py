"""Facts of one end of a connection, segment by segment (`facts` tells them in words)."""

from __future__ import annotations

import pytest

from tcpcore.units import ms, seconds
from tests.notation import Call, Sock, Wire

STAMPED = "mss 1460,sackOK,TS val 1000 ecr 0"


def stamped(wire: Wire) -> Sock:
    """An open connection with timestamps; the peer's clock stands at 1000."""
    wire.listen()
    wire << f"S 0:0(0) win 65535 <{STAMPED}>"
    wire >> "S. 0:0(0) ack 1 <...>"
    wire << ". 1:1(0) ack 1 win 65535 <nop,nop,TS val 1000 ecr 0>"
    return wire.call_accept()


def syn_sent(wire: Wire) -> Call:
    """A connect() under way."""
    call = wire.socket(8888).connect()
    wire >> "S 0:0(0) <...>"
    return call


def time_wait(wire: Wire) -> None:
    """The host closed first; the peer's numbers stand at 2."""
    sock = wire.accepted()
    sock.close()
    wire >> "F. 1:1(0) ack 1"
    wire << "F. 1:1(0) ack 2 win 65535"
    wire >> ". 2:2(0) ack 2"


def test_k10_an_rst_in_the_window_is_challenged_once_in_half_a_second():
    wire = Wire()
    wire.accepted()
    wire << "R 1001:1001(0) win 0"
    wire >> ". 1:1(0) ack 1"
    wire << "R 2001:2001(0) win 0"
    wire.silent(ms(499))
    wire << "R 99001:99001(0) win 0"
    wire.silent(ms(1))
    wire << "R 3001:3001(0) win 0"
    wire >> ". 1:1(0) ack 1"
    wire << "R 1:1(0) win 0"
    wire.quiet()
    assert wire.state() == "CLOSED"


def test_k11_an_old_timestamp_drops_data_and_does_not_save_from_an_exact_rst():
    wire = Wire()
    sock = stamped(wire)
    wire << "P. 1:101(100) ack 1 win 65535 <nop,nop,TS val 900 ecr 0>"
    wire >> ". 1:1(0) ack 1 <...>"
    call = sock.reading()
    call.blocks()
    wire << "R 1:1(0) win 0 <nop,nop,TS val 900 ecr 0>"
    wire.quiet()
    call.fails("ECONNRESET")


def test_k12_in_syn_sent_an_rst_with_another_ack_is_ignored_and_with_the_right_one_refuses():
    wire = Wire()
    call = syn_sent(wire)
    wire << "R. 0:0(0) ack 4000000000 win 0"
    call.blocks()
    wire << "R. 0:0(0) ack 1 win 0"
    wire.quiet()
    call.fails("ECONNREFUSED")


def test_k14_in_syn_sent_a_wrong_ack_is_reset_and_the_syn_follows_after_milliseconds():
    wire = Wire()
    syn_sent(wire)
    wire << ". 0:0(0) ack 70000 win 65535"
    wire >> "R 70000:70000(0) win 0"
    wire.after(ms(8)) >> "S 0:0(0) <...>"


def test_k15_a_fin_that_does_not_acknowledge_ours_leads_to_closing():
    wire = Wire()
    sock = wire.accepted()
    sock.close()
    wire >> "F. 1:1(0) ack 1"
    wire << "F. 1:1(0) ack 1 win 65535"
    wire >> ". 2:2(0) ack 2"
    assert wire.state() == "CLOSING"
    wire << ". 2:2(0) ack 2 win 65535"
    assert wire.state() == "TIME_WAIT"


@pytest.mark.parametrize(("cookies", "backlog", "held"), [(0, 2, 3), (1, 2, 3), (0, 1, 2)])
def test_k20_k21_a_full_accept_queue_drops_a_new_syn_and_moves_two_counters(
    cookies: int, backlog: int, held: int
):
    wire = Wire(tcp_syncookies=cookies)
    wire.listen(backlog)
    for port in range(50000, 50000 + held):
        peer = wire.other(port)
        peer << "S 0:0(0) win 65535 <mss 1460>"
        peer >> "S. 0:0(0) ack 1 <...>"
        peer << ". 1:1(0) ack 1 win 65535"
    assert (wire.count("TcpExtListenOverflows"), wire.count("TcpExtListenDrops")) == (0, 0)
    for number in range(1, 6):
        wire.other(51000 + number) << "S 0:0(0) win 65535 <mss 1460>"
        wire.quiet()
        counted = wire.count("TcpExtListenOverflows"), wire.count("TcpExtListenDrops")
        assert counted == (number, number)
    wire.call_accept()
    peer = wire.other(52000)
    peer << "S 0:0(0) win 65535 <mss 1460>"
    peer >> "S. 0:0(0) ack 1 <...>"


def test_k22_a_syn_queue_over_half_full_keeps_its_entries_for_seven_seconds_only():
    wire = Wire(tcp_syncookies=0)
    wire.listen(8)
    peers = [wire.other(50000 + number) for number in range(9)]
    for peer in peers:
        peer << "S 0:0(0) win 65535 <mss 1460>"
        peer >> "S. 0:0(0) ack 1 <...>"
    wire.other(51000) << "S 0:0(0) win 65535 <mss 1460>"
    wire.quiet()
    queue = wire.host.listeners[8888].syn_queue
    assert (len(queue), wire.count("TcpExtTCPReqQFullDrop")) == (9, 1)
    wire.net.go_on(wire.now + seconds(7) - 1)
    assert len(queue) == 9
    wire.net.go_on(wire.now + 1)
    assert len(queue) == 4
    wire.net.go_on(wire.now + seconds(56) - 1)
    assert len(queue) == 4
    wire.net.go_on(wire.now + 1)
    assert not queue


def test_k30_a_bogus_cookie_is_reset_and_a_cookies_syn_ack_goes_out_once():
    wire = Wire(tcp_syncookies=2)
    wire.listen()
    wire << "S 0:0(0) win 65535 <mss 1460>"
    wire >> "S. 0:0(0) ack 1 <...>"
    wire.silent(seconds(4))
    assert wire.state() == "CLOSED"
    wire << ". 1:1(0) ack 77777 win 65535"
    wire >> "R 77777:77777(0) win 0"
    wire << ". 1:1(0) ack 1 win 65535"
    assert wire.state() == "ESTABLISHED"


def first_flight(wire: Wire) -> None:
    """An open connection with a round trip of 50 ms sends all that it may before an ACK comes."""
    wire.listen()
    wire << "S 0:0(0) win 65535 <mss 1460,sackOK>"
    wire >> "S. 0:0(0) ack 1 <...>"
    wire.silent(ms(50))
    wire << ". 1:1(0) ack 1 win 65535"
    wire.call_accept().write(40_000)
    for first in range(1, 14_601, 2920):
        wire >> f". {first}:{first + 1460}(1460) ack 1"
        wire >> f"P. {first + 1460}:{first + 2920}(1460) ack 1"


def test_k36_the_first_flight_is_ten_segments_until_an_ack_comes():
    wire = Wire()
    first_flight(wire)
    wire.silent(ms(50))
    wire << ". 1:1(0) ack 1461 win 65535"
    wire >> ". 14601:16061(1460) ack 1"
    wire >> "P. 16061:17521(1460) ack 1"


def test_k37_a_hole_is_sent_again_a_quarter_of_a_round_trip_after_the_first_sack():
    wire = Wire()
    first_flight(wire)
    wire.silent(ms(50))
    wire << ". 1:1(0) ack 1 win 65535 <nop,nop,sack 1461:2921>"
    wire >> ". 14601:16061(1460) ack 1"  # limited transmit (RFC 3042)
    wire.after(ms(14.5)) >> ". 1:1461(1460) ack 1"


@pytest.mark.parametrize("passed", [0, 64, seconds(1)])
def test_k38_the_initial_number_of_a_four_tuple_grows_by_one_each_64_ns(passed: int):
    wire = Wire()
    host = wire.host

    def initial(port: int) -> int:
        return host.new_connection("10.0.0.2", port, "10.0.0.1", 80).iss

    before, other = initial(40000), initial(40001)
    wire.silent(passed)
    assert (initial(40000) - before) % 2**32 == passed * 1000 // 64
    assert abs(other - before) > 2**16


def test_k39_in_time_wait_an_older_syn_gets_ack_and_a_newer_one_a_new_connection():
    wire = Wire()
    time_wait(wire)
    wire << "S 1:1(0) win 65535 <mss 1460>"
    wire >> ". 2:2(0) ack 2"
    wire << "S 3:3(0) win 65535 <mss 1460>"
    assert wire.state() == "SYN_RECV"
    wire.take(40000, "SYN+ACK")


@pytest.mark.parametrize(("tcp_rfc1337", "after"), [(0, "CLOSED"), (1, "TIME_WAIT")])
def test_k39_an_rst_ends_time_wait_unless_tcp_rfc1337_says_no(tcp_rfc1337: int, after: str):
    wire = Wire(tcp_rfc1337=tcp_rfc1337)
    time_wait(wire)
    wire << "R 2:2(0) win 0"
    wire.quiet()
    assert wire.state() == after
