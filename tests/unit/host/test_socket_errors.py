"""What socket calls report, in Linux's order: which errno, and when it is end of file."""

from __future__ import annotations

import pytest

from tcpcore.units import seconds
from tests.notation import Wire
from tests.states import worlds
from tests.states.conftest import Make
from tests.states.worlds import RTO


def test_a_socket_that_was_never_connected(make: Make):
    sock = make().socket()
    sock.reading().fails("ENOTCONN")
    sock.write(1).fails("EPIPE")
    sock.shutdown().fails("ENOTCONN")
    sock.accepting().fails("EINVAL")


def test_a_listener_is_no_connection(make: Make):
    listener = make().listen()
    listener.reading().fails("ENOTCONN")
    listener.write(1).fails("EPIPE")
    listener.connect().fails("EISCONN")


def test_a_closed_socket_is_a_bad_descriptor(make: Make):
    sock = make().socket()
    sock.close()
    sock.reading().fails("EBADF")
    sock.write(1).fails("EBADF")
    sock.shutdown().fails("EBADF")
    sock.accepting().fails("EBADF")
    sock.connect().fails("EBADF")


def test_a_closed_connection_is_a_bad_descriptor(make: Make):
    wire = make()
    sock = worlds.established(wire)
    sock.close()
    wire >> "F. 1:1(0) ack 1"
    sock.reading().fails("EBADF")
    sock.write(1).fails("EBADF")


def test_a_connected_socket_cannot_connect_or_accept(make: Make):
    wire = make()
    sock = wire.connected()
    sock.connect().fails("EISCONN")
    sock.accepting().fails("EINVAL")


def test_a_refused_connect_leaves_a_socket_that_may_try_again(make: Make):
    wire = make()
    sock = worlds.syn_sent(wire)
    wire << "R. 0:0(0) ack 1 win 0"
    sock.call.fails("ECONNREFUSED")
    sock.reading().fails("ENOTCONN")
    sock.write(1).fails("EPIPE")
    again = sock.connect()
    wire >> "S 0:0(0) <...>"
    wire << "S. 0:0(0) ack 1 win 65535 <mss 1460>"
    wire >> ". 1:1(0) ack 1"
    again.returns(None)


def test_nobody_answers_etimedout_is_reported_by_connect(make: Make):
    wire = make(tcp_syn_retries=1)
    sock = worlds.syn_sent(wire)
    wire.after(seconds(1)) >> "S 0:0(0) <...>"
    wire.after(seconds(1)) >> "S 0:0(0) <...>"
    wire.silent(seconds(1.2))
    sock.call.fails("ETIMEDOUT")
    assert wire.state() == "CLOSED"


def test_after_a_time_out_one_call_learns_it_and_then_it_is_end_of_file():
    wire = Wire(tcp_retries2=2)
    sock = worlds.established(wire)
    sock.write(10)
    wire >> "P. 1:11(10) ack 1"
    wire.after(RTO) >> "P. 1:11(10) ack 1"
    wire.after(2 * RTO) >> "P. 1:11(10) ack 1"
    wire.after(4 * RTO) >> "P. 1:11(10) ack 1"
    wire.silent(8 * RTO)
    assert wire.state() == "CLOSED"
    sock.reading().fails("ETIMEDOUT")
    sock.read(0)
    sock.write(1).fails("EPIPE")


@pytest.mark.parametrize("how", ["write", "both"])
def test_after_shutdown_writing_fails_with_epipe(make: Make, how: str):
    wire = make()
    sock = worlds.established(wire)
    sock.shutdown(how)
    wire >> "F. 1:1(0) ack 1"
    sock.write(1).fails("EPIPE")


def test_shutdown_for_reading_sends_nothing_and_gives_end_of_file(make: Make):
    wire = make()
    sock = worlds.established(wire)
    sock.shutdown("read")
    wire.quiet()
    sock.read(0)


def test_what_comes_after_shutdown_for_reading_is_acknowledged_and_can_be_read(make: Make):
    wire = make()
    sock = worlds.established(wire)
    sock.shutdown("read")
    wire << "P. 1:101(100) ack 1 win 65535"
    wire >> ". 1:1(0) ack 101"
    sock.read(100)
    sock.read(0)


def test_writing_nothing_is_no_segment(make: Make):
    wire = make()
    worlds.established(wire).write(0).returns(0)
    wire.quiet()


def test_a_second_shutdown_is_no_second_fin(make: Make):
    wire = make()
    sock = worlds.established(wire)
    sock.shutdown()
    wire >> "F. 1:1(0) ack 1"
    sock.shutdown().returns(None)
    wire.quiet()


def test_two_listeners_on_a_port_are_one_too_many(make: Make):
    wire = make()
    wire.listen()
    with pytest.raises(OSError) as error:
        wire.listen()
    assert error.value.errno == 98


def test_a_port_is_bound_once(make: Make):
    wire = make()
    first = wire.socket(1000)
    with pytest.raises(OSError) as error:
        wire.socket(1000)
    assert error.value.errno == 98
    first.close()
    wire.socket(1000)


def test_a_socket_is_bound_once(make: Make):
    wire = make()
    sock = wire.socket(1000)
    with pytest.raises(OSError) as error:
        sock.bind(1001)
    assert error.value.errno == 22


def test_an_address_of_another_host_cannot_be_bound(make: Make):
    wire = make()
    with pytest.raises(OSError) as error:
        wire.socket().bind(1000, "10.9.9.9")
    assert error.value.errno == 99


def test_listening_again_changes_the_backlog(make: Make):
    wire = make()
    listener = wire.listen(5)
    listener.raw.listen(7)


def test_a_connected_socket_cannot_listen(make: Make):
    wire = make()
    sock = wire.connected()
    with pytest.raises(OSError) as error:
        sock.raw.listen(5)
    assert error.value.errno == 22
