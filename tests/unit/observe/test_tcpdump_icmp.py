"""ICMP errors and firewalls as tcpdump sees them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tcpcore import cli
from tcpcore.host.stack import Host
from tcpcore.net.network import Network
from tcpcore.observe import tcpdump_icmp
from tcpcore.observe.shell import run as sh
from tcpcore.scenarios import registry
from tcpcore.units import ms, seconds
from tcpcore.wire import pcap
from tcpcore.wire.icmp import FRAG_NEEDED, NAMES, UNREACHABLE, IcmpError, encode_icmp
from tcpcore.wire.segment import ACK, Segment

QUOTED = Segment("10.0.0.1", 40000, "10.0.0.2", 8888, ACK, 5, 6, payload=bytes(20))
ERRORS = [
    IcmpError("10.0.0.254", "10.0.0.1", *kind, QUOTED, 1200 * (kind == (UNREACHABLE, FRAG_NEEDED)))
    for kind in NAMES
]
# What tcpdump 4.99.3 prints.
PRINTED = """\
10.0.0.254 > 10.0.0.1: ICMP net 10.0.0.2 unreachable, length 68
10.0.0.254 > 10.0.0.1: ICMP host 10.0.0.2 unreachable, length 68
10.0.0.254 > 10.0.0.1: ICMP 10.0.0.2 protocol 6 unreachable, length 68
10.0.0.254 > 10.0.0.1: ICMP 10.0.0.2 tcp port 8888 unreachable, length 68
10.0.0.254 > 10.0.0.1: ICMP 10.0.0.2 unreachable - need to frag (mtu 1200), length 68
10.0.0.254 > 10.0.0.1: ICMP net 10.0.0.2 unreachable - admin prohibited, length 68
10.0.0.254 > 10.0.0.1: ICMP host 10.0.0.2 unreachable - admin prohibited, length 68
10.0.0.254 > 10.0.0.1: ICMP host 10.0.0.2 unreachable - admin prohibited filter, length 68
10.0.0.254 > 10.0.0.1: ICMP time exceeded in-transit, length 68
""".splitlines()


def test_icmp_errors_are_printed_as_tcpdump_prints_them():
    assert [tcpdump_icmp.words(error) for error in ERRORS] == PRINTED


@pytest.mark.skipif(not shutil.which("tcpdump"), reason="tcpdump is not installed")
def test_this_machines_tcpdump_prints_the_same(tmp_path: Path):
    file = tmp_path / "icmp.pcap"
    file.write_bytes(pcap.pcap_bytes([(0, encode_icmp(error)) for error in ERRORS]))
    answer = subprocess.run(
        ["tcpdump", "-n", "-t", "-r", str(file)], capture_output=True, text=True, check=True
    )
    assert answer.stdout.splitlines() == [f"IP {line}" for line in PRINTED]


def test_icmp_errors_stand_between_the_segments_of_a_run():
    trace = registry.run("icmp-unreachable")
    lines = cli.render(trace, "text").decode().splitlines()
    assert len(lines) == 2
    assert lines[1] == f"00:00:00.025000 IP {PRINTED[1]}"
    assert len(cli.render(trace, "pcap")) > len(cli.render(registry.run("host-crash"), "pcap")) / 20


def knock(*rules: tuple[str, str]) -> tuple[Host, Host]:
    """A connect() with these ``(host, rule)`` in force."""
    net = Network()
    hosts = {"client": net.host("client", "10.0.0.1", tcp_syn_retries=1)}
    hosts["server"] = net.host("server", "10.0.0.2")
    net.link(hosts["client"], hosts["server"], delay=ms(5))
    for host, rule in rules:
        sh(hosts[host], f"iptables {rule}")

    async def fetch(host: Host) -> None:
        await host.socket().connect("10.0.0.2", 80)

    hosts["client"].spawn(fetch)
    net.run(seconds(10))
    return hosts["client"], hosts["server"]


def test_tcpdump_sees_a_syn_that_the_chain_input_drops():
    client, server = knock(("server", "-I INPUT -p tcp --dport 80 -j DROP"))
    assert sh(server, "tcpdump -n").count("Flags [S]") == 3
    assert sh(client, "tcpdump -n").count("Flags [S]") == 3
    assert "3   180 DROP" in sh(server, "iptables -nvL INPUT")


def test_tcpdump_does_not_see_what_the_chain_output_drops():
    client, server = knock(("client", "-A OUTPUT -p tcp --syn -j DROP"))
    assert sh(client, "tcpdump -n") == ""
    assert sh(server, "tcpdump -n") == ""


def test_both_ends_see_the_icmp_error_of_a_reject():
    client, server = knock(("server", "-A INPUT -p tcp -j REJECT"))
    text = "IP 10.0.0.2 > 10.0.0.1: ICMP 10.0.0.2 tcp port 80 unreachable, length 68"
    assert sh(server, "tcpdump -n -t").splitlines()[1] == text
    assert sh(client, "tcpdump -n -t icmp") == f"{text}\n"
    assert "ICMP" not in sh(client, "tcpdump -n tcp")
