"""Ten of the sixteen rules, a student's own."""

from __future__ import annotations

import importlib.util
import random
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("mutants.py")


def make(draw: random.Random, student: str) -> dict[str, Any]:
    """The rules that will be broken, by their names and as sentences."""
    spec = importlib.util.spec_from_file_location("lab drill-author own mutants", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    names = draw.sample(list(module.MUTANTS), 10)
    return {"given": {"rules": {name: module.MUTANTS[name].rule for name in names}}}
