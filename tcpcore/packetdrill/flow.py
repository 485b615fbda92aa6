"""Two ways of counting: a script's small numbers, and what is really on the wire.

A script's peer starts where the script says; after a SYN that does not start at 0 the script may
go on from there, or count anew from 1, as most do: what it says next shows which.  The host
chooses its own initial sequence number and timestamp clock; a `Flow` learns both from what the
host sends, and translates.  Addresses and ports are those of the run.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tcpcore.packetdrill.syntax import Packet
from tcpcore.seqnum import MASK, distance
from tcpcore.wire import options as kinds
from tcpcore.wire.options import Option
from tcpcore.wire.segment import ACK, RST, SYN, Segment
from tcpcore.wire.text import Pattern

_ECN = {"noecn": 0, "ect1": 1, "ect0": 2, "ect01": 2, "ce": 3}
_COOKIE = 64
"""The lowest bits of a SYN cookie's timestamp hold options (TSBITS in syncookies.c)."""


@dataclass(slots=True)
class Flow:
    """One connection of a script: `local` is the host under test, `remote` the script's peer."""

    local: str
    local_port: int
    remote: str
    remote_port: int
    ahead: int | None = None
    """The host's sequence numbers on the wire, less those in the script; None: not known yet."""
    stamps_ahead: int | None = None
    late: int = 0
    """How late the script was as a whole when the host showed how its clock stands (us)."""
    cookies: bool = False
    """Its SYN+ACK may be a SYN cookie, whose timestamp is up to 63 ticks behind the clock."""
    base: int = 0
    """The peer's sequence numbers on the wire, less those in the script, but for its SYN."""
    _began: tuple[int, int] | None = None  # where its SYN stands and ends, while it is not clear
    _heard: bool = False  # the peer has spoken
    _stamps: dict[int, int] = field(default_factory=dict)
    _latest: int | None = None
    _offered: tuple[int, int | None] | None = None
    """Sequence and ACK number of the host's SYN+ACK in the script, while nobody answered it."""

    @property
    def ports(self) -> tuple[int, int]:
        """Local and remote port: what tells flows apart."""
        return self.local_port, self.remote_port

    def owns(self, segment: Segment) -> bool:
        """Whether the host sent this segment on this connection."""
        return (segment.sport, segment.dport) == self.ports

    def offers(self, pattern: Pattern | None) -> bool:
        """Whether this is the SYN+ACK that the host sent already, and that nobody answered."""
        return pattern is not None and self._offered == (pattern.seq, pattern.ack)

    # --- toward the wire -------------------------------------------------------------------------

    def incoming(self, packet: Packet, payload: bytes) -> Segment:
        """The segment that arrives; without ``ack`` it acknowledges nothing new."""
        pattern = packet.pattern
        base = 0
        if pattern.flags & SYN:
            self._begin(pattern)
        else:
            self._heard = True
            self._offered = None
            base = self._based(pattern.seq)
        ack = 0
        if pattern.flags & ACK or pattern.ack is not None:
            ack = (pattern.ack or 0) + (self.ahead or 0) & MASK
        tos = packet.ip.get("tos", 0) & 0xFC | _ECN.get(
            packet.ecn or "", packet.ip.get("tos", 0) & 3
        )
        return Segment(
            self.remote,
            self.remote_port,
            self.local,
            self.local_port,
            pattern.flags,
            pattern.seq + base & MASK,
            ack,
            pattern.window or 0,
            tuple(self._incoming_option(option) for option in pattern.options or ()),
            payload,
            urgent=pattern.urgent or 0,
            ttl=packet.ip.get("ttl", 255),
            tos=tos,
        )

    def _incoming_option(self, option: Option) -> Option:
        if option[0] == kinds.SACK:
            ahead = self.ahead or 0
            return (kinds.SACK, *((a + ahead & MASK, b + ahead & MASK) for a, b in option[1:]))
        if option[0] == kinds.TIMESTAMPS and option[2]:
            return (kinds.TIMESTAMPS, option[1], self._echo(option[2]))
        return option

    def _echo(self, stamp: int) -> int:
        """The host's own timestamp that the script's peer echoes."""
        if stamp in self._stamps:
            return self._stamps[stamp]
        if self.stamps_ahead is not None:
            return stamp + self.stamps_ahead & MASK
        return self._latest if self._latest is not None else stamp

    def _begin(self, syn: Pattern) -> None:
        """The peer's first SYN says where its numbers start."""
        if not self._heard and syn.seq:
            self._began = syn.seq, syn.seq + syn.size + 1 & MASK
        self._heard = True

    def _based(self, said: int) -> int:
        """`base`, where the script names one of the peer's numbers: the nearest reading counts."""
        if self._began is not None:
            seq, end = self._began
            self._began = None
            if abs(said - (end - seq)) < abs(said - end):
                self.base = seq
        return self.base

    def sent(self, seq: int) -> int:
        """A sequence number of the host's, as on the wire."""
        return seq + (self.ahead or 0) & MASK

    # --- from the wire ---------------------------------------------------------------------------

    def learn(self, segment: Segment, pattern: Pattern | None) -> None:
        """The host sent this; `pattern` is what the script says of it, if it does.

        The host's SYN tells where its numbers start, its first timestamp how its clock stands.
        """
        if pattern is not None and pattern.ack is not None and not segment.flags & SYN:
            self._based(pattern.ack)
        if segment.flags & SYN:
            self.ahead = segment.seq - (pattern.seq if pattern is not None else 0) & MASK
        if segment.flags & (SYN | RST):
            opens = pattern is not None and segment.flags & ACK and segment.flags & SYN
            self._offered = (pattern.seq, pattern.ack) if pattern is not None and opens else None
        stamps = kinds.timestamps(segment.options)
        if stamps is None:
            return
        self._latest = stamps[0]
        said = kinds.timestamps(pattern.options or ()) if pattern is not None else None
        if said is not None:
            self._stamps[said[0]] = stamps[0]
            ahead = stamps[0] - said[0] & MASK
            behind = self.cookies and not segment.flags & SYN
            known = self.stamps_ahead
            if known is None or (behind and abs(distance(known, ahead)) < _COOKIE):
                self.stamps_ahead = ahead
            self.cookies = self.cookies and not behind

    def outgoing(self, segment: Segment) -> Pattern:
        """What the host sent, in the script's numbers."""
        base = 0 if segment.flags & SYN else self.base
        return Pattern(
            segment.flags,
            segment.seq - (self.ahead or 0) & MASK,
            len(segment.payload),
            segment.ack - base & MASK if segment.flags & ACK else None,
            segment.window,
            segment.urgent or None,
            tuple(self._outgoing_option(option) for option in segment.options),
        )

    def _outgoing_option(self, option: Option) -> Option:
        if option[0] == kinds.TIMESTAMPS and self.stamps_ahead is not None:
            return (kinds.TIMESTAMPS, option[1] - self.stamps_ahead & MASK, option[2])
        if option[0] == kinds.SACK and self.base:
            blocks = ((a - self.base & MASK, b - self.base & MASK) for a, b in option[1:])
            return (kinds.SACK, *blocks)
        return option
