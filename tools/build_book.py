"""Build the book into _build/html: jupyter-book with every warning an error.

Its whole output goes to _build/build.log; here only what takes time is named, and what is wrong.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from pathlib import Path

from tools.progress import ROOT, say, stop

LOG = ROOT / "_build" / "build.log"
REPORTS = ROOT / "_build" / "html" / "reports"
COMMAND = [str(ROOT / ".venv/bin/jupyter-book"), "build", "-W", "-n", "--keep-going", "."]
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
EXECUTING = re.compile(
    r"^(?P<page>\S+?)(\.md)?: (Executing notebook|Executed notebook in)(?P<rest>.*)"
)


def environment() -> dict[str, str]:
    """Notebooks run on this environment's kernel, with nothing from the user's own settings."""
    return {
        **os.environ,
        "PATH": f"{ROOT / '.venv/bin'}{os.pathsep}{os.environ.get('PATH', '')}",
        "JUPYTER_PREFER_ENV_PATH": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONUNBUFFERED": "1",
    }


def build() -> int:
    """Run jupyter-book; pass on the lines that say what it executes or what is wrong."""
    LOG.parent.mkdir(exist_ok=True)
    with (
        LOG.open("w") as log,
        subprocess.Popen(
            COMMAND,
            cwd=ROOT,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        for raw in process.stdout:
            line = COLOUR.sub("", raw).rstrip()
            log.write(line + "\n")
            log.flush()
            if found := EXECUTING.match(line):
                say(f"  {line.removeprefix(str(ROOT) + '/')}" if found else line)
            elif "WARNING" in line or "ERROR" in line:
                say(f"  {line}")
    return process.returncode


def main() -> None:
    """Build, say how long it took, and where to look when it fails."""
    say("• Building the book: runs each chapter that changed, then writes the pages ...")
    start = time.monotonic()
    status = build()
    if status:
        for report in sorted(Path(REPORTS).rglob("*.err.log")):
            say(f"--- {report.stem} failed:\n{report.read_text()}")
        stop(f"the book has warnings or errors; the whole output is in {LOG.relative_to(ROOT)}.")
    say(f"  done in {time.monotonic() - start:.1f} s: _build/html/index.html")


if __name__ == "__main__":
    main()
