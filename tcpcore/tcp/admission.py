"""How much of a write is taken in: what fits into the send buffer while it is on its way out.

A write fills one large packet after another.  Only a new one asks whether there is memory.  As soon
as the first is full it is sent as far as the windows let it; what remains of it is filled again.
Source: tcp_sendmsg_locked(), tcp_push_one(), forced_push() and tso_fragment() in net/ipv4.
"""

from __future__ import annotations

from tcpcore.seqnum import HALF, MASK
from tcpcore.tcp import departure, segment_size, send_buffer, sending, write_queue
from tcpcore.tcp.congestion import prr
from tcpcore.tcp.tcb import Tcb


def taken(c: Tcb, size: int) -> int:
    """How many of `size` bytes may be queued now; 0: send() blocks."""
    unsent, mss = send_buffer.unsent(c), segment_size.mss(c)
    limit = send_buffer.notsent_limit(c)
    most = send_buffer.queued(c) + size + send_buffer.OVERHEAD * (size // mss + 2)
    packets = prr.packets_out(c)
    if unsent:
        packets += unsent // send_buffer.large_packet(c)
    most += send_buffer.OVERHEAD * packets
    if most < c.sndbuf and unsent + size < limit:
        return size
    large, done = send_buffer.large_packet(c), 0
    write = _Write(c, large, mss, unsent, write_queue.last_length(c))
    while done < size:
        room = large - write.tail if write.unsent else 0
        if not room:
            if write.memory >= c.sndbuf or write.unsent >= limit:
                break
            write.begin_packet()
            room = large
        part = min(room, size - done)
        write.add(part)
        done += part
        if done < size:
            write.push(done)
    return done


class _Write:
    """The write queue while one write goes on."""

    def __init__(self, c: Tcb, large: int, mss: int, unsent: int, tail: int) -> None:
        self.large = large
        self.unsent = unsent
        self.tail = tail  # bytes of the packet that is being filled
        self.memory = send_buffer.memory(c)
        self.mss = mss
        self.burst = sending.burst_segments(c, mss)
        self.half = c.max_window >> 1
        self.pushed = 0
        self.window = self.room = 0  # bytes, and segments, that may still go
        if departure.takes_data(c):
            self.window = ((c.snd_una + c.snd_wnd - c.snd_nxt + HALF) & MASK) - HALF
            self.room = max(c.cwnd - prr.in_flight(c), 0)

    def begin_packet(self) -> None:
        self.memory += send_buffer.OVERHEAD
        self.tail = 0

    def add(self, count: int) -> None:
        self.tail += count
        self.unsent += count
        self.memory += count

    def push(self, done: int) -> None:
        """A packet is full: send it if it is the first one, or all if half a window waits."""
        if done - self.pushed > self.half:
            self.pushed = done
            while self._send():
                pass
        elif self.unsent <= self.tail:
            self._send()

    def _send(self) -> bool:
        """Send what goes at once; whether anything does.  The window may cut the last segment."""
        piece = min(self.unsent, min(self.room, self.burst) * self.mss)
        if self.window < piece:
            piece = self.window if self.window >= self.mss else 0
        if piece <= 0:
            return False
        behind = self.unsent - self.tail
        if piece != (behind % self.large or (self.large if behind else self.tail)):
            self.memory += send_buffer.OVERHEAD  # it is cut off from its packet
        self.unsent -= piece
        self.window -= piece
        self.room -= -(-piece // self.mss)
        self.tail = min(self.tail, self.unsent)
        return True
