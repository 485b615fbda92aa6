"""epoll: level- and edge-triggered, one-shot, and its errors."""

from __future__ import annotations

from tcpcore.host.poll import EPOLLET, EPOLLONESHOT, POLLHUP, POLLIN, POLLOUT, POLLRDHUP
from tests.states.conftest import Make
from tests.states.worlds import established


def test_level_triggered_it_tells_as_long_as_there_is_something_to_read(make: Make):
    wire = make()
    sock = established(wire)
    epoll = sock.epoll(POLLIN)
    assert epoll.events() == []
    wire << "P. 1:11(10) ack 1 win 65535"
    wire >> ". 1:1(0) ack 11"
    assert epoll.events() == [POLLIN]
    assert epoll.events() == [POLLIN]
    sock.read(10)
    assert epoll.events() == []


def test_edge_triggered_it_tells_of_every_arrival_once(make: Make):
    wire = make()
    sock = established(wire)
    epoll = sock.epoll(POLLIN | EPOLLET)
    wire << "P. 1:11(10) ack 1 win 65535"
    wire >> ". 1:1(0) ack 11"
    assert epoll.events() == [POLLIN]
    assert epoll.events() == []
    wire << "P. 11:21(10) ack 1 win 65535"
    wire >> ". 1:1(0) ack 21"
    assert epoll.events() == [POLLIN]
    wire << "P. 1:11(10) ack 1 win 65535"  # nothing new
    wire >> ". 1:1(0) ack 21"
    assert epoll.events() == []


def test_edge_triggered_it_tells_of_what_is_there_when_it_is_added_or_changed(make: Make):
    wire = make()
    sock = established(wire)
    epoll = sock.epoll(POLLOUT | EPOLLET)
    assert epoll.events() == [POLLOUT]
    assert epoll.events() == []
    epoll.change(POLLOUT | EPOLLET)
    assert epoll.events() == [POLLOUT]


def test_an_ack_is_no_edge_while_there_was_room_all_the_time(make: Make):
    wire = make()
    sock = established(wire)
    epoll = sock.epoll(POLLOUT | EPOLLET)
    assert epoll.events() == [POLLOUT]
    sock.write(10)
    wire >> "P. 1:11(10) ack 1"
    wire << ". 1:1(0) ack 11 win 65535"
    wire.quiet()
    assert epoll.events() == []


def test_room_again_after_there_was_none_is_an_edge(make: Make):
    wire = make()
    sock = established(wire)
    sock.set("TCP_NOTSENT_LOWAT", 1000)
    wire << ". 1:1(0) ack 1 win 0"
    sock.write(2000)
    epoll = sock.epoll(POLLOUT | EPOLLET)
    assert epoll.events() == []
    wire << ". 1:1(0) ack 1 win 65535"
    wire >> ". 1:1461(1460) ack 1"
    wire >> "P. 1461:2001(540) ack 1"
    assert epoll.events() == [POLLOUT]
    assert epoll.events() == []


def test_one_shot_it_tells_once_until_it_is_asked_again(make: Make):
    wire = make()
    sock = established(wire)
    epoll = sock.epoll(POLLOUT | EPOLLONESHOT)
    assert epoll.events() == [POLLOUT]
    assert epoll.events() == []
    epoll.change(POLLOUT | EPOLLONESHOT)
    assert epoll.events() == [POLLOUT]


def test_the_end_of_the_stream_is_an_edge(make: Make):
    wire = make()
    sock = established(wire)
    epoll = sock.epoll(POLLIN | POLLRDHUP | EPOLLET)
    wire << "F. 1:1(0) ack 1 win 65535"
    assert epoll.events() == [POLLIN | POLLRDHUP]
    assert epoll.events() == []


def test_hanging_up_need_not_be_asked_for(make: Make):
    wire = make()
    sock = established(wire)
    epoll = sock.epoll(POLLIN)
    wire << "R. 1:1(0) ack 1"
    sock.reading().fails("ECONNRESET")
    assert epoll.events() == [POLLIN | POLLHUP]


def test_a_socket_is_added_once_and_changed_only_when_it_was(make: Make):
    wire = make()
    sock = established(wire)
    epoll = sock.epoll(POLLIN)
    assert epoll.error("add") == "EEXIST"
    assert epoll.error("delete") is None
    assert epoll.error("delete") == "ENOENT"
    assert epoll.error("change") == "ENOENT"


def test_waiting_ends_when_something_comes(make: Make):
    wire = make()
    sock = established(wire)
    epoll = sock.epoll(POLLIN)
    call = epoll.waiting(3000)
    call.blocks()
    wire << "P. 1:11(10) ack 1 win 65535"
    wire >> ". 1:1(0) ack 11"
    call.returns([(POLLIN, 7)])


def test_poll_waits_until_something_comes_or_the_time_is_up(make: Make):
    wire = make()
    sock = established(wire)
    call = sock.polling(POLLIN, 100)
    call.blocks()
    wire.silent(150_000)
    call.returns([0])
    call = sock.polling(POLLIN, 3000)
    wire << "P. 1:11(10) ack 1 win 65535"
    wire >> ". 1:1(0) ack 11"
    call.returns([POLLIN])
