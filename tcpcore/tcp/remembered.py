"""What `metrics` keeps of one host (struct tcp_metrics_block), and what a route says of it."""

from __future__ import annotations


class Metrics:
    """One host's; `rtt` is smoothed, in microseconds times 8; 0 of each: unknown.

    `cwnd_clamp` is the locked cwnd of the route at the time when the first connection left one.
    """

    __slots__ = ("cwnd_clamp", "reordering", "rtt", "ssthresh")

    def __init__(self, cwnd_clamp: int = 0) -> None:
        self.cwnd_clamp = cwnd_clamp
        self.rtt = 0
        self.reordering = 0
        self.ssthresh = 0


class ByRoute:
    """The congestion control that a route names, ``""`` for none, and its locked cwnd, or 0.

    `locked`: a program may choose no other one (``congctl lock NAME``).
    """

    __slots__ = ("congestion", "cwnd", "locked")

    def __init__(self, congestion: str, locked: bool, cwnd: int) -> None:
        self.congestion = congestion
        self.locked = locked
        self.cwnd = cwnd
