"""Is the packet that the host sent the one that the script expects?

A script may leave things open: no ``win``, ``<...>`` for options, no mark in brackets.  Everything
else must be equal, timestamps of the host within the tolerance of time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from tcpcore.packetdrill.syntax import Packet
from tcpcore.seqnum import MASK
from tcpcore.wire import options as kinds
from tcpcore.wire.options import Option
from tcpcore.wire.segment import ACK, CWR, FIN, PSH, Segment
from tcpcore.wire.text import Pattern, format_pattern

_MARKS = {0: ("noecn",), 1: ("ect1", "ect01"), 2: ("ect0", "ect01"), 3: ("ce",)}


@dataclass(slots=True, frozen=True)
class Difference:
    """A field that is not as expected; both values as a script writes them."""

    field: str
    expected: str
    found: str


def differences(
    packet: Packet, found: Pattern, segment: Segment, ticks: tuple[int, int]
) -> list[Difference]:
    """Everything in which what was sent differs from the script; empty: it is the one.

    `found` is the segment in the script's numbers, `segment` as on the wire, `ticks` how much less
    and how much more of its clock a timestamp may show than the script says.
    """
    expected = packet.pattern
    pairs: list[tuple[str, object, object]] = [
        ("flags", _flags(expected), _flags(found)),
        ("seq", _range(expected), _range(found)),
        ("ack", expected.ack if expected.flags & ACK else None, found.ack),
    ]
    if expected.window is not None:
        pairs.append(("win", expected.window, found.window))
    if expected.urgent is not None:
        pairs.append(("urg", expected.urgent, found.urgent or 0))
    if expected.options is not None and not _same_options(expected, found, ticks):
        pairs.append(("options", _options(expected), _options(found)))
    if packet.ecn is not None and packet.ecn not in _MARKS[segment.tos & 3]:
        pairs.append(("ecn", packet.ecn, _MARKS[segment.tos & 3][0]))
    for name, value in packet.ip.items():
        actual = {"tos": segment.tos, "ttl": segment.ttl}.get(name, value)
        pairs.append((name, value, actual))
    return [Difference(name, str(a), str(b)) for name, a, b in pairs if a != b]


def _flags(pattern: Pattern) -> str:
    return format_pattern(replace(pattern, options=())).split()[0]


def _range(pattern: Pattern) -> str:
    return f"{pattern.seq}:{pattern.seq + pattern.size & MASK}({pattern.size})"


def _options(pattern: Pattern) -> str:
    text = format_pattern(replace(pattern, window=None, urgent=None))
    return text[text.index("<") :] if "<" in text else "none"


def _same_options(expected: Pattern, found: Pattern, ticks: tuple[int, int]) -> bool:
    one, other = expected.options or (), found.options or ()
    return len(one) == len(other) and all(
        _same_option(a, b, ticks) for a, b in zip(one, other, strict=True)
    )


def _same_option(expected: Option, found: Option, ticks: tuple[int, int]) -> bool:
    if expected[0] == found[0] == kinds.TIMESTAMPS:
        less, more = ticks
        apart = (found[1] - expected[1] + less) & MASK
        return bool(apart <= less + more and expected[2] == found[2])
    return bool(expected == found)


def joins(first: Segment, more: Segment, wanted: int) -> bool:
    """Whether `more` goes on where `first` ends, and both have at most `wanted` bytes.

    A script may write one packet for what the wire carries in several (TSO and GSO join and split
    them as they like); not for what differs in more than FIN, PSH and CWR.
    """
    return (
        0 < len(first.payload) < wanted
        and len(first.payload) + len(more.payload) <= wanted
        and bool(more.payload)
        and more.seq == (first.seq + len(first.payload)) & MASK
        and not (first.flags ^ more.flags) & ~(FIN | PSH | CWR)
        and not first.flags & FIN
        and (more.sport, more.dport) == (first.sport, first.dport)
    )


def joined(first: Segment, more: Segment) -> Segment:
    """Both segments as one: what TSO would have given to the card."""
    return Segment(
        first.src,
        first.sport,
        first.dst,
        first.dport,
        first.flags | more.flags,
        first.seq,
        more.ack,
        more.window,
        first.options,
        first.payload + more.payload,
        first.reason,
        first.urgent,
        first.ttl,
        first.tos,
        first.ip_id,
    )
