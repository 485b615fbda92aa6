"""What goes out: segments of the MSS, Nagle with Minshall's change, PSH, cwnd, windows, FIN."""

from __future__ import annotations

import pytest

from tcpcore.packetdrill.drill import run_text
from tcpcore.units import ms
from tests.notation import Wire
from tests.states import worlds
from tests.states.conftest import Make


def test_a_write_is_cut_into_segments_of_the_peers_mss_and_its_end_is_pushed(make: Make):
    wire = make()
    sock = wire.accepted("mss 1000")
    sock.write(2500)
    wire.take(40000, "1:1001")
    wire.take(40000, "1001:2001")
    wire >> "P. 2001:2501(500) ack 1"


def test_without_an_mss_option_segments_have_536_bytes(make: Make):
    wire = make()
    sock = wire.accepted("nop,nop,nop,nop")
    sock.write(600)
    wire >> ". 1:537(536) ack 1"
    wire >> "P. 537:601(64) ack 1"


def test_our_own_mss_bounds_the_peers(make: Make):
    wire = make()
    sock = wire.accepted("mss 9000")
    sock.write(1460)
    wire >> "P. 1:1461(1460) ack 1"


def test_timestamps_take_12_bytes_of_each_segment(make: Make):
    wire = make()
    wire.listen()
    wire << "S 0:0(0) win 65535 <mss 1460,sackOK,TS val 100 ecr 0>"
    wire >> "S. 0:0(0) ack 1 <...>"
    wire << ". 1:1(0) ack 1 win 65535 <nop,nop,TS val 100 ecr 0>"
    sock = wire.call_accept()
    sock.write(1449)
    wire >> ". 1:1449(1448) ack 1 <...>"
    wire >> "P. 1449:1450(1) ack 1 <...>"


def test_nagle_holds_a_second_small_write_until_the_first_is_acknowledged(make: Make):
    wire = make()
    sock = worlds.established(wire)
    sock.write(10)
    wire >> "P. 1:11(10) ack 1"
    sock.write(10)
    sock.write(10)
    wire.silent(ms(50))
    wire << ". 1:1(0) ack 11 win 65535"
    wire >> "P. 11:31(20) ack 1"


def test_minshall_only_a_small_segment_holds_back_a_small_one(make: Make):
    wire = make()
    sock = worlds.established(wire)
    sock.write(1460)
    wire >> "P. 1:1461(1460) ack 1"
    sock.write(10)
    wire >> "P. 1461:1471(10) ack 1"
    sock.write(10)
    wire.silent(ms(50))


def test_a_full_segment_is_never_held_back(make: Make):
    wire = make()
    sock = worlds.established(wire)
    sock.write(10)
    wire >> "P. 1:11(10) ack 1"
    sock.write(1500)
    wire >> ". 11:1471(1460) ack 1"
    wire.silent(ms(50))


def test_the_fin_goes_with_the_data_that_nagle_held_back(make: Make):
    wire = make()
    sock = worlds.established(wire)
    sock.write(10)
    wire >> "P. 1:11(10) ack 1"
    sock.write(10)
    wire.quiet()
    sock.close()
    wire >> "FP. 11:21(10) ack 1"


def test_at_first_ten_segments_go_out(make: Make):
    wire = make()
    sock = worlds.established(wire)
    sock.write(30_000)
    for _ in range(10):
        wire.take(40000, "data")
    wire.silent(ms(20))


def test_each_ack_in_slow_start_lets_two_more_segments_go(make: Make):
    wire = make()
    sock = worlds.established(wire)
    sock.write(40_000)
    for _ in range(10):
        wire.take(40000, "data")
    wire << ". 1:1(0) ack 2921 win 65535"
    for _ in range(4):
        wire.take(40000, "data")
    wire.quiet()


