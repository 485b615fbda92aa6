"""What tshark makes of the engine's captures: nothing malformed, and the same story.

A capture is taken at one host, as `tcpdump -w` would: what it sent and what it received.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tcpcore import Network, ms, seconds
from tcpcore.observe import tcpdump_view
from tcpcore.scenarios import registry
from tcpcore.trace import Trace
from tcpcore.wire import codec, icmp
from tcpcore.wire.icmp import IcmpError
from tcpcore.wire.pcap import write_pcap
from tcpcore.wire.segment import ACK, FIN, RST, SYN, Segment

pytestmark = pytest.mark.skipif(
    not shutil.which("tshark"), reason="needs tshark (Debian package tshark)"
)

AGAIN = ("retransmission", "fast_retransmission", "spurious_retransmission", "out_of_order")
FIELDS = (
    "_ws.malformed",
    "ip.checksum.status",
    "tcp.checksum.status",
    "icmp.checksum.status",
    *(f"tcp.analysis.{name}" for name in (*AGAIN, "keep_alive", "zero_window")),
)
CHECKED = [
    option
    for protocol in ("tcp.check_checksum", "ip.check_checksum")
    for option in ("-o", f"{protocol}:TRUE")
]


def tshark(path: Path, packets: list[tuple[int, bytes]]) -> list[dict[str, str]]:
    """Of each packet the fields that tshark found."""
    write_pcap(path, packets)
    command = ["tshark", "-n", "-r", str(path), *CHECKED, "-T", "fields"]
    for field in FIELDS:
        command += ["-e", field]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    return [dict(zip(FIELDS, row, strict=True)) for row in rows]


def encoded(packet: Segment | IcmpError) -> bytes:
    return icmp.encode_icmp(packet) if isinstance(packet, IcmpError) else codec.encode(packet)


@pytest.mark.parametrize("name", registry.names())
def test_no_packet_of_any_scenario_is_malformed_or_has_a_bad_checksum(name: str, tmp_path: Path):
    trace = registry.run(name)
    packets = [(one.sent, encoded(one.segment)) for one in trace.segments[:400]]
    packets += [(one.sent, encoded(one.message)) for one in trace.icmp]
    for row in tshark(tmp_path / "a.pcap", sorted(packets)):
        assert not row["_ws.malformed"], row
        if row["icmp.checksum.status"]:
            row["tcp.checksum.status"] = ""  # of a quoted segment, whose end is cut off
        statuses = [row[field] for field in FIELDS if field.endswith("status")]
        assert "0" not in ",".join(statuses).split(","), row  # 0: bad, 1: good


def seen_by(net: Network, host: Any) -> tuple[list[tuple[int, bytes]], list[Segment]]:
    seen = list(tcpdump_view.seen(host))
    return [(time, encoded(one)) for time, one, _, _ in seen], [one for _, one, _, _ in seen]


def lossy(drop: tuple[int, ...]) -> tuple[Network, Trace]:
    """A transfer of 30 kB with these segments lost, then silence with keepalive probes."""
    net = Network()
    client, server = net.host("client", "10.0.0.1"), net.host("server", "10.0.0.2")
    net.link(client, server, delay=ms(20))
    net.drop_segments(drop)

    async def serve(host: Any) -> None:
        connection = await host.socket().bind(8888).listen(2).accept()
        received = 0
        while received < 30_000:
            received += len(await connection.recv(4096))
        await host.sleep(seconds(20))
        await connection.close()

    async def send(host: Any) -> None:
        connection = host.socket().setsockopt("SO_KEEPALIVE", 1).setsockopt("TCP_KEEPIDLE", 5)
        connection.setsockopt("TCP_KEEPINTVL", 2)
        await connection.connect("10.0.0.2", 8888)
        await connection.send(bytes(30_000))
        await connection.recv(1)
        await connection.close()

    server.spawn(serve)
    client.spawn(send)
    return net, net.run(until=seconds(90))


@pytest.mark.parametrize(
    "drop", [(), (0,), (1,), (4,), (5, 6), (3, 9), (13,), tuple(range(3, 13)), (20, 26)]
)
def test_tshark_calls_a_segment_sent_again_what_the_engine_says_it_is(
    drop: tuple[int, ...], tmp_path: Path
):
    net, trace = lossy(drop)
    client = net.hosts[0]
    packets, segments = seen_by(net, client)
    again = {id(one.segment) for one in trace.segments if one.retransmission}
    probes = 0
    for row, one in zip(tshark(tmp_path / "a.pcap", packets), segments, strict=True):
        if one.src != client.address:
            continue
        flagged = [name for name in AGAIN if row[f"tcp.analysis.{name}"]]
        probes += bool(row["tcp.analysis.keep_alive"])
        assert bool(flagged) == (id(one) in again), (one, flagged)
    assert probes >= 3


def test_tshark_sees_the_windows_that_the_engine_shuts(tmp_path: Path):
    net = Network()
    client, server = net.host("client", "10.0.0.1"), net.host("server", "10.0.0.2")
    net.link(client, server, delay=ms(20))

    async def serve(host: Any) -> None:
        connection = await host.socket().bind(8888).listen(2).accept()
        await host.sleep(seconds(3))
        while await connection.recv(65536):
            pass
        await connection.close()

    async def send(host: Any) -> None:
        connection = host.socket()
        await connection.connect("10.0.0.2", 8888)
        await connection.send(bytes(200_000))
        await connection.close()

    server.spawn(serve)
    client.spawn(send)
    net.run(until=seconds(30))
    packets, segments = seen_by(net, client)
    shut = 0
    for row, one in zip(tshark(tmp_path / "a.pcap", packets), segments, strict=True):
        zero = not one.window and one.flags & (SYN | FIN | RST | ACK) == ACK
        assert bool(row["tcp.analysis.zero_window"]) == zero, one
        shut += zero
    assert shut >= 2
