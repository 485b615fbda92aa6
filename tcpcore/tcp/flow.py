"""The variables of how fast a connection sends and delivers: rate samples and pacing.

What they mean stands in `rate` and `pacing`.  Names are Linux's where it has one; times are
microseconds, `wstamp` nanoseconds, rates bytes a second.  Source: struct tcp_sock, struct sock and
struct rate_sample.
"""

from __future__ import annotations

from dataclasses import dataclass

from tcpcore.tcp.minmax import Windowed
from tcpcore.units import SECOND

Stamp = tuple[int, int, int, bool]
"""What a segment remembers of when it was sent: delivered until then, when that was, when the
segment was sent whose delivery began the round, and whether the application had no more."""

JIFFY = 4_000
"""The kernel's clock for slow things, in us: CONFIG_HZ=250."""
HZ = SECOND // JIFFY
"""Its ticks in a second."""

UNLIMITED = 0xFFFF_FFFF_FFFF_FFFF
"""A rate without limit (~0UL)."""

BUBBLE = -1
"""`app_limited` before the first answer: all that was delivered lies behind it."""


class Flow:
    """See the module."""

    __slots__ = (
        "app_limited",
        "delivered_at",
        "first_sent_at",
        "max_pacing_rate",
        "paced",
        "pacing_rate",
        "rate_app_limited",
        "rate_delivered",
        "rate_interval",
        "rtts",
        "stamp",
        "wstamp",
    )

    def __init__(self) -> None:
        self.delivered_at = 0  # delivered_mstamp: when something was delivered last
        self.first_sent_at = 0  # first_tx_mstamp: when what was delivered last had been sent
        self.app_limited = BUBBLE  # samples are the application's until so much is delivered; 0: no
        self.stamp: Stamp = (0, 0, 0, True)  # of what is sent now
        # The sample that is worth showing:
        self.rate_delivered = 0  # segments
        self.rate_interval = 0  # us
        self.rate_app_limited = True
        self.rtts = Windowed(1)  # behind `min_rtt`
        # Pacing:
        self.pacing_rate = UNLIMITED  # sk_pacing_rate
        self.max_pacing_rate = UNLIMITED  # SO_MAX_PACING_RATE
        self.paced = False  # SK_PACING_NEEDED
        self.wstamp = 0  # tcp_wstamp_ns: before that, nothing more is sent

    def remember(self, delivered: int) -> None:
        """What is sent from now on remembers what has been delivered by now."""
        limited = self.app_limited != 0
        self.stamp = (delivered, self.delivered_at, self.first_sent_at, limited)

    def mark_app_limited(self, delivered: int, flight: int) -> None:
        """Samples are the application's until what is in flight now is delivered."""
        self.app_limited = delivered + flight or 1
        self.remember(delivered)


@dataclass(slots=True)
class RateSample:
    """What one ACK says about the rate; segments and us, negative where nothing is known."""

    prior_delivered: int = 0  # delivered when what is acknowledged now was sent
    prior_at: int | None = None  # and when that was
    app_limited: bool = False
    last_end: int = 0  # end of the segment that all this is about
    interval: int = -1  # in which `delivered` were delivered
    delivered: int = -1
    rtt: int = -1
    acked: int = 0  # acked_sacked: delivered by this ACK
    losses: int = 0  # counted as lost by this ACK
    in_flight: int = 0  # before it
    ack_delayed: bool = False  # it may be an ACK that waited
