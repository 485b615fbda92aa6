"""The counters of `nstat`: what the engine counts, the recorded kernels counted as often."""

from __future__ import annotations

import pytest

from tcpcore.host.counters import COMPARED
from tcpcore.linux import store
from tcpcore.linux.store import Record
from tcpcore.net.network import Network
from tcpcore.scenarios import registry
from tests.kernel.test_records import title

RECORDS = [
    record
    for record in store.committed()
    if any("counters" in host for host in record.hosts)
    and record.scenario != "host-crash"  # a kernel that is gone shows no counters
]


def moved(record: Record) -> dict[str, dict[str, int]]:
    """What each host of the engine counted in the same scenario."""
    network = Network()
    network.drop_segments(record.drop)
    chosen = registry.get(record.scenario)
    chosen.build(network, **record.parameters)
    network.run(chosen.until)
    return {host.name: dict(host.counters) for host in network.hosts}


@pytest.mark.parametrize("record", RECORDS, ids=title)
def test_the_engine_counts_as_the_recorded_kernel_did(record: Record):
    engine = moved(record)
    for host in record.hosts:
        ours = {name: engine[host["name"]].get(name, 0) for name in COMPARED}
        theirs = {name: host["counters"].get(name, 0) for name in COMPARED}
        assert ours == theirs, host["name"]


def test_the_records_move_the_counters_of_full_queues_and_floods():
    seen = {name for record in RECORDS for host in record.hosts for name in host["counters"]}
    expected = {
        "TcpExtListenOverflows",
        "TcpExtListenDrops",
        "TcpExtTCPReqQFullDrop",
        "TcpExtTCPReqQFullDoCookies",
        "TcpExtSyncookiesSent",
        "TcpExtSyncookiesRecv",
        "TcpExtSyncookiesFailed",
        "TcpExtTCPDeferAcceptDrop",
        "TcpExtTCPFastOpenActive",
        "TcpExtTCPFastOpenActiveFail",
        "TcpExtTCPFastOpenPassive",
        "TcpExtTCPFastOpenPassiveFail",
        "TcpExtTCPFastOpenCookieReqd",
        "TcpExtEmbryonicRsts",
    }
    assert expected <= seen
