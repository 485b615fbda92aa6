"""When things happen, as a script says it: counted from the start, or from one event to the next.

A real kernel's timers are late, and each lateness moves all that comes after it.  So what a kernel
did is told from one event to the next: what comes at once as ``+0``, and a timer that had waited
since before the last event with the earliest moment at which it may have been due, ``+0.1~+0.12``.
"""

from __future__ import annotations

from tcpcore.packetdrill.story import Did, Entry, Seen
from tcpcore.units import MILLISECOND, SECOND
from tcpcore.wire.segment import Segment

LATE = 14 * MILLISECOND
"""Kernels with HZ=250 are up to 14 ms late."""
SHARE = 8
"""A timer is late by up to an eighth of its time: the levels of the kernel's timer wheel."""
_AT_ONCE = MILLISECOND
"""What a host sends sooner than this answers what was before; the time is the kernel's work."""
Ports = tuple[int, int]


class FromTheStart:
    """``0.1``, ``0.1...0.2``: what an engine did, which is never late."""

    def __init__(self, start: int) -> None:
        self._start = start

    def of(self, entry: Entry) -> str:
        """The time of the next event."""
        at = _seconds(max(entry.time - self._start, 0))
        if isinstance(entry, Did) and entry.returned is not None:
            at += f"...{_seconds(entry.returned - self._start)}"
        return at


class FromEachToTheNext:
    """``+0.1``, ``+0.1...0.2``, ``+0.1~+0.2``: what a kernel did.

    It may have done it up to `jitter` (us) before it was seen.
    """

    def __init__(self, start: int, jitter: int = 0) -> None:
        self._told = start
        self._jitter = jitter
        self._latest: dict[Ports, int] = {}  # packet of a connection: its timers start there

    def of(self, entry: Entry) -> str:
        """The time of the next event."""
        wait = max(entry.time - self._told, 0)
        if isinstance(entry, Did):
            ends = "" if entry.returned is None else f"...{_seconds(entry.returned - self._told)}"
            self._told += wait
            return f"+{_seconds(wait)}{ends}"
        ports = _ports(entry)
        begun = self._latest.get(ports, self._told)
        self._latest[ports] = entry.time
        if entry.inbound:
            self._told += wait
            return f"+{_seconds(wait)}"
        if wait < _AT_ONCE:
            return "+0.000000"
        self._told += wait
        early = max((entry.time - begun) // SHARE, self._jitter)
        if early <= max(LATE, wait // SHARE):
            return f"+{_seconds(wait)}"
        return f"+{_seconds(max(wait - early, 0))}~+{_seconds(wait)}"


def _ports(seen: Seen) -> Ports:
    one = seen.packet if isinstance(seen.packet, Segment) else seen.packet.quoted
    ours = seen.inbound and isinstance(seen.packet, Segment)
    return (one.dport, one.sport) if ours else (one.sport, one.dport)


def _seconds(duration: int) -> str:
    return f"{duration // SECOND}.{duration % SECOND:06d}"
