"""SACK compression: one ACK for several segments from beyond a hole.

RFC 5681 §4.2 asks for a duplicate ACK at once for each of them.  Linux differs, since 4.18: after
the three that fast retransmit waits for, further ones wait a twentieth of a round trip, at most
`tcp_comp_sack_delay_ns`, and `tcp_comp_sack_slack_ns` more; one ACK then reports everything.
Source: __tcp_ack_snd_check(), tcp_compressed_ack_kick() and tcp_sack_compress_send_ack().
"""

from __future__ import annotations

from tcpcore import reasons
from tcpcore.tcp import delayed_ack, departure, sack, timers
from tcpcore.tcp.tcb import Tcb
from tcpcore.why import Reason

AT_ONCE = 3
"""Duplicate ACKs that are never held back (TCP_FASTRETRANS_THRESH)."""
BLOCKS_EXPECTED = 2
"""So many blocks at most can be told later without loss (TCP_SACK_BLOCKS_EXPECTED)."""
_SHARE = 20
_NANOSECONDS = 1000


def holds_back(c: Tcb, now: int) -> bool:
    """Whether the ACK that out-of-order data calls for waits for more of it; its timer then runs.

    What makes an ACK due without any hole, quick-ACK mode above all, goes before.
    """
    if not c.sack_permitted or c.held_acks >= c.sysctl.tcp_comp_sack_nr:
        return False
    if c.ack_now or delayed_ack.due_now(c) is not None:
        return False
    if c.duplicates_at != c.rcv_nxt:
        c.duplicates_at, c.duplicates_sent = c.rcv_nxt, 0
    if c.duplicates_sent < AT_ONCE:
        c.duplicates_sent += 1
        return False
    c.held_acks += 1
    if c.held_acks == 1:
        timers.set_ack_compression(c, now + _wait(c))
    return True


def _wait(c: Tcb) -> int:
    """How long, in us, the first one waits for others.

    A timer with slack goes off at the end of it, unless the processor is awake before.
    """
    rtt = c.tuning.rtt  # eightfold, as srtt
    if c.srtt and c.srtt < rtt:
        rtt = c.srtt
    share = rtt * (_NANOSECONDS >> 3) // _SHARE
    s = c.sysctl
    return (min(s.tcp_comp_sack_delay_ns, share) + s.tcp_comp_sack_slack_ns) // _NANOSECONDS


def before_block(c: Tcb, seq: int, end: int, now: int) -> None:
    """Send what is held back before a new block comes to two others, or an old one to the front.

    One that grows is told of as it is now; of a new one nothing is said before the next ACK.
    Source: tcp_sack_new_ofo_skb().
    """
    number = sack.place(c, seq, end)
    if number >= BLOCKS_EXPECTED:
        sack.widen(c, number, seq, end)
        release(c, now)


def release(c: Tcb, now: int) -> None:
    """One ACK for all that were held back; it is none of those that were saved."""
    reason = Reason(reasons.ACK_COMPRESSED, {"held": c.held_acks})
    c.held_acks -= 1
    departure.send_ack(c, now, reason)
