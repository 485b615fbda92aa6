"""Working off a grid with any executor of `concurrent.futures`: chunks, progress, interruption."""

from __future__ import annotations

import math
import multiprocessing
import os
import pickle
import signal
import sys
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tcpcore.errors import UsageError
from tcpcore.sweeps.grid import Cell, Grid, checked
from tcpcore.sweeps.progress import Progress, progress_for
from tcpcore.sweeps.store import Store, header
from tcpcore.sweeps.table import ERROR, Path, Record, Table
from tcpcore.sweeps.work import Done, Measure, Task, work

TASK_LEAST = 0.025
"""Seconds of work that one task brings at least: sending it there and back takes a millisecond."""
AHEAD = 2
"""Tasks that wait for each worker: it never stands idle, and little is lost when somebody stops."""
POOL_PAYS = 1.5
"""Seconds of work from which on it is worth it to start processes; before, this one is done."""
_GUARD = "call sweep() below `if __name__ == '__main__':`"


def sweep(
    scenario: str,
    grid: Mapping[str, Any],
    executor: Executor | None = None,
    *,
    measure: Measure | None = None,
    file: Path | None = None,
    jobs: int | None = None,
    traced: bool = True,
    progress: bool | None = None,
) -> Table:
    """Run a scenario for every combination of the grid's values, and measure each run.

        sweep("two-flows-fairness", {"queue": [10, 50, 250], "seed": range(5)})

    `grid` maps parameters, sysctls, ``profile``, ``seed`` and ``drop`` to their values; it is
    checked whole before anything runs.  The record of a run has the grid's values, the columns of
    `summary`, and what ``measure(network)`` adds: numbers or text by name.  `traced=False` is
    faster and leaves out what only a trace tells.

    `executor` is any executor of `concurrent.futures`, also `client.get_executor()` of
    dask.distributed; without one, `jobs` processes of this machine (all its processors; 1: this
    process alone).  The table is the same whoever does the work.

    `file` keeps what is done: called again, the sweep does only what is missing there.
    `progress` shows a bar; None: on a terminal.  A cell that fails has a column ``error``, and the
    rest go on.  `UsageError` for what does not fit.
    """
    job = _Job(checked(scenario, grid), measure, traced)
    _check(measure, jobs, executor)
    cells = job.grid.cells()
    with _collector(job, cells, file, progress) as collector:
        rest = [cell for cell in cells if cell.number not in collector.records]
        if executor is not None:
            _through(executor, _workers(executor), job, rest, collector)
        else:
            jobs = jobs or os.cpu_count() or 1
            while rest and (jobs == 1 or collector.expected(len(rest)) < POOL_PAYS):
                rest = _here(job, rest, collector)
            if rest:
                _in_processes(jobs, job, rest, collector)
    records = [collector.records[cell.number] for cell in cells]
    return Table(scenario, list(job.grid.values), records)


@dataclass(frozen=True, slots=True)
class _Job:
    """What is to be done with every cell."""

    grid: Grid
    measure: Measure | None
    traced: bool

    def task(self, cells: Sequence[Cell]) -> Task:
        return Task(self.grid.scenario, tuple(cells), self.measure, self.traced)


class _Collector:
    """Where records come together, and the file and the progress bar that hear of them."""

    def __init__(self, known: dict[int, Record], store: Store | None, bar: Progress) -> None:
        self.records = known
        self.took = 0.0
        self.done = 0
        self._store = store
        self._bar = bar

    def expected(self, cells: int) -> float:
        """Seconds that so many more cells will take; 0 while nobody knows."""
        return self.took / self.done * cells if self.done else 0.0

    def take(self, done: Done) -> None:
        self.records |= done.records
        self.took += done.took
        self.done += len(done.records)
        if self._store is not None:
            self._store.add(done.records)
        self._bar.advance(len(done.records))


@contextmanager
def _collector(
    job: _Job, cells: Sequence[Cell], file: Path | None, progress: bool | None
) -> Iterator[_Collector]:
    store = Store(file, header(job.grid, job.measure, job.traced)) if file is not None else None
    known = dict(store.done) if store is not None else {}
    bar = progress_for(progress, job.grid.scenario, len(cells), len(known))
    try:
        yield _Collector(known, store, bar)
    finally:
        bar.close()
        if store is not None:
            store.close()


