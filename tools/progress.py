"""Progress lines: what a slow step is, and how long it took."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent


def say(text: str) -> None:
    """Print one line at once, also into a pipe."""
    print(text, flush=True)


@contextmanager
def step(what: str) -> Iterator[None]:
    """Announce a slow step, and say afterwards how long it took."""
    say(f"• {what} ...")
    start = time.monotonic()
    yield
    say(f"  done in {time.monotonic() - start:.1f} s")


@contextmanager
def alone() -> Iterator[None]:
    """Let one program at a time change `.venv`, `node_modules` and `_build`; the others wait."""
    lock = ROOT / "_build" / "lock"
    lock.parent.mkdir(exist_ok=True)
    with lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("• Waiting for another `make` in this folder ...")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def run(command: Sequence[str], *, quiet: bool = False, env: dict[str, str] | None = None) -> None:
    """Run a command in the repository; when it fails show what it printed and stop.

    `quiet` keeps the output back unless the command fails.
    """
    result = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        stdout=subprocess.PIPE if quiet else None,
        stderr=subprocess.STDOUT if quiet else None,
        text=True,
        check=False,
    )
    if result.returncode:
        if quiet:
            sys.stderr.write(result.stdout)
        stop(f"`{' '.join(command)}` failed (exit status {result.returncode}); see above.")


def stop(sentence: str) -> NoReturn:
    """Leave with one clear sentence."""
    sys.stdout.flush()
    raise SystemExit(f"Stopped: {sentence}")
