"""Answers to what cannot be believed: ACKs, and no more of them than a rate limit allows.

RFC 5961 §7 and tcp_invalid_ratelimit (500 ms) keep two confused ends from answering each other for
ever.  Source: tcp_send_challenge_ack(), tcp_send_dupack() and __tcp_oow_rate_limited().
"""

from __future__ import annotations

from tcpcore import reasons, trace
from tcpcore.tcp import departure
from tcpcore.tcp.tcb import Tcb
from tcpcore.units import MILLISECOND
from tcpcore.why import Reason, Why
from tcpcore.wire.segment import SYN, Segment

CHALLENGES = (reasons.DUPLICATE_SYN, reasons.CHALLENGE_RST, reasons.CHALLENGE_ACK)
"""Why Linux sends what it counts as a challenge ACK; other duplicate ACKs are only ACKs."""


def ask(c: Tcb, now: int, reason: Reason) -> None:
    """Send a challenge ACK, unless one was sent just now."""
    c.event(trace.REFUSED, reason)
    challenge = reason.why in CHALLENGES
    why = reasons.RATE_LIMITED_CHALLENGE if challenge else reasons.RATE_LIMITED
    if not too_soon(c, now, why):
        departure.send_ack(c, now, reason)


def too_soon(c: Tcb, now: int, why: Why = reasons.RATE_LIMITED) -> bool:
    """Whether an answer went out less than tcp_invalid_ratelimit ago; if not, one goes now."""
    limit = c.sysctl.tcp_invalid_ratelimit
    if c.last_challenge is not None and now - c.last_challenge < limit * MILLISECOND:
        c.event(trace.REFUSED, Reason(why, {"limit": limit}))
        return True
    c.last_challenge = now
    return False


def answer(c: Tcb, segment: Segment, now: int, reason: Reason) -> None:
    """Say what we expect to a segment that does not fit; one with data is worth it at any rate."""
    if segment.length and not segment.flags & SYN:
        c.event(trace.REFUSED, reason)
        departure.send_ack(c, now, reason)
    else:
        ask(c, now, reason)
