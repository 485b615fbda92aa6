"""How much of a write is taken in: what fits into the send buffer while it is on its way out.

A write fills one large packet after another.  Only a new one asks whether there is memory.  As soon
as the first is full it is sent as far as the windows let it; what remains of it is filled again,
and may take the one behind it in.
Source: tcp_sendmsg_locked(), tcp_push_one(), forced_push() and tso_fragment() in net/ipv4.
"""

from __future__ import annotations

from tcpcore.seqnum import HALF, MASK
from tcpcore.tcp import departure, segment_size, send_buffer, sending, write_queue
from tcpcore.tcp.congestion import prr
from tcpcore.tcp.tcb import Tcb

PAGE, LEAST_OF_PAGE = 32768, 32
"""Bytes that are allocated at once (SKB_FRAG_PAGE_ORDER), and with how few left a new one is."""


def taken(c: Tcb, size: int) -> int:
    """How many of `size` bytes may be queued now; 0: send() blocks."""
    unsent, mss = send_buffer.unsent(c), segment_size.current(c)
    limit = send_buffer.notsent_limit(c)
    most = send_buffer.queued(c) + size + send_buffer.OVERHEAD * (size // mss + 2)
    packets = prr.packets_out(c)
    if unsent:
        packets += unsent // send_buffer.large_packet(c)
    most += send_buffer.OVERHEAD * packets
    if most < c.sndbuf and unsent + size < limit:
        return size
    large, done = send_buffer.large_packet(c), 0
    write = _Write(c, mss)
    while done < size:
        room = large - write.packets[-1] if write.packets else 0
        if room <= 0:
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


def copied(c: Tcb, good: int, size: int) -> int:
    """How many of `size` bytes are taken in if only the first `good` can be read.

    They are copied as far as a packet goes, or a page of 32 KB (sk_page_frag()), whichever ends
    first; of a piece that cannot be read to its end nothing is taken.
    Linux differs: the page may be one that the same thread began for another socket.
    """
    large, mss = send_buffer.large_packet(c), segment_size.current(c)
    write = _Write(c, mss)
    begun = (c.write_end - c.iss - 1) & MASK if send_buffer.queued(c) else 0
    done, page = 0, PAGE - begun % PAGE
    while write.memory < c.sndbuf:
        room = large - write.packets[-1] if write.packets else 0
        if room <= 0:
            write.begin_packet()
            room = large
        part = min(room, page, size - done)
        if done + part > good:
            break
        write.add(part)
        done += part
        page = page - part if page - part >= LEAST_OF_PAGE else PAGE
        if write.packets[-1] >= large:
            write.push(done)
    return done


class _Write:
    """The write queue while one write goes on: bytes of each packet, the first one first."""

    def __init__(self, c: Tcb, mss: int) -> None:
        self.packets = write_queue.lengths(c)
        self.unsent = sum(self.packets)
        self.memory = send_buffer.memory(c)
        self.mss = mss
        self.burst = min(sending.burst_segments(c, mss), c.cwnd >> 1 or 1)
        self.half = c.max_window >> 1
        self.pushed = 0
        self.window = self.room = 0  # bytes, and segments, that may still go
        if departure.takes_data(c):
            self.window = ((c.snd_una + c.snd_wnd - c.snd_nxt + HALF) & MASK) - HALF
            self.room = max(c.cwnd - prr.in_flight(c), 0)

    def begin_packet(self) -> None:
        self.memory += send_buffer.OVERHEAD
        self.packets.append(0)

    def add(self, count: int) -> None:
        self.packets[-1] += count
        self.unsent += count
        self.memory += count

    def push(self, done: int) -> None:
        """A packet is full: send it if it is the first one, or all if half a window waits."""
        if done - self.pushed > self.half:
            self.pushed = done
            while self._send():
                pass
        elif len(self.packets) == 1:
            self._send()

    def _send(self) -> bool:
        """Send what goes at once; whether anything does.  The window may cut the last segment."""
        packets, most = self.packets, min(self.room, self.burst) * self.mss
        if not packets or not most:
            return False
        if packets[0] < most:
            self._grow(most - packets[0])
        piece = min(packets[0], most)
        if self.window < piece:
            piece = self.window if self.window >= self.mss else 0
        if piece <= 0:
            return False
        packets[0] -= piece
        if packets[0]:
            self.memory += send_buffer.OVERHEAD  # it is cut off from its packet
        else:
            del packets[0]
        self.unsent -= piece
        self.window -= piece
        self.room -= -(-piece // self.mss)
        return True

    def _grow(self, room: int) -> None:
        """The first packet takes of the next one what still goes with it (tcp_grow_skb()).

        Whether the window then lets it go or not.
        """
        packets = self.packets
        if len(packets) < 2:
            return
        more = min(room, packets[1])
        packets[0] += more
        packets[1] -= more
        if not packets[1]:
            del packets[1]
            self.memory -= send_buffer.OVERHEAD
