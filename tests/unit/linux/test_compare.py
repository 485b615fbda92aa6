"""The comparison reports what it must: made-up traces against made-up records."""

from __future__ import annotations

import pytest

from tcpcore.errors import UsageError
from tcpcore.linux.compare import Comparison, beside, compare, tolerance
from tcpcore.linux.store import Record, RecordedCall, RecordedSegment
from tcpcore.trace import ARRIVAL, DELIVERED, LOST, SENT, Moment, Trace, TracedSegment
from tcpcore.units import ms, seconds
from tcpcore.wire import codec
from tcpcore.wire import options as opt
from tcpcore.wire.segment import ACK, FIN, PSH, SYN, Segment

CLIENT, SERVER = "10.0.0.1", "10.0.0.2"
SYN_OPTIONS = ((opt.MSS, 1460), (opt.SACK_PERMITTED,), (opt.TIMESTAMPS, 1, 0))
DATA_OPTIONS = ((opt.NOP,), (opt.NOP,), (opt.TIMESTAMPS, 7, 9))

Line = tuple[int, int, int, int, int, bytes, int]
"""When, from which host, flags, seq, ack, payload, window."""

EXCHANGE: list[Line] = [
    (0, 0, SYN, 0, 0, b"", 64240),
    (ms(50), 1, SYN | ACK, 0, 1, b"", 65160),
    (ms(100), 0, ACK, 1, 1, b"", 63),
    (ms(100), 0, ACK | PSH, 1, 1, b"x" * 100, 63),
    (ms(150), 1, ACK, 1, 101, b"", 64),
    (ms(1150), 1, ACK | FIN, 1, 101, b"", 64),
]
CALLS = [(0, ms(100), "connect", "ok"), (1, ms(1150), "close", "ok")]


def segment(line: Line, isns: tuple[int, int], port: int, ts: int = 0) -> Segment:
    _, host, flags, seq, ack, payload, window = line
    options = SYN_OPTIONS if flags & SYN else DATA_OPTIONS
    options = tuple((o[0], o[1] + ts, o[2]) if o[0] == opt.TIMESTAMPS else o for o in options)
    own, peer = isns[host], isns[1 - host]
    ends = [(CLIENT, port), (SERVER, 80)]
    (src, sport), (dst, dport) = ends[host], ends[1 - host]
    number = (seq + own) & 0xFFFFFFFF
    acknowledged = (ack + peer) & 0xFFFFFFFF if flags & ACK else 0
    return Segment(src, sport, dst, dport, flags, number, acknowledged, window, options, payload)


def engine(lines: list[Line], calls=CALLS, end: int = seconds(2), lost=()) -> Trace:
    trace = Trace()
    trace.hosts = [("client", CLIENT), ("server", SERVER)]
    trace.profile = "linux-6.18"
    for number, line in enumerate(lines):
        traced = TracedSegment(segment(line, (1000, 2000), 40000), line[1], 1 - line[1], line[0])
        if number in lost:
            traced.fate = LOST
        else:
            traced.fate, traced.arrived = DELIVERED, line[0] + ms(50)
        trace.segments.append(traced)
    trace.calls = [(time, host, call, result) for host, time, call, result in calls]
    trace.end = end
    return trace


def kernel(lines: list[Line], calls=CALLS, end: int = seconds(2), lost=(), hz=250) -> Record:
    segments = []
    for number, line in enumerate(lines):
        packet = codec.encode(segment(line, (0xFFFFFFF0, 77), 51234, ts=5))
        fate = LOST if number in lost else DELIVERED
        segments.append(RecordedSegment(line[1], 1 - line[1], line[0], line[0], fate, packet))
    recorded = [RecordedCall(host, 0, time, call, result) for host, time, call, result in calls]
    hosts = [{"name": "client", "address": CLIENT}, {"name": "server", "address": SERVER}]
    return Record(
        "made-up", {}, "6.18.1", "x86_64", hz, "2026-01-01", hosts, {}, segments, recorded, end
    )


def remarks(comparison: Comparison) -> list[str]:
    return [difference.text for row in comparison.differing for difference in row.differences]


def changed(number: int, **changes: object) -> list[Line]:
    names = ("time", "host", "flags", "seq", "ack", "payload", "window")
    lines = list(EXCHANGE)
    values = dict(zip(names, lines[number], strict=True)) | changes
    lines[number] = tuple(values.values())  # type: ignore[assignment]
    return lines


