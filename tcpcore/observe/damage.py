"""Which segments of a capture were damaged on their way: their receiver drops them unread.

A wrong checksum alone says little.  A sender leaves the sum to its network card and a capture there
sees it unfinished; a receiving card puts small packets together to large ones; whoever hides the
addresses of a capture spoils all of them.  So a wrong sum counts as damage only where the sender's
other sums are mostly right, and nobody acknowledged what came with it.

Linux: tcp_v4_rcv() drops such a segment and counts it as TcpInCsumErrors.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator

from tcpcore.observe.captured import Heard, Item, Packet
from tcpcore.seqnum import MASK, geq, leq
from tcpcore.wire.checksum import ones_sum
from tcpcore.wire.codec import TCP, WireError, checksum_parts
from tcpcore.wire.segment import ACK, Segment

_PLAIN_IPV4 = 0x45
"""The first byte of an IPv4 header without options."""
_AHEAD = 256
"""Packets that are looked at before and after one that is judged."""
_SENDERS = 20_000
"""Senders that are remembered; more, and all are forgotten: a flood forges as many as it likes."""
_LARGEST = 1500
"""A longer packet may have been put together from several: its checksum is then one of theirs."""


class Damage:
    """Tells damaged segments from sound ones; remembers of each sender how its sums were."""

    def __init__(self) -> None:
        self._right: Counter[str] = Counter()
        self._wrong: Counter[str] = Counter()
        self._before: deque[Item] = deque(maxlen=_AHEAD)
        self._ahead: deque[tuple[Item, bool]] = deque()

    def judged(self, items: Iterable[Item]) -> Iterator[Item]:
        """The items in their order; segments that were damaged say so."""
        stopped: WireError | OSError | None = None
        try:
            for item in items:
                self._ahead.append((item, self._look(item)))
                if len(self._ahead) > _AHEAD:
                    yield self._next()
        except (WireError, OSError) as error:
            stopped = error  # what came before it is as good as ever
        while self._ahead:
            yield self._next()
        if stopped is not None:
            raise stopped

    def _look(self, item: Item) -> bool:
        """Whether its checksum is wrong; what cannot be told is not."""
        if isinstance(item, Heard):
            return False
        right = verdict(item)
        if right is None:
            return False
        if len(self._right) > _SENDERS:
            self._right.clear()
            self._wrong.clear()
        (self._right if right else self._wrong)[item.segment.src] += 1
        return not right

    def _next(self) -> Item:
        item, wrong = self._ahead.popleft()
        if wrong and not isinstance(item, Heard):
            source = item.segment.src
            if self._right[source] > self._wrong[source] and not self._accepted(item.segment):
                item = item._replace(damaged=True)
        self._before.append(item)
        return item

    def _accepted(self, segment: Segment) -> bool:
        """Whether its receiver acknowledged what it brings, and no other copy of that came."""
        end = segment.end
        if end == segment.seq or any(_acknowledges(one, segment, end) for one in self._before):
            return False
        for one, _ in self._ahead:
            if _acknowledges(one, segment, end):
                return True
            if not isinstance(one, Heard) and _covers(one.segment, segment):
                return False
        return False


def _acknowledges(item: Item, segment: Segment, end: int) -> bool:
    if isinstance(item, Heard):
        return False
    other = item.segment
    back = (other.dst, other.dport, other.src, other.sport)
    here = (segment.src, segment.sport, segment.dst, segment.dport)
    return back == here and other.flags & ACK > 0 and geq(other.ack, end)


def _covers(other: Segment, segment: Segment) -> bool:
    """Whether it brings the same bytes, or the first of them, once more."""
    here = (segment.src, segment.sport, segment.dst, segment.dport)
    return (
        (other.src, other.sport, other.dst, other.dport) == here
        and leq(other.seq, segment.seq)
        and geq(other.end, segment.seq + 1 & MASK)
    )


def verdict(packet: Packet) -> bool | None:
    """Whether the checksums hold; None where the capture cannot tell.

    It cannot where bytes are missing, where the packet is so large that a card may have made it of
    several, and where a sum is zero or only that of the pseudo header, which cards finish
    (CHECKSUM_PARTIAL).
    """
    if packet.missing or packet.cut or len(packet.data) > _LARGEST:
        return None
    data = packet.data
    if data[0] == _PLAIN_IPV4 and data[2] << 8 | data[3] == len(data) and data[9] == TCP:
        size = (len(data) - 20).to_bytes(2, "big")  # nearly all: quickly
        both = data[12:20] + b"\0\6" + size + data[20:]
        if ones_sum(both) == 0xFFFF == ones_sum(data[:20]):
            return True
    header, pseudo, tcp = checksum_parts(data)
    if header and ones_sum(header) != 0xFFFF:
        return None if header[10:12] == b"\0\0" else False
    if ones_sum(pseudo + tcp) == 0xFFFF:
        return True
    field = tcp[16] << 8 | tcp[17]
    short = pseudo[:10] if len(pseudo) == 12 else pseudo[:32] + pseudo[36:]  # without its length
    sums = [ones_sum(pseudo), ones_sum(short)]
    unfinished = field == 0 or field in sums or field ^ 0xFFFF in sums
    return None if unfinished else False
