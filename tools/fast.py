"""Compile the modules that every segment passes through: `make fast` (optional).

mypyc, which comes with mypy, turns them into C; the rest of the package stays as it is.  A copy of
the package lies in `_build/fast`, beside the source and never in its place, and so does a `python`
that finds it first:

    _build/fast/python -m benchmarks

What the engine does is the same, to the byte (`tests/fast`); it only takes less time.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from tools.progress import ROOT, alone, say, step, stop

FOLDER = ROOT / "_build" / "fast"
STAMP = "compiled"
MODULES = (
    "seqnum.py", "units.py", "why.py", "trace.py", "traced.py", "queue_record.py", "reasons/*.py",
    "wire/segment.py", "wire/options.py", "wire/option_codec.py", "tcp/*.py",
    "tcp/congestion/*.py", "host/messages.py", "host/counters.py", "host/stack.py",
    "host/machine.py", "host/process.py", "host/sockets.py", "host/transfer.py",
    "host/snapshot.py", "host/listener.py", "host/request.py",
    "net/network.py", "net/wires.py", "net/link.py", "net/packet.py",
)  # fmt: skip

DERIVED = "allow_interpreted_subclasses=True"
FLAT = "acyclic=True"
ATTRIBUTES = {
    "trace.py": {"Trace": DERIVED, "Moment": FLAT},
    "traced.py": {"TracedSegment": FLAT},
    "why.py": {"Why": FLAT, "Reason": FLAT},
    "wire/segment.py": {"Segment": FLAT},
    "tcp/sent.py": {"SentSegment": FLAT},
    "tcp/congestion/base.py": {"CongestionControl": DERIVED},
    "tcp/congestion/reno.py": {"Reno": DERIVED},
    "tcp/congestion/cubic.py": {"Cubic": DERIVED},
    "tcp/congestion/bbr.py": {"Bbr": DERIVED},
    "wire/option_codec.py": {"WireError": DERIVED},
    "host/sockets.py": {"Socket": DERIVED},
    "net/wires.py": {"Wires": DERIVED},
    "net/network.py": {"Network": DERIVED},
}
"""What mypyc is told about classes: that others derive from them in modules that are not compiled
(packetdrill, the bridge, labs, tests); that their objects are in no circle of references."""

HEADER = "from typing import Final\nfrom mypy_extensions import mypyc_attr\n"

PYTHON = """\
#!/bin/sh
# Python with the compiled engine; `make fast` wrote this.
if find "{root}/tcpcore" -name "*.py" -newer "{folder}/{stamp}" | grep -q .; then
    echo 'tcpcore has changed: this is the engine of the last `make fast`.' >&2
fi
PYTHONSAFEPATH=1 PYTHONPATH="{folder}:{root}${{PYTHONPATH:+:$PYTHONPATH}}" exec "{python}" "$@"
"""

SETUP = """\
from setuptools import setup
from mypyc.build import mypycify

setup(
    name="fast",
    ext_modules=mypycify({paths!r}, opt_level="{level}", debug_level="0", multi_file=True),
)
"""


def sources(package: Path) -> list[Path]:
    """The modules to compile, in order."""
    found = [path for pattern in MODULES for path in sorted(package.glob(pattern))]
    return [path for path in found if path.name not in ("__init__.py", "registry.py")]


def fingerprint(package: Path) -> str:
    """Changes whenever something has to be compiled again."""
    digest = hashlib.sha256(f"{sys.version}".encode())
    for path in sorted([Path(__file__), *package.rglob("*.py")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def missing() -> str | None:
    """What this machine lacks, as a sentence; None: nothing."""
    if not any(shutil.which(name) for name in ("cc", "gcc", "clang")):
        return (
            "no C compiler was found; on Debian or Ubuntu run `sudo apt-get install gcc libc6-dev`"
        )
    if not Path(sysconfig.get_path("include"), "Python.h").is_file():
        return "Python.h was not found; on Debian or Ubuntu run `sudo apt-get install python3-dev`"
    for module, package in (("mypyc", "mypy"), ("setuptools", "setuptools")):
        if importlib.util.find_spec(module) is None:
            return f"the PyPI package {package} is missing; delete .venv and run `make env`"
    return None


def is_built(folder: Path = FOLDER) -> bool:
    """Whether the folder holds what these sources compile to."""
    stamp = folder / STAMP
    return stamp.is_file() and stamp.read_text() == fingerprint(ROOT / "tcpcore")


def in_use() -> bool:
    """Whether this process runs the compiled engine."""
    found = importlib.util.find_spec("tcpcore.tcp.prediction")
    return found is not None and found.origin is not None and not found.origin.endswith(".py")


def constants(text: str) -> str:
    """Mark a module's constants as such: mypyc then looks up no names for them."""
    lines = text.splitlines(keepends=True)
    found = [one for one in ast.parse(text).body if isinstance(one, ast.Assign)]
    targets = [ast.unparse(one.targets[0]) for one in found if len(one.targets) == 1]
    for one in found:
        target, line = ast.unparse(one.targets[0]), one.lineno - 1
        if targets.count(target) == 1 and target.isupper():
            if isinstance(one.targets[0], ast.Name):
                lines[line] = lines[line].replace(f"{target} =", f"{target}: Final =", 1)
            elif (values := _apart(one.value)) is not None:
                pairs = zip(target.strip("()").split(", "), values, strict=True)
                said = "; ".join(f"{name}: Final = {value}" for name, value in pairs)
                lines[line : one.end_lineno] = [said + "\n"] + ["\n"] * (
                    (one.end_lineno or 0) - one.lineno
                )
    return "".join(lines)


