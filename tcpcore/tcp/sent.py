"""A segment in the retransmission queue."""

from __future__ import annotations

from tcpcore.tcp.flow import Stamp


class SentSegment:
    """A segment in the retransmission queue: what was sent, when and how often.

    `lost`, `sacked` and `again` are the kernel's TCPCB_LOST, TCPCB_SACKED_ACKED and
    TCPCB_SACKED_RETRANS: counted as lost; selectively acknowledged; sent again, and on its way.
    `gone`: it left the queue.  `joined`: it left the host in one large packet with the next.
    `stamp`: what had been delivered when it was sent (`rate`).  `order` tells what was sent last of
    all that went in one microsecond, which on a real clock would differ: the kernel looks at its
    clock for each segment that comes, each timer, and each sending of new data.
    """

    __slots__ = (
        "again", "end", "first_sent", "flags", "gone", "joined", "last_sent", "lost",
        "order", "retransmissions", "sacked", "seq", "stamp",
    )  # fmt: skip

    def __init__(
        self, seq: int, end: int, flags: int, now: int, stamp: Stamp | None = None, order: int = 0
    ) -> None:
        self.seq = seq
        self.end = end
        self.flags = flags
        self.first_sent = now
        self.last_sent = now
        self.order = order
        self.retransmissions = 0
        self.lost = False
        self.sacked = False
        self.again = False
        self.gone = False
        self.joined = False
        self.stamp = stamp
