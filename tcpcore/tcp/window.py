"""The receive window: what a host offers at first, and what it offers next.

Source: tcp_select_initial_window() and __tcp_select_window() in net/ipv4/tcp_output.c.
"""

from __future__ import annotations

from tcpcore.seqnum import MASK, gt, lt
from tcpcore.sysctl import Sysctls
from tcpcore.tcp import receive_buffer
from tcpcore.tcp.receive_buffer import RATIO_BITS
from tcpcore.tcp.tcb import Tcb
from tcpcore.wire.segment import Segment

MAX_UNSCALED = 65535
MAX_SCALE = 14
MAX_SIGNED = 32767
"""MAX_TCP_WINDOW: the most that a peer understands who takes it for a signed number."""
NEW_RATIO = 128
"""Of payload to memory, in 1/256, until segments have come (TCP_DEFAULT_SCALING_RATIO)."""


def initial(
    sysctl: Sysctls,
    mss: int,
    rcvbuf: int,
    locked: bool = False,
    clamp: int = 0,
    segments: int = 0,
    ratio: int = NEW_RATIO,
) -> tuple[int, int]:
    """``(window, scale)`` to offer at the start, for segments of `mss` bytes.

    The window is a whole number of segments, of half the buffer, or what else `ratio` makes of it;
    RFC 7323 §2.3 bounds the scale.
    It is for the largest buffer that this one may become, or that SO_RCVBUF may ask for; a `locked`
    one (SO_RCVBUF) stays.
    `clamp`, unless 0, is the largest window ever (TCP_WINDOW_CLAMP); `segments`, unless 0, the
    largest at first (the route's initrwnd).  Without a scale the window
    may be more than a segment can say.
    """
    clamp = clamp or MAX_UNSCALED << MAX_SCALE
    space = min(rcvbuf * ratio >> RATIO_BITS, clamp)
    scale = 0
    if sysctl.tcp_window_scaling:
        largest = max(space, sysctl.tcp_rmem[2], sysctl.rmem_max)
        most = space if locked else min(largest, clamp)
        scale = min(max(most.bit_length() - 16, 0), MAX_SCALE)
    usable = space
    if usable > mss:
        usable -= usable % mss
    if sysctl.tcp_workaround_signed_windows:
        usable = min(usable, MAX_SIGNED)
    segments = segments or sysctl.init_rwnd
    if segments:
        usable = min(usable, segments * mss)
    return usable, scale


def open_receive(c: Tcb, mss: int) -> None:
    """Start the receive window of a connection whose peer sends segments of `mss` bytes."""
    clamp = c.window_clamp
    buffer = c.rcvbuf, c.rcvbuf_locked
    segments, ratio = c.initial_rwnd, c.scaling_ratio
    c.rcv_wnd, c.rcv_scale = initial(c.sysctl, mss, *buffer, clamp, segments, ratio)
    c.rcv_ssthresh = c.rcv_wnd
    c.window_clamp = min(MAX_UNSCALED << c.rcv_scale, receive_buffer.full_space(c))
    if clamp:
        c.window_clamp = min(c.window_clamp, clamp)


def without_scaling(c: Tcb) -> None:
    """The peer knows no window scale: neither do we."""
    c.rcv_scale = 0
    c.window_clamp = min(c.window_clamp, MAX_UNSCALED)


def current(c: Tcb) -> int:
    """Bytes of the advertised window that are still open (tcp_receive_window())."""
    left = c.rcv_wnd - ((c.rcv_nxt - c.rcv_wup) & MASK)
    return left if left > 0 else 0


