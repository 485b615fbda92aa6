"""tcp_tw_recycle and NAT: whose SYN a server takes for an old duplicate, and for how long."""

from __future__ import annotations

from typing import Any

import pytest

from tcpcore.errors import UsageError
from tcpcore.scenarios import registry
from tcpcore.trace import Trace
from tcpcore.units import seconds
from tcpcore.wire.segment import SYN

CLIENT, SERVER, COLLEAGUE = 0, 1, 2


def run(profile: str | None = None, **parameters: Any) -> Trace:
    return registry.run("tw-recycle-nat", parameters, profile=profile)


def waited(trace: Trace) -> float:
    """How long the client's connect() took, in whole seconds; `OSError` when it failed."""
    ((time, result),) = [(t, r) for t, h, c, r in trace.calls if (h, c) == (CLIENT, "connect")]
    if result != "ok":
        raise OSError(result)
    called = next(one.sent for one in trace.segments if one.sender == CLIENT)
    return (time - called) // seconds(1)


def unanswered(trace: Trace) -> int:
    """SYNs of the client that the server received and dropped."""
    return sum(
        moment.host == SERVER
        and any(e[2] and e[2].why.key == "drop.recycled" for e in moment.events)
        for moment in trace.moments
    )


def test_the_client_whose_clock_is_behind_waits_a_minute_and_nobody_tells_it_why():
    trace = run()
    assert trace.profile == "linux-4.9"
    assert (unanswered(trace), waited(trace)) == (6, 63)
    assert all(one.fate == "delivered" for one in trace.segments), "no segment is lost on the way"


def test_with_fewer_retries_it_never_gets_in():
    with pytest.raises(OSError, match="ETIMEDOUT"):
        waited(run(tcp_syn_retries=4))


@pytest.mark.parametrize(
    "cure",
    [
        {"tcp_tw_recycle": 0},
        {"tcp_timestamps": 0},
        {"behind": -3600},
        {"behind": 0},
        {"profile": "linux-6.18"},
        {"profile": "linux-6.4"},
        {"profile": "rfc9293"},
    ],
)
def test_all_is_well_when_one_thing_is_missing(cure: dict[str, Any]):
    trace = run(**cure)
    assert (unanswered(trace), waited(trace)) == (0, 0)


@pytest.mark.parametrize(("apart", "waits"), [(60, True), (61, False)])
def test_a_minute_after_the_colleagues_last_segment_its_clock_is_forgotten(apart: int, waits: bool):
    assert bool(unanswered(run(apart=apart))) == waits


@pytest.mark.parametrize(("behind", "waits"), [(4, False), (5, True)])
def test_only_a_clock_that_shows_less_than_the_colleagues_did_is_behind(behind: int, waits: bool):
    """It comes 5 s after the colleague's first segment, and 4.96 s after the last one."""
    assert bool(unanswered(run(behind=behind))) == waits


def test_newer_kernels_refuse_the_sysctl_itself():
    with pytest.raises(UsageError, match=r"gone since Linux 4\.12"):
        run(profile="linux-6.18", tcp_tw_recycle=1)


def test_outside_of_the_office_all_segments_are_of_one_address():
    trace = run()
    assert {one.public.src for one in trace.segments} == {"203.0.113.1", "198.51.100.7"}
    assert {one.segment.src for one in trace.segments if one.sender == COLLEAGUE} == {"192.168.1.3"}
    syns = [one for one in trace.segments if one.public.flags == SYN]
    assert {one.public.dst for one in syns} == {"198.51.100.7"}


def test_a_host_that_reboots_starts_its_clock_anew():
    from tcpcore.net.network import Network

    net = Network(profile="linux-4.9")
    host = net.host("client", "10.0.0.1")
    host.been_up(seconds(100))

    def clock() -> int:
        offset = host.new_connection("10.0.0.1", 1, "10.0.0.2", 80).timestamp_offset
        return (offset + net.now // 1000) & 0xFFFF_FFFF

    assert clock() == 100_000
    net.after(seconds(10), lambda: host.reboot(after=seconds(1)))
    net.run(seconds(12))
    assert clock() == net.now // 1000 - 11_000


def shared(**parameters: Any) -> tuple[list[tuple[int, str, str]], Trace]:
    """Host, call and result of what happened after the silence, and the trace."""
    trace = registry.run("shared-address", parameters)
    return [(h, c, r) for t, h, c, r in trace.calls if t > seconds(2)], trace


def test_the_server_sees_two_clients_with_one_address_and_two_ports():
    _, trace = shared()
    (seen,) = [text for _, host, _, text in trace.outputs if host == SERVER]
    assert [line.split()[-1] for line in seen.splitlines()[2:4]] == [
        "203.0.113.1:40000",
        "203.0.113.1:40001",
    ]


def test_after_the_router_forgot_the_client_can_write_and_the_server_cannot():
    calls, _ = shared()
    assert calls[-1] == (CLIENT, "recv", "ok")
    calls, _ = shared(server_writes=True)
    assert calls[-1] == (SERVER, "recv", "ECONNRESET")
    assert not [c for c in calls if c[0] == CLIENT], "nobody tells the client"


def test_before_the_router_forgets_and_with_probes_both_can():
    for change in ({"silence": 4}, {"keepalive": 3}):
        for server_writes in (False, True):
            calls, _ = shared(server_writes=server_writes, **change)
            assert calls[-1] == (CLIENT, "recv", "ok")


def test_behind_a_strict_router_the_client_writes_into_the_void():
    calls, _ = shared(loose=False)
    assert calls[-1] == (CLIENT, "recv", "ETIMEDOUT")
