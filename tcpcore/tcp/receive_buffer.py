"""The receive buffer: what lies unread, what memory Linux charges for it, and what room is left.

Linux counts memory, not bytes: every packet costs its buffers' true size, and a ratio that follows
the packets seen turns memory into window.  Source: tcp_win_from_space(), tcp_measure_rcv_mss(),
tcp_grow_window(), tcp_init_buffer_space() and tcp_set_window_clamp() in net/ipv4/.
"""

from __future__ import annotations

from collections import deque
from functools import lru_cache

from tcpcore.tcp import autotune
from tcpcore.tcp.tcb import Tcb

RATIO_BITS = 8
"""The ratio of payload to memory is counted in 1/256 (TCP_RMEM_TO_WIN_SCALE)."""

SMALLEST_CLAMP = 1152
"""SOCK_MIN_RCVBUF / 2."""

SK_BUFF = 256
SHARED_INFO = 320
HEADROOM = 64
PAGE = 4096
WHOLE_PAGES = -PAGE
"""``bytes & WHOLE_PAGES``: those of them that fill pages."""
LINEAR = PAGE - SHARED_INFO - HEADROOM
"""Bytes of a packet that are in one piece; the rest has pages of its own."""
SMALL_HEAD = 576
"""The smallest buffer of a packet (SKB_SMALL_HEAD_SIZE); kernels built with wireless networks or
tunnels have room for more headers, 704."""
PARTLY = 1
"""Behind length, memory and room: a part of the packet was read, or had come before."""
_PARTLY = [PARTLY]
GROWS_FROM = 128
"""Segments in order with less payload do not make the window grow (tcp_event_data_recv())."""


