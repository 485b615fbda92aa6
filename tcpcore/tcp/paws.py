"""PAWS: old duplicates are known by their timestamp (RFC 7323 §5; tcp_paws_check())."""

from __future__ import annotations

from tcpcore.seqnum import HALF, MASK, lt
from tcpcore.tcp import state
from tcpcore.tcp.tcb import Tcb
from tcpcore.units import MILLISECOND, SECOND
from tcpcore.wire import options as wire_options
from tcpcore.wire.segment import ACK, RST, Segment

SLACK = 1
"""Ticks that an established connection forgives (TCP_PAWS_WINDOW)."""

WRAP = 24 * 86_400 * SECOND
"""After so long without a segment, the timestamp clock may have wrapped: accept (TCP_PAWS_WRAP)."""

RST_MEMORY = 60 * SECOND
"""In TIME_WAIT an old RST is refused only so long after the last segment (TCP_PAWS_MSL)."""


def rejects(c: Tcb, segment: Segment, now: int) -> bool:
    """Whether the segment's timestamp says that it is from long ago."""
    if not c.timestamps or not c.ts_recent:
        return False
    stamps = wire_options.timestamps(segment.options)
    behind = 0 if stamps is None else (c.ts_recent - stamps[0]) & MASK  # ticks
    if not 0 < behind < HALF:
        return False
    waiting = c.state == state.TIME_WAIT
    if behind <= (0 if waiting else SLACK) or now - c.ts_recent_at >= WRAP:
        return False
    if waiting:
        return not (segment.flags & RST and now - c.ts_recent_at >= RST_MEMORY)
    return not _reordered_ack(c, segment, behind)


def is_old(c: Tcb, segment: Segment) -> bool:
    """Whether a request refuses the timestamp, which knows no overtaken ACK (tcp_paws_reject())."""
    stamps = wire_options.timestamps(segment.options) if c.timestamps and c.ts_recent else None
    return stamps is not None and lt(stamps[0], c.ts_recent)


def _reordered_ack(c: Tcb, segment: Segment, behind: int) -> bool:
    """A bare ACK that was only overtaken does no harm (tcp_disordered_ack())."""
    return (
        bool(segment.flags & ACK)
        and not segment.length
        and segment.seq == c.rcv_nxt
        and segment.ack == c.snd_una
        and segment.window << c.snd_scale <= c.snd_wnd
        and behind * MILLISECOND <= c.rto
    )


def remember(c: Tcb, segment: Segment, now: int) -> None:
    """Keep the timestamp to echo: of the segment that the next ACK answers (RFC 7323 §4.3)."""
    if not c.timestamps or (c.rcv_wup - segment.seq) & HALF:
        return
    stamps = wire_options.timestamps(segment.options)
    if stamps is None:
        return
    ahead = (c.ts_recent - stamps[0]) & MASK
    if not c.ts_recent or not 0 < ahead < HALF or now - c.ts_recent_at >= WRAP:
        c.ts_recent = stamps[0]
        c.ts_recent_at = now
