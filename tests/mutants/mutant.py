"""A rule, and how it is broken."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutant:
    """One broken rule: `old`, which stands once in `file`, becomes `new`."""

    rule: str
    file: str
    old: str
    new: str
