"""One student's host: its settings, and what the fix has to reach."""

from __future__ import annotations

from typing import Any


def make(draw: Any, student: str) -> dict[str, Any]:
    """Settings that no other student has (there are some millions of them)."""
    host = {
        "tcp_syn_retries": draw.randint(2, 7),
        "tcp_syn_linear_timeouts": draw.randint(0, 6),
        "tcp_synack_retries": draw.randint(2, 7),
        "tcp_retries2": draw.randint(5, 14),
        "tcp_orphan_retries": draw.randint(0, 7),
        "tcp_rto_max_ms": draw.choice([5000, 8000, 10000, 15000, 20000, 30000, 45000, 60000]),
        "rtt": draw.choice([4, 12, 20, 36, 60, 80, 120, 160, 200, 240]),
        "keep_idle": draw.randint(5, 120),
        "keep_interval": draw.randint(2, 30),
        "keep_count": draw.randint(2, 9),
    }
    outage = draw.randint(8, 20)
    heard_within = outage + draw.randint(8, 20)
    return {
        "given": {
            "host": host,
            "mend": {
                "connect_within": draw.randint(8, 30),
                "outage": outage,
                "heard_within": heard_within,
                "idle_heard_within": heard_within + draw.randint(5, 30),
                "most_probes": draw.randint(4, 8),
            },
        }
    }
