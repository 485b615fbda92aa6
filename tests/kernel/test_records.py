"""The engine against every committed record of a real kernel: no root needed, no real time."""

from __future__ import annotations

import pytest

from tcpcore.host import profiles
from tcpcore.linux import store
from tcpcore.linux.compare import Comparison, compare
from tcpcore.linux.store import Record
from tcpcore.linux.variants import VARIANTS
from tcpcore.scenarios import registry
from tcpcore.units import seconds
from tcpcore.wire import codec

RECORDS = store.committed()


def title(record: Record) -> str:
    defaults = registry.get(record.scenario).check({})
    other = {name: value for name, value in record.parameters.items() if value != defaults[name]}
    return store.file_name(record.scenario, other, tuple(record.drop)).removesuffix(".json")


def on_engine(record: Record) -> Comparison:
    trace = registry.run(record.scenario, record.parameters, drop=record.drop)
    return compare(trace, record)


@pytest.mark.parametrize("record", RECORDS, ids=title)
def test_the_engine_does_what_the_recorded_kernel_did(record: Record):
    found = on_engine(record)
    assert found.same, f"\n{found}"
    assert len(found.segments) == len(record.segments)
    assert found.calls


def test_every_scenario_and_every_variant_has_its_record():
    for name in registry.names():
        if registry.get(name).profile != profiles.DEFAULT or not registry.get(name).recorded:
            continue  # another kernel's, which does not run here, or never the same twice
        assert store.find(name, registry.get(name).check({})), name
    for name, parameters, drop in VARIANTS:
        assert store.find(name, registry.get(name).check(parameters), drop), (name, parameters)


@pytest.mark.parametrize("record", RECORDS, ids=title)
def test_a_record_is_of_linux_6_18_and_says_what_the_kernel_was_set_to(record: Record):
    assert record.release == "6.18"
    assert record.sysctls["tcp_syn_linear_timeouts"] is not None
    for name, value in record.parameters.items():
        if name.startswith("tcp_"):
            assert value in [host["sysctls"].get(name) for host in record.hosts]


@pytest.mark.parametrize("record", RECORDS, ids=title)
def test_the_packets_of_a_record_have_good_checksums(record: Record):
    assert all(codec.checksums_ok(segment.packet) for segment in record.segments)


def test_the_recorded_kernel_is_late_by_its_timer_wheel_and_the_rows_say_so():
    record = store.find("syn-unanswered", registry.get("syn-unanswered").check({}))
    assert record is not None
    found = on_engine(record)
    syns = [row for row in found.segments if row.engine]
    assert [row.event.time for row in syns] == [
        seconds(t) for t in (0, 1, 2, 3, 4, 5, 7, 11, 19, 35, 67)
    ]
    connect = found.calls[0]
    assert connect.event.text == "connect() ETIMEDOUT"
    assert connect.event.time == seconds(131)
    assert seconds(1) < (connect.late or 0) < seconds(131) * 0.06
    assert "timer wheel: fires" in connect.remark


SOME_ARRIVE = [record for record in RECORDS if {s.fate for s in record.segments} != {"lost"}]


@pytest.mark.parametrize("record", SOME_ARRIVE, ids=title)
def test_a_record_would_notice_another_engine(record: Record):
    """Each record is compared with runs that lose a segment: the first, or the first that came.

    A firewall loses some anyway.  (Or with one that loses none, where the record does.)
    """
    came = next(number for number, s in enumerate(record.segments) if s.fate != "lost")
    others: list[tuple[int, ...]] = [()] if 0 in record.drop else [(0,), (came,)]
    traces = [registry.run(record.scenario, record.parameters, drop=other) for other in others]
    assert not all(compare(trace, record).same for trace in traces)
