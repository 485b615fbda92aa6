"""The receive window: what a host offers at first, and what it offers next.

Source: tcp_select_initial_window() and __tcp_select_window() in net/ipv4/tcp_output.c.
"""

from __future__ import annotations

from tcpcore.seqnum import MASK
from tcpcore.sysctl import Sysctls
from tcpcore.tcp.tcb import Tcb

MAX_UNSCALED = 65535
MAX_SCALE = 14


def initial(sysctl: Sysctls, mss: int) -> tuple[int, int, int]:
    """``(window, scale, space)`` to offer at the start, for segments of `mss` bytes.

    The window is a whole number of segments.  Half of the buffer counts as space for payload, as
    tcp_win_from_space() reckons before the first data.  RFC 7323 §2.3 bounds the scale by 14.
    """
    space = sysctl.tcp_rmem[1] // 2
    scale = 0
    if sysctl.tcp_window_scaling:
        most = max(space, sysctl.tcp_rmem[2])
        scale = min(max(most.bit_length() - 16, 0), MAX_SCALE)
    usable = min(space, MAX_UNSCALED << MAX_SCALE)
    if usable > mss:
        usable -= usable % mss
    return min(usable, MAX_UNSCALED if not scale else usable), scale, space


def open_receive(c: Tcb, window: int, scale: int, space: int) -> None:
    """Start the receive window of a connection."""
    c.rcv_wnd = window
    c.rcv_scale = scale
    c.rcv_ssthresh = window
    c.rcv_buffer_space = space


def current(c: Tcb) -> int:
    """Bytes of the advertised window that are still open (tcp_receive_window())."""
    left = c.rcv_wnd - ((c.rcv_nxt - c.rcv_wup) & MASK)
    return max(left, 0)


def _wanted(c: Tcb) -> int:
    """The window that the buffer allows (__tcp_select_window())."""
    free = c.rcv_buffer_space - len(c.receive_buffer)
    if free < c.rcv_mss:
        return 0  # nothing rather than a silly little
    wanted = min(free, c.rcv_ssthresh)
    if c.rcv_scale:  # round up to what the scale can say
        return -(-wanted >> c.rcv_scale) << c.rcv_scale
    if free - c.rcv_mss < c.rcv_wnd <= free:
        return c.rcv_wnd
    return wanted - wanted % c.rcv_mss


def would_not_shrink(c: Tcb) -> bool:
    """Whether an ACK sent now would offer at least the window offered last."""
    return _wanted(c) >= c.rcv_wnd


def select(c: Tcb) -> int:
    """Choose the window to advertise now, remember it, and return the 16-bit field.

    What was offered is never taken back (RFC 9293 §3.8.6.2.2).
    """
    wanted = _wanted(c)
    now_open = current(c)
    if wanted < now_open:
        unit = 1 << c.rcv_scale
        wanted = -(-now_open // unit) * unit
    c.rcv_wnd = wanted
    c.rcv_wup = c.rcv_nxt
    return min(wanted >> c.rcv_scale, MAX_UNSCALED)


def opened_enough(c: Tcb) -> bool:
    """Whether reading has freed so much that the sender should be told (tcp_cleanup_rbuf())."""
    now_open = current(c)
    could = _wanted(c)
    return 2 * now_open <= c.rcv_buffer_space and could > 0 and could >= 2 * now_open