def _here(job: _Job, cells: list[Cell], collector: _Collector) -> list[Cell]:
    """Work in this process as long as one task does; what is left."""
    done = work(job.task(cells))
    collector.take(done)
    return [cell for cell in cells if cell.number not in done.records]


def _in_processes(jobs: int, job: _Job, cells: list[Cell], collector: _Collector) -> None:
    # Spawned, not forked: a fork in a program with threads, such as a notebook's, may hang.
    pool = ProcessPoolExecutor(
        min(jobs, len(cells)),
        multiprocessing.get_context("spawn"),
        initializer=signal.signal,
        initargs=(signal.SIGINT, signal.SIG_IGN),  # Ctrl-C is for whoever called us
    )
    try:
        _through(pool, min(jobs, len(cells)), job, cells, collector)
    except BrokenExecutor:
        raise UsageError(
            f"The worker processes died, with {len(collector.records)} cells done: in a script, "
            f"{_GUARD}; if it is, look whether memory ran out."
        ) from None
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _through(
    executor: Executor, workers: int, job: _Job, cells: list[Cell], collector: _Collector
) -> None:
    """Have an executor do these cells; a task that comes back early is cut anew."""
    waiting = deque(cells)
    running: dict[Future[Done], tuple[Cell, ...]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < workers * AHEAD:
                size = _size(len(waiting), workers, collector)
                chunk = tuple(waiting.popleft() for _ in range(min(size, len(waiting))))
                running[executor.submit(work, job.task(chunk))] = chunk
            ready, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in sorted(ready, key=lambda one: running[one][0].number):
                chunk = running.pop(future)
                done = _result(future, chunk)
                collector.take(done)
                waiting.extendleft(
                    cell for cell in reversed(chunk) if cell.number not in done.records
                )
    finally:
        for future in running:
            future.cancel()


def _size(left: int, workers: int, collector: _Collector) -> int:
    """Cells of the next task: a fair share of the rest, and enough to be worth its way."""
    share = -(-left // (workers * AHEAD))
    if not collector.done:
        return share
    least = math.ceil(TASK_LEAST * collector.done / max(collector.took, 1e-9))
    return max(share, least)


def _result(future: Future[Done], chunk: tuple[Cell, ...]) -> Done:
    try:
        return future.result()
    except BrokenExecutor:
        raise
    except Exception as error:  # noqa: BLE001 - it did not travel: its cells failed, the others go on
        text = f"{type(error).__name__}: {error}"
        return Done({cell.number: {**cell.shown, ERROR: text} for cell in chunk}, 0.0)


def _workers(executor: Executor) -> int:
    """How many tasks an executor does at once, as far as one can tell."""
    threads = getattr(executor, "_max_workers", None)
    client = getattr(executor, "_client", None)
    if client is not None:
        threads = sum(client.nthreads().values())
    return max(threads or os.cpu_count() or 1, 1)


def _check(measure: Measure | None, jobs: int | None, executor: Executor | None) -> None:
    """Everything that would go wrong later for want of a look now."""
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise UsageError(f"A worker process must not start a sweep: {_GUARD}.")
    if jobs is not None and (isinstance(jobs, bool) or not isinstance(jobs, int) or jobs < 1):
        raise UsageError(f"A sweep takes 1 job or more, not {jobs!r}.")
    if jobs is not None and executor is not None:
        raise UsageError("A sweep takes an executor or a number of jobs, not both.")
    if executor is not None and not hasattr(executor, "submit"):
        raise UsageError(f"An executor has submit(), as concurrent.futures says; not {executor!r}.")
    if measure is None:
        return
    if not callable(measure):
        raise UsageError(f"measure is a function of a network, not {measure!r}.")
    if jobs == 1 or not (executor is None or isinstance(executor, ProcessPoolExecutor)):
        return
    interactive = not hasattr(sys.modules["__main__"], "__file__")
    try:
        pickle.dumps(measure)
        lost = interactive and getattr(measure, "__module__", "") == "__main__"
    except Exception:  # noqa: BLE001 - pickle lets through whatever the object raises
        lost = True
    if lost:
        raise UsageError(
            "Worker processes cannot see this measure: put the function into a module, or say "
            "jobs=1."
        )
