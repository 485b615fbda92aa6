"""What one process does of a sweep: run some cells and say what each came to.

Everything here is a plain function of a module with plain arguments, so that it travels to other
processes and machines.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tcpcore.errors import UsageError
from tcpcore.net.network import Network
from tcpcore.scenarios import registry
from tcpcore.sweeps.grid import Cell
from tcpcore.sweeps.summary import summary
from tcpcore.sweeps.table import ERROR, Record, plain

Measure = Callable[[Network], Mapping[str, Any]]

PATIENCE = 0.25
"""Seconds after which a task comes back, with what it has done, so that progress is seen."""


@dataclass(frozen=True, slots=True)
class Task:
    """Some cells of a sweep."""

    scenario: str
    cells: tuple[Cell, ...]
    measure: Measure | None
    traced: bool


@dataclass(frozen=True, slots=True)
class Done:
    """Records by the number of their cell, and how many seconds they took."""

    records: dict[int, Record]
    took: float


def work(task: Task) -> Done:
    """Run cells until all are done or patience is over; the clock decides nothing else."""
    began, records = time.perf_counter(), {}
    for cell in task.cells:
        records[cell.number] = record_of(task, cell)
        if time.perf_counter() - began > PATIENCE:
            break
    return Done(records, time.perf_counter() - began)


def record_of(task: Task, cell: Cell) -> Record:
    """Run one cell: what varies, and what was measured or what went wrong."""
    try:
        return {**cell.shown, **_measured(task, cell)}
    except UsageError as error:
        return {**cell.shown, ERROR: str(error)}
    except Exception as error:  # noqa: BLE001 - whatever it is, the other cells go on
        return {**cell.shown, ERROR: f"{type(error).__name__}: {error}"}


def _measured(task: Task, cell: Cell) -> Record:
    network = registry.prepare(
        task.scenario,
        cell.parameters,
        profile=cell.profile,
        drop=cell.drop,
        seed=cell.seed,
        traced=task.traced,
    )
    network.run(registry.get(task.scenario).until)
    found = summary(network)
    if task.measure is not None:
        found |= plain(task.measure(network), "measure")
    return found
