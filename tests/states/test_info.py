"""TCP_INFO: what is counted, and when."""

from __future__ import annotations

from typing import Any

from tcpcore.host.tcp_info import OPT_SACK, OPT_TIMESTAMPS, OPT_WSCALE
from tcpcore.units import ms
from tests.application import Sock
from tests.states.conftest import Make
from tests.states.worlds import RTO, established


def shows(sock: Sock, **expected: int) -> None:
    info = sock.info()
    assert {name: info.get(name) for name in expected} == expected


def test_a_new_socket_has_defaults(make: Make):
    sock = make().socket()
    shows(sock, state=7, snd_mss=536, snd_cwnd=10, rto=1_000_000, rttvar=250_000, reordering=3)
    shows(sock, rcv_mss=0, pmtu=0, advmss=0, min_rtt=0xFFFF_FFFF, snd_ssthresh=0x7FFF_FFFF)


def test_a_listener_tells_of_its_queue(make: Make):
    wire = make()
    listener = wire.listen(5)
    shows(listener, state=10, unacked=0, sacked=5)
    wire << "S 0:0(0) win 65535 <mss 1000>"
    wire >> "S. 0:0(0) ack 1 <...>"
    wire << ". 1:1(0) ack 1 win 65535"
    wire.quiet()
    shows(listener, state=10, unacked=1, sacked=5, snd_mss=0)


def test_a_connection_that_opens_has_sent_one_segment(make: Make):
    wire = make()
    sock = wire.socket(8888)
    sock.connect()
    wire >> "S 0:0(0) <...>"
    shows(sock, state=2, segs_out=1, segs_in=0, data_segs_out=0, unacked=1, snd_mss=524, rcv_mss=88)


def test_what_was_agreed_on_is_shown(make: Make):
    wire = make()
    sock = wire.connected("mss 1000,sackOK,TS val 100 ecr 0,nop,wscale 7")
    shows(sock, options=OPT_TIMESTAMPS | OPT_SACK | OPT_WSCALE, snd_wscale=7, rcv_wscale=10)
    shows(sock, snd_mss=988, advmss=1448, pmtu=1500)


def test_the_syn_is_counted_as_acknowledged_by_who_connected_only(make: Make):
    wire = make()
    shows(wire.connected(), bytes_acked=1, delivered=1, segs_in=1, segs_out=2)
    wire = make()
    shows(established(wire), bytes_acked=0, delivered=1, segs_in=2, segs_out=0)


def test_data_is_counted_in_both_directions(make: Make):
    wire = make()
    sock = established(wire)
    wire << "P. 1:101(100) ack 1 win 65535"
    wire >> ". 1:1(0) ack 101"
    shows(sock, bytes_received=100, data_segs_in=1, segs_in=3, segs_out=1)
    sock.write(3000)
    wire >> ". 1:1461(1460) ack 101"
    wire >> ". 1461:2921(1460) ack 101"
    wire >> "P. 2921:3001(80) ack 101"
    shows(sock, bytes_sent=3000, data_segs_out=3, unacked=3, bytes_acked=0, delivered=1)
    wire << ". 101:101(0) ack 2921 win 65535"
    wire.quiet()
    shows(sock, bytes_sent=3000, unacked=1, bytes_acked=2920, delivered=3)


def test_fins_are_counted_as_bytes(make: Make):
    wire = make()
    sock = established(wire)
    sock.shutdown()
    wire >> "F. 1:1(0) ack 1"
    wire << "F. 1:1(0) ack 1 win 65535"  # they cross
    wire >> ". 2:2(0) ack 2"
    shows(sock, bytes_received=1, bytes_sent=0, data_segs_in=0, unacked=1)


def test_retransmissions_are_counted(make: Make):
    wire = make(tcp_early_retrans=0)
    sock = established(wire)
    sock.write(100)
    wire >> "P. 1:101(100) ack 1"
    wire.after(RTO) >> "P. 1:101(100) ack 1"
    shows(
        sock, total_retrans=1, bytes_retrans=100, bytes_sent=200, retransmits=1, retrans=1, lost=1
    )
    shows(sock, ca_state=4, backoff=1, total_rto=1, total_rto_recoveries=1, snd_cwnd=1, unacked=1)


def test_probes_of_a_shut_window_are_counted_until_one_is_answered(make: Make):
    wire = make()
    sock = established(wire)
    wire << ". 1:1(0) ack 1 win 0"
    sock.write(100)
    shows(sock, notsent_bytes=100, probes=0, snd_wnd=0)
    wire.after(RTO) >> ". 0:0(0) ack 1"
    shows(sock, probes=1, backoff=1)
    wire << ". 1:1(0) ack 1 win 0"
    wire.quiet()
    shows(sock, probes=0, backoff=1)


def test_what_came_out_of_order_is_counted(make: Make):
    wire = make()
    sock = established(wire)
    wire << "P. 101:201(100) ack 1 win 65535"
    wire >> ". 1:1(0) ack 1"
    shows(sock, rcv_ooopack=1, bytes_received=0, data_segs_in=1)
    wire << "P. 1:101(100) ack 1 win 65535"
    wire >> ". 1:1(0) ack 201"
    shows(sock, rcv_ooopack=1, bytes_received=200, data_segs_in=2)


def test_time_is_busy_while_something_is_unacknowledged(make: Make):
    wire = make()
    sock = established(wire)
    assert times(sock) == (0, 0, 0)
    sock.write(100)
    wire >> "P. 1:101(100) ack 1"
    wire.silent(ms(100))
    wire << ". 1:1(0) ack 101 win 65535"
    wire.silent(ms(100))
    assert times(sock) == (100, 0, 0)


def test_time_is_limited_by_a_window_that_keeps_data_back(make: Make):
    wire = make()
    sock = established(wire)
    wire << ". 1:1(0) ack 1 win 0"
    sock.write(100)
    wire.silent(ms(100))
    wire << ". 1:1(0) ack 1 win 65535"
    wire >> "P. 1:101(100) ack 1"
    wire.silent(ms(100))
    assert times(sock) == (200, 100, 0)


def times(sock: Sock) -> tuple[int, ...]:
    """busy, limited by the window, by the buffer: in tenths of a second, given in ms."""
    info: dict[str, Any] = sock.info()
    named = (info["busy_time"], info["rwnd_limited"], info["sndbuf_limited"])
    return tuple(round(us / 100_000) * 100 for us in named)


def test_the_last_times_are_in_milliseconds(make: Make):
    wire = make()
    sock = established(wire)
    wire << "P. 1:101(100) ack 1 win 65535"
    wire >> ". 1:1(0) ack 101"
    wire.silent(ms(300))
    info = sock.info()
    assert {round(info[name] / 100) for name in ("last_data_recv", "last_ack_recv")} == {3}
