"""What idle connections learn of crashes and cables, and what keepalive changes."""

from __future__ import annotations

import pytest

from tcpcore.view.evidence import engine, kernel

SIDES = pytest.mark.parametrize("side", [engine, kernel], ids=["engine", "kernel"])
CABLE = pytest.mark.parametrize("cable", [False, True])
QUICK = {"keepalive": True, "idle": 3, "interval": 2, "count": 3}


@SIDES
@CABLE
def test_s46_without_keepalive_an_idle_end_never_learns_that_the_other_is_gone(side, cable):
    run = side("gone-while-idle", cable=cable)
    assert len(run.segments) == 3
    assert run.results("recv") == []


@SIDES
@CABLE
def test_s60_with_keepalive_it_does(side, cable):
    run = side("gone-while-idle", cable=cable, **QUICK)
    assert [s.lost for s in run.segments] == [False] * 3 + [True] * 4
    assert run.results("recv") == ["ETIMEDOUT"]


def test_linuxs_own_keepalive_takes_two_hours_eleven_minutes_and_fifteen_seconds():
    run = engine("gone-while-idle", keepalive=True)
    assert run.call("recv").time == 7200.1 + 9 * 75
    assert run[-1].flags == "RST+ACK"


@SIDES
def test_s59_the_end_that_has_given_up_resets_the_one_that_has_not(side):
    run = side("cable-back-too-late")
    assert run.results("recv") == ["ETIMEDOUT", "ECONNRESET"]
    assert (run[-1].host, run[-1].flags) == ("client", "RST")


@SIDES
def test_a_shutdown_says_fin_and_the_close_is_whole_if_the_power_lasts_for_a_round_trip(side):
    run = side("host-shutdown")
    assert [s.flags for s in run.segments[3:]] == ["FIN+ACK", "FIN+ACK", "ACK"]
    short = side("host-shutdown", grace=20)
    assert all(s.lost for s in short.segments[4:])
    assert len(short.segments) > 10


@SIDES
def test_a_cable_that_is_out_while_nobody_sends_is_not_noticed(side):
    run = side("cable-out", send_at=5000)
    assert not any(s.lost for s in run.segments)
    assert {*run.results("send"), *run.results("recv")} == {"ok"}
