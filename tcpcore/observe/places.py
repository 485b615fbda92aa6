"""Captures from several places in one file: the same packet on its way past each of them.

A connection in such a file seems to send everything again.  What tells it from one that does is the
packet itself: Linux gives each packet of a connection another IPv4 identification, one that is sent
again included.
"""

from __future__ import annotations

from tcpcore.observe.captured import Packet
from tcpcore.units import MILLISECOND

_LOOKED_AT = 20_000
"""Packets at the beginning of the file that are compared."""
_SHARE = 5
"""One in so many that came by twice, and the file was captured in several places."""
_APART = MILLISECOND // 2
"""One host's interfaces see a packet sooner one after the other (see `follow.same_packet`)."""


class Places:
    """Counts packets that came by at several places; `interfaces` are the file's, by number."""

    def __init__(self) -> None:
        self.interfaces: set[int] = set()
        self._seen: dict[tuple[object, ...], tuple[int, int]] = {}
        self._packets = 0
        self._elsewhere = 0  # on another interface of the file
        self._later = 0  # on the same, some time later

    def see(self, packet: Packet, interface: int) -> None:
        """A packet, captured on that interface of the file."""
        self.interfaces.add(interface)
        if self._packets >= _LOOKED_AT:
            return
        self._packets += 1
        s = packet.segment
        if not s.ip_id:
            return
        key = (s.ip_id, s.src, s.sport, s.dst, s.dport, s.seq, s.ack, s.flags, len(s.payload))
        where, when = self._seen.setdefault(key, (interface, packet.time))
        if where != interface:
            self._elsewhere += 1
        elif abs(packet.time - when) >= _APART:
            self._later += 1

    def caution(self) -> str:
        """What the reader must know; nothing when all is from one place."""
        if self._elsewhere * _SHARE >= self._packets > 0:
            last = max(self.interfaces)
            return (
                f"{self._elsewhere} packets were captured on several interfaces, or in several "
                "files that were merged, and what passed more than one seems to be sent again; "
                f"look at one of them alone, with explain --interface 0 to {last}"
            )
        if self._later * _SHARE >= self._packets > 0:
            return (
                f"{self._later} packets are in the capture twice, some time apart: it was made in "
                "several places and merged, and what passed more than one of them seems to be "
                "sent again"
            )
        return ""
