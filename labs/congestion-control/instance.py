"""One student's path: rate, round-trip time, queue; and what follows from them."""

from __future__ import annotations

from typing import Any

PACKET = 1500


def make(draw: Any, student: str) -> dict[str, Any]:
    """Numbers of the path, and its windows by RFC 5681 and RFC 9438."""
    rate, rtt = draw.randint(5, 40), 10 * draw.randint(4, 20)
    queue = draw.randint(20, 120)
    bdp = rate * 1_000_000 * rtt // 1000 // 8 // PACKET
    w_max = bdp + queue
    return {
        "given": {"rate": rate, "rtt": rtt, "queue": queue, "packet": PACKET},
        "expected": {
            "bdp": bdp,
            "w_max": w_max,
            "reno ssthresh": w_max // 2,
            "cubic ssthresh": w_max * 7 // 10,
            "k": round((w_max * 0.3 / 0.4) ** (1 / 3), 2),
        },
    }
