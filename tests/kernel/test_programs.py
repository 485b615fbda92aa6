"""The programs that chapters show for the reader's own Linux, run on this one."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAMS = sorted((Path(__file__).resolve().parents[2] / "chapters" / "programs").glob("*.py"))
FOLDER = PROGRAMS[0].parent


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], capture_output=True, text=True, timeout=30)


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_a_program_says_what_it_is_for(path: Path):
    found = run(str(path), "--help")
    assert found.returncode == 0
    assert found.stdout.startswith("usage: ")


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_a_program_needs_only_the_standard_library_and_does_nothing_when_imported(path: Path):
    code = path.read_text()
    modules = set(re.findall(r"^(?:import|from) (\w+)", code, re.MULTILINE))
    assert modules <= sys.stdlib_module_names
    assert 'if __name__ == "__main__":' in code


def test_an_error_is_one_sentence():
    found = run(str(FOLDER / "delayed_ack_client.py"), "--port", "1")
    assert found.returncode == 1
    assert found.stderr.count("\n") == 1
    assert "Connection refused" in found.stderr


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("options", "segments"),
    [((), 8), (("--quick-ack",), 9), (("--pause", "20"), 8), (("--pause", "200"), 9)],
    ids=["at once", "quick ACK", "20 ms later", "200 ms later"],
)
def test_the_server_saves_a_segment_when_it_closes_before_the_delayed_ack(options, segments):
    """Three of the opening, the hello and its ACK, and three or four of the end."""
    server = f"{sys.executable} {FOLDER / 'delayed_ack_server.py'} --clients 1 {' '.join(options)}"
    client = f"{sys.executable} {FOLDER / 'delayed_ack_client.py'}"
    script = (
        f"ip link set lo up; {server} & sleep 0.5; {client}; wait; sleep 0.3; "
        "awk '/^Tcp:/ {line = $0} END {split(line, field); print field[12]}' /proc/net/snmp"
    )
    found = subprocess.run(
        ["unshare", "-n", "sh", "-ec", script], capture_output=True, text=True, timeout=30
    )
    assert found.returncode == 0, found.stderr
    assert "recv() returned 19 bytes" in found.stdout
    assert int(found.stdout.split()[-1]) == segments
