"""Runs the tasks over any `concurrent.futures.Executor`, and loses none of them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any

from labs.grading.worker import Task, grade_one, not_graded

Results = dict[str, dict[str, Any]]
LOST = "The process that graded it came to an end, twice; look at this one by hand."


def grade_all(
    tasks: list[Task], executor: Executor | None = None, jobs: int | None = None
) -> Results:
    """The result of each task, by its student.

    `executor` may be a pool of this machine or of many (Dask's ``client.get_executor()``); its
    workers need this package.  Without one, `jobs` processes here; a worker that dies takes no
    other submission with it: what it left is graded again, each alone.
    """
    results: Results = {}
    with progress(len(tasks)) as advance:
        if executor is not None:
            _collect(executor, tasks, results, advance)
        else:
            with _pool(jobs) as pool:
                _collect(pool, tasks, results, advance)
            for task in [one for one in tasks if one["student"] not in results]:
                with _pool(1) as pool:
                    _collect(pool, [task], results, advance)
        for task in tasks:
            if task["student"] not in results:
                results[task["student"]] = not_graded(task, LOST)
                advance()
    return results


def _pool(jobs: int | None) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))


def _collect(
    pool: Executor, tasks: Iterable[Task], results: Results, advance: Callable[[], None]
) -> None:
    """Take in what comes, in the order in which it comes."""
    waiting: dict[Future[dict[str, Any]], str] = {}
    try:
        for task in tasks:
            waiting[pool.submit(grade_one, task)] = task["student"]
    except BrokenProcessPool:
        pass
    for future in as_completed(waiting):
        try:
            results[waiting[future]] = future.result()
        except BrokenProcessPool:
            continue
        advance()


@contextmanager
def progress(total: int) -> Iterator[Callable[[], None]]:
    """A bar where tqdm is installed, else a line for each tenth."""
    try:
        from tqdm import tqdm
    except ImportError:
        done = 0

        def advance() -> None:
            nonlocal done
            done += 1
            if done % max(total // 10, 1) == 0 or done == total:
                print(f"{done} of {total} graded", file=sys.stderr, flush=True)

        yield advance
        return
    with tqdm(total=total, unit="answer", disable=None) as bar:

        def step() -> None:
            bar.update()

        yield step