def test_the_peers_window_bounds_what_is_in_flight(make: Make):
    wire = make()
    sock = wire.accepted(window=2920)
    sock.write(10_000)
    wire.take(40000, "1:1461")
    wire.take(40000, "1461:2921")
    wire.silent(ms(100))
    wire << ". 1:1(0) ack 1461 win 2920"
    wire.take(40000, "2921:4381")
    wire.quiet()


def test_a_scaled_window_counts_in_units(make: Make):
    wire = make()
    wire.listen()
    wire << "S 0:0(0) win 65535 <mss 1000,nop,wscale 2>"
    wire >> "S. 0:0(0) ack 1 <...>"
    wire << ". 1:1(0) ack 1 win 500"
    sock = wire.call_accept()
    sock.write(5000)
    for _ in range(2):
        wire.take(40000, "data")
    wire.silent(ms(50))


def test_a_shift_above_14_is_taken_as_14():
    wire = Wire()
    wire.listen()
    wire << "S 0:0(0) win 65535 <mss 1000,nop,wscale 99>"
    wire >> "S. 0:0(0) ack 1 <...>"
    wire << ". 1:1(0) ack 1 win 1"
    assert wire.call_accept().connection.snd_wnd == 1 << 14


def test_a_closed_window_is_probed_and_opens(make: Make):
    wire = make()
    sock = wire.accepted()
    wire << ". 1:1(0) ack 1 win 0"
    sock.write(100)
    wire.after(worlds.RTO) >> ". 0:0(0) ack 1"
    wire << ". 1:1(0) ack 1 win 0"
    wire.after(2 * worlds.RTO) >> ". 0:0(0) ack 1"
    wire << ". 1:1(0) ack 1 win 1000"
    wire >> "P. 1:101(100) ack 1"


def test_a_fin_alone_has_no_psh(make: Make):
    wire = make()
    sock = worlds.established(wire)
    sock.write(10)
    wire >> "P. 1:11(10) ack 1"
    sock.close()
    wire >> "F. 11:11(0) ack 1"


def test_a_burst_that_is_put_off_for_more_of_the_window_is_limited_by_it(make: Make):
    """Two segments would fit; more may at once, so that they wait, and it is the window's doing."""
    wire = make()
    listener = wire.listen()
    wire << "S 0:0(0) win 65535 <mss 1000,sackOK,nop,wscale 7>"
    wire >> "S. 0:0(0) ack 1 <...>"
    wire.silent(ms(80))
    wire << ". 1:1(0) ack 1 win 64"
    sock = listener.accept()
    sock.write(30_000)
    wire.forget()
    wire.silent(ms(80))
    for ack in (1001, 2001, 3001, 4001):
        wire << f". 1:1(0) ack {ack} win 64"
        wire.forget()
    wire.silent(ms(60))
    assert sock.info()["rwnd_limited"] > ms(125)


ONE_MORE = """`sysctl -q net.ipv4.tcp_timestamps=0`
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 65535 <mss 1000,nop,nop,sackOK,nop,wscale 7>
+0 > S. 0:0(0) ack 1 <...>
+.05 < . 1:1(0) ack 1 win 600
+0 accept(3, ..., ...) = 4
+0 write(4, ..., 10000) = 10000
+0 > P. 1:10001(10000) ack 1
+.05 < . 1:1(0) ack 10001 win 600
+0 write(4, ..., 40000) = 40000
+0 > P. 10001:30001(20000) ack 1
+.05 < . 1:1(0) ack 10001 win 600 <sack 11001:12001,nop,nop>
+0 > . 30001:31001(1000) ack 1
+{gap} < . 1:1(0) ack 10001 win 600 <sack 11001:13001,nop,nop>
+0 %{{ assert tcpi_unacked == {unacked}, tcpi_unacked }}%
"""


@pytest.mark.parametrize(("gap", "unacked"), [(".000999", 21), (".001", 22)])
def test_room_for_one_segment_waits_for_more_within_a_millisecond_of_the_last(gap, unacked):
    outcome = run_text(ONE_MORE.format(gap=gap, unacked=unacked))
    assert outcome.passed, outcome.failure
