"""One student's own round trips."""

from __future__ import annotations

from typing import Any


def make(draw: Any, student: str) -> dict[str, Any]:
    """Eight samples in milliseconds; what follows from them is computed by the check."""
    base = draw.randint(20, 900)
    return {"given": {"samples": [base + draw.randint(0, 600) for _ in range(8)]}}
