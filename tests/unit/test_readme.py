"""What the README shows works as it says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tcpcore.cli import main

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\$ (?:sudo \S+/)?python -m tcpcore (.+?)\s*(?:#.*)?$", README, re.M)


def test_the_python_example_runs_and_prints_what_the_server_sent(
    capsys: pytest.CaptureFixture[str],
) -> None:
    (example,) = re.findall(r"```python\n(.+?)```", README, re.S)
    exec(compile(example, "README.md", "exec"), {})
    assert capsys.readouterr().out == "b'hello'\n"


def test_the_readme_shows_commands() -> None:
    assert {command.split()[0] for command in COMMANDS} == {
        "explain",
        "list",
        "record",
        "run",
    }


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith(("list", "run"))])
def test_a_command_of_the_readme_runs(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(shlex.split(command)) == 0
