"""Loss, delay and reordering: what the engine sends, counts and decides, beside this kernel."""

from __future__ import annotations

import pytest

from tests.flight import differences, on_engine, on_kernel
from tests.patterns import CASES, LATE, PATTERNS

pytestmark = pytest.mark.kernel

ATTEMPTS = 3
"""A busy machine may hold up the peer, and then the kernel answers to that."""


@pytest.mark.parametrize(("name", "algorithm"), CASES)
def test_segments_windows_and_states_are_the_kernels(name: str, algorithm: str):
    ours = on_engine(PATTERNS[name], algorithm)
    found: list[str] = []
    for _ in range(ATTEMPTS):
        found = differences(ours, on_kernel(PATTERNS[name], algorithm), LATE)
        if not found:
            return
    pytest.fail("\n" + "\n".join(found))
