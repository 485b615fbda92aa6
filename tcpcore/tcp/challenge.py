"""Answers to what cannot be believed: ACKs, and no more of them than a rate limit allows.

RFC 5961 §7 and tcp_invalid_ratelimit (500 ms) keep two confused ends from answering each other for
ever.  Source: tcp_send_challenge_ack(), tcp_send_dupack() and __tcp_oow_rate_limited().
"""

from __future__ import annotations

from collections.abc import Callable

from tcpcore import reasons, trace
from tcpcore.tcp import departure
from tcpcore.tcp.tcb import Tcb
from tcpcore.units import MILLISECOND, SECOND
from tcpcore.why import Reason, Why
from tcpcore.wire.segment import SYN, Segment

CHALLENGES = (reasons.DUPLICATE_SYN, reasons.CHALLENGE_RST, reasons.CHALLENGE_ACK)
"""Why Linux sends what it counts as a challenge ACK; other duplicate ACKs are only ACKs."""

UNLIMITED = 2**31 - 1
"""tcp_challenge_ack_limit since 6.0: none."""


class Budget:
    """How many challenge ACKs a host may still send in this second: tcp_challenge_ack_limit.

    A second allows a random number from half of it on, so that nobody outside can count others'
    (CVE-2016-5696); `random_below` gives it.
    """

    __slots__ = ("_left", "_random_below", "_second")

    def __init__(self, random_below: Callable[[int], int]) -> None:
        self._random_below = random_below
        self._second = -1
        self._left = 0

    def spent(self, limit: int, now: int) -> bool:
        """Whether there may be no other one now; if there may, it is taken."""
        if now // SECOND != self._second:
            self._second = now // SECOND
            self._left = (limit + 1 >> 1) + self._random_below(max(limit, 1))
        self._left -= 1
        return self._left < 0


def ask(c: Tcb, now: int, reason: Reason) -> None:
    """Send a challenge ACK, unless one was sent just now."""
    c.event(trace.REFUSED, reason)
    challenge = reason.why in CHALLENGES
    why = reasons.RATE_LIMITED_CHALLENGE if challenge else reasons.RATE_LIMITED
    if too_soon(c, now, why):
        return
    limit = c.sysctl.tcp_challenge_ack_limit
    budget = c.challenges if challenge and limit < UNLIMITED else None
    if budget is not None and budget.spent(limit, now):
        c.event(trace.REFUSED, Reason(reasons.CHALLENGES_SPENT, {"limit": limit}))
        return
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
