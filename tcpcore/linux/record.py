"""``python -m tcpcore record``: play a scenario on this machine's kernel and store what happened.

Each recording runs in a process of its own, so that several can run at once without delaying one
another and so that the kernel clears up whatever a stopped one leaves.
"""

from __future__ import annotations

import argparse
import datetime
import gzip
import multiprocessing
import os
import platform
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from tcpcore.errors import UsageError
from tcpcore.host import profiles
from tcpcore.linux import store
from tcpcore.linux.variants import STATE_VARIANTS, VARIANTS
from tcpcore.scenarios import registry

if TYPE_CHECKING:
    from tcpcore.linux.world import Recording

LATENESS = 1.125
"""How much longer than in the model things may take: the timer wheel's rounding, see `compare`."""
_STAGGER = 0.4
_AT_ONCE = 12


def kernel_hz() -> int | None:
    """The kernel's tick rate CONFIG_HZ, where the kernel or its package says it; else None."""
    config: str | None = None
    try:
        with gzip.open("/proc/config.gz", "rt") as file:
            config = file.read()
    except OSError:
        boot = Path(f"/boot/config-{platform.release()}")
        if boot.is_file() and os.access(boot, os.R_OK):
            config = boot.read_text()
    found = re.search(r"^CONFIG_HZ=(\d+)$", config or "", re.MULTILINE)
    return int(found[1]) if found else None


def record(
    scenario: str, parameters: dict[str, Any] | None = None, drop: Sequence[int] = ()
) -> store.Record:
    """Play a scenario on this machine's kernel, in real time, and return what happened.

    Raises `UsageError` without root or TUN, and for unknown scenarios and parameters.
    """
    from tcpcore.linux.world import KernelNetwork  # only Linux has what it imports

    chosen = registry.get(scenario)
    full = chosen.check(parameters or {})
    _refuse_other_kernel(scenario)
    with KernelNetwork() as network:
        network.drop_segments(drop)
        chosen.build(network, **full)
        sysctls = [dict(host.sysctls) for host in network.hosts]
        recording = network.run(until=round(chosen.until * LATENESS) + 500_000)
    return _to_record(scenario, full, drop, recording, sysctls)


def _to_record(
    scenario: str,
    parameters: dict[str, Any],
    drop: Sequence[int],
    recording: Recording,
    asked: list[dict[str, Any]],
) -> store.Record:
    common = recording.sysctls[0] if recording.sysctls else {}
    hosts = []
    for (name, address), found, wanted, counters in zip(
        recording.hosts, recording.sysctls, asked, recording.counters, strict=True
    ):
        own = {key: value for key, value in found.items() if common[key] != value or key in wanted}
        hosts.append({"name": name, "address": address, "sysctls": own, "counters": counters})
    return store.Record(
        scenario=scenario,
        parameters=parameters,
        kernel=kernel_version(),
        machine=platform.machine(),
        hz=kernel_hz(),
        recorded=datetime.datetime.now(datetime.UTC).date().isoformat(),
        hosts=hosts,
        sysctls=common,
        segments=[
            store.RecordedSegment(s.sender, s.receiver, s.sent, s.arrived, s.fate, s.packet)
            for s in recording.segments
        ],
        calls=[
            store.RecordedCall(
                c["host"], c["began"], c["t"], c["call"], c["result"], c.get("bytes")
            )
            for c in recording.calls
        ],
        end=recording.end,
        drop=list(drop),
        outputs=[store.Output(*one) for one in recording.outputs],
        errors=[store.RecordedError(*one) for one in recording.errors],
    )


def other_kernel(scenario: str) -> str | None:
    """The profile of a scenario that is about another kernel than this machine's; else None."""
    profile = registry.get(scenario).profile
    own = "linux-" + ".".join(kernel_version().split(".")[:2])
    return None if profile in (profiles.DEFAULT, own) else profile


def _refuse_other_kernel(scenario: str) -> None:
    other = other_kernel(scenario)
    if not registry.get(scenario).recorded:
        raise UsageError(f"{scenario} has no record: its queue is never the same twice.")
    if other:
        raise UsageError(f"{scenario} shows what {other} did; this is Linux {kernel_version()}.")


def recordable() -> list[str]:
    """The scenarios that this machine's kernel can play, and that are the same each time."""
    names = [name for name in registry.names() if registry.get(name).recorded]
    return [name for name in names if not other_kernel(name)]


def kernel_version() -> str:
    """The kernel's version without what its builder added: ``6.18.44``."""
    found = re.match(r"\d+(\.\d+)*", platform.release())
    return found[0] if found else platform.release()


# ---- the command -----------------------------------------------------------------------------


@dataclass(slots=True)
class _Job:
    """A record to be made: what, where to, and the process that makes it.

    With `states`, what is kept are the sockets' states while it runs (see `states`).
    """

    scenario: str
    parameters: dict[str, Any]
    drop: tuple[int, ...]
    path: Path
    states: bool = False
    process: BaseProcess | None = None

    @property
    def title(self) -> str:
        return store.file_name(self.scenario, self.parameters, self.drop).removesuffix(".json")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``tcpcore record``."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="the scenario to record")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter's value"
    )
    parser.add_argument(
        "--drop", action="append", default=[], type=int, metavar="N", help="lose segment N (from 0)"
    )
    parser.add_argument(
        "--all", action="store_true", help="record every scenario and variant again (minutes)"
    )
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="the file (with --all, the folder) to write"
    )


