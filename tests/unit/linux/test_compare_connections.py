"""Comparisons with several connections at once: which of like ones meets a fate may be chance."""

from __future__ import annotations

from copy import deepcopy

import pytest

from tcpcore.linux import store
from tcpcore.linux.compare import Comparison, compare
from tcpcore.linux.store import Record
from tcpcore.scenarios import registry
from tcpcore.units import seconds
from tcpcore.wire import codec
from tcpcore.wire.segment import ACK, SYN

FLOOD = store.find("syn-flood", registry.get("syn-flood").check({}))
OVERFLOW = store.find("accept-queue-overflow", registry.get("accept-queue-overflow").check({}))


def compared(record: Record) -> Comparison:
    return compare(registry.run(record.scenario, record.parameters), record)


def late_syn_acks(record: Record) -> list[store.RecordedSegment]:
    """SYN+ACKs of the time-out at 7 s: the kernel keeps four requests, and chance says which."""
    return [s for s in record.segments if seconds(7) < s.sent < seconds(8) and s.sender == 1]


def edited(record: Record | None) -> Record:
    assert record is not None
    return deepcopy(record)


@pytest.mark.parametrize("record", [FLOOD, OVERFLOW])
def test_connections_are_aligned_each_by_itself(record: Record):
    assert compared(record).same


def test_like_connections_may_change_places():
    record = edited(FLOOD)
    first, *_, last = late_syn_acks(record)
    first.packet, last.packet = last.packet, first.packet
    assert compared(record).same


def test_a_missing_segment_of_one_of_them_is_noticed():
    record = edited(FLOOD)
    record.segments.remove(late_syn_acks(record)[0])
    (row,) = compared(record).differing
    assert "only the engine" in row.remark


def test_a_segment_too_many_is_noticed():
    record = edited(FLOOD)
    record.segments.append(deepcopy(late_syn_acks(record)[0]))
    record.segments.sort(key=lambda each: each.sent)
    assert not compared(record).same


def test_another_segment_in_its_place_is_noticed():
    record = edited(FLOOD)
    odd = late_syn_acks(record)[0]
    segment = odd.segment
    assert segment.flags == SYN | ACK
    segment.window -= 1
    odd.packet = codec.encode(segment)
    assert not compared(record).same


def test_a_timer_is_judged_by_its_own_connection():
    record = edited(FLOOD)
    for segment in late_syn_acks(record):
        segment.sent += seconds(1)
    assert any("time" in row.remark for row in compared(record).differing)