def test_other_isns_ports_and_timestamps_are_no_difference():
    found = compare(engine(EXCHANGE), kernel(EXCHANGE))
    assert remarks(found) == []
    assert found.same
    assert len(found.segments) == len(EXCHANGE)
    assert len(found.calls) == 2


@pytest.mark.parametrize(
    ("number", "change", "expected"),
    [
        (3, {"flags": ACK}, "flags: engine P., kernel ."),
        (2, {"window": 64}, "window: engine 63, kernel 64"),
        (4, {"ack": 51}, "ack: engine 101, kernel 51"),
        (5, {"seq": 2}, "seq: engine 1, kernel 2"),
        (3, {"payload": b"x" * 99}, "length: engine 100, kernel 99"),
    ],
)
def test_a_changed_field_is_reported_and_nothing_else(number, change, expected):
    found = compare(engine(EXCHANGE), kernel(changed(number, **change)))
    assert remarks(found) == [expected]


def test_a_changed_option_is_reported():
    record = kernel(EXCHANGE)
    plain = record.segments[0].segment
    plain.options = plain.options[:2]
    record.segments[0].packet = codec.encode(plain)
    found = compare(engine(EXCHANGE), record)
    assert remarks(found) == ["options: engine mss 1460,sackOK,TS, kernel mss 1460,sackOK"]


def test_a_segment_lost_on_one_side_only_is_reported():
    found = compare(engine(EXCHANGE, lost={3}), kernel(EXCHANGE))
    assert remarks(found) == ["fate: engine lost, kernel delivered"]


def test_a_segment_that_the_kernel_did_not_send_is_one_row_and_spoils_no_other():
    found = compare(engine(EXCHANGE), kernel(EXCHANGE[:4] + EXCHANGE[5:]))
    assert remarks(found) == [
        "only the engine: engine . 1:1(0) ack 101 win 64 <nop,nop,TS>, kernel nothing"
    ]


def test_a_segment_that_only_the_kernel_sent_is_one_row_and_spoils_no_other():
    found = compare(engine(EXCHANGE[:2] + EXCHANGE[3:]), kernel(EXCHANGE))
    assert remarks(found) == [
        "only the kernel: engine nothing, kernel . 1:1(0) ack 1 win 63 <nop,nop,TS>"
    ]


def test_of_equal_segments_the_one_without_partner_is_found_by_its_time():
    syns = [(seconds(t), 0, SYN, 0, 0, b"", 64240) for t in (0, 1, 2, 3, 4, 5)]
    found = compare(engine(syns, [], seconds(7)), kernel(syns[:2] + syns[3:], [], seconds(7)))
    lonely = [row for row in found.segments if row.kernel is None]
    assert [row.event.time for row in lonely] == [seconds(2)]
    assert len(found.differing) == 1


def test_a_timer_as_late_as_the_tolerance_fits_and_a_microsecond_more_does_not():
    allowed = tolerance(seconds(1), 250)
    assert allowed == 125_000 + 8_000
    late = [*EXCHANGE[:5], (ms(1150) + allowed, 1, ACK | FIN, 1, 101, b"", 64)]
    calls = [CALLS[0], (1, ms(1150) + allowed, "close", "ok")]
    found = compare(engine(EXCHANGE), kernel(late, calls))
    assert found.same
    assert found.segments[-1].note == "timer wheel: fires 133 ms late (13.3 %)"
    late = [*EXCHANGE[:5], (ms(1150) + allowed + 1, 1, ACK | FIN, 1, 101, b"", 64)]
    found = compare(engine(EXCHANGE, CALLS[:1]), kernel(late, CALLS[:1]))
    assert remarks(found) == ["time: engine 1.15 s, kernel 1.283001 s"]


def test_what_follows_a_late_timer_may_be_as_late_as_the_timer():
    lines = [(0, 0, SYN, 0, 0, b"", 1), (seconds(1), 0, SYN, 0, 0, b"", 1)]
    answer = (1, SYN | ACK, 0, 1, b"", 1)
    ours = [*lines, (seconds(1) + ms(50), *answer)]
    theirs = [lines[0], (ms(1100), 0, SYN, 0, 0, b"", 1), (ms(1150), *answer)]
    assert compare(engine(ours, []), kernel(theirs, [])).same


