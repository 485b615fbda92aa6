"""One student's line, and the six pairs as an operator saw them on it, in an order of their own."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any


def _module(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def make(draw: Any, student: str) -> dict[str, Any]:
    """The symptoms A to F, each of one broken pair, and which pair that is."""
    pairs, world = _module("pairs"), _module("world")
    rtt = 2 * draw.randint(10, 140)
    numbers = list(pairs.PAIRS)
    draw.shuffle(numbers)
    symptoms = {}
    for letter, number in zip("ABCDEF", numbers, strict=True):
        serve, ask = (getattr(pairs, f"{side}_{number}") for side in ("server", "client"))
        symptoms[letter] = world.Run(serve, ask, rtt).symptoms()
    return {
        "given": {"rtt": rtt, "symptoms": symptoms},
        "expected": {f"symptom {x}": n for x, n in zip("ABCDEF", numbers, strict=True)},
    }
