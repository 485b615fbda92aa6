"""Explicit congestion notification: routers mark packets instead of dropping them (RFC 3168).

Both ends agree in the SYNs.  Data then goes out with ECT(0); who receives a packet marked CE says
ECE in every ACK until the sender answers with CWR, after it has reduced its window once.
Linux differs: tcp_ecn=2, the default, agrees when asked, but does not ask.
Source: tcp_ecn_*() in net/ipv4/tcp_input.c and tcp_output.c (include/net/tcp_ecn.h).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tcpcore.tcp import state
from tcpcore.wire.segment import CWR, ECE, RST, SYN, Segment

if TYPE_CHECKING:
    from tcpcore.tcp.tcb import Tcb

OK, QUEUE_CWR, DEMAND_CWR, SEEN = 1, 2, 4, 8
"""Agreed; our next new data has CWR; say ECE until the peer's CWR comes; the peer has sent ECT."""

NOT_ECT, ECT_1, ECT_0, CE = 0, 1, 2, 3
MASK = 3
ASKED = ECE | CWR
ASK, AGREE = 1, 2
"""Values of tcp_ecn: ask for it and agree to it; only agree."""


def asks(c: Tcb) -> bool:
    """Whether our SYN asks: the first one does, one sent again no more (tcp_ecn_fallback)."""
    first = not c.total_retrans or not c.sysctl.tcp_ecn_fallback
    return c.sysctl.tcp_ecn == ASK and first


def asked(c: Tcb) -> None:
    """Our SYN asks: until the answer says no, we reckon with it (tcp_ecn_send_syn())."""
    c.ecn = c.ecn or OK


def syn_arrived(c: Tcb, segment: Segment) -> None:
    """The peer's SYN: does it ask, and do we agree?  A SYN with ECT itself is no such one.

    Where SYNs cross, both must have asked (tcp_ecn_rcv_syn()).
    """
    wanted = segment.flags & ASKED == ASKED
    if c.state == state.SYN_SENT:
        c.ecn = c.ecn if wanted else 0
        return
    wanted = wanted and segment.tos & MASK == NOT_ECT
    c.ecn = OK if wanted and c.sysctl.tcp_ecn else 0


def syn_ack_arrived(c: Tcb, segment: Segment) -> None:
    """The answer to our SYN: ECE without CWR agrees, even if only the first of our SYNs asked."""
    if segment.flags & ASKED != ECE:
        c.ecn = 0


def marked(c: Tcb, flags: int, new_data: bool) -> tuple[int, int]:
    """``(flags, ECN bits)`` of a segment that goes out with these flags.

    Only new data has ECT, and one such segment CWR; not what is sent again, nor pure ACKs.
    """
    if flags & SYN or not c.ecn & OK:
        return flags, NOT_ECT
    if c.ecn & DEMAND_CWR:
        flags |= ECE
    if not new_data or flags & RST:
        return flags, NOT_ECT
    if c.ecn & QUEUE_CWR:
        c.ecn &= ~QUEUE_CWR
        flags |= CWR
    return flags, ECT_0


def mark_arrived(c: Tcb) -> None:
    """A segment has a mark.  Where RFC 3168 was not agreed on, Accurate ECN's counts see it.

    Source: tcp_ecn_received_counters().
    """
    if not c.ecn & OK:
        c.ecn |= SEEN


def reduction_arrived(c: Tcb) -> None:
    """The peer has reduced its window, as CWR says: no ECE from now on (tcp_ecn_accept_cwr()).

    Linux differs: RFC 3168 §6.1.2 has CWR on new data only; a pure ACK with it counts as well.
    """
    c.ecn &= ~DEMAND_CWR


def data_arrived(c: Tcb, segment: Segment) -> bool:
    """Data came: marked on the way?  Whether ACKs should be quick now."""
    quick = False
    if segment.flags & CWR:
        c.ack_now = True  # the peer's window may be small now
    mark = segment.tos & MASK
    if mark == NOT_ECT:
        quick = bool(c.ecn & SEEN)  # probably sent again
    elif mark == CE:
        quick = not c.ecn & DEMAND_CWR
        c.ecn |= DEMAND_CWR | SEEN
    else:
        c.ecn |= SEEN
    return quick


def echoed(c: Tcb, segment: Segment) -> bool:
    """Whether an ACK says that our data was marked."""
    return bool(c.ecn & OK and segment.flags & (ECE | SYN) == ECE)


def reduced(c: Tcb) -> None:
    """The window was reduced: tell the peer with the next new data."""
    if c.ecn & OK:
        c.ecn |= QUEUE_CWR


def withdrawn(c: Tcb) -> None:
    """The reduction was taken back."""
    c.ecn &= ~QUEUE_CWR
