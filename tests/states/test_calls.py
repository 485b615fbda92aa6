"""Calls that may not block, or only for a while, and the flags of recv() and send()."""

from __future__ import annotations

from tcpcore.host.messages import MSG_DONTWAIT, MSG_MORE, MSG_PEEK, MSG_WAITALL
from tcpcore.units import ms
from tests.states.conftest import Make
from tests.states.worlds import RTO, established


def test_a_connect_that_may_not_block_is_in_progress_then_already_then_done(make: Make):
    wire = make()
    sock = wire.socket(8888)
    sock.never_block()
    sock.connect().fails("EINPROGRESS")
    wire >> "S 0:0(0) <...>"
    sock.connect().fails("EALREADY")
    wire << "S. 0:0(0) ack 1 win 65535 <mss 1460>"
    wire >> ". 1:1(0) ack 1"
    sock.connect().returns(None)
    sock.connect().fails("EISCONN")


def test_a_refused_connect_that_did_not_block_is_told_by_the_next_one(make: Make):
    wire = make()
    sock = wire.socket(8888)
    sock.never_block()
    sock.connect().fails("EINPROGRESS")
    wire >> "S 0:0(0) <...>"
    wire << "R. 0:0(0) ack 1"
    wire.quiet()
    sock.connect().fails("ECONNREFUSED")


def test_a_failed_connect_whose_error_was_taken_is_aborted(make: Make):
    wire = make()
    sock = wire.socket(8888)
    sock.never_block()
    sock.connect().fails("EINPROGRESS")
    wire >> "S 0:0(0) <...>"
    wire << "R. 0:0(0) ack 1"
    wire.quiet()
    assert sock.get("SO_ERROR") == 111
    sock.connect().fails("ECONNABORTED")


def test_after_a_failure_the_socket_may_connect_again(make: Make):
    wire = make()
    sock = wire.socket(8888)
    sock.connect()
    wire >> "S 0:0(0) <...>"
    wire << "R. 0:0(0) ack 1"
    wire.quiet()
    again = sock.connect()
    wire >> "S 0:0(0) <...>"
    wire << "S. 0:0(0) ack 1 win 65535 <mss 1460>"
    wire >> ". 1:1(0) ack 1"
    again.returns(None)


def test_before_it_is_open_reading_and_writing_would_block(make: Make):
    wire = make()
    sock = wire.socket(8888)
    sock.never_block()
    sock.connect().fails("EINPROGRESS")
    wire >> "S 0:0(0) <...>"
    sock.reading().fails("EAGAIN")
    sock.write(10).fails("EAGAIN")


def test_accept_would_block_while_nobody_is_there(make: Make):
    wire = make()
    listener = wire.listen()
    listener.never_block()
    listener.accepting().fails("EAGAIN")


def test_reading_would_block_without_data_and_ends_with_the_stream(make: Make):
    wire = make()
    sock = established(wire)
    sock.reading(10, MSG_DONTWAIT).fails("EAGAIN")
    wire << "FP. 1:11(10) ack 1 win 65535"
    wire.after(ms(40)) >> ". 1:1(0) ack 12"
    sock.receives(1, 11, flags=MSG_DONTWAIT)
    sock.receives(11, 11, flags=MSG_DONTWAIT)


def test_a_time_limit_ends_reading(make: Make):
    wire = make()
    sock = established(wire)
    sock.set("SO_RCVTIMEO", (0, 100_000))
    call = sock.reading()
    wire.silent(ms(60))
    call.blocks()
    wire.silent(ms(60))
    call.fails("EAGAIN")


def test_a_time_limit_is_shown_as_it_was_set(make: Make):
    wire = make()
    sock = wire.socket()
    sock.set("SO_SNDTIMEO", (2, 500_000))
    assert sock.get("SO_SNDTIMEO") == (2, 500_000)
    assert sock.get("SO_RCVTIMEO") == (0, 0)


def test_looking_takes_nothing(make: Make):
    wire = make()
    sock = established(wire)
    wire << "P. 1:11(10) ack 1 win 65535"
    wire >> ". 1:1(0) ack 11"
    sock.receives(1, 5, most=4, flags=MSG_PEEK)
    sock.receives(1, 11)


def test_waiting_for_all_goes_on_until_it_is_there(make: Make):
    wire = make()
    sock = established(wire)
    call = sock.reading(20, MSG_WAITALL)
    wire << "P. 1:11(10) ack 1 win 65535"
    wire >> ". 1:1(0) ack 11"
    call.blocks()
    wire << "P. 11:31(20) ack 1 win 65535"
    wire >> ". 1:1(0) ack 31"
    call.returns(sock.stream(1, 21))
    sock.receives(21, 31)


