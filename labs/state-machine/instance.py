"""One student's own walk: twelve events and the states that they lead through."""

from __future__ import annotations

import importlib.util
import random
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


def beside(name: str) -> Any:
    """Another file of this folder."""
    spec = importlib.util.spec_from_file_location(f"lab state-machine own {name}", HERE / name)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def make(draw: random.Random, student: str) -> dict[str, Any]:
    """`given`: the events; `expected`: the state after each."""
    truth, walks = beside("truth.py"), beside("walks.py")
    while True:
        machine = truth.prepared(draw.randint(0, 2**32 - 1))
        events = walks.walk(machine, draw, disturbed=0.35, most=14)
        states = [result["state"] for _, result in machine.seen]
        if len(events) >= 9 and len(set(states)) >= 5:
            return {"given": {"walk": events}, "expected": {"states": states}}