def wanted(c: Tcb) -> int:
    """The window that the buffer allows (__tcp_select_window())."""
    scale, clamp = c.rcv_scale, c.window_clamp
    free = (c.rcvbuf - c.rmem) * c.scaling_ratio >> RATIO_BITS
    half = clamp >> 1
    if scale and free >= half and half and not c.sysctl.tcp_shrink_window:  # there is plenty
        threshold = c.rcv_ssthresh
        return -(-(free if free < threshold else threshold) >> scale) << scale
    allowed = c.rcvbuf * c.scaling_ratio >> RATIO_BITS
    full = clamp if clamp < allowed else allowed
    mss = c.rcv_mss if c.rcv_mss < full else full
    if mss <= 0:
        return 0
    if scale and c.sysctl.tcp_shrink_window:
        return _what_fits(c, free, full, allowed, mss)
    if free < full >> 1:
        c.quick_acks = 0
        free = free >> scale << scale
        if free < allowed >> 4 or free < mss:
            return 0  # nothing rather than a silly little
    if free > c.rcv_ssthresh:
        free = c.rcv_ssthresh
    if scale:  # round up to what the scale can say
        return -(-free >> scale) << scale
    if free > MAX_SIGNED and c.sysctl.tcp_workaround_signed_windows:
        free = MAX_SIGNED
    if free - mss < c.rcv_wnd <= free:
        if mss == full and free > c.rcv_wnd + (full >> 1):
            return free
        return c.rcv_wnd
    return free - free % mss


def _what_fits(c: Tcb, free: int, full: int, allowed: int, mss: int) -> int:
    """What there is memory for, even if it is less than was offered (tcp_shrink_window)."""
    unit = 1 << c.rcv_scale
    free -= free % unit
    if free < full >> 1:
        c.quick_acks = 0
        if free < allowed >> 4 or free < mss or free < unit:
            return 0
    return -(-min(free, c.rcv_ssthresh) // unit) * unit


def would_not_shrink(c: Tcb) -> bool:
    """Whether an ACK sent now would offer at least the window offered last."""
    return wanted(c) >= c.rcv_wnd


def select(c: Tcb) -> int:
    """Choose the window to advertise now, remember it, and return the 16-bit field.

    What was offered is never taken back (RFC 9293 §3.8.6.2.2).
    Linux differs: with tcp_shrink_window=1 it is, where windows are scaled; and where there was no
    memory for what came, the ACK of that takes back all of it.
    """
    if c.no_memory:
        c.no_memory = False
        c.rcv_wnd, c.rcv_wup = 0, c.rcv_nxt
        return 0
    window = wanted(c)
    if window < c.rcv_wnd and not (c.rcv_scale and c.sysctl.tcp_shrink_window):
        now_open = c.rcv_wnd - ((c.rcv_nxt - c.rcv_wup) & MASK)  # or below 0, unlike `current`
        if window < now_open:
            if not window and not c.goes_along:
                c.tally("TcpExtTCPWantZeroWindowAdv")
            unit = 1 << c.rcv_scale
            window = -(-now_open // unit) * unit
    field = window >> c.rcv_scale
    if not (field and c.rcv_wnd):
        _note(c, field)
    c.rcv_wnd = window
    c.rcv_wup = c.rcv_nxt
    return field if field < MAX_UNSCALED else MAX_UNSCALED


def _note(c: Tcb, field: int) -> None:
    """Count windows that shut, or open again (tcp_select_window())."""
    if c.rcv_wnd:
        c.tally("TcpExtTCPToZeroWindowAdv")
    elif field:
        c.tally("TcpExtTCPFromZeroWindowAdv")


def offer(c: Tcb, size: int) -> int:
    """Advertise a window that is known to be right; the field, as `select` has it."""
    field = size >> c.rcv_scale
    if not (field and c.rcv_wnd):
        _note(c, field)
    c.rcv_wnd, c.rcv_wup = size, c.rcv_nxt
    return field if field < MAX_UNSCALED else MAX_UNSCALED


def holds(c: Tcb, segment: Segment, most: int = 1 << 30) -> bool:
    """Whether a segment lies in the window, or its first `most` bytes (tcp_in_window())."""
    start, end = c.rcv_nxt, (c.rcv_nxt + min(c.rcv_wnd, most)) & MASK
    seq = segment.seq
    if seq == start or (gt(segment.end, start) and lt(seq, end)):
        return True
    return seq == end == segment.end


def opened_enough(c: Tcb) -> bool:
    """Whether reading has freed so much that the sender should be told (tcp_cleanup_rbuf())."""
    twice = 2 * (c.rcv_wnd - ((c.rcv_nxt - c.rcv_wup) & MASK))
    if twice > c.window_clamp:
        return False
    could = wanted(c)
    return could > 0 and could >= twice
