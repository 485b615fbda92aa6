"""Where a capture was taken, and of which clock: packets as the far end saw them.

A capture beside one end has the other end's packets a way later than they left, and its own a way
earlier than they arrived.  What a host does at once (the SYN+ACK, the third ACK, an ACK of data in
order) shows how long both ways take.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

from tcpcore.seqnum import MASK, distance
from tcpcore.units import MILLISECOND, SECOND
from tcpcore.wire import options as kinds
from tcpcore.wire.icmp import IcmpError
from tcpcore.wire.segment import ACK, FIN, RST, SYN, Segment

Timed = tuple[int, Segment | IcmpError]
_NEAR = MILLISECOND
"""Less than this is the host's own time."""
_RETRANSMISSION = SECOND
"""A SYN+ACK that late may be one sent again."""
_TICKS = (1, 4, 10)


def seen_from(packets: Sequence[Timed], local: str) -> list[Timed]:
    """The packets with the times at which `local` may have had them."""
    away = _round_trip(packets, local)
    if away < _NEAR:
        return list(packets)
    moved = [
        (time - away if isinstance(one, Segment) and one.src == local else time, one)
        for time, one in packets
    ]
    start = min((time for time, _ in moved), default=0)
    order = sorted(range(len(moved)), key=lambda n: (moved[n][0], n))
    return [(moved[n][0] - min(start, 0), moved[n][1]) for n in order]


def _round_trip(packets: Sequence[Timed], local: str) -> int:
    """The least time from a packet to `local` to the first one that acknowledges its end."""
    open_ends: dict[int, int] = {}
    least: int | None = None
    for time, one in packets:
        if not isinstance(one, Segment) or one.flags & RST:
            continue
        if one.src != local:
            if one.payload or one.flags & (SYN | FIN):
                open_ends[one.end] = time
        elif one.flags & ACK and one.ack in open_ends:
            gap = time - open_ends.pop(one.ack)
            least = gap if least is None else min(least, gap)
    return least or 0


def jitter(packets: Sequence[Timed], local: str) -> int:
    """How much longer than the least round trip one may take: as long as the SYN+ACK's did.

    A host answers a SYN at once, so what it took more was the way's, there and back.  0 where
    `local` sends no SYN+ACK.
    """
    away = _round_trip(packets, local)
    opened: int | None = None
    for time, one in packets:
        if not isinstance(one, Segment) or not one.flags & SYN:
            continue
        if one.src != local:
            opened = time
        elif one.flags & ACK and opened is not None:
            return max(time - opened - away, 0) if time - opened < _RETRANSMISSION else 0
    return 0


# --- the host's clock ----------------------------------------------------------------------------


def in_milliseconds(packets: Sequence[Timed], local: str) -> list[Timed]:
    """The packets with the timestamps of `local` in milliseconds, as Linux counts since 4.13.

    Older kernels counted ticks of HZ=250 or HZ=100: the stamps themselves show how fast they went.
    """
    shown = [
        (time, stamps[0])
        for time, one in packets
        if isinstance(one, Segment)
        and one.src == local
        and (stamps := kinds.timestamps(one.options)) is not None
    ]
    tick = _tick(shown)
    if tick == 1:
        return list(packets)
    first = shown[0][1]
    return [(time, _told(one, local, first, tick)) for time, one in packets]


def _tick(shown: list[tuple[int, int]]) -> int:
    """Milliseconds for which one number stands: 1, unless another fits much better."""
    if not shown:
        return 1
    span = (shown[-1][0] - shown[0][0]) // MILLISECOND
    count = distance(shown[0][1], shown[-1][1])
    nearest = min(_TICKS, key=lambda tick: abs(span - tick * count))
    off = abs(span - nearest * count)
    return nearest if off <= max(2 * nearest, span // 8) else 1


def _told(packet: Segment | IcmpError, local: str, first: int, tick: int) -> Segment | IcmpError:
    stamps = kinds.timestamps(packet.options) if isinstance(packet, Segment) else None
    if stamps is None or not isinstance(packet, Segment):
        return packet
    value, echo = stamps
    if packet.src == local:
        value = first + distance(first, value) * tick & MASK
    elif echo:
        echo = first + distance(first, echo) * tick & MASK
    found = copy(packet)
    found.options = tuple(
        (kinds.TIMESTAMPS, value, echo) if one[0] == kinds.TIMESTAMPS else one
        for one in packet.options
    )
    return found
