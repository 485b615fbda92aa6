"""What README.md shows works as it stands there."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
README = (ROOT / "README.md").read_text()
CAPTURE = "tcpcore run handshake --format pcap -o capture.pcap"
PROMPT = re.compile(r"^\$ python -m (tcpcore .*?)(?:\s+#.*)?$", re.MULTILINE)


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


def test_the_program_prints_what_the_server_sent(tmp_path: Path) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    answer = run("-c", program, folder=tmp_path)
    assert (answer.stdout, answer.stderr) == ("b'hello'\n", "")


@pytest.mark.parametrize("command", PROMPT.findall(README))
def test_the_command_runs(command: str, tmp_path: Path) -> None:
    (tmp_path / "tests").symlink_to(ROOT / "tests")  # commands are run in the repository
    capture = run("-m", *shlex.split(CAPTURE), folder=tmp_path)
    assert capture.returncode == 0
    answer = run("-m", *shlex.split(command), folder=tmp_path)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout or list(tmp_path.glob("handshake.pcap"))


def test_the_commands_are_found() -> None:
    assert len(PROMPT.findall(README)) >= 6


@pytest.mark.parametrize("target", sorted(set(re.findall(r"(?:`|\$ )make ([a-z]+)", README))))
def test_the_makefile_has_the_targets_that_are_named(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_each_path_of_the_table_exists() -> None:
    paths = re.findall(r"^\| `([^`]+)` \|", README, re.MULTILINE)
    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []
