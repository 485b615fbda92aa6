"""Sweeps at work: any executor gives the same table, and a failing cell leaves the rest alone."""

from __future__ import annotations

import threading
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import pytest

import tcpcore
from tcpcore.errors import UsageError
from tcpcore.sweeps import progress, run, work
from tcpcore.sweeps.table import Table
from tests.unit.sweeps.measures import NAME, Stops, fails_for_three, gives_a_list, seed_squared

GRID = {"rtt": [10, 50], "seed": range(4)}


@pytest.fixture(scope="module")
def alone() -> Table:
    return tcpcore.sweep(NAME, GRID, jobs=1, measure=seed_squared)


class FirstComesLast(ThreadPoolExecutor):
    """The first task waits until the second one is done."""

    def __init__(self) -> None:
        super().__init__(2)
        self._tasks = 0
        self._second_is_done = threading.Event()

    def submit(self, function: Any, /, *arguments: Any, **keywords: Any) -> Future[Any]:
        number, self._tasks = self._tasks, self._tasks + 1

        def run_it() -> Any:
            if number == 0:
                assert self._second_is_done.wait(60)
            result = function(*arguments, **keywords)
            if number == 1:
                self._second_is_done.set()
            return result

        return super().submit(run_it)


def test_records_are_in_the_order_of_the_grid(alone: Table):
    assert alone.varied == ["rtt", "seed"]
    assert [(r["rtt"], r["seed"]) for r in alone] == [(a, b) for a in (10, 50) for b in range(4)]


def test_a_measure_adds_its_columns(alone: Table):
    assert alone.column("square") == [0, 1, 4, 9] * 2


def test_threads_give_the_same_table(alone: Table):
    with ThreadPoolExecutor(3) as threads:
        assert tcpcore.sweep(NAME, GRID, threads, measure=seed_squared) == alone


def test_the_order_in_which_tasks_come_back_does_not_matter(alone: Table):
    with FirstComesLast() as threads:
        assert tcpcore.sweep(NAME, GRID, threads, measure=seed_squared) == alone


def test_spawned_processes_give_the_same_table(alone: Table, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(run, "POOL_PAYS", 0)
    monkeypatch.setattr(work, "PATIENCE", 0)
    assert tcpcore.sweep(NAME, GRID, jobs=2, measure=seed_squared) == alone


def test_a_cluster_of_dask_gives_the_same_table(alone: Table):
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        executor = client.get_executor()
        assert run._workers(executor) == 2
        assert tcpcore.sweep(NAME, GRID, executor, measure=seed_squared) == alone


@pytest.mark.parametrize("patience", [0, 1e-9, 60])
def test_the_size_of_tasks_does_not_matter(
    alone: Table, patience: float, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(work, "PATIENCE", patience)
    with ThreadPoolExecutor(2) as threads:
        assert tcpcore.sweep(NAME, GRID, threads, measure=seed_squared) == alone


def test_a_task_has_cells_for_25_ms_at_least():
    collector = run._Collector({}, None, progress.Silence())
    collector.done, collector.took = 100, 0.1  # a millisecond each
    assert run._size(1000, 4, collector) == 125  # a share: half of what is left for each worker
    assert run._size(10, 4, collector) == 25
    collector.took = 10.0
    assert run._size(10, 4, collector) == 2


def test_a_cell_that_fails_is_named_and_the_rest_are_kept():
    table = tcpcore.sweep(NAME, {"seed": [2, 3, 4]}, jobs=1, measure=fails_for_three)
    assert table.failures == [{"seed": 3, "error": "ZeroDivisionError: three is too many"}]
    assert [record["segments"] > 0 for record in table if "error" not in record] == [True] * 2
    assert table.columns[-1] == "error"


def test_a_measure_that_no_file_could_keep_is_a_failure_with_a_sentence():
    table = tcpcore.sweep(NAME, {"seed": 1}, jobs=1, measure=gives_a_list)
    assert "measure gives ['client', 'server'] for 'hosts'" in table[0]["error"]


def test_what_does_not_travel_fails_by_its_cells():
    class Lost(Executor):
        def submit(self, function: Any, /, *arguments: Any, **keywords: Any) -> Future[Any]:
            future: Future[Any] = Future()
            future.set_exception(ConnectionError("the worker is gone"))
            return future

    table = tcpcore.sweep(NAME, {"seed": [1, 2]}, Lost())
    assert table.column("error") == ["ConnectionError: the worker is gone"] * 2


def test_without_a_trace_counters_say_the_same(alone: Table):
    bare = tcpcore.sweep(NAME, GRID, jobs=1, traced=False, measure=seed_squared)
    for one, other in zip(alone, bare, strict=True):
        assert {name: one[name] for name in other} == other
    assert "rtt_median" not in bare.columns


def test_ctrl_c_goes_to_whoever_called():
    with pytest.raises(KeyboardInterrupt):
        tcpcore.sweep(NAME, {"seed": [1, 2]}, jobs=1, measure=Stops(2))


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"jobs": 0}, "1 job or more, not 0"),
        ({"jobs": True}, "1 job or more"),
        ({"jobs": 2, "executor": ThreadPoolExecutor(1)}, "not both"),
        ({"executor": "processes"}, "An executor has submit"),
        ({"measure": 3}, "measure is a function of a network, not 3"),
        ({"measure": lambda network: {}}, "put the function into a module"),
        ({"measure": lambda network: {}, "executor": ProcessPoolExecutor(1)}, "into a module"),
    ],
    ids=lambda value: "" if isinstance(value, dict) else value,
)
def test_arguments_that_do_not_fit_are_one_sentence(more: dict[str, Any], sentence: str):
    with pytest.raises(UsageError) as caught:
        tcpcore.sweep(NAME, {"seed": [1]}, **more)
    assert sentence in str(caught.value)


def test_a_lambda_is_fine_where_it_does_not_travel():
    with ThreadPoolExecutor(1) as threads:
        table = tcpcore.sweep(NAME, {"seed": 5}, threads, measure=lambda net: {"now": net.now})
    assert table[0]["now"] > 0


def test_without_tqdm_a_line_of_our_own_tells_how_far_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(__import__("sys").modules, "tqdm", None)
    tcpcore.sweep(NAME, {"seed": [1, 2]}, jobs=1, progress=True)
    assert capsys.readouterr().err.endswith(f"\r{NAME}: 2 of 2 cells\n")


def test_tqdm_s_bar_is_shown_when_wanted_and_nothing_otherwise(capsys: pytest.CaptureFixture[str]):
    pytest.importorskip("tqdm")
    tcpcore.sweep(NAME, {"seed": [1, 2]}, jobs=1)
    assert capsys.readouterr().err == ""
    tcpcore.sweep(NAME, {"seed": [1, 2]}, jobs=1, progress=True)
    assert "2/2" in capsys.readouterr().err
