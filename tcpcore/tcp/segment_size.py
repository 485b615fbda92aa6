"""How large a full segment is: the path's and the peer's limit, and half of a small window.

Source: tcp_sync_mss() and tcp_bound_to_half_wnd() in net/ipv4/tcp_output.c: into a window there go
two segments at least, so that an ACK of the first one can come before the window is shut.  A window
of up to 536 bytes is taken whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tcpcore.tcp import sack

if TYPE_CHECKING:
    from tcpcore.tcp.tcb import Tcb

SMALL_WINDOW = 536
"""TCP_MSS_DEFAULT."""
LEAST = 48
"""An IP packet of 68 bytes, which every link carries (RFC 791), less its headers."""
STAMPS = 12


def of_path(c: Tcb) -> int:
    """What the path carries in one packet, less the headers without options."""
    return c.path_mtu - (60 if ":" in c.remote else 40)


def agree(c: Tcb, said: int) -> None:
    """Take the MSS option of the peer's SYN; 0: it says nothing."""
    if not said and c.fast_open is not None:
        said = c.fast_open.clamp
    c.peer_mss = said or c.snd_mss
    limit = min(c.mss_limit, of_path(c))
    c.snd_mss = max(min(c.peer_mss, limit), c.sysctl.tcp_min_snd_mss)


def advertised(c: Tcb, *, request: bool) -> int:
    """What a SYN says now: a path that turned out narrower makes it less (tcp_advertise_mss()).

    The SYN+ACK of a `request` is not the connection's own, which goes on as it began.
    """
    size = min(c.advertised_mss, max(of_path(c), c.sysctl.min_adv_mss))
    if not request:
        c.advertised_mss = size
    return size


def in_half_window(c: Tcb, size: int, window: int) -> int:
    """`size`, or half of the largest window that the peer ever offered, if that is less."""
    half = window
    if half > SMALL_WINDOW:
        half >>= 1
    if not half or size <= half:
        return size
    least = LEAST - STAMPS if c.timestamps else LEAST
    return half if half > least else least


def mss(c: Tcb) -> int:
    """Payload of a full segment without SACK blocks (`mss_cache`, ``mss:`` of `ss -ti`)."""
    size = c.snd_mss
    if size > c.mss_window >> 1:
        return in_half_window(c, size, c.mss_window)
    return size


def current(c: Tcb) -> int:
    """Payload of a full segment now: SACK blocks that it must carry take room (RFC 9293 §3.7.1).

    Source: tcp_current_mss().
    """
    size = c.snd_mss
    if size > c.mss_window >> 1:
        size = in_half_window(c, size, c.mss_window)
    if not c.sack_blocks and c.duplicate_block is None:
        return size
    return size - sack.option_length(c, sack.OPTION_SPACE - (STAMPS if c.timestamps else 0))
