"""Engine and kernel record in the same terms."""

from __future__ import annotations

import pytest

from tcpcore.errors import UsageError
from tcpcore.view.evidence import engine, kernel

SIDES = pytest.mark.parametrize("side", [engine, kernel], ids=["engine", "kernel"])


@SIDES
def test_the_handshake_has_the_same_three_segments(side):
    found = [(one.host, one.flags, one.seq, one.ack) for one in side("handshake").segments]
    assert found == [
        ("client", "SYN", 0, None),
        ("server", "SYN+ACK", 0, 1),
        ("client", "ACK", 1, 1),
    ]


@SIDES
def test_the_listener_stays_in_listen_while_its_request_is_half_open(side):
    run = side("handshake")
    assert run.states("client") == ["SYN_SENT", "ESTABLISHED"]
    assert run.states("server") == ["SYN_RECV", "ESTABLISHED"]
    assert run.listens_in("server", "SYN_RECV")
    assert not run.listens_in("client", "SYN_SENT")
    assert {socket.state for socket in run.listener()} == {"LISTEN"}


@SIDES
def test_a_late_accept_finds_its_connection_in_the_queue(side):
    run = side("accept-late")
    assert [socket.waiting for socket in run.listener()] == [0, 1, 0]
    assert run.call("connect").time < 0.11
    assert run.call("accept").time >= 0.99


def test_a_look_at_a_moment_shows_that_moment_not_the_next_one():
    run = engine("accept-late", accept_after=1000)
    full = [look.time for look in run.looks if any(s.waiting for s in look.sockets)]
    assert full == [150_000]


@SIDES
def test_a_lost_segment_is_marked(side):
    run = side("data-and-close", drop=(2,))
    assert [index for index, one in enumerate(run.segments) if one.lost] == [2]
    assert run.times("SYN+ACK") == [run[1].time]


def test_seeds_give_other_initial_numbers_and_the_same_relative_ones():
    first, second = engine("handshake", seed=1), engine("handshake", seed=2)
    assert first[0].raw_seq != second[0].raw_seq
    assert str(first.table()) == str(second.table())


def test_the_table_shows_the_columns_asked_for():
    table = engine("handshake").table("host", "flags", "ack")
    assert str(table).splitlines() == [
        "from    flags    ack",
        "client  SYN      –",
        "server  SYN+ACK  1",
        "client  ACK      1",
    ]
    assert table.html.count("<tr>") == 4


def test_without_a_record_one_sentence_says_so():
    with pytest.raises(UsageError, match=r"no kernel record of handshake with .*'rtt': 42"):
        kernel("handshake", rtt=42)


def test_a_call_reads_as_a_sentence():
    call = engine("connection-refused").call("connect")
    assert str(call) == "client: connect() returned after 0.1 s: ECONNREFUSED"


@SIDES
def test_what_a_call_moved_tells_data_from_the_end_of_file(side):
    run = side("half-close")
    assert run.outcomes("client", "send", "recv") == [
        "send: ok",
        "recv: 1000 bytes",
        "recv: end of file",
    ]
    assert [one.moved for one in run.calls if one.host == "client" and one.call == "send"] == [100]
    assert run.outcomes("client")[0] == "connect: ok"
    assert run.call("close").moved is None


@SIDES
def test_counters_are_those_that_nstat_shows_at_the_end(side):
    run = side("accept-queue-overflow")
    assert run.count("TcpExtListenOverflows") == run.count("TcpExtListenDrops") == 12
    assert run.count("TcpActiveOpens", host="client") == 4
    assert run.count("TcpExtSyncookiesSent") == 0


@SIDES
def test_results_name_the_end_of_each_call(side):
    assert side("accept-queue-overflow").results("connect") == ["ok", "ok", "ok", "ETIMEDOUT"]


def test_an_older_kernel_sends_its_syns_as_it_did():
    assert engine("syn-unanswered", profile="linux-6.4").times("SYN")[-1] == 63
    assert engine("syn-unanswered", profile="linux-6.4").sysctls["tcp_syn_linear_timeouts"] == 0


@SIDES
def test_one_connection_of_several_counts_its_time_from_its_own_syn(side):
    first, second = (side("fast-open").connection(number) for number in (1, 2))
    assert [run[0].flags for run in (first, second)] == ["SYN", "SYN"]
    assert [run[0].time for run in (first, second)] == [0, 0]
    assert [run[0].length for run in (first, second)] == [0, 100]
    assert [round(run.ends("recv")[-1], 2) for run in (first, second)] == [0.2, 0.1]
    assert len(first.segments) + len(second.segments) == len(side("fast-open").segments)
    assert [len(run.results("close")) for run in (first, second)] == [2, 2]


@SIDES
def test_a_segment_tells_the_text_that_its_data_begins_with(side):
    texts = [one.text for one in side("tls-flights", tls=0).segments]
    assert [text for text in texts if text] == ["GET", "200 OK"]
    assert not any(one.text for one in side("fast-open").segments)


@SIDES
def test_the_ending_begins_with_the_first_fin_or_rst(side):
    assert side("three-segment-close").ending().flags == ["FIN+ACK", "FIN+ACK", "ACK"]
    assert side("linger-zero").ending().flags == ["RST+ACK"]
    assert side("three-segment-close").flags[:3] == ["SYN", "SYN+ACK", "ACK"]


def test_segments_of_a_time_are_those_sent_from_its_start_to_before_its_end():
    run = engine("three-segment-close")
    assert run.between(run[1].time, run[3].time).flags == ["SYN+ACK", "ACK"]


def test_what_a_program_was_told_is_a_table():
    told = engine("connection-refused").told("client")
    assert str(told).splitlines() == [
        "time (s)  call       came to",
        "0.1       connect()  ECONNREFUSED",
    ]
    assert "Calls of the client, engine" in told.html


@SIDES
def test_the_waits_between_sendings_end_with_the_one_after_which_the_host_gave_up(side):
    run = side("data-unanswered", user_timeout=3000)
    assert len(run.waits()) == len(run.data("client")) == 6
    assert run.waits()[:-1] == pytest.approx([0.2, 0.2, 0.4, 0.8, 1.6], rel=0.13)
    assert sum(run.waits()) == pytest.approx(3.4, abs=0.05)


@SIDES
def test_a_stay_in_a_state_has_a_beginning_and_perhaps_an_end(side):
    since, until = side("fin-wait-2-orphan").stay("client", "FIN_WAIT_2")
    assert until is not None
    assert 59.9 < until - since < 62
    assert side("close-wait-leak").stay("server", "CLOSE_WAIT")[1] is None


def test_a_state_that_nobody_was_in_is_an_error_in_one_sentence():
    with pytest.raises(UsageError, match="No socket of client was seen in CLOSING"):
        engine("handshake").stay("client", "CLOSING")
