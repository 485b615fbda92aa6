"""``python -m benchmarks.steps``: steps of the interpreter for a segment, function by function.

    python -m benchmarks.steps              the transfer without a trace, and the floor
    python -m benchmarks.steps --traced     with its full trace
    python -m benchmarks.steps --loss 0.01  where one packet in a hundred is lost
    python -m benchmarks.steps --scenario reordering      one run of a scenario, all of it
    python -m benchmarks.steps --classroom  a run of each short scenario, the dearest first

A step is one bytecode instruction of CPython, and a segment's share of the ACKs is in it.  A busy
machine does not change the number, so that one percent can be told from none; but steps are not all
equally long: what counts in the end is `benchmarks.speed`.
"""

from __future__ import annotations

import argparse
import gc
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

from benchmarks import floor, speed, transfer
from tcpcore.scenarios import registry

MSS = 1448
FEW, MANY = 1000, 1400
"""Segments of the two transfers whose difference is looked at: opening and closing drop out."""


class Cost(NamedTuple):
    """What a segment, or a run, takes of one function: `steps` in it, and `calls` of it."""

    steps: float
    calls: float
    function: str
    place: str


def _count(work: Callable[[], object]) -> tuple[Counter[CodeType], Counter[CodeType]]:
    """Steps and calls of each function while `work` runs; no garbage is collected meanwhile.

    When that happens depends on what ran before, and others may have asked to be called then.
    """
    steps: Counter[CodeType] = Counter()
    calls: Counter[CodeType] = Counter()

    def inside(frame: FrameType, event: str, _: Any) -> Any:
        if event == "opcode":
            steps[frame.f_code] += 1
        return inside

    def entered(frame: FrameType, event: str, _: Any) -> Any:
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        calls[frame.f_code] += 1
        return inside

    before, collects = sys.gettrace(), gc.isenabled()
    gc.disable()
    sys.settrace(entered)
    try:
        work()
    finally:
        sys.settrace(before)
        if collects:
            gc.enable()
    return steps, calls


def costs(carry: Callable[[int], object], few: int = FEW, many: int = MANY) -> list[Cost]:
    """What a segment takes where ``carry(size)`` carries so many bytes; the dearest first."""
    steps, calls = _count(lambda: carry(few * MSS))
    more_steps, more_calls = _count(lambda: carry(many * MSS))
    return _sorted(
        [
            _cost(
                code,
                (more_steps[code] - steps[code]) / (many - few),
                (more_calls[code] - calls[code]) / (many - few),
            )
            for code in more_steps
        ]
    )


def _cost(code: CodeType, steps: float, calls: float) -> Cost:
    place = f"{Path(code.co_filename).name}:{code.co_firstlineno}"
    return Cost(steps, calls, code.co_qualname, place)


def _sorted(costs: list[Cost]) -> list[Cost]:
    return sorted(costs, key=lambda cost: -cost.steps)


def whole(work: Callable[[], object]) -> list[Cost]:
    """What `work` takes by itself, the dearest function first."""
    steps, calls = _count(work)
    return _sorted([_cost(code, count, calls[code]) for code, count in steps.items()])


def scenario(name: str) -> list[Cost]:
    """What a run of a scenario takes that is not the first one of this process."""
    registry.run(name)
    return whole(lambda: registry.run(name))


def classroom() -> list[tuple[str, float]]:
    """Each scenario that people look at segment by segment, and the steps of a run of it."""
    taken = [(name, sum(cost.steps for cost in scenario(name))) for name in speed.of_classroom()]
    return sorted(taken, key=lambda one: -one[1])


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.steps", description=__doc__)
    parser.add_argument("--traced", action="store_true", help="with a full trace")
    parser.add_argument("--loss", type=float, default=0.0, help="how likely a packet is lost")
    parser.add_argument("--rows", type=int, default=40, help="how many functions to list")
    parser.add_argument("--scenario", choices=registry.names(), metavar="NAME", help="a run of it")
    parser.add_argument("--classroom", action="store_true", help="a run of each short scenario")
    chosen = parser.parse_args()
    if chosen.classroom:
        for name, taken in classroom()[: chosen.rows]:
            print(f"{taken:9,.0f}  {name}")
        return
    if chosen.scenario:
        found, what = scenario(chosen.scenario), "a run"
    else:
        few, many = (FEW, MANY) if not chosen.loss else (2 * FEW, 6 * FEW)  # losses are few

        def carry(size: int) -> object:
            return transfer.run(size, traced=chosen.traced, loss=chosen.loss)

        found = costs(carry, few, many)
        least = sum(cost.steps for cost in costs(floor.transfer))
        what = f"a segment; the floor: {least:,.0f} steps"
    total, calls = sum(cost.steps for cost in found), sum(cost.calls for cost in found)
    print(f"{total:,.0f} steps and {calls:,.0f} calls {what}")
    for cost in found[: chosen.rows]:
        print(f"{cost.steps:8.1f} {cost.calls:6.2f}  {cost.function}  {cost.place}")


if __name__ == "__main__":
    main()
