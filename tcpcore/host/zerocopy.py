"""MSG_ZEROCOPY: sends that are numbered, and finished when nobody needs their bytes any more.

A send that finds bytes of an earlier one still waiting behind it shares its fate: both are reported
as one range.  A TUN device, as every device that hands packets to a program, copies the bytes when
it sends them, and the report says so; bytes that were never sent were never copied.
Source: msg_zerocopy_realloc(), __msg_zerocopy_callback(), skb_zerocopy_iter_stream() in
net/core/skbuff.c; tcp_sendmsg_locked().
"""

from __future__ import annotations

from collections.abc import Sequence

from tcpcore.seqnum import MASK, geq, gt
from tcpcore.tcp import records, send_buffer
from tcpcore.tcp.connection import Connection

ORIGIN = 5
"""SO_EE_ORIGIN_ZEROCOPY."""
LARGEST = 1 << 19
"""Bytes of sends that may share one report."""
MOST = 0xFFFF - 1
"""Sends that may."""


MOST_PIECES = 17
"""Pages, or parts of one, that a packet can refer to (MAX_SKB_FRAGS)."""
PAGE = 4096


class Range:
    """Sends with consecutive numbers whose bytes lie in the same packets."""

    __slots__ = ("begin", "calls", "copied", "end", "high", "low", "size")

    def __init__(self, number: int, begin: int) -> None:
        self.low = self.high = number
        self.begin = self.end = begin
        self.size = 0
        self.calls = 0  # that are still writing
        self.copied = False


class Sends:
    """The zero-copy sends of one socket that are not yet finished."""

    __slots__ = ("_pending", "number")

    def __init__(self) -> None:
        self.number = 0  # of the next one
        self._pending: list[Range] = []

    def begin(self, c: Connection, size: int) -> Range:
        """A send() of `size` bytes begins; to be given to `ends`."""
        last = self._pending[-1] if self._pending else None
        unsent = c.snd_nxt != c.write_end and gt(c.write_end, c.snd_nxt)
        behind = last is not None and unsent and last.end == c.write_end
        if last is not None and behind and self._takes(last, size):
            last.high = self.number
        else:
            if behind or not unsent:
                records.ends_at(c, c.write_end)  # a packet belongs to one range only
            last = Range(self.number, c.write_end)
            self._pending.append(last)
        self.number = (self.number + 1) & MASK
        last.size += size
        last.calls += 1
        return last

    def _takes(self, last: Range, size: int) -> bool:
        count = (last.high - last.low + 1) & MASK
        follows = (last.high + 1) & MASK == self.number
        return follows and last.size + size <= LARGEST and count < MOST

    def opened(self, c: Connection) -> Range:
        """The same for what a SYN carries, and what waits behind it."""
        part = Range(self.number, (c.iss + 1) & MASK)
        self.number = (self.number + 1) & MASK
        part.calls, part.end = 1, c.write_end
        self._pending.append(part)
        return part

    def ends(self, part: Range, written: int) -> None:
        """The send returns; what wrote nothing gives its number back."""
        part.calls -= 1
        if written:
            return
        self.number = (self.number - 1) & MASK
        if part.low == part.high:
            self._pending.remove(part)
        else:
            part.high = (part.high - 1) & MASK

    def room_behind(self, c: Connection) -> int:
        """Bytes that the last packet of a range has room for."""
        last = self._pending[-1] if self._pending else None
        if last is None or last.end != c.write_end or not gt(c.write_end, c.snd_nxt):
            return 0
        return -((c.write_end - c.snd_nxt) & MASK) % send_buffer.large_packet(c)

    def joined(self, size: int) -> None:
        """So many plain bytes were written behind a range: it is not done before they are."""
        self._pending[-1].end = (self._pending[-1].end + size) & MASK

    def finished(self, c: Connection, *, over: bool) -> list[Range]:
        """The ranges that are done now.

        All are when the connection is `over`, those first of which nothing was sent.
        """
        if not self._pending:
            return []
        for part in self._pending:
            part.copied = part.copied or gt(c.snd_nxt, part.begin)
            if part.calls and gt(c.write_end, part.end):
                part.end = c.write_end
        done = [
            part
            for part in self._pending
            if not part.calls and (over or (geq(c.snd_una, part.end) and part.end != part.begin))
        ]
        self._pending = [part for part in self._pending if part not in done]
        done.sort(key=lambda part: part.copied)
        return done


def fill_packets(c: Connection, sizes: Sequence[int]) -> None:
    """Buffers of these sizes are about to be written: a packet takes so many pieces of them.

    Each begins at a page.  A packet that is full ends with PSH, and the next one begins.
    """
    place, pieces = c.write_end, 0
    for size in sizes:
        for at in range(0, size, PAGE):
            if pieces == MOST_PIECES:
                records.ends_at(c, place)
                pieces = 0
            pieces += 1
            place = (place + min(PAGE, size - at)) & MASK
