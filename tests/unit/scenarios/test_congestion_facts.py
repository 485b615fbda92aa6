"""What the scenarios of congestion and loss recovery are there to show."""

from __future__ import annotations

import itertools

import pytest

from tcpcore.scenarios import registry
from tcpcore.trace import LOST, Trace, TracedSegment
from tcpcore.units import ms, seconds
from tcpcore.wire.options import SACK


def data(trace: Trace) -> list[TracedSegment]:
    return [one for one in trace.segments if one.sender == 0 and one.segment.payload]


def again(trace: Trace) -> list[TracedSegment]:
    """Data that the client sent a second time."""
    known: set[int] = set()
    found = []
    for one in data(trace):
        if one.segment.seq in known:
            found.append(one)
        known.add(one.segment.seq)
    return found


def cwnds(trace: Trace) -> list[tuple[int, int]]:
    """The client's (time, cwnd), wherever it changed."""
    found: list[tuple[int, int]] = []
    for moment in trace.moments:
        for socket in moment.sections.get("sockets", ()) if moment.host == 0 else ():
            cwnd = socket["variables"]["cwnd"]
            if not found or found[-1][1] != cwnd:
                found.append((moment.time, cwnd))
    return found


def done(trace: Trace) -> int:
    """When the last byte of data had arrived."""
    return max(one.arrived or 0 for one in data(trace))


def in_round(trace: Trace, number: int) -> int:
    start = ms(100) * number
    return sum(start <= one.sent < start + ms(100) for one in data(trace))


def test_slow_start_doubles_each_round_trip():
    trace = registry.run("slow-start")
    assert [in_round(trace, n) for n in (1, 2, 3, 4)] == [10, 20, 40, 80]


def test_after_a_loss_reno_adds_one_segment_each_round_trip():
    trace = registry.run("congestion-avoidance")
    later = [(time, cwnd) for time, cwnd in cwnds(trace) if time > ms(550)]
    gaps = [b[0] - a[0] for a, b in itertools.pairwise(later)]
    assert all(b[1] == a[1] + 1 for a, b in itertools.pairwise(later))
    assert len(gaps) >= 3
    assert all(ms(80) < gap < ms(130) for gap in gaps)


def test_a_loss_halves_reno_and_takes_three_tenths_from_cubic():
    for control, share in (("reno", 0.5), ("cubic", 0.7)):
        trace = registry.run("cubic-vs-reno", {"control": control})
        low = min(cwnd for time, cwnd in cwnds(trace) if time > seconds(1))
        high = max(cwnd for _, cwnd in cwnds(trace))
        assert low == pytest.approx(high * share, abs=2)


def test_without_a_loss_nothing_is_sent_again():
    for name in ("fast-retransmit", "congestion-avoidance"):
        assert again(registry.run(name, {"lost": 0})) == []


def test_fast_retransmit_needs_no_timer():
    trace = registry.run("fast-retransmit")
    (only,) = again(trace)
    assert only.sent - data(trace)[11].sent < ms(120)


def test_sack_mends_in_one_round_trip_what_newreno_mends_hole_by_hole():
    with_sack = again(registry.run("sack-vs-newreno"))
    without = again(registry.run("sack-vs-newreno", {"tcp_sack": 0}))
    assert len(with_sack) == 4
    assert with_sack[-1].sent - with_sack[0].sent < ms(20)
    assert without[-1].sent - without[0].sent > ms(280)


@pytest.mark.parametrize(("most", "acks"), [(44, 16), (1, 22), (0, 40)])
def test_one_duplicate_ack_stands_for_several_segments(most: int, acks: int):
    trace = registry.run("sack-compression", {"tcp_comp_sack_nr": most})
    options = [one.segment.options for one in trace.segments if one.sender == 1]
    assert sum(any(kind == SACK for kind, *_ in found) for found in options) == acks
    assert len(again(trace)) == 1


def test_a_probe_finds_out_about_a_lost_tail_sooner_than_the_timer():
    times = [done(registry.run("rack-tlp", {"tcp_early_retrans": on})) for on in (3, 0)]
    assert times[0] + ms(50) < times[1]


@pytest.mark.parametrize(("by", "sent_again"), [(0, 0), (2, 0), (15, 1), (120, 2)])
def test_a_sender_learns_from_the_first_late_segment_to_wait_for_the_second(
    by: int, sent_again: int
):
    assert len(again(registry.run("reordering", {"by": by}))) == sent_again


def test_each_time_out_doubles_the_wait():
    trace = registry.run("rto-backoff", {"dark": 5000})
    first = min(one.segment.seq for one in data(trace) if one.fate == LOST)
    times = [one.sent for one in data(trace) if one.segment.seq == first][1:]
    waits = [b - a for a, b in itertools.pairwise(times)]
    assert waits == [waits[0] * 2**n for n in range(len(waits))]
    assert len(waits) >= 3


def test_a_spurious_time_out_is_noticed_by_timestamps_or_frto_and_by_nothing_else():
    """The measure is how much was sent again for nothing."""
    both, stamps, frto, neither = (
        len(again(registry.run("spurious-rto", {"tcp_frto": f, "tcp_timestamps": t})))
        for f, t in ((2, 1), (0, 1), (2, 0), (0, 0))
    )
    assert both <= 2
    assert stamps <= 2
    assert frto <= 2
    assert neither > 10
    assert all(one.fate != LOST for one in data(registry.run("spurious-rto")))
