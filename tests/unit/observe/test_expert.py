"""Our reading of captures of the real kernel held against tshark's expert information.

All records become one capture file, each with addresses and hours of its own, so that tshark runs
once.  The capture is taken at the client.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from tcpcore.linux import store
from tcpcore.observe.capture import Packet
from tcpcore.observe.explain import Explanation, explain_packets
from tcpcore.units import SECOND
from tcpcore.wire import codec
from tcpcore.wire.pcap import write_pcap
from tcpcore.wire.segment import ACK, SYN

pytestmark = pytest.mark.skipif(
    not shutil.which("tshark"), reason="needs tshark (Debian package tshark)"
)

AGAIN = ("retransmission", "fast_retransmission", "spurious_retransmission")
FIELDS = (*AGAIN, "out_of_order", "keep_alive", "zero_window", "zero_window_probe", "duplicate_ack")


ELSEWISE = {
    # To tshark the SYN+ACK of crossing SYNs repeats the SYN; to us it is the first SYN+ACK.
    "simultaneous-open": "SYN+ACK",
    "self-connect": "SYN+ACK",
    "end-in-state": "SYN+ACK",
    # Somebody else's segments, with numbers that the connection uses later or used before.
    "forged-segments": "forged",
    "stale-segment": "forged",
    # A FIN whose first copy is not in the capture: tshark concludes it from a later number.
    "data-and-close": "FIN",
}
"""Scenarios in which tshark and we name a packet otherwise, and why."""


class Held(NamedTuple):
    """Their flags and our reading, packet by packet, with the record that each is from."""

    flags: list[set[str]]
    explanation: Explanation
    names: list[str]


def packets_of(number: int, record: store.Record) -> list[tuple[int, bytes]]:
    """The record as captured at its client, with addresses and time of its own."""
    found = []
    base = number * 10_000 * SECOND
    for one in record.segments:
        at = one.sent if one.sender == 0 else one.arrived
        if at is None or 0 not in (one.sender, one.receiver):
            continue
        segment = one.segment
        net = f"10.{number // 250}.{number % 250}"
        segment.src = f"{net}.{segment.src.rsplit('.', 1)[1]}"
        segment.dst = f"{net}.{segment.dst.rsplit('.', 1)[1]}"
        found.append((base + at, codec.encode(segment)))
    return sorted(found, key=lambda packet: packet[0])


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Held:
    path = tmp_path_factory.mktemp("expert") / "all.pcap"
    packets, names = [], []
    for number, record in enumerate(store.committed()):
        own = packets_of(number, record)
        packets += own
        names += [f"{record.scenario} {record.parameters} {record.drop}"] * len(own)
    write_pcap(path, packets)
    return Held(_flags(path), _read(packets), names)


def _flags(path: Path) -> list[set[str]]:
    command = ["tshark", "-n", "-r", str(path), "-T", "fields"]
    command += [word for field in FIELDS for word in ("-e", f"tcp.analysis.{field}")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [
        {field for field, value in zip(FIELDS, line.split("\t"), strict=True) if value}
        for line in done.stdout.splitlines()
    ]


def _read(packets: list[tuple[int, bytes]]) -> Explanation:
    return explain_packets(
        Packet(number, time, codec.decode(data), 0, data)
        for number, (time, data) in enumerate(packets, 1)
    )


def differing(held: Held, flags: set[str], ours: set[int]) -> list[str]:
    """Packets of which only one of the two says it."""
    theirs = {number for number, found in enumerate(held.flags, 1) if found & flags}
    return [
        f"{held.names[number - 1]}, packet {number}: "
        f"{'tshark' if number in theirs else 'we'} alone, {held.flags[number - 1]}"
        for number in sorted(theirs ^ ours)
    ]


def items(held: Held):  # type: ignore[no-untyped-def]
    return (item for one in held.explanation.connections for item in one.segments)


def test_zero_windows_are_the_same(held: Held) -> None:
    ours = {
        item.packet.number
        for item in items(held)
        if item.packet.segment.window == 0 and not item.packet.segment.flags & 0x7
    }
    assert ours
    assert differing(held, {"zero_window"}, ours) == []


def test_probes_are_the_same(held: Held) -> None:
    ours = {item.packet.number for item in items(held) if "probe:" in item.meaning}
    assert len(ours) > 20
    assert differing(held, {"keep_alive", "zero_window_probe"}, ours) == []


def test_what_was_sent_again_is_the_same(held: Held) -> None:
    ours = {
        item.packet.number
        for item in items(held)
        if item.retransmission and (item.packet.segment.length or not item.packet.segment.flags)
    }
    assert len(ours) > 300
    others = differing(held, {*AGAIN, "out_of_order"}, ours)
    assert {line.split()[0] for line in others} <= ELSEWISE.keys()
    assert len(others) <= 15


def test_connections_begin_at_the_same_packets(held: Held) -> None:
    firsts = [one.segments[0].packet for one in held.explanation.connections]
    opening = [packet for packet in firsts if packet.segment.flags & (SYN | ACK) == SYN]
    assert len(opening) > 0.8 * len(firsts)
