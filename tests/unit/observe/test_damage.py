"""Wrong checksums: damage where the sender's others are right, and nothing at all elsewhere."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from functools import partial

import pytest

from tcpcore.observe import damage
from tcpcore.observe.capture import Capture, Packet
from tcpcore.observe.damage import Damage, verdict
from tcpcore.observe.explain import Explanation, explain_capture
from tcpcore.units import ms
from tcpcore.wire.checksum import ones_sum, pseudo_header
from tcpcore.wire.codec import encode
from tcpcore.wire.icmp import HOST, UNREACHABLE, IcmpError, encode_icmp
from tcpcore.wire.segment import Segment
from tests.unit.observe.captures import HANDSHAKE, packets, pcap

Change = Callable[[bytes], bytes]


def flipped(data: bytes, at: int = -1) -> bytes:
    """One bit another; by default one of the payload."""
    changed = bytearray(data)
    changed[at] ^= 4
    return bytes(changed)


def with_sum(data: bytes, field: int) -> bytes:
    return data[:36] + field.to_bytes(2, "big") + data[38:]


def unfinished(data: bytes, length: bool = True) -> bytes:
    """As Linux leaves it to the card: the sum of the pseudo header, not complemented."""
    size = len(data) - 20 if length else 0
    return with_sum(data, ones_sum(pseudo_header(data[12:16], data[16:20], 6, size)))


def reading(script: str, spoiled: dict[int, Change]) -> Explanation:
    """A capture file of the script; the packets numbered from 1 are changed as told."""
    frames = [encode(packet.segment) for packet in packets(script)]
    for number, change in spoiled.items():
        frames[number - 1] = change(frames[number - 1])
    return explain_capture(Capture("a.pcap", file=io.BytesIO(pcap(101, frames))))


def found(explanation: Explanation) -> list[str]:
    return [one.kind for one in explanation.connections[0].findings]


TRANSFER = (
    HANDSHAKE
    + """
