"""Large captures: memory that does not grow with the file, tables before details."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from tcpcore.observe import explain as explaining
from tcpcore.observe.explain import explain
from tcpcore.observe.explain_text import MOST_SHOWN, format_text
from tcpcore.wire import pcap
from tcpcore.wire.codec import encode
from tcpcore.wire.segment import ACK, FIN, PSH, SYN, Segment


def transfer(segments: int, client: str = "10.0.0.1", port: int = 40000) -> Iterator[Segment]:
    """A handshake, so many full segments with an ACK for every second one, and FINs."""
    down, up = (client, port, "10.0.0.2", 80), ("10.0.0.2", 80, client, port)
    yield Segment(*down, SYN, 1000, window=64240)
    yield Segment(*up, SYN | ACK, 5000, 1001, 65160)
    yield Segment(*down, ACK, 1001, 5001, 502)
    payload = bytes(1400)
    seq = 5001
    for number in range(segments):
        yield Segment(*up, ACK | PSH, seq & 0xFFFF_FFFF, 1001, 509, payload=payload)
        seq += 1400
        if number % 2:
            yield Segment(*down, ACK, 1001, seq & 0xFFFF_FFFF, 502)
    yield Segment(*up, ACK | FIN, seq & 0xFFFF_FFFF, 1001, 509)
    yield Segment(*down, ACK | FIN, 1001, seq + 1 & 0xFFFF_FFFF, 502)
    yield Segment(*up, ACK, seq + 1 & 0xFFFF_FFFF, 1002, 509)


def write(path: Path, segments: Iterator[Segment], gap: int = 100) -> int:
    """A capture with these segments, `gap` µs apart; its size in bytes."""
    with path.open("wb") as file:
        file.write(pcap.file_header())
        for number, segment in enumerate(segments):
            file.write(pcap.record(number * gap, encode(segment)))
    return path.stat().st_size


def peak(path: Path) -> int:
    """Most bytes that reading the capture takes at any time."""
    explain(path, most=MOST_SHOWN)
    tracemalloc.start()
    explain(path, most=MOST_SHOWN)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    small, large = tmp_path / "small.pcap", tmp_path / "large.pcap"
    write(small, transfer(3_000))
    assert write(large, transfer(12_000)) > 17_000_000
    assert peak(large) < 1.1 * peak(small)


def test_memory_does_not_grow_with_the_number_of_connections(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explaining, "MOST_LISTED", 100)
    monkeypatch.setattr(explaining, "_MOST_LIVE", 100)

    def flood(count: int) -> Iterator[Segment]:
        for number in range(count):
            source = f"10.1.{number // 250}.{number % 250}"
            yield Segment(source, 4000, "10.0.0.2", 80, SYN, number, window=1000)

    small, large = tmp_path / "small.pcap", tmp_path / "large.pcap"
    write(small, flood(6_000))
    write(large, flood(12_000))
    assert peak(large) < 1.2 * peak(small)
    explanation = explain(large, most=10)
    assert explanation.count == 12_000
    assert len(explanation.connections) == 100
    assert explanation.further == {"syn-unanswered": 11_900}
    text = format_text(explanation)
    assert "  and 11900 more connections" in text
    assert "11900 syn-unanswered." in text


def test_a_connection_that_was_settled_keeps_its_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explaining, "_MOST_LIVE", 3)
    one_by_one = (segment for port in range(40) for segment in transfer(4, port=40000 + port))
    write(tmp_path / "a.pcap", one_by_one)
    explanation = explain(tmp_path / "a.pcap")
    assert explanation.count == 40
    assert {one.total for one in explanation.connections} == {12}
    assert all(one.verdict.startswith("nothing unusual") for one in explanation.connections)


def test_the_table_comes_first_and_one_connection_on_demand(tmp_path: Path) -> None:
    refused = [
        Segment("10.0.0.3", 4000, "10.0.0.2", 81, SYN, 7, window=1000),
        Segment("10.0.0.2", 81, "10.0.0.3", 4000, 0x14, 0, 8),
    ]
    mixed = [*islice(transfer(2_000), 3), *refused, *islice(transfer(2_000), 3, None)]
    write(tmp_path / "a.pcap", iter(mixed))
    lines = format_text(explain(tmp_path / "a.pcap", most=MOST_SHOWN)).splitlines()
    assert lines[0].endswith("2 connections, 3008 TCP segments")
    assert lines[2].split() == [
        "client", "server", "start", "took", "segments", "bytes", "again", "verdict",
    ]  # fmt: skip
    assert lines[3].split()[:6] == [
        "1", "10.0.0.1:40000", "10.0.0.2:80", "0.000000", "301", "ms",
    ]  # fmt: skip
    assert "refused: nothing listens on port 81" in lines[4]
    assert lines[-1].startswith("Too long to print segment by segment: choose a connection")
    one = format_text(explain(tmp_path / "a.pcap", connection=2, most=MOST_SHOWN), 2)
    assert "10.0.0.1" not in one
    assert "  - Refused: nothing listens on port 81" in one
    assert "(packets 4, 5)." in one


def test_progress_is_told_in_bytes_of_the_file(tmp_path: Path) -> None:
    size = write(tmp_path / "a.pcap", transfer(12_000))
    told: list[int] = []
    explain(tmp_path / "a.pcap", most=10, progress=told.append)
    assert len(told) >= 3
    assert told == sorted(told)
    assert 0 < told[0] < told[-1] <= size


def test_the_command_reads_from_a_pipe(tmp_path: Path) -> None:
    write(tmp_path / "a.pcap", transfer(2_000))
    command = [sys.executable, "-m", "tcpcore", "explain", "-"]
    with (tmp_path / "a.pcap").open("rb") as file:
        done = subprocess.run(command, stdin=file, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("standard input: 1 connection, 3006 TCP segments\n")
    assert done.stdout.endswith("--connection 1 prints them.\n")
    assert "  Verdict: nothing unusual: 0 bytes there and 2800000 back" in done.stdout
