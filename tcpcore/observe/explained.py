"""A connection of a capture: what was seen of it, explained segment by segment, and its verdict.

`Explained` is one segment, `ExplainedConnection` one connection; reading whole captures is in
`explain`, the rules of the findings in `diagnosis`.
"""

from __future__ import annotations

from tcpcore.observe.capture import Packet
from tcpcore.observe.diagnosis import Diagnosis, Finding, Sight
from tcpcore.observe.end import End
from tcpcore.observe.follow import Connection, Seen
from tcpcore.tcp.state import CLOSED, TIME_WAIT
from tcpcore.wire.icmp import IcmpError
from tcpcore.wire.segment import ACK


class Explained:
    """One segment of a connection, explained.

    `time` is in microseconds since 1970; `sender` is 0 for the client and 1 for the server; `seq`
    and `ack` are relative (`ack` is None without ACK); `states` are both ends' after it;
    `changes` are ``(end, old, new)``; `variables` hold what is known of each end after it.
    """

    __slots__ = (
        "ack",
        "changes",
        "meaning",
        "packet",
        "retransmission",
        "sender",
        "seq",
        "states",
        "variables",
    )

    def __init__(self, packet: Packet, seen: Seen, connection: Connection) -> None:
        s, r = connection.ends[seen.sender], connection.ends[1 - seen.sender]
        self.packet = packet
        self.sender: int = seen.sender
        self.meaning: str = seen.meaning
        self.retransmission: int = seen.retransmission
        self.seq = s.relative(packet.segment.seq)
        self.ack = r.relative(packet.segment.ack) if packet.segment.flags & ACK else None
        self.states = (connection.ends[0].state, connection.ends[1].state)
        self.changes = [(connection.ends.index(end), old, new) for end, old, new in seen.changes]
        self.variables = tuple(_variables(end, other) for end, other in _both(connection))

    @property
    def time(self) -> int:
        """Microseconds since 1970."""
        return self.packet.time


def _both(connection: Connection) -> tuple[tuple[End, End], tuple[End, End]]:
    first, second = connection.ends
    return (first, second), (second, first)


def _variables(end: End, peer: End) -> dict[str, int | None]:
    known = end.isn is not None
    return {
        "snd.una": end.relative(end.una) if known else None,
        "snd.nxt": end.relative(end.nxt) if known else None,
        "rcv.nxt": peer.relative(end.rcv) if end.rcv is not None else None,
        "rcv.wnd": end.window,
    }


class ExplainedConnection:
    """A connection of a capture: its two ends, its segments, and what is to be said about it.

    `number` counts from 1; `segments` are those that were kept, `total` counts all of them, by
    sender in `counts`; `bytes` are those of payload that each end sent, none of them counted
    twice; `again` counts these.  `start` and `end` are the times of its first and last segment,
    in microseconds since 1970.
    """

    __slots__ = (
        "_cut", "_diagnosis", "_findings", "_snapped", "_verdict", "again", "bytes", "connection",
        "counts", "end", "number", "segments", "start",
    )  # fmt: skip

    def __init__(self, connection: Connection, start: int, number: int) -> None:
        self.connection = connection
        self.number = number
        self.segments: list[Explained] = []
        self.counts = [0, 0]
        self.bytes = [0, 0]
        self.again = 0
        self.start = self.end = start
        self._cut = self._snapped = 0
        self._diagnosis: Diagnosis | None = Diagnosis(connection)
        self._findings: list[Finding] = []
        self._verdict = ""

    def take(self, packet: Packet, keep: bool) -> None:
        """Take in the next segment, and keep it explained if `keep`."""
        connection = self.connection
        if packet.damaged:
            seen = connection.see_damaged(packet.segment)
        else:
            seen = connection.see(packet.segment, packet.time, packet.cut > 0)
        sender = seen.sender
        s, r = connection.ends[sender], connection.ends[1 - sender]
        if self._diagnosis is not None:
            self._diagnosis.see(Sight(packet.number, packet.time, packet.segment, seen, s, r))
        self.counts[sender] += 1
        self.end = max(self.end, packet.time)
        if seen.retransmission:
            self.again += 1
        if seen.fresh:
            self.bytes[sender] += len(packet.segment.payload)
        if packet.missing:
            self._cut += 1
        if packet.cut:
            self._snapped += 1
        if keep:
            self.segments.append(Explained(packet, seen, connection))

    def hear(self, number: int, error: IcmpError) -> None:
        """Take in an ICMP error about one of its segments: packet `number` of the file."""
        if self._diagnosis is not None:
            self._diagnosis.hear(number, error)

    def settle(self, end: int) -> None:
        """Nothing more comes before the capture ends, at `end`: come to the verdict."""
        diagnosis, self._diagnosis = self._diagnosis, None
        if diagnosis is None:
            return
        self.connection.finish()
        diagnosis.finish(end)
        self._findings = diagnosis.findings()
        self._verdict = diagnosis.verdict(self._findings)
        for one in self.ends:
            one.last = None  # its payload is not needed any more

    @property
    def findings(self) -> list[Finding]:
        """What is to be said about it, faults first."""
        if self._diagnosis is not None:
            return self._diagnosis.findings()
        return self._findings

    @property
    def verdict(self) -> str:
        """The most important thing about it, in plain words."""
        if self._diagnosis is not None:
            return self._diagnosis.verdict(self._diagnosis.findings())
        return self._verdict

    @property
    def total(self) -> int:
        """How many segments it has."""
        return sum(self.counts)

    @property
    def ends(self) -> tuple[End, End]:
        """Client and server, as they are after the last segment."""
        return self.connection.ends

    @property
    def over(self) -> bool:
        """Whether both ends are done with it, as far as the wire tells."""
        return all(one.state in _OVER for one in self.ends)

    @property
    def notes(self) -> list[str]:
        """What a reader must know: missing handshakes, missing directions, cut packets."""
        notes = list(self.connection.notes)
        if self._cut:
            notes.append(f"{self._cut} of its packets were captured without the end of their data")
        if self._snapped:
            notes.append(
                f"{self._snapped} of its packets were captured without the end of their TCP "
                "options (a snap length too short): SACK blocks and timestamps are not known"
            )
            if any(one.syns + one.syn_acks and not one.offered_known for one in self.ends):
                notes.append(
                    "whether its windows are scaled is not known: the SYN's options are cut"
                )
        return notes


_OVER = (CLOSED, TIME_WAIT)