> . 1:1001(1000) ack 1 win 502
> . 1001:2001(1000) ack 1 win 502
> . 2001:3001(1000) ack 1 win 502
< . 1:1(0) ack 1 win 509 <nop,nop,sack 1001:3001>
> . 1:1001(1000) ack 1 win 502
< . 1:1(0) ack 3001 win 509
"""
)


DATA = "> . 1:1001(1000) ack 1 win 502"


def test_a_damaged_segment_is_dropped_and_its_repair_is_no_loss() -> None:
    explanation = reading(TRANSFER, {4: flipped})
    (connection,) = explanation.connections
    (finding,) = connection.findings
    assert finding.kind == "damage"
    assert finding.packets == (4,)
    assert finding.text == (
        "1 packet of the client came damaged (wrong checksum), and the server dropped it unread; "
        "what it brought came again after 4 ms"
    )
    assert finding.cost == ms(4)
    damaged = connection.segments[3]
    assert damaged.meaning.startswith("damaged on its way (wrong checksum): the server drops it")
    assert damaged.states == connection.segments[2].states
    assert connection.bytes == [3000, 0]
    assert connection.total == 9
    assert found(reading(TRANSFER, {})) == ["loss"]


def test_what_a_damaged_segment_says_changes_nothing() -> None:
    reset = reading(TRANSFER, {4: lambda data: flipped(data, 33)})  # the flag RST
    assert reset.connections[0].segments[-1].states == ("ESTABLISHED", "ESTABLISHED")
    assert "reset" not in found(reset)


def test_an_ip_header_may_be_damaged_too() -> None:
    assert found(reading(TRANSFER, {4: lambda data: flipped(data, 8)})) == ["damage"]


def test_who_leaves_its_sums_to_the_card_damages_nothing() -> None:
    for unsummed in (unfinished, partial(unfinished, length=False)):
        assert found(reading(TRANSFER, dict.fromkeys((4, 5, 6), unsummed))) == ["loss"]
    assert found(reading(TRANSFER, {4: lambda data: with_sum(data, 0)})) == ["loss"]


def test_a_capture_all_of_whose_sums_are_wrong_had_its_addresses_hidden() -> None:
    spoiled = {number: lambda data: flipped(data, 15) for number in range(1, 10)}
    assert "damage" not in found(reading(TRANSFER, spoiled))


def test_what_was_acknowledged_was_not_dropped() -> None:
    script = "\n".join(TRANSFER.splitlines()[:-1])
    plain = script.replace("< . 1:1(0) ack 1 win 509 <nop,nop,sack 1001:3001>", "")
    plain = plain.replace("> . 1:1001(1000) ack 1 win 502\n", "", 1)
    assert "damage" in found(reading(plain, {4: flipped}))
    assert "damage" not in found(reading(plain + "\n< . 1:1(0) ack 3001 win 509", {4: flipped}))


def test_a_large_or_cut_packet_is_not_judged() -> None:
    (packet,) = packets(DATA)
    assert verdict(packet) is True
    wrong = packet._replace(data=flipped(packet.data))
    assert verdict(wrong) is False
    assert verdict(wrong._replace(missing=1)) is None
    assert verdict(wrong._replace(cut=1)) is None
    for size, right in ((1460, False), (1461, None)):
        (large,) = packets(f"> . 1:{size + 1}({size}) ack 1 win 502")
        assert verdict(large._replace(data=flipped(large.data))) is right


def test_sums_over_ipv6_are_judged_alike() -> None:
    segment = Segment("fd00::1", 4000, "fd00::2", 80, 16, 7, 9, 100, payload=b"x" * 9)
    data = encode(segment)
    packet = Packet(1, 0, segment, 0, data)
    assert verdict(packet) is True
    assert verdict(packet._replace(data=flipped(data))) is False
    for length in (len(data) - 40, 0):
        field = ones_sum(pseudo_header(data[8:24], data[24:40], 6, length)).to_bytes(2, "big")
        assert verdict(packet._replace(data=data[:56] + field + data[58:])) is None
    zero = data[:56] + b"\0\0" + data[58:]
    assert verdict(packet._replace(data=zero)) is None


def test_a_damaged_syn_belongs_to_the_connection_that_its_repetition_opens() -> None:
    syn = HANDSHAKE.strip().splitlines()[0]
    explanation = reading(syn + HANDSHAKE, {1: lambda data: flipped(data, 35)})
    (connection,) = explanation.connections
    assert [one.packet.number for one in connection.segments] == [1, 2, 3, 4]
    assert [one.kind for one in connection.findings] == ["damage"]
    assert explanation.segments == 4


def test_damaged_packets_of_no_connection_are_left_out_and_counted() -> None:
    explanation = reading(TRANSFER, {4: lambda data: flipped(data, 21)})  # its port
    assert explanation.count == 1
    assert explanation.left_out == {
        "damaged on the way (wrong checksum), of no connection known here": 1
    }


def test_packets_and_messages_keep_their_order_and_a_broken_file_its_beginning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(damage, "_AHEAD", 2)
    captured = packets(TRANSFER)
    assert list(Damage().judged(captured)) == captured
    quoted = captured[0].segment
    frames = [encode(captured[0].segment)]
    frames += [encode_icmp(IcmpError("10.9.9.9", "10.0.0.1", UNREACHABLE, HOST, quoted))]
    explanation = explain_capture(Capture("a.pcap", file=io.BytesIO(pcap(101, frames) + b"broken")))
    assert explanation.connections[0].findings[0].kind == "turned-away"
    assert explanation.trouble == "the file is cut off or damaged after packet 2"


def test_a_flood_of_senders_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(damage, "_SENDERS", 3)
    judge = Damage()

    def flood() -> Iterable[Packet]:
        for number in range(50):
            segment = Segment(f"10.0.1.{number}", 1, "10.0.0.2", 80, 2, 7)
            yield Packet(number, number, segment, 0, encode(segment))

    assert len(list(judge.judged(flood()))) == 50
    assert len(judge._right) <= 4
