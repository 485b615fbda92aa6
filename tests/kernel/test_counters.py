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
    record for record in store.committed() if any("counters" in host for host in record.hosts)
]


def moved(record: Record) -> dict[str, dict[str, int]]:
    """What each host of the engine counted in the same scenario; one without power shows none."""
    network = Network()
    network.drop_segments(record.drop)
    chosen = registry.get(record.scenario)
    chosen.build(network, **record.parameters)
    network.run(chosen.until)
    return {host.name: dict(host.counters) for host in network.hosts if host.powered}


@pytest.mark.parametrize("record", RECORDS, ids=title)
def test_the_engine_counts_as_the_recorded_kernel_did(record: Record):
    engine = moved(record)
    for host in [one for one in record.hosts if one["name"] in engine]:
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
