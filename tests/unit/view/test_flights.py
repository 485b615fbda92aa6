"""What a sender's segments say of loss and windows, asked of a few segments made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tcpcore.view.exchange import Exchange, Seen

MSS = 1448


def seen(time: float, host: str, **header: Any) -> Seen:
    """A segment that takes 50 ms; `after` counts full segments of data before it."""
    length, after = header.pop("length", 0), header.pop("after", 0)
    arrived = None if header.get("lost") else time + 0.05
    values: dict[str, Any] = {
        "flags": "ACK", "seq": 1 + after * MSS, "ack": 1, "window": 100, "options": (),
        "lost": False, "raw_seq": 0, "raw_ack": 0, "source": 1, "destination": 2, "ttl": 64,
        "text": "", "packet": b"",
    }  # fmt: skip
    return Seen(time=time, arrived=arrived, host=host, length=length, **{**values, **header})


def sends(time: float, number: int, **header: Any) -> Seen:
    return seen(time, "client", after=number - 1, length=MSS, **header)


def answers(time: float, segments: int, *options: str) -> Seen:
    return seen(time, "server", ack=1 + segments * MSS, options=options)


def run(*segments: Seen) -> Exchange:
    return Exchange("test", list(segments), [], [], ["client", "server"], {}, {})


SACKED = "sack {2897:4345}"


def test_what_goes_out_twice_is_named_by_the_place_of_its_first_sending():
    lost = sends(0.2, 2, lost=True)
    assert run(sends(0.1, 1), lost, sends(0.3, 3), sends(0.4, 2)).resent() == [(0.4, 2)]
    assert run(sends(0.1, 1), sends(0.2, 2)).resent() == []


def test_reports_of_a_hole_count_when_they_have_arrived():
    found = run(sends(0.1, 1), answers(0.2, 1, SACKED), answers(0.3, 1), answers(0.4, 1, SACKED))
    assert [found.holes_reported(by) for by in (0.24, 0.25, 0.44, 0.45)] == [0, 1, 1, 2]


def test_what_flies_is_what_was_sent_and_not_acknowledged_within_the_time_asked_for():
    found = run(sends(0.1, 1), sends(0.11, 2), answers(0.2, 1), sends(0.25, 3), answers(0.4, 3))
    assert found.flying(0.1, 0.2) == 2
    assert found.flying(0.1, 0.11) == 1
    assert found.flying(0.25, 0.3) == 2
    assert found.flying(0.45, 1) == 0


def test_an_answer_is_what_leaves_before_the_next_ack():
    found = run(
        sends(0.1, 1), sends(0.1, 2), sends(0.1, 3), answers(0.2, 1), sends(0.25, 4),
        sends(0.25, 5), answers(0.3, 3), sends(0.36, 6),
    )  # fmt: skip
    assert found.answers() == [(1, 2), (2, 1)]


def test_an_ack_without_news_ends_an_answer_and_begins_none():
    found = run(sends(0.1, 1), answers(0.2, 1), answers(0.21, 1), sends(0.27, 2))
    assert found.answers() == [(1, 0)]


@pytest.mark.parametrize("host", ["server", "nobody"])
def test_a_host_that_sends_nothing_has_nothing_under_way(host: str):
    found = run(sends(0.1, 1), answers(0.2, 1))
    assert (found.resent(host), found.flying(0, 1, host)) == ([], 0)
