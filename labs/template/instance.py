"""One student's own task."""

from __future__ import annotations

from typing import Any


def make(draw: Any, student: str) -> dict[str, Any]:
    """`given` is for the student to see, `expected` is not."""
    rtt = 2 * draw.randint(5, 250)
    return {"given": {"rtt": rtt}, "expected": {"accept": rtt + rtt // 2}}
