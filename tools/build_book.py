"""Build the book into _build/html: jupyter-book with every warning an error.

Its whole output goes to _build/build.log; here only what takes time is named, and what is wrong.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tools.progress import ROOT, alone, say, stop

OUT = ROOT / "_build"
LOG = OUT / "build.log"
UNFINISHED = OUT / "unfinished"  # stands while a build runs, and after one that failed
REPORTS = OUT / "html" / "reports"
JUPYTER_BOOK = str(ROOT / ".venv/bin/jupyter-book")
COMMAND = [JUPYTER_BOOK, "build", "-W", "-n", "--keep-going", "."]
EPUB = [*COMMAND, "--builder", "custom", "--custom-builder", "epub"]
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
TROUBLE = re.compile(r"\b(WARNING|ERROR|CRITICAL|[A-Z]\w+Error): ")
EXECUTING = re.compile(
    r"^(?P<page>\S+?)(\.md)?: (Executing notebook|Executed notebook in)(?P<rest>.*)"
)


def environment() -> dict[str, str]:
    """Notebooks run on this environment's kernel, with nothing from the user's own settings."""
    return {
        **os.environ,
        "PATH": f"{ROOT / '.venv/bin'}{os.pathsep}{os.environ.get('PATH', '')}",
        "PYTHONPATH": str(ROOT),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONUNBUFFERED": "1",
    }


def is_trouble(line: str) -> bool:
    """Whether a line of Sphinx's output says that something is wrong."""
    return bool(TROUBLE.search(line))


def build(command: Sequence[str], log_file: Path, wrong: Callable[[str], bool] = is_trouble) -> int:
    """Run jupyter-book; pass on the lines that say what it executes or what is `wrong`."""
    with (
        log_file.open("w") as log,
        subprocess.Popen(
            command,
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
            elif wrong(line):
                say(f"  {line}")
    return process.returncode


def forget_failed_pages() -> None:
    """After a build that failed, make Sphinx read every page again.

    It takes a page whose cells failed for read: the next build would pass without a word.
    """
    if UNFINISHED.exists():
        shutil.rmtree(OUT / ".doctrees", ignore_errors=True)
    shutil.rmtree(REPORTS, ignore_errors=True)
    OUT.mkdir(exist_ok=True)
    UNFINISHED.touch()


def show_reports(reports: Path = REPORTS) -> None:
    """Print why cells failed, without the machinery above them."""
    for report in sorted(reports.rglob("*.err.log")):
        text = COLOUR.sub("", report.read_text())
        start = max(text.find("An error occurred while executing"), 0)
        say(f"--- {report.relative_to(reports)}\n{text[start:].rstrip()}")


def main() -> None:
    """Build, say how long it took, and where to look when it fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epub", action="store_true", help="for e-readers, into _build/epub")
    epub = parser.parse_args().epub
    say("• Building the book: runs each chapter that changed, then writes the pages ...")
    start = time.monotonic()
    forget_failed_pages()
    if build(EPUB if epub else COMMAND, LOG):
        show_reports()
        stop(f"the book has warnings or errors; the whole output is in {LOG.relative_to(ROOT)}.")
    UNFINISHED.unlink()
    result = "_build/epub/TCPonLinux.epub" if epub else "_build/html/index.html"
    say(f"  done in {time.monotonic() - start:.1f} s: {result}")


if __name__ == "__main__":
    with alone():
        main()
