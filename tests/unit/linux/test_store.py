"""Records as files: what is written is read back, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tcpcore.errors import UsageError
from tcpcore.linux import store
from tcpcore.linux.store import Record, RecordedCall, RecordedError, RecordedSegment
from tcpcore.wire import codec, icmp
from tcpcore.wire.segment import ACK, SYN, Segment

PACKET = codec.encode(Segment("10.0.0.1", 40000, "10.0.0.2", 80, SYN, 5, window=64240))

ERROR = icmp.IcmpError("10.0.0.2", "10.0.0.1", icmp.UNREACHABLE, 1, codec.decode(PACKET))


def record() -> Record:
    return Record(
        scenario="made-up",
        parameters={"rtt": 100, "tcp_sack": True},
        kernel="6.18.44-generic",
        machine="x86_64",
        hz=250,
        recorded="2026-11-21",
        hosts=[{"name": "client", "address": "10.0.0.1", "sysctls": {"tcp_syn_retries": 1}}],
        sysctls={"tcp_rmem": "4096 131072 6291456"},
        segments=[
            RecordedSegment(0, 1, 0, None, "lost", PACKET),
            RecordedSegment(0, 1, 9, 10, "delivered", PACKET),
        ],
        calls=[
            RecordedCall(0, -3, 12, "connect", "ETIMEDOUT"),
            RecordedCall(0, 0, 1, "recv", "ok", 7),
        ],
        end=3_000_000,
        drop=[0],
        errors=[RecordedError(0, 7, icmp.encode_icmp(ERROR))],
    )


def test_a_record_reads_back_as_it_was_written():
    assert store.from_json(record().to_json()) == record()


def test_zeros_at_the_end_of_a_packet_need_no_room_in_a_file():
    packet = codec.encode(
        Segment("10.0.0.1", 40000, "10.0.0.2", 80, ACK, 5, payload=b"\0a" + bytes(900))
    )
    long = record()
    long.segments = [RecordedSegment(0, 1, 0, 9, "delivered", packet)]
    assert store.from_json(long.to_json()) == long
    assert len(long.to_json()) < len(record().to_json()) + 100


def test_a_record_gives_its_segments_taken_apart_and_its_release():
    assert record().segments[0].segment.flags == SYN
    assert record().release == "6.18"


def test_a_file_that_cannot_be_written_is_one_sentence_and_leaves_nothing(tmp_path: Path):
    (tmp_path / "taken").mkdir()
    with pytest.raises(UsageError, match=r"Cannot write .*taken"):
        store.save(record(), tmp_path / "taken")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_saving_replaces_the_older_record(tmp_path: Path):
    path = tmp_path / "made-up.json"
    path.write_text("an older one")
    store.save(record(), path)
    assert store.load(path) == record()
    assert len(list(tmp_path.iterdir())) == 1
    assert store.committed(tmp_path) == [record()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "is no record of a kernel"),
        ("[]", "is no record of a kernel"),
        ("{}", "is no record of a kernel"),
        ('{"format": 2}', "has format 2; only 1 is known"),
        (record().to_json().replace(PACKET.hex(), "4z"), "is no record of a kernel"),
        (record().to_json().replace('"calls"', '"phone calls"'), "is no record of a kernel"),
    ],
)
def test_a_file_that_is_no_record_gets_one_clear_sentence(tmp_path: Path, text: str, expected: str):
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=expected) as caught:
        store.load(path)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_one_sentence(tmp_path: Path):
    with pytest.raises(UsageError, match=r"cannot read .*gone\.json"):
        store.load(tmp_path / "gone.json")


@pytest.mark.parametrize(
    ("parameters", "drop", "expected"),
    [
        ({}, (), "handshake.json"),
        ({"rtt": 20, "a": True, "loss": 0.5}, (), "handshake,a=1,loss=0.5,rtt=20.json"),
        ({}, (3, 5), "handshake,drop=3+5.json"),
    ],
)
def test_a_file_is_named_by_what_is_not_default(parameters, drop, expected):
    assert store.file_name("handshake", parameters, drop) == expected


def test_an_icmp_error_that_arrived_is_kept():
    (kept,) = store.from_json(record().to_json()).errors
    assert (kept.host, kept.arrived) == (0, 7)
    assert (kept.error.name, kept.error.quoted.seq) == (ERROR.name, 5)


def test_a_packet_that_is_no_icmp_error_is_refused():
    with pytest.raises(UsageError, match="is no error about a TCP segment"):
        _ = RecordedError(0, 7, PACKET).error
