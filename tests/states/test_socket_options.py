"""Socket options that change segments and windows."""

from __future__ import annotations

import pytest

from tcpcore.units import ms
from tests.states.conftest import Make
from tests.states.worlds import established, fin_wait_2


def test_maxseg_is_offered_and_obeyed_by_who_connects(make: Make):
    wire = make()
    sock = wire.socket(8888)
    assert sock.get("TCP_MAXSEG") == 536
    sock.set("TCP_MAXSEG", 1000)
    assert sock.get("TCP_MAXSEG") == 1000
    call = sock.connect()
    wire >> "S 0:0(0) win 65000 <mss 1000,sackOK,TS val 0 ecr 0,nop,wscale 10>"
    wire << "S. 0:0(0) ack 1 win 65535 <mss 1460>"
    wire >> ". 1:1(0) ack 1"
    call.returns(None)
    assert sock.get("TCP_MAXSEG") == 1000
    sock.write(1500)
    wire >> ". 1:1001(1000) ack 1"
    wire >> "P. 1001:1501(500) ack 1"


def test_maxseg_of_a_listener_is_that_of_its_connections(make: Make):
    wire = make()
    listener = wire.socket(8888)
    listener.set("TCP_MAXSEG", 600)
    listener.raw.listen(5)
    wire.listener = listener
    wire << "S 0:0(0) win 65535 <mss 1460>"
    wire >> "S. 0:0(0) ack 1 win 65400 <mss 600>"
    wire << ". 1:1(0) ack 1 win 65535"
    sock = wire.call_accept()
    assert sock.get("TCP_MAXSEG") == 600
    sock.write(700)
    wire >> ". 1:601(600) ack 1"
    wire >> "P. 601:701(100) ack 1"


@pytest.mark.parametrize(
    ("value", "fine"), [(87, False), (88, True), (32767, True), (32768, False)]
)
def test_maxseg_has_limits(make: Make, value: int, fine: bool):
    sock = make().socket()
    if fine:
        sock.set("TCP_MAXSEG", value)
    else:
        with pytest.raises(OSError, match="Invalid"):
            sock.set("TCP_MAXSEG", value)


def test_a_window_clamp_holds_the_first_window_and_its_scale_down(make: Make):
    wire = make()
    sock = wire.socket(8888)
    sock.set("TCP_WINDOW_CLAMP", 20_000)
    assert sock.get("TCP_WINDOW_CLAMP") == 20_000
    sock.connect()
    wire >> "S 0:0(0) win 18980 <mss 1460,sackOK,TS val 0 ecr 0,nop,wscale 0>"


def test_a_window_clamp_of_an_open_connection_shrinks_what_may_be_offered(make: Make):
    wire = make()
    sock = established(wire)
    sock.set("TCP_WINDOW_CLAMP", 10_000)
    assert sock.get("TCP_WINDOW_CLAMP") == 10_000
    assert sock.info()["rcv_ssthresh"] == 10_000
    sock.set("TCP_WINDOW_CLAMP", 100_000)
    assert sock.info()["rcv_ssthresh"] == 64_240


def test_a_window_clamp_is_not_tiny_and_zero_is_for_closed_sockets(make: Make):
    wire = make()
    sock = established(wire)
    sock.set("TCP_WINDOW_CLAMP", 100)
    assert sock.get("TCP_WINDOW_CLAMP") == 1152
    with pytest.raises(OSError, match="Invalid"):
        sock.set("TCP_WINDOW_CLAMP", 0)
    other = wire.socket()
    other.set("TCP_WINDOW_CLAMP", 0)
    assert other.get("TCP_WINDOW_CLAMP") == 0


def test_buffers_are_doubled_and_have_a_least_and_a_largest_size(make: Make):
    sock = make().socket()
    assert (sock.get("SO_RCVBUF"), sock.get("SO_SNDBUF")) == (131072, 16384)
    sock.set("SO_RCVBUF", 10_000)
    sock.set("SO_SNDBUF", 10_000)
    assert (sock.get("SO_RCVBUF"), sock.get("SO_SNDBUF")) == (20_000, 20_000)
    sock.set("SO_RCVBUF", 1)
    sock.set("SO_SNDBUF", 1)
    assert (sock.get("SO_RCVBUF"), sock.get("SO_SNDBUF")) == (2304, 4608)


def test_force_goes_beyond_the_largest_size(make: Make):
    sock = make().socket()
    sock.set("SO_RCVBUFFORCE", 20_000_000)
    sock.set("SO_SNDBUFFORCE", 20_000_000)
    assert (sock.get("SO_RCVBUF"), sock.get("SO_SNDBUF")) == (40_000_000, 40_000_000)


def test_what_a_socket_is_can_be_read(make: Make):
    wire = make()
    sock = wire.socket()
    names = ("SO_TYPE", "SO_PROTOCOL", "SO_DOMAIN", "SO_ACCEPTCONN")
    assert [sock.get(name) for name in names] == [1, 6, 2, 0]
    assert wire.listen().get("SO_ACCEPTCONN") == 1


def test_linger2_is_in_seconds_and_at_most_two_minutes(make: Make):
    sock = make().socket()
    assert sock.get("TCP_LINGER2") == 60
    sock.set("TCP_LINGER2", 5)
    assert sock.get("TCP_LINGER2") == 5
    sock.set("TCP_LINGER2", 121)
    assert sock.get("TCP_LINGER2") == 120
    sock.set("TCP_LINGER2", -7)
    assert sock.get("TCP_LINGER2") == -1


def test_negative_linger2_resets_where_only_the_peers_fin_is_missing(make: Make):
    wire = make()
    sock = fin_wait_2(wire)
    sock.set("TCP_LINGER2", -1)
    sock.close()
    wire >> "R. 2:2(0) ack 1"
    assert wire.state() == "CLOSED"


def test_negative_linger2_answers_the_ack_of_an_orphans_fin_with_a_reset(make: Make):
    wire = make()
    sock = established(wire)
    sock.set("TCP_LINGER2", -1)
    sock.close()
    wire >> "F. 1:1(0) ack 1"
    wire << ". 1:1(0) ack 2 win 65535"
    wire >> "R 2:2(0)"
    assert wire.state() == "CLOSED"


def test_linger2_bounds_an_orphans_wait_for_the_fin(make: Make):
    wire = make()
    sock = established(wire)
    sock.set("TCP_LINGER2", 1)
    sock.close()
    wire >> "F. 1:1(0) ack 1"
    wire << ". 1:1(0) ack 2 win 65535"
    wire.silent(ms(700))
    assert wire.state() == "FIN_WAIT_2"
    wire.silent(ms(700))
    assert wire.state() == "CLOSED"


def test_the_send_buffer_holds_twice_the_first_window_once_it_is_open(make: Make):
    wire = make()
    assert established(wire).get("SO_SNDBUF") == 46_080  # 20 packets of 2,304 bytes
    wire = make()
    sock = wire.socket(8888)
    sock.set("SO_SNDBUF", 10_000)
    sock.connect()
    wire >> "S 0:0(0) <...>"
    wire << "S. 0:0(0) ack 1 win 65535 <mss 1460>"
    wire >> ". 1:1(0) ack 1"
    assert sock.get("SO_SNDBUF") == 20_000
