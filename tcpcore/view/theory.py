"""What theory says about a window, to lay beside what the engine does.

The formulas are those of papers and RFCs, in floats; nothing in the engine uses them.
"""

from __future__ import annotations

from tcpcore.errors import UsageError

MSS = 1448
BETA, C = 0.7, 0.4
"""CUBIC's constants (RFC 9438 §4.1.2)."""


def mathis(rtt: float, loss: float, mss: int = MSS) -> float:
    """Mbit/s of a Reno whose only trouble is loss by chance, one ACK's worth for each segment.

    `rtt` in ms, `loss` in per cent.  MSS/RTT * sqrt(3/2) / sqrt(p): Mathis, Semke, Mahdavi, Ott:
    The Macroscopic Behavior of the TCP Congestion Avoidance Algorithm, CCR 27(3), 1997.
    """
    if rtt <= 0 or loss <= 0:
        raise UsageError(f"The formula takes a round trip and a loss above 0, not {rtt}, {loss}.")
    bits_per_second: float = 8 * mss / (rtt / 1000) * (1.5 / (loss / 100)) ** 0.5
    return bits_per_second / 1e6


def cubic_window(seconds: float, before: float) -> float:
    """CUBIC's window in segments, so long after a loss that found it at `before` (RFC 9438 §4.2).

    W(t) = C (t - K)^3 + Wmax, with K = cbrt(Wmax (1 - beta) / C): it is back after K seconds.
    """
    return C * (seconds - cubic_wait(before)) ** 3 + before


def cubic_wait(before: float) -> float:
    """K: seconds until the window is back where the loss found it; no round trip is in it."""
    wait: float = (before * (1 - BETA) / C) ** (1 / 3)
    return wait


def reno_wait(before: float, rtt: float) -> float:
    """The same for Reno, which gains a segment in each round trip of `rtt` ms."""
    return before / 2 * rtt / 1000