def _apart(value: ast.expr) -> list[str] | None:
    """The values of ``A, B = 1, 2`` and ``A, B = range(2)``; None: something else."""
    if isinstance(value, ast.Tuple):
        return [ast.unparse(item) for item in value.elts]
    if isinstance(value, ast.Call) and ast.unparse(value.func) == "range":
        numbers = [ast.literal_eval(argument) for argument in value.args]
        return [str(number) for number in range(*numbers)]
    return None


def tell_mypyc(package: Path) -> None:
    """Write into the copy what the source need not say, or cannot without a third-party import."""
    for path in sources(package):
        text = constants(path.read_text())
        for one, what in ATTRIBUTES.get(str(path.relative_to(package)), {}).items():
            found = re.search(rf"^(@dataclass.*\n)?class {one}\b", text, re.MULTILINE)
            assert found is not None, f"{path} has no class {one}"
            text = f"{text[: found.start()]}@mypyc_attr({what})\n{text[found.start() :]}"
        future = "from __future__ import annotations\n"
        path.write_text(text.replace(future, future + HEADER, 1))


def build(folder: Path = FOLDER, level: int = 1, options: tuple[str, ...] = ()) -> None:
    """Copy the package to `folder`, and compile there; `level` is the C compiler's -O."""
    shutil.rmtree(folder, ignore_errors=True)
    source = fingerprint(ROOT / "tcpcore")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "tcpcore", folder / "tcpcore", ignore=ignored)
    tell_mypyc(folder / "tcpcore")
    paths = [str(path.relative_to(folder)) for path in sources(folder / "tcpcore")]
    setup = SETUP.format(paths=[*options, *paths], level=level)
    jobs = str(os.cpu_count() or 1)
    result = subprocess.run(
        [sys.executable, "-c", setup, "build_ext", "--inplace", "--parallel", jobs],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        print(*result.stdout.splitlines()[-20:], result.stderr, sep="\n", file=sys.stderr)
        stop("mypyc could not compile the engine; its words stand above.")
    shutil.rmtree(folder / "build", ignore_errors=True)
    shutil.rmtree(folder / ".mypy_cache", ignore_errors=True)
    python = folder / "python"
    python.write_text(PYTHON.format(folder=folder, root=ROOT, python=sys.executable, stamp=STAMP))
    python.chmod(0o755)
    (folder / STAMP).write_text(source)


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(prog="python -m tools.fast", description=__doc__)
    parser.add_argument("--level", type=int, default=1, help="the C compiler's -O")
    parser.add_argument("--report", help="where to write which lines stay slow, as HTML")
    chosen = parser.parse_args()
    if (reason := missing()) is not None:
        stop(f"{reason}, then try again.")
    with alone():
        if is_built():
            say("Nothing has changed since the engine was compiled.")
        else:
            with step("Compiling the engine (a minute or two)"):
                build(level=chosen.level, options=("-a", chosen.report) if chosen.report else ())
    say("Use it with _build/fast/python instead of .venv/bin/python.")


if __name__ == "__main__":
    main()
