"""What fails undisturbed fails; what fails while a processor stands still begins again."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from tcpcore.units import MILLISECOND
from tests.held_up import ATTEMPTS, LONG, Watch, now, undisturbed

HOG = """
import os, time
os.sched_setaffinity(0, {0})
os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(90))
end = time.monotonic() + 0.04
while time.monotonic() < end: pass
"""


class Judge:
    """Says each of these, then nothing."""

    def __init__(self, *reasons: str) -> None:
        self.reasons = list(reasons)
        self.rests = 0

    def disturbed(self, since: int) -> str | None:
        assert since <= now()
        return self.reasons.pop(0) if self.reasons else None

    def rest(self) -> None:
        self.rests += 1


def is_wrong(found: int) -> bool:
    return found < 0


def test_what_passes_is_taken_though_it_was_disturbed():
    judge = Judge("a stop")
    assert undisturbed(lambda: 1, is_wrong, judge) == (1, [])
    assert judge.reasons == ["a stop"]


def test_what_fails_undisturbed_fails_at_once():
    values = iter([-1, 1])
    assert undisturbed(lambda: next(values), is_wrong, Judge()) == (-1, [])


def test_what_fails_disturbed_begins_again_after_a_rest():
    values, judge = iter([-1, -2, 3]), Judge("a stop", "another")
    assert undisturbed(lambda: next(values), is_wrong, judge) == (3, ["a stop", "another"])
    assert judge.rests == 2


def test_what_fails_disturbed_and_then_undisturbed_fails():
    values = iter([-1, -2, 3])
    assert undisturbed(lambda: next(values), is_wrong, Judge("a stop")) == (-2, ["a stop"])


def test_what_fails_disturbed_each_time_fails_in_the_end():
    judge = Judge(*["a stop"] * 20)
    found, reasons = undisturbed(lambda: -1, is_wrong, judge)
    assert (found, len(reasons), judge.rests) == (-1, ATTEMPTS - 1, ATTEMPTS - 1)


@pytest.mark.kernel
def test_a_processor_that_stands_still_is_noticed():
    watch = Watch()
    try:
        time.sleep(0.2)  # the watchers start
        began = now()
        subprocess.run([sys.executable, "-S", "-c", HOG], check=True)
        time.sleep(0.01)
        assert 30 * MILLISECOND < max(watch.late(began)) < 60 * MILLISECOND
        said = watch.disturbed(began)
        assert said is not None
        assert "the longest" in said
        assert watch.late(now()) == []
        assert LONG < 30 * MILLISECOND
        assert os.sched_getscheduler(0) == os.SCHED_OTHER
    finally:
        watch.close()
