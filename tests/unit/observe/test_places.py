"""One file from several places: the same packet, captured at each of them."""

from __future__ import annotations

import io

import pytest

from tcpcore.errors import UsageError
from tcpcore.observe.capture import Capture
from tcpcore.observe.explain import Explanation, cautions, explain_capture
from tcpcore.wire.codec import encode
from tests.unit.observe.captures import HANDSHAKE, enhanced, interface, packets, pcap, section

SCRIPT = HANDSHAKE + "> P. 1:101(100) ack 1 win 502\n< . 1:1(0) ack 101 win 509\n"


def frames() -> list[bytes]:
    found = []
    for number, packet in enumerate(packets(SCRIPT), 7):
        packet.segment.ip_id = number
        found.append(encode(packet.segment))
    return found


def merged(late: int, *, sections: bool = False) -> bytes:
    """Two interfaces that saw the same packets, the second one so many µs later."""
    blocks = [
        (number * 1000 + place * late, place, frame)
        for number, frame in enumerate(frames())
        for place in (0, 1)
    ]
    start = section() + interface(101) + interface(101)
    if sections:
        parts = [
            section() + interface(101) + b"".join(enhanced(f, t) for t, p, f in blocks if p == one)
            for one in (0, 1)
        ]
        return b"".join(parts)
    return start + b"".join(enhanced(f, t, p) for t, p, f in sorted(blocks))


def read(data: bytes, only: int | None = None) -> Explanation:
    return explain_capture(Capture("a.pcapng", file=io.BytesIO(data), interface=only))


@pytest.mark.parametrize("sections", [False, True])
def test_a_merged_capture_is_said_to_be_one_and_each_place_can_be_seen_alone(
    sections: bool,
) -> None:
    data = merged(10_000, sections=sections)
    assert [text for text in cautions(read(data)) if "--interface 0 to 1" in text]
    for only in (0, 1):
        alone = read(data, only)
        assert cautions(alone) == []
        assert alone.connections[0].verdict.startswith("nothing unusual: 100 bytes there")
        assert alone.left_out == {"packet of another interface": 5}


def test_an_interface_that_the_file_has_not_is_named_in_the_reason() -> None:
    with pytest.raises(UsageError, match="10 × packet of another interface"):
        read(merged(1), 2)


def test_a_merged_file_of_one_interface_is_told_by_its_packets_numbers() -> None:
    twice = [frame for frame in frames() for _ in (0, 1)]  # a millisecond apart
    (caution,) = cautions(read(pcap(101, twice)))
    assert caution.startswith("5 packets are in the capture twice, some time apart")


def test_what_is_sent_again_is_another_packet() -> None:
    again = [frame[:4] + b"\0\x63" + frame[6:] for frame in frames()]
    assert cautions(read(pcap(101, frames() + again))) == []
    one = frames()
    assert cautions(read(pcap(101, [*one, *one[:1]]))) == [], "one in six was the network"


@pytest.mark.parametrize(
    ("start", "what"),
    [
        (b"\xfd7zXZ\0", "compressed with xz"),
        (b"\x28\xb5\x2f\xfd...", "compressed with zstd"),
        (b"BZh9", "compressed with bzip2"),
        (b"PK\3\4", "a zip archive"),
        (b"snoop\0", "editcap -F pcap converts it"),
    ],
)
def test_what_people_have_instead_of_a_capture_is_named(start: bytes, what: str) -> None:
    with pytest.raises(UsageError, match=what):
        read(start + bytes(40))
