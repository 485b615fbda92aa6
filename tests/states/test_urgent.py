"""Urgent data: the mark in the stream, at both ends."""

from __future__ import annotations

from tcpcore.host.messages import MSG_OOB, MSG_PEEK
from tcpcore.units import ms
from tests.states.conftest import Make
from tests.states.worlds import RTO, established


def test_the_pointer_names_the_byte_after_the_urgent_one(make: Make):
    wire = make()
    sock = established(wire)
    sock.write(3, MSG_OOB)
    wire >> "PU. 1:4(3) ack 1 urg 3"


def test_urg_stays_on_every_segment_until_the_urgent_byte_is_acknowledged(make: Make):
    wire = make()
    sock = established(wire)
    sock.write(3000, MSG_OOB)
    wire >> "U. 1:1461(1460) ack 1 urg 3000"
    wire >> "U. 1461:2921(1460) ack 1 urg 1540"
    wire >> "PU. 2921:3001(80) ack 1 urg 80"
    wire << ". 1:1(0) ack 2921 win 65535"
    sock.write(100)
    wire >> "P. 3001:3101(100) ack 1"
    wire << ". 1:1(0) ack 3101 win 65535"
    sock.write(100)
    wire >> "P. 3101:3201(100) ack 1"


def test_an_ack_without_data_has_no_urg_beyond_the_mark(make: Make):
    wire = make()
    sock = established(wire)
    sock.write(10, MSG_OOB)
    wire >> "PU. 1:11(10) ack 1 urg 10"
    wire << "P. 1:101(100) ack 1 win 65535"
    wire >> ". 11:11(0) ack 101"


def test_urgent_data_does_not_wait_for_nagle(make: Make):
    wire = make()
    sock = established(wire)
    sock.write(10)
    wire >> "P. 1:11(10) ack 1"
    sock.write(10)
    wire.quiet()
    sock.write(10, MSG_OOB)
    wire >> "PU. 11:31(20) ack 1 urg 20"


def test_a_retransmission_tells_of_urgent_data_written_since(make: Make):
    wire = make(tcp_early_retrans=0)
    sock = established(wire)
    sock.write(1460)
    wire >> "P. 1:1461(1460) ack 1"
    sock.write(10, MSG_OOB)
    wire >> "PU. 1461:1471(10) ack 1 urg 10"
    wire.after(RTO) >> "PU. 1:1461(1460) ack 1 urg 1470"


def test_the_urgent_byte_is_not_in_the_stream(make: Make):
    wire = make()
    sock = established(wire)
    wire << "PU. 1:11(10) ack 1 win 65535 urg 5"
    wire >> ". 1:1(0) ack 11"
    assert not sock.at_mark()
    sock.receives(1, 5)
    assert sock.at_mark()
    sock.receives(5, 6, flags=MSG_OOB)
    sock.receives(6, 11)
    assert not sock.at_mark()


def test_the_urgent_byte_can_be_read_before_what_was_sent_before_it(make: Make):
    wire = make()
    sock = established(wire)
    wire << "PU. 1:11(10) ack 1 win 65535 urg 10"
    wire >> ". 1:1(0) ack 11"
    sock.receives(10, 11, flags=MSG_OOB)
    sock.reading(1, MSG_OOB).fails("EINVAL")
    sock.receives(1, 10)
    sock.reading().blocks()


def test_the_urgent_byte_is_lost_when_reading_passes_it(make: Make):
    wire = make()
    sock = established(wire)
    wire << "PU. 1:11(10) ack 1 win 65535 urg 5"
    wire >> ". 1:1(0) ack 11"
    sock.receives(1, 5)
    sock.receives(6, 8, most=2)
    sock.reading(1, MSG_OOB).fails("EINVAL")
    sock.receives(8, 11)


def test_without_urgent_data_reading_it_is_invalid(make: Make):
    wire = make()
    sock = established(wire)
    assert not sock.at_mark()
    sock.reading(1, MSG_OOB).fails("EINVAL")


def test_an_urgent_byte_that_is_announced_and_not_here_has_to_be_awaited(make: Make):
    wire = make()
    sock = established(wire)
    wire << "U. 1:11(10) ack 1 win 65535 urg 20"
    wire >> ". 1:1(0) ack 11"
    sock.reading(1, MSG_OOB).fails("EAGAIN")
    sock.receives(1, 11)
    wire << "PU. 11:31(20) ack 1 win 65535 urg 10"
    wire >> ". 1:1(0) ack 31"
    sock.receives(20, 21, flags=MSG_OOB | MSG_PEEK)
    sock.receives(20, 21, flags=MSG_OOB)
    sock.receives(11, 20)


