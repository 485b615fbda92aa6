"""One student's desk: eight tickets, each a capture with what ss and nstat said."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any


def _cases() -> Any:
    spec = importlib.util.spec_from_file_location("cases", Path(__file__).with_name("cases.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def make(draw: Any, student: str) -> dict[str, Any]:
    """Tickets A to H: eight of the causes, in an order of their own, with settings of their own."""
    cases = _cases()
    causes = draw.sample(sorted(cases.CASES), 8)
    tickets, expected = {}, {}
    for letter, cause in zip("ABCDEFGH", causes, strict=True):
        scenario, settings, side = cases.CASES[cause]
        trace = cases.run(scenario, settings(draw))
        host = [name for name, _ in trace.hosts].index(side)
        tickets[letter] = {
            "captured on": side,
            "tcpdump": cases.capture(trace, host),
            "end": cases.snapshot(trace),
        }
        expected[f"cause {letter}"] = cause
    return {"given": {"causes": sorted(cases.CASES), "tickets": tickets}, "expected": expected}
