"""What a capture holds: packets with TCP segments, and ICMP errors about these."""

from __future__ import annotations

from typing import NamedTuple

from tcpcore.wire.icmp import IcmpError
from tcpcore.wire.segment import Segment


class Packet(NamedTuple):
    """One TCP segment of a capture.

    `number` counts packets of the file from 1, as Wireshark does; `time` is in microseconds since
    1970; `missing` bytes at the end of the payload were not captured and read as zeros; `data` is
    the IP packet as captured; `cut` bytes of its options were not captured; `damaged`: its checksum
    shows that its receiver dropped it (see `damage`).  One that came in fragments has the number
    and time of the last.
    """

    number: int
    time: int
    segment: Segment
    missing: int
    data: bytes
    cut: int = 0
    damaged: bool = False


class Heard(NamedTuple):
    """An ICMP error about a TCP segment: packet `number` of the file, captured at `time` (µs)."""

    number: int
    time: int
    error: IcmpError


Item = Packet | Heard
