"""Alignment of two sequences of events, so that one missing event does not spoil all after it.

The classic edit distance: a pair costs what differs between the two, an event without partner
costs more than a pair that differs a little and less than one that has little in common.  Among
equal events (a SYN sent again and again) time decides who belongs to whom.
"""

from __future__ import annotations

from typing import Any

Timed = tuple[int, dict[str, Any]]
"""When (µs), and the facts of the event."""
Pair = tuple[int | None, int | None]

_UNIT = 1000
_ALONE = 3 * _UNIT
_WEIGHTS = {"flags": 2, "seq": 2, "length": 2, "call": 7}
"""What makes an event what it is weighs more; all others weigh 1."""
_INSTANT = 10_000
"""Times that differ by much less than this, in µs, are the same to an alignment."""


def align(left: list[Timed], right: list[Timed]) -> list[Pair]:
    """Pairs of indices in order; None where one side has no partner."""
    costs = _costs(left, right)
    pairs: list[Pair] = []
    i, j = len(left), len(right)
    while i or j:
        if i and j and costs[i][j] == costs[i - 1][j - 1] + _unlike(left[i - 1], right[j - 1]):
            i, j = i - 1, j - 1
            pairs.append((i, j))
        elif i and costs[i][j] == costs[i - 1][j] + _ALONE:
            i -= 1
            pairs.append((i, None))
        else:
            j -= 1
            pairs.append((None, j))
    return pairs[::-1]


def _costs(left: list[Timed], right: list[Timed]) -> list[list[int]]:
    """``costs[i][j]``: the least cost of aligning the first `i` with the first `j`."""
    costs = [[_ALONE * j for j in range(len(right) + 1)]]
    for i, ours in enumerate(left, 1):
        row = [_ALONE * i]
        above = costs[-1]
        for j, theirs in enumerate(right, 1):
            pair = above[j - 1] + _unlike(ours, theirs)
            row.append(min(pair, above[j] + _ALONE, row[-1] + _ALONE))
        costs.append(row)
    return costs


def _unlike(ours: Timed, theirs: Timed) -> int:
    apart = abs(ours[0] - theirs[0]) * (_UNIT // 2) // (_INSTANT + max(ours[0], theirs[0], 0))
    facts = sum(_WEIGHTS.get(name, 1) for name in ours[1] if ours[1][name] != theirs[1].get(name))
    return facts * _UNIT + min(apart, _UNIT - 1)
