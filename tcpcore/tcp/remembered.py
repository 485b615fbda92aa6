"""What `metrics` keeps of one host (struct tcp_metrics_block), and what a route says of it."""

from __future__ import annotations


class ByRoute:
    """What the route says that a connection takes, or that the memory of its peer begins with.

    `congestion` is the congestion control that it names, ``""`` for none, and `locked` says that a
    program may choose no other one (``congctl lock NAME``).  `cwnd` is the locked one; `rtt` is in
    microseconds times 8, `ssthresh` and `reordering` are in segments; 0 of each: none.  `fixed`
    names the metrics that no connection changes (``rtt lock 30ms``).
    """

    __slots__ = ("congestion", "cwnd", "fixed", "locked", "reordering", "rtt", "ssthresh")

    def __init__(self) -> None:
        self.congestion = ""
        self.locked = False
        self.cwnd = 0
        self.rtt = 0
        self.ssthresh = 0
        self.reordering = 0
        self.fixed: tuple[str, ...] = ()


class Metrics:
    """One host's; `rtt` is smoothed, in microseconds times 8; 0 of each: unknown.

    They begin with what the route said when the first connection left some (tcpm_suck_dst());
    `cwnd_clamp` is its locked cwnd, and what `fixed` names stays as it was.
    """

    __slots__ = ("cwnd_clamp", "fixed", "reordering", "rtt", "ssthresh")

    def __init__(self, route: ByRoute | None = None) -> None:
        self.cwnd_clamp = route.cwnd if route is not None else 0
        self.rtt = route.rtt if route is not None else 0
        self.reordering = route.reordering if route is not None else 0
        self.ssthresh = route.ssthresh if route is not None else 0
        self.fixed: tuple[str, ...] = route.fixed if route is not None else ()
