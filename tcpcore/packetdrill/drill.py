"""``python -m tcpcore drill SCRIPT.pkt...``: run scripts, and say what came of each.

Exit code 0: all passed; 1: one failed; 2: one is no script, or asks for what is not supported.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tcpcore.errors import UsageError
from tcpcore.host import profiles
from tcpcore.packetdrill import options, report
from tcpcore.packetdrill.commands import Commands
from tcpcore.packetdrill.engine_backend import EngineSystem
from tcpcore.packetdrill.outcome import Outcome
from tcpcore.packetdrill.parser import parse
from tcpcore.packetdrill.runner import Runner
from tcpcore.packetdrill.source import ScriptError, Source
from tcpcore.packetdrill.system import Settings, System

PASSED, FAILED, NO_SCRIPT = 0, 1, 2
BACKENDS = ("engine", "kernel")


@dataclass(slots=True)
class Plan:
    """How to run scripts: where, as which kernel, and what the command line defines."""

    backend: str = "engine"
    profile: str = profiles.DEFAULT
    settings: Settings = field(default_factory=Settings)
    definitions: Mapping[str, str] = field(default_factory=dict)
    allow_shell: bool = False


def run_text(text: str, name: str = "script", plan: Plan | None = None) -> Outcome:
    """Run a script that is no file, on the engine unless `plan` says more; raises `ScriptError`."""
    return perform(Source(text, name), plan)[1]


def run_file(path: Path, plan: Plan | None = None) -> Outcome:
    """Run the script of a file; raises `ScriptError`, and `UsageError` for an unreadable file."""
    return perform(_read(path), plan, path.parent)[1]


def perform(
    source: Source, plan: Plan | None = None, folder: Path | None = None
) -> tuple[System, Outcome]:
    """Run a script; the host that it ran on, to be asked for its trace, and what came of it.

    `folder` is where files are that the script sources.  Raises `ScriptError`, whose `partial` has
    both where the script ran up to what cannot be run.
    """
    plan = plan or Plan()
    known = {**options.usual_definitions(plan.settings), **plan.definitions}
    script = parse(source, known)
    settings, remarks = options.settings_of(script, source, plan.settings)
    usual = options.usual_definitions(settings)
    if usual != options.usual_definitions(plan.settings):  # other addresses, other cookies
        script = parse(source, {**usual, **plan.definitions})
    definitions = {**usual, **plan.definitions, **options.defined(script, source)}
    system = _system(plan, settings)
    try:
        runner = Runner(script, source, system, Commands(folder), definitions)
        runner.outcome.remarks.extend(remarks)
        try:
            return system, runner.run()
        except ScriptError as error:
            error.partial = system, runner.outcome
            raise
    finally:
        system.close()


def _system(plan: Plan, settings: Settings) -> System:
    if plan.backend == "engine":
        return EngineSystem(settings, plan.profile)
    from tcpcore.packetdrill.kernel_backend import KernelSystem

    return KernelSystem(settings, allow_shell=plan.allow_shell)


def _read(path: Path) -> Source:
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is no text; a packetdrill script is.") from None
    return Source(text, str(path))


# --- the command ---------------------------------------------------------------------------------


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of the command line."""
    parser.add_argument("scripts", nargs="+", metavar="SCRIPT.pkt", help="packetdrill scripts")
    parser.add_argument("--backend", choices=BACKENDS, default="engine", help="where to run them")
    parser.add_argument(
        "--profile",
        default=profiles.DEFAULT,
        metavar="PROFILE",
        help=f"the kernel that the engine plays: {', '.join(profiles.names())}",
    )
    parser.add_argument(
        "-D",
        "--define",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a name that scripts may use",
    )
    options.add_arguments(parser)
    parser.add_argument("--why", action="store_true", help="with the engine's reasons")
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.add_argument("-v", "--verbose", action="store_true", help="every step")
    parser.add_argument(
        "--allow-shell", action="store_true", help="the kernel backend may run shell commands"
    )


def main(arguments: argparse.Namespace) -> int:
    """Run every script; the exit code of the worst."""
    plan = _plan(arguments)
    results = [_one(Path(name), plan, arguments) for name in arguments.scripts]
    if arguments.json:
        print(json.dumps([result for _, result in results], indent=1))
    elif len(results) > 1:
        codes = [code for code, _ in results]
        print(
            f"{len(codes)} scripts: {codes.count(PASSED)} passed, {codes.count(FAILED)} failed, "
            f"{codes.count(NO_SCRIPT)} could not be run"
        )
    return max(code for code, _ in results)


def _plan(arguments: argparse.Namespace) -> Plan:
    if arguments.profile not in profiles.names():
        known = ", ".join(profiles.names())
        raise UsageError(f"no profile is called {arguments.profile!r}; known are {known}.")
    return Plan(
        arguments.backend,
        arguments.profile,
        options.settings_of_line(vars(arguments)),
        dict(options.definition(one) for one in arguments.define),
        arguments.allow_shell,
    )


def _one(path: Path, plan: Plan, arguments: argparse.Namespace) -> tuple[int, dict[str, Any]]:
    """Run one script and tell; its exit code, and the result for machines."""
    try:
        source = _read(path)
        system, outcome = perform(source, plan, path.parent)
    except UsageError as error:
        if plan.backend == "kernel" and "kernel backend needs" in str(error):
            raise
        if not arguments.json:
            print(error, file=sys.stderr)
        return NO_SCRIPT, report.no_script(str(path), error)
    if not arguments.json:
        reasons = report.reasons(system) if arguments.why else []
        print(report.text(source, outcome, verbose=arguments.verbose, reasons=reasons))
    return (PASSED if outcome.passed else FAILED), report.as_dict(source, outcome)
