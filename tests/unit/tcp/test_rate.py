"""Rate samples: over which time, of what, and when they are the application's."""

from __future__ import annotations

from typing import Any

from tcpcore.tcp import rate
from tcpcore.tcp.sent import SentSegment
from tcpcore.units import ms, seconds
from tests.notation import Wire

RTT = ms(100)


def sender(**sysctls: Any) -> tuple[Wire, Any]:
    """A connection that a peer opened 100 ms away, with SACK."""
    wire = Wire(**sysctls)
    wire.listen()
    wire << "S 0:0(0) win 65535 <mss 1000,sackOK>"
    wire >> "S. 0:0(0) ack 1 <...>"
    wire.silent(RTT)
    wire << ". 1:1(0) ack 1 win 65535"
    return wire, wire.call_accept()


def test_before_anything_is_delivered_there_is_no_rate():
    _, sock = sender()
    info = sock.info()
    assert (info["delivery_rate"], info["delivery_rate_app_limited"]) == (0, 1)


def test_ten_segments_in_a_round_trip_are_a_rate():
    wire, sock = sender()
    sock.write(20000)
    wire.forget()
    wire.silent(RTT)
    wire << ". 1:1(0) ack 10001 win 65535"
    info = sock.info()
    assert info["delivery_rate"] == 10 * 1000 * seconds(1) // RTT


def test_the_first_sample_of_a_server_is_the_applications_the_next_is_not():
    wire, sock = sender()
    sock.write(60000)
    wire.forget()
    for acked, limited in ((10001, 1), (30001, 0)):
        wire.forget()
        wire.net.go_on(wire.now + RTT)
        wire.forget()
        wire << f". 1:1(0) ack {acked} win 65535"
        assert sock.info()["delivery_rate_app_limited"] == limited
        wire.forget()


def test_acks_that_come_together_do_not_make_the_network_faster():
    """Sent over 50 ms, acknowledged at one instant: the longer of both times counts."""
    wire, sock = sender(tcp_slow_start_after_idle=0)
    for _ in range(6):
        sock.write(1000)
        wire.forget()
        wire.silent(ms(10))
    wire.net.go_on(wire.now + ms(50))
    for acked in range(1001, 7001, 1000):
        wire << f". 1:1(0) ack {acked} win 65535"
    wire.forget()
    fastest = 6 * 1000 * seconds(1) // ms(100)
    assert sock.info()["delivery_rate"] <= fastest


def test_a_sample_spans_the_longer_of_sending_and_acknowledging():
    for delivered_at, first_sent, longer in ((40_000, 0, 50_000), (0, 40_000, 60_000)):
        _, sock = sender()
        c = sock.connection
        c.delivered, c.min_rtt = 10, 1
        last = SentSegment(1, 1001, 0, 50_000, (0, delivered_at, first_sent, False))
        rate.generate_plain(c, last, 60_000)
        assert c.flow.rate_interval == longer


def test_a_program_that_had_nothing_more_to_send_limits_its_samples():
    wire, sock = sender()
    for acked in (1001, 2001, 3001):
        sock.write(1000)
        wire.forget()
        wire.silent(RTT)
        wire << f". 1:1(0) ack {acked} win 65535"
    assert sock.info()["delivery_rate_app_limited"] == 1


def test_the_least_round_trip_is_forgotten_after_its_window():
    wire, sock = sender(tcp_min_rtt_wlen=1)
    assert sock.info()["min_rtt"] == RTT
    sent = 0
    for _ in range(6):  # two segments each, so that no ACK looks delayed
        sock.write(2000)
        sent += 2000
        wire.forget()
        wire.net.go_on(wire.now + ms(190))
        wire.forget()
        wire << f". 1:1(0) ack {sent + 1} win 65535"
    assert sock.info()["min_rtt"] == ms(190)


def test_an_ack_that_may_have_waited_does_not_make_the_least_round_trip_longer():
    wire, sock = sender(tcp_min_rtt_wlen=1)
    for acked in range(1, 8):
        sock.write(100)
        wire.forget()
        wire.silent(ms(190))
        wire << f". 1:1(0) ack {acked * 100 + 1} win 65535"
    assert sock.info()["min_rtt"] == RTT


def test_what_was_sent_again_and_answered_faster_than_any_round_trip_gives_no_sample():
    wire, sock = sender(tcp_early_retrans=0, tcp_frto=0)
    sock.write(2000)
    wire >> ". 1:1001(1000) ack 1"
    wire >> "P. 1001:2001(1000) ack 1"
    wire.after(ms(300)) >> ". 1:1001(1000) ack 1"
    wire.silent(ms(1))
    wire << ". 1:1(0) ack 1001 win 65535"
    wire >> "P. 1001:2001(1000) ack 1"
    before = sock.info()["delivery_rate"]
    wire.silent(ms(1))
    wire << ". 1:1(0) ack 2001 win 65535"  # for the first sending of it
    assert sock.info()["delivery_rate"] == before > 0
