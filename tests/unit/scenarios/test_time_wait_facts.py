"""What the scenarios of TIME_WAIT are there to show."""

from __future__ import annotations

import pytest

from tcpcore.view.evidence import engine, kernel
from tcpcore.view.exchange import Exchange

SIDES = pytest.mark.parametrize("side", [engine, kernel], ids=["engine", "kernel"])


@SIDES
def test_the_table_has_room_for_so_many_and_drops_the_rest(side):
    run: Exchange = side("time-wait-table")
    assert run.count("TcpExtTCPTimeWaitOverflow", "client") == 2
    most = max(
        sum(one.state == "TIME_WAIT" for one in look.sockets)
        for look in run.looks
        if look.host == 0
    )
    assert most == 2


@SIDES
def test_an_old_segment_makes_the_two_ends_kill_time_wait_unless_tcp_rfc1337_is_set(side):
    assert side("time-wait-assassination").results("connect") == ["ok", "ok"]
    assert side("time-wait-assassination", tcp_rfc1337=1).results("connect") == [
        "ok",
        "EADDRNOTAVAIL",
    ]


@SIDES
def test_without_time_wait_and_timestamps_old_data_is_read_by_the_next_connection(side):
    taken = side("old-duplicate-data")
    second_read = [call for call in taken.calls if call.call == "recv"][2]
    second_write = [call for call in taken.calls if call.call == "send"][1]
    assert second_read.time < second_write.time


@SIDES
def test_timestamps_keep_old_data_out(side):
    kept_out = side("old-duplicate-data", tcp_timestamps=1)
    assert kept_out.count("TcpExtPAWSEstab") == 1
    second_read = [call for call in kept_out.calls if call.call == "recv"][2]
    second_write = [call for call in kept_out.calls if call.call == "send"][1]
    assert second_read.time > second_write.time


@SIDES
def test_time_wait_keeps_old_data_out_because_nobody_can_have_the_four_tuple(side):
    assert side("old-duplicate-data", time_wait=True).results("connect")[1] == "EADDRNOTAVAIL"


@SIDES
def test_a_restarted_server_gets_its_port_only_with_so_reuseaddr(side):
    assert side("server-restart").results("bind") == ["EADDRINUSE"]
    assert side("server-restart").results("connect") == ["ok", "ECONNREFUSED"]
    assert side("server-restart", reuse_address=True).results("bind") == []
    assert side("server-restart", reuse_address=True).results("connect") == ["ok", "ok"]


@SIDES
def test_so_reuseaddr_does_not_share_a_port_with_a_listener(side):
    run = side("server-restart", reuse_address=True, still_there=True)
    assert run.results("bind") == ["EADDRINUSE"]


@SIDES
def test_time_wait_ends_after_60_s_and_neither_long_before_nor_long_after(side):
    assert side("time-wait-reuse", again_after=59_000).results("connect")[1] == "EADDRNOTAVAIL"
    assert side("time-wait-reuse", again_after=63_000).results("connect")[1] == "ok"
    since, until = side("time-wait-reuse", again_after=63_000).stay("client", "TIME_WAIT")
    assert until is not None
    assert 60 <= until - since < 62.1
