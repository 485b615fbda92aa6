"""``python -m tcpcore drill SCRIPT.pkt...``: run scripts, and say what came of each.

Exit code 0: all passed; 1: one failed; 2: one is no script, or asks for what is not supported.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tcpcore.errors import UsageError
from tcpcore.host import profiles
from tcpcore.host.fastopen import cookie
from tcpcore.packetdrill import report
from tcpcore.packetdrill.commands import Commands
from tcpcore.packetdrill.engine_backend import EngineSystem
from tcpcore.packetdrill.outcome import Outcome
from tcpcore.packetdrill.parser import DEFINING, parse
from tcpcore.packetdrill.runner import Runner
from tcpcore.packetdrill.source import ScriptError, Source
from tcpcore.packetdrill.syntax import Script
from tcpcore.packetdrill.system import Settings, System

PASSED, FAILED, NO_SCRIPT = 0, 1, 2
USUAL_KEY = bytes.fromhex("a1a1a1a1b2b2b2b2c3c3c3c3d4d4d4d4")
BACKENDS = ("engine", "kernel")
_WITHOUT_EFFECT = (
    "ip_version", "local_ip_prefix", "gateway_ip", "netmask_ip", "speed", "non_fatal", "verbose",
    "persistent_tun_dev", "send_omit_free", "init_scripts", "dry_run", "udp_encaps", "wire_client",
)  # fmt: skip
_ADDRESSES = {"local_ip": "local", "remote_ip": "remote"}
_NUMBERS = {
    "bind_port": ("bind_port", 65535),
    "connect_port": ("connect_port", 65535),
    "mtu": ("mtu", 65535),
    "tolerance_usecs": ("tolerance", 10**9),
    "tcp_ts_tick_usecs": ("tick", 10**6),
}


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
    known = {**usual_definitions(plan.settings), **plan.definitions}
    script = parse(source, known)
    settings, remarks = _settings(script, source, plan.settings)
    definitions = {**known, **_defined(script, source)}
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


# --- options -------------------------------------------------------------------------------------


def _settings(script: Script, source: Source, given: Settings) -> tuple[Settings, list[str]]:
    """The settings after the script's own option lines; remarks on those without effect."""
    changed: dict[str, Any] = {}
    remarks: list[str] = []
    for name, value, offset in script.options:
        if name in DEFINING:
            continue
        if name in _NUMBERS:
            attribute, most = _NUMBERS[name]
            changed[attribute] = _number(source, offset, name, value, most)
        elif name in _ADDRESSES:
            changed[_ADDRESSES[name]] = _address(source, offset, value)
        elif name == "strict_segments":
            changed["strict_segments"] = value not in ("0", "false")
        elif name in _WITHOUT_EFFECT:
            if name == "ip_version" and value not in ("", "ipv4"):
                problem = f"--ip_version={value} is not supported"
                raise ScriptError(source, offset, problem, unsupported=True)
            remarks.append(f"--{name} has no effect here")
        else:
            raise ScriptError(source, offset, f"no option is called --{name}")
    return replace(given, **changed), remarks


def _number(source: Source, offset: int, name: str, value: str, most: int) -> int:
    if not value.isdecimal() or not 0 < int(value[:12]) <= most:
        problem = f"--{name} takes a number from 1 to {most}, not {value!r}"
        raise ScriptError(source, offset, problem)
    return int(value)


def _address(source: Source, offset: int, value: str) -> str:
    parts = value.split("/")[0].split(".")
    if len(parts) != 4 or not all(part.isdecimal() and int(part[:4]) <= 255 for part in parts):
        problem = f"{value!r} is no IPv4 address, and only these are supported"
        raise ScriptError(source, offset, problem, unsupported=True)
    return ".".join(str(int(part)) for part in parts)


def usual_definitions(settings: Settings) -> dict[str, str]:
    """Names that public scripts take for given, as their runners define them.

    The Fast Open cookies of the run's addresses under two keys: the one that these scripts set,
    and zeros.
    """
    pair = settings.remote, settings.local
    return {
        "TFO_COOKIE": cookie(*pair, USUAL_KEY).hex(),
        "TFO_COOKIE_ZERO": cookie(*pair, bytes(len(USUAL_KEY))).hex(),
        "CMSG_LEVEL_IP": "SOL_IP",
        "CMSG_TYPE_RECVERR": "IP_RECVERR",
    }


def _defined(script: Script, source: Source) -> dict[str, str]:
    """What ``--define=NAME=VALUE`` lines define."""
    found: dict[str, str] = {}
    for name, value, offset in script.options:
        if name in DEFINING:
            try:
                found.update([definition(value)])
            except UsageError as error:
                raise ScriptError(source, offset, str(error)) from None
    return found


def definition(text: str) -> tuple[str, str]:
    """``NAME=VALUE``, taken apart; `UsageError` for anything else."""
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise UsageError(f"a definition is NAME=VALUE, not {text!r}.")
    return name, value.strip('"')


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
    parser.add_argument("--tolerance_usecs", type=int, metavar="N", help="instead of 4000")
    parser.add_argument("--strict_segments", action="store_true", help="packets as they are sent")
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
    settings = Settings(strict_segments=arguments.strict_segments)
    if arguments.tolerance_usecs is not None:
        if arguments.tolerance_usecs <= 0:
            raise UsageError(f"--tolerance_usecs is above 0, not {arguments.tolerance_usecs}.")
        settings = replace(settings, tolerance=arguments.tolerance_usecs)
    if arguments.profile not in profiles.names():
        known = ", ".join(profiles.names())
        raise UsageError(f"no profile is called {arguments.profile!r}; known are {known}.")
    definitions = dict(definition(one) for one in arguments.define)
    return Plan(arguments.backend, arguments.profile, settings, definitions, arguments.allow_shell)


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
