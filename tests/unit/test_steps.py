"""How many steps of the interpreter a segment takes: a number that no busy machine changes."""

from __future__ import annotations

from benchmarks import floor, steps


def count(size: int) -> int:
    """A loop of `size` turns for each segment's worth of bytes."""
    return sum(1 for _ in range(size // steps.MSS))


def test_a_loop_has_the_steps_of_its_turn_and_is_called_once_for_all():
    found = {cost.function: cost for cost in steps.costs(count, 100, 300)}
    assert 2 < found["count.<locals>.<genexpr>"].steps < 10
    assert found["count"].steps == found["count"].calls == 0


def test_the_same_transfer_takes_the_same_steps_each_time():
    assert steps.costs(floor.transfer, 50, 100) == steps.costs(floor.transfer, 50, 100)
