"""Loss, delay and reordering: segments, cwnd and states are those of a recorded kernel.

The patterns, and how their records are made, are in `tests.patterns`.  `tests/kernel` plays them on
the kernel of this machine.
"""

from __future__ import annotations

import pytest

from tests.flight import differences, on_engine
from tests.patterns import CASES, FOLDER, LATE, PATTERNS, read


@pytest.mark.parametrize(("name", "algorithm"), CASES)
def test_the_engine_does_what_the_recorded_kernel_did(name: str, algorithm: str):
    found = differences(on_engine(PATTERNS[name], algorithm), read(name, algorithm), LATE)
    assert not found, "\n" + "\n".join(found)


def test_there_is_a_record_of_every_pattern_and_no_other():
    recorded = {path.stem for path in FOLDER.glob("*.txt")}
    assert recorded == {f"{name}-{algorithm}" for name, algorithm in CASES}
