"""Every script of ours passes on the engine, and on the kernel of this machine.

A script may open with ``// kernel differs: ...`` or ``// engine differs: ...``: it documents a
difference, and must fail on that side; ``// Fails: ...`` documents a mistake, and must on both.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tcpcore.packetdrill import examples
from tcpcore.packetdrill.drill import Plan, run_file
from tcpcore.packetdrill.report import text
from tcpcore.packetdrill.source import Source
from tcpcore.packetdrill.system import Settings

FOLDER = Path(__file__).parent
SCRIPTS = sorted([*FOLDER.rglob("*.pkt"), *examples.FOLDER.glob("*.pkt")])
KERNEL = Plan("kernel", settings=Settings(tolerance=14_000))
"""With HZ=250 a kernel is up to 14 ms late."""
ATTEMPTS = 3
"""A busy machine can hold up the wire: what differs once in three runs is the machine."""

scripts = pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)


def said(path: Path) -> str:
    """The script's first line: what it shows."""
    return path.read_text().splitlines()[0]


@scripts
def test_it_passes_on_the_engine(path):
    outcome = run_file(path)
    assert outcome.passed != said(path).startswith(("// engine differs:", "// Fails:")), text(
        Source(path.read_text(), path.name), outcome
    )


@pytest.mark.kernel
@scripts
def test_it_passes_on_this_kernel(path):
    differs = said(path).startswith(("// kernel differs:", "// Fails:"))
    for _ in range(ATTEMPTS):
        outcome = run_file(path, KERNEL)
        if outcome.passed != differs:
            return
    pytest.fail(text(Source(path.read_text(), path.name), outcome))


@scripts
def test_it_says_in_its_first_line_what_it_shows(path):
    assert said(path).startswith("// ")
    assert said(path).endswith(".")
