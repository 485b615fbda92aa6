"""Queues, SYN cookies and Fast Open, played live on the kernel of this machine, with counters."""

from __future__ import annotations

from typing import Any

import pytest

from tcpcore.host.counters import COMPARED
from tcpcore.linux.compare import compare
from tcpcore.linux.record import record
from tcpcore.scenarios import registry
from tests.kernel.test_counters import moved
from tests.kernel.test_running_kernel import ATTEMPTS

pytestmark = pytest.mark.kernel

LIVE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("bind-without-listen", {}),
    ("lost-third-ack", {"data_after": 200}),
    ("defer-accept", {"defer": 1, "rtt": 40}),
    ("defer-accept", {"defer": 3, "data_after": 600}),
    ("accept-queue-overflow", {"tcp_abort_on_overflow": 1, "clients": 3, "rtt": 200}),
    ("syn-cookies", {"rtt": 30, "tcp_timestamps": 0}),
    ("syn-cookies", {"rtt": 200, "tcp_syncookies": 1}),
    ("syn-flood", {"flood": 30, "backlog": 4, "tcp_syncookies": 2, "tcp_synack_retries": 0}),
    ("fast-open", {"rtt": 20, "request": 1421}),
    ("fast-open", {"rtt": 60, "request": 2500, "new_key": True}),
    ("fast-open", {"rtt": 40, "request": 0, "tcp_fastopen": 0x603, "queue": 0}),
    ("fast-open", {"rtt": 40, "queue": 1, "request": 1420}),
)


@pytest.mark.parametrize(("name", "parameters"), LIVE)
def test_this_kernel_does_and_counts_what_the_engine_does(name: str, parameters: dict[str, Any]):
    trace = registry.run(name, parameters)
    for attempt in range(ATTEMPTS):
        live = record(name, parameters)
        found = compare(trace, live)
        if found.same or attempt == ATTEMPTS - 1:
            break
    assert found.same, f"\n{found}"
    engine = moved(live)
    for host in live.hosts:
        ours = {counter: engine[host["name"]].get(counter, 0) for counter in COMPARED}
        assert ours == {counter: host["counters"].get(counter, 0) for counter in COMPARED}
