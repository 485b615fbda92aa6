"""Break one rule after the other in a copy of the tree, and see which tests notice.

    python -m tests.mutants            # all rules; some seconds each, a minute if few notice
    python -m tests.mutants PAWS ...   # those whose sentence holds one of the words

A rule that no test misses has survived: then a test is wanted.  1 when one has.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.mutants.rules import MUTANTS, Mutant

ROOT = Path(__file__).resolve().parents[2]
NEAR = (
    "tests/drill",
    "tests/unit/host",
    "tests/unit/net",
    "tests/unit/tcp",
    "tests/states",
    "tests/unit/scenarios",
    "tests/pairs",
)
"""Where a test would notice; what takes the least time comes first."""
COPIED = ("tcpcore", "tests", "benchmarks", "pyproject.toml")
PATIENCE = 3
"""How many times as long as without a broken rule; then the tests run for ever: noticed, too."""


def copy_tree(target: Path) -> None:
    """The files that the tests need."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, target / name, ignore=ignored)
        else:
            shutil.copy(source, target / name)


def broken(mutant: Mutant, text: str) -> str:
    """The file's text with the rule broken; `ValueError` where its words do not stand once."""
    if text.count(mutant.old) != 1:
        found = text.count(mutant.old)
        raise ValueError(f"{mutant.file}: the words of {mutant.rule!r} stand there {found} times")
    return text.replace(mutant.old, mutant.new)


def noticed(tree: Path, seconds: float | None = None) -> str | None:
    """The first test that fails in that tree, or that time is up; None when all pass."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-m", "not kernel", *NEAR]
    environment = {**os.environ, "PYTHONPATH": str(tree), "CI": "true"}
    try:
        done = subprocess.run(
            command, cwd=tree, env=environment, capture_output=True, text=True, timeout=seconds
        )
    except subprocess.TimeoutExpired:
        return f"the tests do not end within {seconds:.0f} s"
    if not done.returncode:
        return None
    failed = re.search(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
    return failed[1] if failed else (done.stdout + done.stderr).strip()[-300:]


def main() -> int:
    """Try the mutants, and print what became of each."""
    parser = argparse.ArgumentParser(description="Break rules, one at a time.")
    parser.add_argument("words", nargs="*", help="only rules with one of these words")
    words = parser.parse_args().words
    chosen = [one for one in MUTANTS if not words or any(word in one.rule for word in words)]
    survivors = 0
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        copy_tree(tree)
        begun = time.monotonic()
        if (failed := noticed(tree)) is not None:
            print(f"With no rule broken a test fails already: {failed}", file=sys.stderr)
            return 1
        patience = PATIENCE * (time.monotonic() - begun)
        for number, mutant in enumerate(chosen, 1):
            file = tree / "tcpcore" / mutant.file
            whole = file.read_text(encoding="utf-8")
            file.write_text(broken(mutant, whole), encoding="utf-8")
            test = noticed(tree, patience)
            file.write_text(whole, encoding="utf-8")
            survivors += test is None
            verdict = "SURVIVED" if test is None else f"caught by {test}"
            print(f"{number:2} of {len(chosen)}: {mutant.rule}: {verdict}", flush=True)
    print(f"{len(chosen) - survivors} of {len(chosen)} broken rules are caught.")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