@lru_cache(maxsize=256)
def true_size(packet: int) -> int:
    """Memory that a received IP packet of so many bytes takes: head from kmalloc, and sk_buff.

    As a driver with plain linear buffers allocates (a TUN device does); others differ a little.
    """
    beyond = max(packet - LINEAR, 0)
    return _head(packet - beyond + HEADROOM) + -(-beyond // PAGE) * PAGE + SK_BUFF


@lru_cache(maxsize=256)
def tail_room(packet: int) -> int:
    """Bytes that the head of such a packet has left behind its end (skb_tailroom())."""
    if packet > LINEAR:
        return 0
    return _head(packet + HEADROOM) - SHARED_INFO - HEADROOM - packet


@lru_cache(maxsize=256)
def of_packet(packet: int) -> tuple[int, int]:
    """``(memory, room behind)`` of a received IP packet of so many bytes."""
    return true_size(packet), tail_room(packet)


def shared(length: int) -> tuple[int, int]:
    """``(memory, room behind)`` of a buffer that is made for so much payload of several packets."""
    head = _head(length)
    return head + SK_BUFF, head - SHARED_INFO - length


def _head(size: int) -> int:
    head = -(-size // 64) * 64 + SHARED_INFO
    return SMALL_HEAD if head <= SMALL_HEAD else 1 << (head - 1).bit_length()


def _window_from(c: Tcb, memory: int) -> int:
    return memory * c.scaling_ratio >> RATIO_BITS


def full_space(c: Tcb) -> int:
    """Payload that the whole buffer could hold."""
    return _window_from(c, c.rcvbuf)


def space(c: Tcb) -> int:
    """Payload that what is left of the buffer could hold (tcp_space())."""
    return _window_from(c, c.rcvbuf - c.rmem)


def established(c: Tcb, now: int, *, early: bool = False) -> None:
    """The connection opens: one segment's room is set aside (tcp_init_buffer_space()).

    `early`, before the end of the handshake, timestamps are not yet taken off a segment.
    """
    most, mss = full_space(c), c.advertised_mss if early else segment_size(c)
    clamp, kept = min(c.window_clamp, most), c.sysctl.tcp_app_win
    if kept and most >> kept and clamp == most and most > 4 * mss:
        clamp = max(most - (most >> kept), 4 * mss)
    if kept and 2 * mss < clamp and clamp + mss > most:
        clamp = max(2 * mss, most - mss)
    c.window_clamp = clamp
    c.rcv_ssthresh = min(c.rcv_ssthresh, clamp)
    autotune.start(c, mss, now)


def segment_size(c: Tcb) -> int:
    """Payload of the largest segment that the peer sends us, its timestamps taken off."""
    return c.advertised_mss - (12 if c.timestamps else 0)


def put(c: Tcb, payload: bytes, memory: int, room: int, whole: bool = True) -> None:
    """Add in-order payload to what lies unread; its packet was charged with so much memory.

    It moves into the room behind the last packet where it fits: then its memory is free again
    (tcp_try_coalesce()).  Not so what is not the `whole` of its packet, but its end.
    """
    c.receive_buffer += payload
    length, unread = len(payload), c.unread
    if whole and unread and length <= unread[-1][2]:
        last = unread[-1]
        last[0] += length
        last[2] -= length
        c.rmem -= memory
    else:
        unread.append([length, memory, room] if whole else [length, memory, room, PARTLY])


def free(c: Tcb, memory: int) -> None:
    """A packet's memory is given back, in whole pages (sk_mem_uncharge())."""
    c.rmem -= memory
    c.charged -= (c.charged - c.rmem) & WHOLE_PAGES


def take(c: Tcb, most: int) -> bytes:
    """Remove and return up to `most` bytes; memory is free once all of a packet is read.

    Whole pages of it are given back (sk_mem_uncharge()).
    """
    kept, unread = c.receive_buffer, c.unread
    if most >= len(kept):  # all of it is read
        data, freed = bytes(kept), 0
        kept.clear()
        for packet in unread:
            freed += packet[1]
        unread.clear()
    elif most:
        data = bytes(kept[:most])
        del kept[:most]
        first = unread[0]
        if most < first[0]:
            first[0] -= most
            first[3:] = _PARTLY
            return data
        freed = _packets_read(unread, most)
    else:
        return b""
    if freed:
        c.rmem = rmem = c.rmem - freed
        c.charged -= (c.charged - rmem) & WHOLE_PAGES
    return data


def _packets_read(unread: deque[list[int]], count: int) -> int:
    """Take so many bytes off the packets, at least the first one; the memory of what is read."""
    freed = 0
    while count >= (first := unread[0])[0]:
        count -= first[0]
        freed += first[1]
        unread.popleft()
    if count:
        first[0] -= count
        first[3:] = _PARTLY
    return freed


def packet_seen(c: Tcb, length: int, memory: int) -> None:
    """A full segment of a new size: learn what part of the memory is payload.

    The clamp of the window follows, and the window may open at once up to what was offered.
    """
    ratio = max((length << RATIO_BITS) // memory, 1)
    if ratio == c.scaling_ratio:
        return
    c.scaling_ratio = ratio
    clamp = max(full_space(c), SMALLEST_CLAMP)
    if clamp > c.window_clamp:
        c.rcv_ssthresh = max(min(c.rcv_wnd, clamp), c.rcv_ssthresh)
    else:
        c.rcv_ssthresh = min(c.rcv_ssthresh, clamp)
    c.window_clamp = clamp
    c.tuning.space = min(c.tuning.space, clamp)


def clamp_window(c: Tcb, clamp: int) -> None:
    """Let no window be larger from now on (tcp_set_window_clamp()); it may open up to there."""
    before, c.window_clamp = c.window_clamp, clamp
    if clamp < before:
        c.rcv_ssthresh = min(c.rcv_ssthresh, clamp)
    else:
        c.rcv_ssthresh = max(min(c.rcv_wnd, clamp), c.rcv_ssthresh)


def grow(c: Tcb, length: int, memory: int, held: int) -> None:
    """Data came: let the window grow while a buffer that holds `held` has room.

    Source: tcp_grow_window().
    """
    threshold, clamp, ratio = c.rcv_ssthresh, c.window_clamp, c.scaling_ratio
    if clamp <= threshold:
        return
    most = (c.rcvbuf - held) * ratio >> RATIO_BITS
    room = (clamp if clamp < most else most) - threshold
    if room <= 0:
        return
    if memory * ratio >> RATIO_BITS <= length:
        more = 2 * segment_size(c)
    else:
        more = _grow_slowly(c, length, memory)
    if more:
        if more < 2 * length:
            more = 2 * length
        c.rcv_ssthresh = threshold + (more if more < room else room)
        c.quick_acks |= 1


def _grow_slowly(c: Tcb, length: int, memory: int) -> int:
    """Segments that waste memory let it grow only while it is small (__tcp_grow_window())."""
    cost = _window_from(c, memory) >> 1
    limit = _window_from(c, c.sysctl.tcp_rmem[2]) >> 1
    while c.rcv_ssthresh <= limit:
        if cost <= length:
            return 2 * c.rcv_mss
        cost >>= 1
        limit >>= 1
    return 0
