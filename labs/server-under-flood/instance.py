"""One student's server: how hard it is attacked, and how slow its application is."""

from __future__ import annotations

from typing import Any


def make(draw: Any, student: str) -> dict[str, Any]:
    """Rates and times that no other student has, and the sizes that follow from them."""
    flood = draw.randint(30, 90)
    retries = draw.randint(1, 3)
    burst = draw.randint(30, 90)
    service = draw.randint(15, 45)
    lifetime = 2 ** (retries + 1) - 1
    return {
        "given": {
            "flood": flood,
            "tcp_synack_retries": retries,
            "burst": burst,
            "service": service,
            "rtt": 2 * draw.randint(10, 60),
        },
        "expected": {
            "lifetime": lifetime,
            "half open": flood * lifetime,
            "backlog": burst - 2,
            "last in line": service * burst,
        },
    }
