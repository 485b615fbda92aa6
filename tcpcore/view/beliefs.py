"""Forty beliefs about TCP, and the prediction that puts each to the test."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from tcpcore.view.claims import LISTS

BELIEFS = LISTS / "beliefs.txt"


@dataclass(frozen=True, slots=True)
class Belief:
    """What people believe, in the words of a believer; `prediction` is the key of `predict`."""

    number: str
    chapter: str
    prediction: str
    says: str


@cache
def beliefs() -> tuple[Belief, ...]:
    """All of them, in the list's order."""
    lines = BELIEFS.read_text(encoding="utf-8").splitlines()
    return tuple(
        Belief(*(part.strip() for part in line.split("|", 3)))
        for line in lines
        if not line.startswith("#")
    )