def main(arguments: argparse.Namespace) -> int:
    """Carry out ``tcpcore record``; 0 when everything was recorded, 1 where this machine cannot.

    Raises `UsageError` for arguments that do not fit.
    """
    jobs = _jobs(arguments)
    if arguments.all and arguments.to_pkt:
        raise UsageError("--to-pkt makes the script of one record, not of all.")
    obstacle = _why_not()
    if obstacle:
        print(f"tcpcore record: {obstacle}", file=sys.stderr)
        return 1
    failed = _run_jobs(jobs)
    if arguments.to_pkt and not failed:
        from tcpcore.packetdrill import to_script

        text = to_script.of_record(store.load(jobs[0].path), arguments.side)
        return to_script.deliver(text, arguments.to_pkt)
    return failed


def _why_not() -> str | None:
    if not sys.platform.startswith("linux"):
        return "recording needs a Linux kernel; this system has another."
    from tcpcore.linux.namespace import why_not

    return why_not()


def _jobs(arguments: argparse.Namespace) -> list[_Job]:
    if arguments.all:
        if arguments.name or arguments.set or arguments.drop:
            raise UsageError("--all records every scenario; leave NAME, --set and --drop away.")
        folder = Path(arguments.output) if arguments.output else store.FOLDER
        if not folder.is_dir():
            raise UsageError(f"with --all, -o names a folder, and {folder} is none.")
        return _all_jobs(folder)
    if not arguments.name:
        raise UsageError("name a scenario (see `tcpcore list`), or give --all.")
    parameters = _parameters(arguments.name, arguments.set)
    _refuse_other_kernel(arguments.name)
    drop = tuple(arguments.drop)
    path = Path(arguments.output or store.file_name(arguments.name, parameters, drop))
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {path.parent} to write {path.name} into.")
    return [_Job(arguments.name, parameters, drop, path)]


def _all_jobs(folder: Path) -> list[_Job]:
    """Every scenario and variant, and the sockets' states of every scenario and of some more.

    Left out, with a line on standard error: what shows another kernel than this one.
    """
    names = recordable()
    for name in registry.names():
        if other_kernel(name):
            _say(f"{name} is left out: it shows what {other_kernel(name)} did.", sys.stderr)
    plain = [(name, dict[str, Any](), tuple[int, ...]()) for name in names]
    jobs = [
        _Job(name, parameters, drop, folder / store.file_name(name, parameters, drop))
        for name, parameters, drop in (*plain, *VARIANTS)
    ]
    states = folder / store.STATES.name
    watched = [*((name, dict[str, Any]()) for name in names), *STATE_VARIANTS]
    return jobs + [
        _Job(name, parameters, (), states / store.file_name(name, parameters), states=True)
        for name, parameters in watched
    ]


def _parameters(scenario: str, settings: Sequence[str]) -> dict[str, Any]:
    """The parameters that ``--set`` gives and that differ from the scenario's defaults."""
    given: dict[str, str] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals:
            raise UsageError(f"--set takes NAME=VALUE, not {setting!r}.")
        given[name] = text
    chosen = registry.get(scenario)
    full, defaults = chosen.check(given), chosen.check({})
    return {name: value for name, value in full.items() if value != defaults[name]}


def _run_jobs(jobs: list[_Job]) -> int:
    """Run all of them, several at once, with a line of progress; 1 when one failed."""
    context = multiprocessing.get_context("fork")
    began = time.monotonic()
    waiting, running, failed = list(jobs), list[_Job](), 0
    try:
        while waiting or running:
            if waiting and len(running) < _AT_ONCE:
                job = waiting.pop(0)
                job.process = context.Process(target=_make, args=(job,), name=job.title)
                job.process.start()
                running.append(job)
            time.sleep(_STAGGER)  # starting takes processor time: not while another one starts
            for job in [job for job in running if job.process and not job.process.is_alive()]:
                running.remove(job)
                failed += bool(job.process and job.process.exitcode)
            _show_progress(jobs, waiting, running, time.monotonic() - began)
    finally:
        for job in running:
            if job.process:
                job.process.terminate()
                job.process.join()
        if sys.stderr.isatty():
            print(file=sys.stderr)
    return 1 if failed else 0


def _make(job: _Job) -> None:
    """In a process of its own: record, write, and say so."""
    try:
        if job.states:
            from tcpcore.linux import states

            seen = states.watch(job.scenario, job.parameters)
            states.save(seen, job.path)
            _say(f"{job.path}: {len(seen.looks)} changes on Linux {seen.kernel}")
        else:
            made = record(job.scenario, job.parameters, job.drop)
            store.save(made, job.path)
            count, seconds = len(made.segments), made.end / 1_000_000
            _say(f"{job.path}: {count} segments in {seconds:.1f} s on Linux {made.kernel}")
    except UsageError as error:
        _say(f"tcpcore record: {job.title}: {error}", sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(1)


def _say(line: str, where: TextIO | None = None) -> None:
    """Print a line; on a terminal, over the line of progress."""
    width = 78 if sys.stderr.isatty() else 0
    print(f"{chr(13) if width else ''}{line:<{width}}", file=where, flush=True)


def _show_progress(
    jobs: list[_Job], waiting: list[_Job], running: list[_Job], elapsed: float
) -> None:
    if not sys.stderr.isatty() or not running:
        return
    done = len(jobs) - len(waiting) - len(running)
    names = running[0].title if len(running) == 1 else f"{len(running)} at work"
    line = f"{done} of {len(jobs)} recorded, {names}, {elapsed:.0f} s"
    print(f"\r{line:<78}", end="", file=sys.stderr, flush=True)