@pytest.mark.parametrize(
    ("hz", "least", "ticks"), [(250, 14_000, 8_000), (1000, 4_000, 2_000), (None, 14_000, 8_000)]
)
def test_the_tolerance_depends_on_the_kernels_tick(hz, least, ticks):
    assert tolerance(0, hz) == least
    assert tolerance(8 * (least - ticks), hz) == least
    assert tolerance(8 * (least - ticks) + 8, hz) == least + 1
    assert tolerance(seconds(8), hz) == seconds(1) + ticks


def test_another_result_of_a_call_is_reported():
    calls = [(0, ms(100), "connect", "ECONNREFUSED"), CALLS[1]]
    found = compare(engine(EXCHANGE), kernel(EXCHANGE, calls))
    assert "result: engine ok, kernel ECONNREFUSED" in remarks(found)


def test_in_how_many_pieces_a_reader_reads_is_no_difference():
    ours = [*CALLS, (1, ms(200), "recv", "ok")]
    theirs = [*CALLS, (1, ms(199), "recv", "ok"), (1, ms(200), "recv", "ok")]
    assert compare(engine(EXCHANGE, ours), kernel(EXCHANGE, theirs)).same


def test_what_one_side_did_after_the_other_was_no_longer_watched_is_no_difference():
    shorter = kernel(EXCHANGE[:5], CALLS[:1], end=ms(600))
    assert compare(engine(EXCHANGE), shorter).same
    longer = kernel(EXCHANGE[:5], CALLS[:1], end=seconds(2))
    assert not compare(engine(EXCHANGE), longer).same


def test_the_table_shows_model_time_beside_kernel_time():
    late = [*EXCHANGE[:5], (ms(1160), 1, ACK | FIN, 1, 101, b"", 64)]
    found = compare(engine(EXCHANGE, CALLS[:1]), kernel(late, CALLS[:1]))
    row = found.table()[-1]
    assert row[:4] == ("server", "F. 1:1(0) ack 101 win 64 <nop,nop,TS>", "1.15", "1.1600")
    assert "10 ms late" in row[4]
    assert "Linux 6.18.1, s" in str(found)
    assert "<nop" not in found._repr_html_()
    assert "&lt;nop" in found._repr_html_()
    assert "differs" not in found._repr_html_()


def test_a_difference_is_marked_in_the_table_and_the_page():
    found = compare(engine(EXCHANGE), kernel(changed(2, window=64)))
    assert "≠ window: engine 63, kernel 64" in str(found)
    assert found._repr_html_().count("<tr class=differs>") == 1


def test_a_scenario_is_run_and_laid_beside_its_committed_record():
    found = beside("data-and-close", {"pause": 500})
    assert found.same
    assert len(found.segments) == 11
    with pytest.raises(UsageError, match=r"There is no record of handshake with .*'rtt': 98"):
        beside("handshake", {"rtt": 98})


def test_what_happens_as_a_segment_arrives_is_no_timers_lateness():
    late = [EXCHANGE[0], (ms(55), *EXCHANGE[1][1:])]
    found = compare(engine(EXCHANGE[:2], []), kernel(late, []))
    assert [row.remark for row in found.segments] == ["", ""]


def test_an_answer_may_be_as_late_as_the_segment_that_it_answers():
    ours = [
        (0, 0, SYN, 0, 0, b"", 1),
        (ms(50), 1, SYN | ACK, 0, 1, b"", 1),
        (seconds(1), 0, SYN, 0, 0, b"", 1),
        (ms(1050), 1, ACK, 1, 1, b"", 1),  # to the segment that arrives
    ]
    trace = engine(ours, [])
    trace.moments = [Moment(ms(1050), 1, ARRIVAL, "S arrives", 2, (SENT, "", None, 3), 4)]
    late = [*ours[:2], (ms(1031), *ours[2][1:]), (ms(1081), *ours[3][1:])]
    assert remarks(compare(trace, kernel(late, []))) == []
    late[2] = ours[2]  # now the segment that it answers was not late
    assert remarks(compare(trace, kernel(late, []))) == ["time: engine 1.05 s, kernel 1.081 s"]


def test_two_events_of_one_model_instant_may_come_in_either_order():
    ours = [*EXCHANGE[:5], (ms(1150), 1, ACK, 2, 101, b"", 64), EXCHANGE[5]]
    theirs = [*ours[:5], ours[6], (ms(1160), *ours[5][1:])]
    assert remarks(compare(engine(ours), kernel(theirs))) == []
    apart = [*ours[:5], (ms(1149), *ours[5][1:]), ours[6]]
    assert not compare(engine(apart), kernel(theirs)).same