def test_an_urgent_byte_beyond_a_hole_can_be_read(make: Make):
    wire = make()
    sock = established(wire)
    wire << "PU. 11:21(10) ack 1 win 65535 urg 10"
    wire >> ". 1:1(0) ack 1"
    sock.receives(20, 21, flags=MSG_OOB)
    wire << "P. 1:11(10) ack 1 win 65535"
    wire >> ". 1:1(0) ack 21"
    sock.receives(1, 20)


def test_inline_the_byte_stays_and_reading_still_stops_before_it(make: Make):
    wire = make()
    sock = established(wire)
    sock.set("SO_OOBINLINE", 1)
    wire << "PU. 1:11(10) ack 1 win 65535 urg 5"
    wire >> ". 1:1(0) ack 11"
    sock.reading(1, MSG_OOB).fails("EINVAL")
    sock.receives(1, 5)
    assert sock.at_mark()
    sock.receives(5, 11)
    assert not sock.at_mark()


def test_a_later_urgent_byte_takes_the_place_of_one_not_read(make: Make):
    wire = make()
    sock = established(wire)
    wire << "PU. 1:11(10) ack 1 win 65535 urg 5"
    wire >> ". 1:1(0) ack 11"
    wire << "PU. 11:21(10) ack 1 win 65535 urg 10"
    wire >> ". 1:1(0) ack 21"
    sock.receives(20, 21, flags=MSG_OOB)
    sock.receives(1, 20)


def test_a_later_urgent_byte_drops_one_that_reading_has_come_to(make: Make):
    wire = make()
    sock = established(wire)
    wire << "PU. 1:11(10) ack 1 win 65535 urg 5"
    wire >> ". 1:1(0) ack 11"
    sock.receives(1, 5)
    wire << "PU. 11:21(10) ack 1 win 65535 urg 10"
    wire >> ". 1:1(0) ack 21"
    sock.receives(6, 20)


def test_an_older_urgent_pointer_changes_nothing(make: Make):
    wire = make()
    sock = established(wire)
    wire << "PU. 1:11(10) ack 1 win 65535 urg 20"
    wire >> ". 1:1(0) ack 11"
    wire << "PU. 11:31(20) ack 1 win 65535 urg 5"
    wire >> ". 1:1(0) ack 31"
    sock.receives(20, 21, flags=MSG_OOB)


def test_with_tcp_stdurg_the_pointer_names_the_urgent_byte_itself(make: Make):
    wire = make(tcp_stdurg=1)
    sock = established(wire)
    wire << "PU. 1:11(10) ack 1 win 65535 urg 4"
    wire >> ". 1:1(0) ack 11"
    sock.receives(5, 6, flags=MSG_OOB)
    sock.write(3, MSG_OOB)
    wire >> "PU. 1:4(3) ack 11 urg 3"


def test_a_shut_window_lets_the_news_of_urgent_data_through(make: Make):
    wire = make()
    sock = established(wire)
    wire << ". 1:1(0) ack 1 win 0"
    sock.write(100, MSG_OOB)
    wire.after(RTO) >> "U. 1:1(0) ack 1 urg 100"
    wire >> "U. 0:0(0) ack 1 urg 101"


def test_an_urgent_pointer_past_the_end_of_the_stream_is_never_met(make: Make):
    wire = make()
    sock = established(wire)
    wire << "UF. 1:11(10) ack 1 win 65535 urg 40"
    wire.after(ms(40)) >> ". 1:1(0) ack 12"
    sock.receives(1, 11)
    sock.receives(12, 12)
    sock.receives(12, 12, flags=MSG_OOB)


def test_an_urgent_byte_that_was_read_apart_is_unread_for_close(make: Make):
    wire = make()
    sock = established(wire)
    wire << "PU. 1:2(1) ack 1 win 65535 urg 1"
    wire >> ". 1:1(0) ack 2"
    sock.receives(1, 2, flags=MSG_OOB)
    sock.close()
    wire >> "R. 1:1(0) ack 2"


def test_looking_ahead_leaves_mark_and_data_where_they_are(make: Make):
    wire = make()
    sock = established(wire)
    wire << "PU. 1:11(10) ack 1 win 65535 urg 5"
    wire >> ". 1:1(0) ack 11"
    sock.receives(1, 5, flags=MSG_PEEK)
    sock.receives(1, 5)
    sock.receives(6, 11, flags=MSG_PEEK)
    assert sock.at_mark()
    sock.receives(6, 11)
