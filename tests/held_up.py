"""Was this machine held up?  What a test of real time measured in such a moment says nothing.

A kernel test compares times: its peer must answer when the script says so.  On a virtual machine
the host may stop a processor for dozens of milliseconds, and no priority helps against that.  So
one process for each processor, before all others there, sleeps `EVERY` at a time and notes when it
woke too late.  `tests/conftest.py` begins a kernel test again that failed in such a moment.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Protocol, TypeVar

from tcpcore.units import MILLISECOND, SECOND

T = TypeVar("T")
EVERY = 2 * MILLISECOND
NOTABLE = MILLISECOND
"""us: an awakening that is later than this is noted."""
LONG = 4 * MILLISECOND
"""us: a stop longer than this disturbs, and so do shorter ones that together last a `SHARE`."""
SHARE = 1 / 50
ATTEMPTS = 8
"""How often a test is begun when it was disturbed each time."""
PRIORITY = 50
"""Above that of the peers (`tests.kernel_wire`, `tests.flight`): their own work is not a stop."""

_PROGRAM = """
import os, sys, time
cpu, every, notable, priority = map(int, sys.argv[1:])
os.sched_setaffinity(0, {cpu})
os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
parent = os.getppid()
before = time.monotonic_ns()
while os.getppid() == parent:
    time.sleep(every / 1e6)
    now = time.monotonic_ns()
    late = (now - before) // 1000 - every
    if late >= notable:
        os.write(1, b"%d %d\\n" % (now // 1000, late))
    before = now
"""


class Judge(Protocol):
    """Says what disturbed a measurement, and waits until nothing does."""

    def disturbed(self, since: int) -> str | None: ...
    def rest(self) -> None: ...


def undisturbed(
    measure: Callable[[], T], failed: Callable[[T], bool], judge: Judge
) -> tuple[T, list[str]]:
    """What `measure` gives when nothing disturbs it, and what disturbed it before.

    A measurement that did not fail is taken as it is, and so is the last of `ATTEMPTS`.
    """
    reasons: list[str] = []
    while True:
        began = now()
        found = measure()
        reason = judge.disturbed(began) if failed(found) else None
        if reason is None or len(reasons) == ATTEMPTS - 1:
            return found, reasons
        reasons.append(reason)
        judge.rest()


class Watch:
    """Watches every processor from now on, until `close`; needs root."""

    def __init__(self) -> None:
        self._late: list[tuple[int, int]] = []
        self._watchers = [_watcher(cpu) for cpu in sorted(os.sched_getaffinity(0))]

    def late(self, since: int) -> list[int]:
        """By how much (us) processors woke too late since then (us of the monotonic clock)."""
        self._late = [one for one in self._late if one[0] >= since]
        for watcher in self._watchers:
            assert watcher.stdout is not None
            with contextlib.suppress(BlockingIOError):
                while said := os.read(watcher.stdout.fileno(), 1 << 16):
                    for line in said.splitlines():
                        at, late = line.split()
                        if int(at) >= since:
                            self._late.append((int(at), int(late)))
        return [late for _, late in self._late]

    def disturbed(self, since: int) -> str | None:
        """How long processors stood still since then, in words; None when that is no matter."""
        late = self.late(since)
        longest, together = max(late, default=0), sum(late)
        if longest <= LONG and together <= SHARE * (now() - since):
            return None
        stops = f"{len(late)} stops of a processor"
        return f"{stops}, {longest / 1000:.1f} ms the longest, {together / 1000:.1f} ms together"

    def rest(self) -> None:
        """Wait until a second went by undisturbed; a quarter of a minute at most."""
        end = now() + 15 * SECOND
        while (began := now()) < end:
            time.sleep(1)
            if self.disturbed(began) is None:
                return

    def close(self) -> None:
        """Stop watching."""
        for watcher in self._watchers:
            watcher.kill()
            watcher.communicate()


def now() -> int:
    """The monotonic clock, in us."""
    return time.monotonic_ns() // 1000


def _watcher(cpu: int) -> subprocess.Popen[bytes]:
    numbers = [str(number) for number in (cpu, EVERY, NOTABLE, PRIORITY)]
    watcher = subprocess.Popen(
        [sys.executable, "-S", "-c", _PROGRAM, *numbers], stdout=subprocess.PIPE
    )
    assert watcher.stdout is not None
    os.set_blocking(watcher.stdout.fileno(), False)
    return watcher
