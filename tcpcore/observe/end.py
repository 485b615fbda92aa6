"""One end of a connection, as far as segments on the wire tell.

Sequence numbers are absolute; `relative` counts from the initial one, so that the first byte of
data is byte 1.  Who changes what, and when, is in `follow`.
"""

from __future__ import annotations

from tcpcore.seqnum import MASK, gt, leq, lt
from tcpcore.tcp.state import CLOSED, NEXT
from tcpcore.wire import options as kinds
from tcpcore.wire.segment import Segment

_MOST_HOLES = 64
_STEP = 64
"""As many packets as one sent by the host can become on its way: 64 KB of the smallest size."""

Range = tuple[int, int]


class End:
    """What is known of one end.

    `isn` and `rcv` are None as long as nothing told them; `nxt` is after the highest byte it sent,
    `una` the highest acknowledgment it got, `rcv` the highest it gave; `fin` is after its FIN.
    `syns` and `syn_acks` count what it sent of each, `duplicates` its duplicate ACKs in a row.
    `last` is its last segment and `last_time` when that was captured.
    `reopened` says that its window was closed before, and no data has come since.
    `sacking` says that its last ACK reported a gap.
    `cut` says that some of its segments came without all of their options, `offered_known` that its
    SYN told whether it scales its windows.
    `stale` is the acknowledgment number by which its peer answered its SYN out of another time.
    `unseen` counts bytes of it that its peer acknowledged though the capture does not have them.
    `newest` is the segment with the highest byte it sent, and `in_order` how many such ones in a
    row had the next IPv4 identification, as Linux numbers the packets of a connection.
    `mss` is the largest segment that its SYN says it takes (RFC 9293 §3.7.1).
    `holes` are ranges that it must have sent and that the capture has not (yet) shown.
    """

    __slots__ = (
        "address",
        "cut",
        "duplicates",
        "fin",
        "got_fin",
        "holes",
        "in_order",
        "isn",
        "last",
        "last_time",
        "mss",
        "name",
        "newest",
        "nxt",
        "offered_known",
        "offered_shift",
        "port",
        "probing",
        "rcv",
        "reopened",
        "resent",
        "resent_count",
        "sacking",
        "segments",
        "shift",
        "stale",
        "state",
        "syn_acks",
        "syns",
        "una",
        "unseen",
        "window",
    )

    def __init__(self, name: str, address: str, port: int, state: str) -> None:
        self.name = name
        self.address = address
        self.port = port
        self.state = state
        self.isn: int | None = None
        self.nxt = 0
        self.una = 0
        self.rcv: int | None = None
        self.fin: int | None = None
        self.got_fin = False
        self.window: int | None = None
        self.mss: int | None = None
        self.cut = False
        self.offered_known = False
        self.offered_shift: int | None = None
        self.shift = 0
        self.holes: list[Range] = []
        self.duplicates = 0
        self.probing = False
        self.reopened = False
        self.newest: Segment | None = None
        self.in_order = 0
        self.resent: int | None = None
        self.resent_count = 0
        self.segments = 0
        self.sacking = False
        self.stale: int | None = None
        self.unseen = 0
        self.last: Segment | None = None
        self.last_time = 0
        self.syns = 0
        self.syn_acks = 0

    @property
    def socket(self) -> str:
        """``10.0.0.1:80``, or ``[::1]:80``."""
        return f"[{self.address}]:{self.port}" if ":" in self.address else self.named

    @property
    def named(self) -> str:
        """Address and port with a colon between."""
        return f"{self.address}:{self.port}"

    def relative(self, number: int) -> int:
        """`number` counted from the initial sequence number."""
        return number - (self.isn or 0) & MASK

    def start(self, isn: int, *, syn: bool = False) -> None:
        """Learn the initial sequence number; only a `syn` that was seen waits for its ACK."""
        self.isn = isn
        self.nxt = isn + 1 & MASK
        self.una = isn if syn else self.nxt

    def apply(self, event: str, changes: list[tuple[End, str, str]]) -> None:
        """Change state as the table says; an event without a row leaves it."""
        row = NEXT.get((self.state, event))
        if row is not None:
            self.become(row.next, changes)

    def become(self, state: str, changes: list[tuple[End, str, str]]) -> None:
        """Take a state, and note the change when it is one."""
        if state != self.state:
            changes.append((self, self.state, state))
            self.state = state

    def seen(self, start: int, end: int) -> str:
        """How ``start`` to ``end`` relates to what this end sent before.

        "new", "ahead" (leaves a hole), "again" (all of it was sent before), "hole" (fills a hole),
        or "more" (partly sent before).
        """
        if start == self.nxt:
            return "new"
        if gt(start, self.nxt):
            return "ahead"
        if any(lt(start, right) and lt(left, end) for left, right in self.holes):
            return "hole"
        return "again" if leq(end, self.nxt) else "more"

    def extend(self, start: int, end: int) -> None:
        """Note that ``start`` to ``end`` was sent."""
        if gt(start, self.nxt) and len(self.holes) < _MOST_HOLES:
            self.holes.append((self.nxt, start))
        elif self.holes:
            self.holes = [
                part
                for left, right in self.holes
                for part in ((left, _lower(right, start)), (_higher(left, end), right))
                if lt(*part)
            ]
        if gt(end, self.nxt):
            self.nxt = end

    def note_newest(self, segment: Segment) -> None:
        """A segment with bytes that no earlier one had."""
        before, self.newest = self.newest, segment
        if before is not None:
            step = segment.ip_id - before.ip_id & 0xFFFF
            self.in_order = self.in_order + 1 if 0 < step <= _STEP else 0

    def order(self, segment: Segment) -> int:
        """Whether it was sent before (-1) or after (1) the newest segment; 0: nothing tells.

        The IPv4 identifications tell where they count up, else the timestamps (RFC 7323 §3).
        """
        newest = self.newest
        if newest is None:
            return 0
        if self.in_order and segment.ip_id:
            behind = newest.ip_id - segment.ip_id & 0xFFFF
            return 0 if not behind else -1 if behind < 0x8000 else 1
        here = kinds.find(segment.options, kinds.TIMESTAMPS)
        there = kinds.find(newest.options, kinds.TIMESTAMPS)
        if here is None or there is None or here[1] == there[1]:
            return 0
        return -1 if lt(here[1], there[1]) else 1

    def count_again(self, start: int) -> int:
        """Which retransmission of `start` in a row this is."""
        self.resent_count = self.resent_count + 1 if self.resent == start else 1
        self.resent = start
        return self.resent_count

    def advertised(self, segment: Segment) -> int:
        """The window of one of its segments, in bytes."""
        return segment.window if segment.flags & 2 else segment.window << self.shift

    def sent(self, ack: int) -> bool:
        """Whether it sent what `ack` acknowledges, its SYN at least; yes when nothing is known."""
        return self.isn is None or (gt(ack, self.isn) and leq(ack, self.nxt))

    def missed(self, acknowledged: int | None) -> int:
        """How many bytes reached the peer though the capture does not have them."""
        if acknowledged is None:
            return 0
        over = [hole for hole in self.holes if leq(hole[1], acknowledged)]
        return self.unseen + sum(right - left & MASK for left, right in over)

    @property
    def idle(self) -> bool:
        """Whether all that it sent is acknowledged."""
        return self.una == self.nxt

    @property
    def closed(self) -> bool:
        return self.state == CLOSED


def _lower(a: int, b: int) -> int:
    return a if lt(a, b) else b


def _higher(a: int, b: int) -> int:
    return a if gt(a, b) else b