def test_waiting_for_all_ends_with_the_stream(make: Make):
    wire = make()
    sock = established(wire)
    call = sock.reading(20, MSG_WAITALL)
    wire << "P. 1:11(10) ack 1 win 65535"
    wire >> ". 1:1(0) ack 11"
    wire << "F. 11:11(0) ack 1 win 65535"
    wire.after(ms(40)) >> ". 1:1(0) ack 12"
    call.returns(sock.stream(1, 11))


def test_the_low_water_mark_makes_reading_wait(make: Make):
    wire = make()
    sock = established(wire)
    sock.set("SO_RCVLOWAT", 15)
    call = sock.reading()
    wire << "P. 1:11(10) ack 1 win 65535"
    wire >> ". 1:1(0) ack 11"
    call.blocks()
    wire << "P. 11:16(5) ack 1 win 65535"
    wire >> ". 1:1(0) ack 16"
    call.returns(sock.stream(1, 16))


def test_more_to_come_holds_a_part_of_a_segment_back(make: Make):
    wire = make()
    sock = established(wire)
    sock.write(1500, MSG_MORE)
    wire >> ". 1:1461(1460) ack 1"
    wire.quiet()
    sock.write(100)
    wire >> "P. 1461:1601(140) ack 1"


def test_what_more_held_back_goes_when_nothing_is_in_flight_for_a_while(make: Make):
    wire = make()
    sock = established(wire)
    sock.write(100, MSG_MORE)
    wire.after(RTO) >> "P. 1:101(100) ack 1"


def test_shutdown_of_a_listener_ends_listening(make: Make):
    wire = make()
    listener = wire.listen()
    call = listener.accepting()
    listener.shutdown("write").returns(None)
    call.blocks()
    listener.shutdown("read").returns(None)
    call.fails("EINVAL")
    wire << "S 0:0(0) win 65535 <mss 1460>"
    wire >> "R. 0:0(0) ack 1"


def test_shutdown_needs_a_connection(make: Make):
    make().socket().shutdown().fails("ENOTCONN")


def test_a_socket_that_may_not_block_takes_what_fits(make: Make):
    wire = make()
    sock = wire.socket(8888)
    sock.set("SO_SNDBUF", 2000)
    assert sock.get("SO_SNDBUF") == 4608
    call = sock.connect()
    wire >> "S 0:0(0) <...>"
    wire << "S. 0:0(0) ack 1 win 0 <mss 1000>"
    wire >> ". 1:1(0) ack 1"
    call.returns(None)
    sock.never_block()
    sock.write(100_000)
    sock.write(100).fails("EAGAIN")


def test_a_disconnected_socket_has_reset_its_peer_and_may_connect_again(make: Make):
    wire = make()
    sock = wire.connected()
    sock.disconnect()
    wire >> "R. 1:1(0) ack 1"
    assert wire.state() == "CLOSED"
    assert sock.get("SO_ERROR") == 104
    call = sock.connect()
    wire.other(40000)
    wire.peer = wire.peers[40000]
    wire >> "S 0:0(0) <...>"
    wire << "S. 0:0(0) ack 1 win 65535 <mss 1460>"
    wire >> ". 1:1(0) ack 1"
    call.returns(None)


def test_what_was_disconnected_is_told_by_the_next_call(make: Make):
    wire = make()
    sock = established(wire)
    sock.disconnect()
    wire >> "R. 1:1(0) ack 1"
    sock.reading().fails("ECONNRESET")
    sock.reading().fails("ENOTCONN")
    sock.write(10).fails("EPIPE")


def test_an_opening_socket_is_disconnected_without_a_word(make: Make):
    wire = make()
    sock = wire.socket(8888)
    sock.never_block()
    sock.connect().fails("EINPROGRESS")
    wire >> "S 0:0(0) <...>"
    sock.disconnect()
    wire.quiet()
    assert wire.state() == "CLOSED"
    sock.write(10).fails("ECONNRESET")


def test_a_listener_that_is_disconnected_listens_no_more(make: Make):
    wire = make()
    listener = wire.listen()
    listener.disconnect()
    wire << "S 0:0(0) win 65535 <mss 1460>"
    wire >> "R. 0:0(0) ack 1"


def test_notsent_lowat_lets_a_large_packet_that_was_begun_be_filled(make: Make):
    wire = make()
    sock = wire.accepted("mss 1000", window=32000)
    sock.set("TCP_NOTSENT_LOWAT", 1)
    sock.set("SO_SNDBUF", 100_000)
    sock.never_block()
    sock.write(12_000).returns(12_000)
    wire.forget()
    sock.write(12_000).returns(12_000)
    sock.write(12_000).returns(2_000)
    sock.write(12_000).fails("EAGAIN")
