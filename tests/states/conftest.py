"""Scripts of `tests/states` run on the engine, and, where root allows, on this machine's kernel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.notation import Wire

Make = Callable[..., Any]


@pytest.fixture(params=["engine", pytest.param("kernel", marks=pytest.mark.kernel)])
def make(request: pytest.FixtureRequest) -> Iterator[Make]:
    """Makes a `Wire`: of the engine, then of the kernel."""
    if request.param == "engine":
        yield Wire
        return
    from tests.kernel_wire import KernelWire

    made: list[KernelWire] = []

    def kernel(**sysctls: Any) -> KernelWire:
        made.append(KernelWire(**sysctls))
        return made[-1]

    yield kernel
    for wire in made:
        wire.close()
