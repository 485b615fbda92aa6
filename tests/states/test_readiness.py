"""poll() in every situation, and what SIOCINQ and its kin count."""

from __future__ import annotations

from tcpcore.host.messages import MSG_OOB
from tcpcore.host.poll import (
    POLLERR,
    POLLHUP,
    POLLIN,
    POLLOUT,
    POLLPRI,
    POLLRDHUP,
    SIOCINQ,
    SIOCOUTQ,
    SIOCOUTQNSD,
)
from tcpcore.units import ms
from tests.states.conftest import Make
from tests.states.worlds import close_wait, established, fin_wait_1, fin_wait_2, syn_sent, time_wait

CLOSED_BOTH_WAYS = POLLIN | POLLOUT | POLLHUP | POLLRDHUP


def test_a_new_socket_hangs_up(make: Make):
    assert make().socket().ready() == POLLOUT | POLLHUP


def test_a_listener_is_readable_when_somebody_can_be_accepted(make: Make):
    wire = make()
    listener = wire.listen()
    assert listener.ready() == 0
    wire << "S 0:0(0) win 65535 <mss 1460>"
    wire >> "S. 0:0(0) ack 1 <...>"
    assert listener.ready() == 0
    wire << ". 1:1(0) ack 1 win 65535"
    assert listener.ready() == POLLIN
    wire.call_accept()
    assert listener.ready() == 0


def test_while_it_opens_a_socket_is_ready_for_nothing(make: Make):
    assert syn_sent(make()).ready() == 0


def test_a_refused_socket_has_an_error(make: Make):
    wire = make()
    sock = wire.socket(8888)
    sock.never_block()
    sock.connect().fails("EINPROGRESS")
    wire >> "S 0:0(0) <...>"
    wire << "R. 0:0(0) ack 1"
    wire.quiet()
    assert sock.ready() == CLOSED_BOTH_WAYS | POLLERR
    assert sock.get("SO_ERROR") == 111
    assert sock.ready() == CLOSED_BOTH_WAYS


def test_an_open_socket_is_writable_and_with_data_readable(make: Make):
    wire = make()
    sock = established(wire)
    assert sock.ready() == POLLOUT
    wire << "P. 1:11(10) ack 1 win 65535"
    wire >> ". 1:1(0) ack 11"
    assert sock.ready() == POLLIN | POLLOUT
    sock.read(10)
    assert sock.ready() == POLLOUT


def test_below_the_low_water_mark_it_is_not_readable(make: Make):
    wire = make()
    sock = established(wire)
    sock.set("SO_RCVLOWAT", 11)
    wire << "P. 1:11(10) ack 1 win 65535"
    wire >> ". 1:1(0) ack 11"
    assert sock.ready() == POLLOUT
    wire << "P. 11:12(1) ack 1 win 65535"
    wire >> ". 1:1(0) ack 12"
    assert sock.ready() == POLLIN | POLLOUT


def test_urgent_data_is_priority(make: Make):
    wire = make()
    sock = established(wire)
    wire << "PU. 1:2(1) ack 1 win 65535 urg 1"
    wire >> ". 1:1(0) ack 2"
    assert sock.ready() == POLLPRI | POLLOUT  # the urgent byte alone is nothing to read
    sock.receives(1, 2, flags=MSG_OOB)
    assert sock.ready() == POLLOUT
    wire << "P. 2:3(1) ack 1 win 65535"
    wire >> ". 1:1(0) ack 3"
    assert sock.ready() == POLLIN | POLLOUT


def test_after_the_peers_fin_it_is_readable_and_half_hung_up(make: Make):
    assert close_wait(make()).ready() == POLLIN | POLLOUT | POLLRDHUP


def test_after_its_own_fin_it_stays_writable_for_the_error(make: Make):
    assert fin_wait_1(make()).ready() == POLLOUT
    assert fin_wait_2(make()).ready() == POLLOUT


def test_after_both_fins_it_hangs_up(make: Make):
    assert time_wait(make()).ready() == CLOSED_BOTH_WAYS


def test_shutdown_of_reading_makes_it_readable(make: Make):
    sock = established(make())
    sock.shutdown("read")
    assert sock.ready() == POLLIN | POLLOUT | POLLRDHUP


def test_a_reset_is_an_error_until_it_is_reported(make: Make):
    wire = make()
    sock = established(wire)
    wire << "R. 1:1(0) ack 1"
    wire.quiet()
    assert sock.ready() == CLOSED_BOTH_WAYS | POLLERR
    sock.reading().fails("ECONNRESET")
    assert sock.ready() == CLOSED_BOTH_WAYS


def test_with_much_unsent_it_is_not_writable_above_notsent_lowat(make: Make):
    wire = make()
    sock = established(wire)
    sock.set("TCP_NOTSENT_LOWAT", 1000)
    wire << ". 1:1(0) ack 1 win 0"
    sock.write(499)
    assert sock.ready() == POLLOUT
    sock.write(1)
    assert sock.ready() == 0


def test_inq_counts_what_can_be_read_before_the_mark(make: Make):
    wire = make()
    sock = established(wire)
    assert sock.ioctl(SIOCINQ) == 0
    wire << "PU. 1:11(10) ack 1 win 65535 urg 4"
    wire >> ". 1:1(0) ack 11"
    assert sock.ioctl(SIOCINQ) == 3
    sock.set("SO_OOBINLINE", 1)
    assert sock.ioctl(SIOCINQ) == 10


def test_the_fin_is_not_counted_by_inq(make: Make):
    wire = make()
    sock = established(wire)
    wire << "FP. 1:11(10) ack 1 win 65535"
    wire.after(ms(40)) >> ". 1:1(0) ack 12"
    assert sock.ioctl(SIOCINQ) == 10


def test_outq_counts_what_is_not_acknowledged_and_outqnsd_what_is_not_sent(make: Make):
    wire = make()
    sock = wire.accepted(window=100)
    sock.write(100)
    wire >> "P. 1:101(100) ack 1"
    sock.write(50)
    wire.quiet()
    assert (sock.ioctl(SIOCOUTQ), sock.ioctl(SIOCOUTQNSD)) == (150, 50)
    sock.shutdown()
    assert (sock.ioctl(SIOCOUTQ), sock.ioctl(SIOCOUTQNSD)) == (151, 51)
    wire << ". 1:1(0) ack 101 win 100"
    wire >> "FP. 101:151(50) ack 1"
    assert (sock.ioctl(SIOCOUTQ), sock.ioctl(SIOCOUTQNSD)) == (51, 0)
    wire << ". 1:1(0) ack 152 win 100"
    wire.quiet()
    assert (sock.ioctl(SIOCOUTQ), sock.ioctl(SIOCOUTQNSD)) == (0, 0)
