"""The figure of the sender's window: where each byte of the stream stands, moment by moment."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from tcpcore.errors import UsageError
from tcpcore.view import both
from tcpcore.view.windows import Window

RACE = "flow-control-vs-congestion-control"


def test_what_is_in_flight_never_exceeds_the_smaller_window():
    for options in ({}, {"buffer": 4096}, {"buffer": 262_144, "written": 200_000}):
        frames = Window(RACE, **options).frames
        assert frames
        for one in frames:
            assert one["limit"] == min(one["rwnd"], one["cwnd"])
            assert one["flying"] + one["now"] <= one["limit"]


def test_each_acknowledgment_moves_the_window_and_never_back():
    frames = Window("zero-window").frames
    for name in ("acknowledged", "next"):
        places = [one[name] for one in frames]
        assert places == sorted(places)
    edges = [one["acknowledged"] + one["rwnd"] for one in frames]
    assert edges == sorted(edges), "what was offered is never taken back"


def test_the_window_closes_is_shut_and_opens_again():
    windows = [one["rwnd"] for one in Window("zero-window").frames]
    assert windows[:5] == [2896, 2896, 1448, 0, 2896]


def test_a_fin_is_no_byte_of_the_stream():
    last = Window("zero-window").frames[-1]
    assert last["next"] == last["written"] == 20_000


def test_bytes_that_nagle_holds_back_may_be_sent_as_far_as_windows_go():
    first = Window("nagle-delayed-ack").frames[0]
    assert first["flying"] + first["now"] == 50
    assert first["free"] > 0


def test_the_first_flight_is_ten_segments_and_each_acknowledged_one_adds_one():
    first, *later = Window(RACE, until=0.21).frames
    assert first["now"] == first["cwnd"] == 10 * 1448
    assert [one["now"] for one in later] == [2 * 1448] * 10


def test_a_figure_ends_where_asked_and_needs_data():
    assert Window("zero-window", until=0.25).frames[-1]["time"] == 242_580
    with pytest.raises(UsageError, match="sends no data"):
        Window("zero-window", host="server")


def test_the_figure_is_well_formed_and_says_the_same_in_words():
    shown = Window("zero-window", until=1)
    ElementTree.fromstring(shown.html.replace("<br>", "<br/>"))
    assert shown.html.count("role='img' aria-label=") == len(shown.frames)
    assert "0.383 s  ACK arrives: acknowledged 4,344, in flight 0" in str(shown)
    assert "<b>0</b>" in shown.html, "the window that limits is marked"


def test_offered_windows_are_scaled_except_that_of_the_syn():
    for side in both(RACE):
        assert side.offered("server")[:2] == [65_160, 34_028 << 1]
    for side in both("option-offer", tcp_window_scaling=0):
        fields = [one.window for one in side.segments if one.host == "server"]
        assert side.offered("server") == fields
