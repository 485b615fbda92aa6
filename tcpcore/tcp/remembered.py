"""What `metrics` keeps of one other host (struct tcp_metrics_block)."""

from __future__ import annotations


class Metrics:
    """One host's; `rtt` is smoothed, in microseconds times 8, 0: unknown; `reordering` likewise."""

    __slots__ = ("reordering", "rtt")

    def __init__(self) -> None:
        self.rtt = 0
        self.reordering = 0
