"""How many steps of the interpreter a segment takes: a number that no busy machine changes."""

from __future__ import annotations

import gc

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


def test_garbage_that_is_collected_meanwhile_is_nobodys_step():
    def told(_phase: str, _info: dict[str, int]) -> None:
        pass

    def litter(size: int) -> None:
        for _ in range(size // steps.MSS):
            garbage: list[object] = []
            garbage.append(garbage)

    before = gc.get_threshold()
    gc.callbacks.append(told)
    gc.set_threshold(1)
    try:
        found = {cost.function for cost in steps.costs(litter, 10, 30)}
    finally:
        gc.set_threshold(*before)
        gc.callbacks.remove(told)
    assert gc.isenabled()
    assert any("litter" in function for function in found)
    assert not any("told" in function for function in found)
