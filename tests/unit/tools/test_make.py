"""The programs behind the Makefile, and what they say when something is missing."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tools import (
    build_book,
    progress,
    serve,
    setup_env,
    system_packages,
    try_chapter,
    web_assets,
)

ROOT = Path(__file__).resolve().parents[3]
MAKEFILE = (ROOT / "Makefile").read_text()


def make(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run make as if by hand, also when `make check` runs this test."""
    outer = {"MAKEFLAGS", "MAKEOVERRIDES", "MAKELEVEL", "MFLAGS", "PYTHON"}
    inherited = {key: value for key, value in os.environ.items() if key not in outer}
    return subprocess.run(
        ["make", *arguments],
        cwd=ROOT,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("target", ["book", "build", "check", "test", "records"])
def test_without_a_new_enough_python_each_target_says_so_in_one_sentence(target: str) -> None:
    answer = make(target, "PYTHON=")
    assert answer.returncode != 0
    assert "Python 3.11 or newer is needed" in answer.stdout
    assert "Traceback" not in answer.stdout + answer.stderr


def test_an_old_python3_is_passed_over_for_a_newer_one_further_on(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    (tmp_path / "python3.12").symlink_to(sys.executable)
    answer = make("-n", "env", PATH=f"{tmp_path}{os.pathsep}{os.defpath}")
    assert "python3.12 tools/setup_env.py" in answer.stdout


def test_the_environment_is_installed_again_exactly_when_its_inputs_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in setup_env.INPUTS:
        shutil.copy(ROOT / name, tmp_path / name)
    monkeypatch.setattr(setup_env, "ROOT", tmp_path)
    before = setup_env.fingerprint()
    assert setup_env.fingerprint() == before
    with (tmp_path / "constraints.txt").open("a") as constraints:
        constraints.write("one-more==1.0\n")
    assert setup_env.fingerprint() != before


def test_a_node_that_is_missing_or_too_old_is_not_used(tmp_path: Path) -> None:
    node = tmp_path / "node"
    assert not web_assets.new_enough(str(node))
    for version, usable in [("v17.9.1", False), ("v18.0.0", True), ("nonsense", False)]:
        node.write_text(f"#!/bin/sh\necho {version}\n")
        node.chmod(0o755)
        assert web_assets.new_enough(str(node)) is usable


def test_a_taken_port_gives_the_next_free_one(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with serve.open_server(tmp_path, port) as server:
            assert port < server.server_port <= port + serve.TRIES


def test_the_server_is_only_reachable_from_this_machine(tmp_path: Path) -> None:
    with serve.open_server(tmp_path, 20_000) as server:
        assert server.server_address[0] == "127.0.0.1"


def test_without_root_a_missing_program_gives_the_command_to_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(system_packages.shutil, "which", lambda _: None)
    monkeypatch.setattr(system_packages.os, "geteuid", lambda: 1000)
    system_packages.main(["chromium"])
    assert "`sudo apt-get install chromium" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("marker", "folder"),
    [("book", "book"), ("browser", "book"), ("otter", "labs"), ("compiled", "fast")],
)
def test_make_looks_for_these_tests_in_one_folder_only_and_they_lie_there(
    marker: str, folder: str
) -> None:
    marked = re.compile(rf"\bmark\.{marker}\b")
    files = [path for path in (ROOT / "tests").rglob("*.py") if marked.search(path.read_text())]
    assert files
    assert [path for path in files if not path.is_relative_to(ROOT / "tests" / folder)] == []
    assert re.search(rf'-m "[^"]*\b{marker}\b[^"]*" tests/{folder}$', MAKEFILE, re.MULTILINE)


class Apt:
    """In place of apt-get: what it was asked to install, one list for each time."""

    def __init__(self, *unknown: str) -> None:
        self.asked: list[list[str]] = []
        self.unknown = set(unknown)

    def run(self, command: list[str], **_: object) -> None:
        if "install" in command:
            self.asked.append(command[command.index("--no-install-recommends") + 1 :])
            if self.unknown.intersection(command):
                progress.stop("no such package")


@pytest.fixture
def apt(monkeypatch: pytest.MonkeyPatch) -> Apt:
    """Root on a Debian that has nothing yet but apt-get, and does not know one package."""
    found = Apt("chromium-headless-shell")
    monkeypatch.setattr(system_packages.shutil, "which", lambda name: name == "apt-get" or None)
    monkeypatch.setattr(system_packages.os, "geteuid", lambda: 0)
    monkeypatch.setattr(system_packages, "run", found.run)
    return found


def test_a_program_with_a_spare_may_be_unknown_to_the_system(
    apt: Apt, capsys: pytest.CaptureFixture[str]
) -> None:
    system_packages.main(["chromium-headless-shell", "curl"])
    assert apt.asked == [["chromium-headless-shell", "curl"], ["curl"]]
    assert "chromium does what chromium-headless-shell does" in capsys.readouterr().out


def test_a_program_without_a_spare_must_be_installed(apt: Apt) -> None:
    apt.unknown = {"curl"}
    with pytest.raises(SystemExit, match="no such package"):
        system_packages.main(["chromium-headless-shell", "curl"])
    assert apt.asked == [["chromium-headless-shell", "curl"], ["curl"]]


def test_what_is_known_is_installed_at_once(apt: Apt) -> None:
    apt.unknown = set()
    system_packages.main(["chromium-headless-shell", "curl"])
    assert apt.asked == [["chromium-headless-shell", "curl"]]


def test_a_command_that_fails_shows_its_output_and_one_sentence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit, match=r"^Stopped: `false` failed"):
        progress.run(["false"], quiet=True)
    with pytest.raises(SystemExit):
        progress.run(["sh", "-c", "echo why it failed; exit 3"], quiet=True)
    assert "why it failed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "trouble"),
    [
        ("/book/chapters/a.md:3: WARNING: undefined label", True),
        ("ValueError: no such scenario", True),
        ("[IPKernelApp] WARNING | Kernel is running over TCP without encryption.", False),
        ("writing output... [100%] chapters/index", False),
    ],
)
def test_the_build_passes_on_what_is_wrong_and_no_chatter(line: str, trouble: bool) -> None:
    assert build_book.is_trouble(line) is trouble


@pytest.mark.parametrize(
    ("target", "mend"),
    [
        ("WARNING: Unknown source document 'chapters/notation' [myst.xref_missing]", False),
        ("WARNING: Unknown source document 'chapters/notions' [myst.xref_missing]", True),
        ("WARNING: 'myst' cross-reference target not found: '../notation.md'", False),
        ("WARNING: 'myst' cross-reference target not found: 'breake-it'", True),
        ("WARNING: Executing notebook failed: CellExecutionError [mystnb.exec]", True),
    ],
)
def test_a_try_of_one_page_keeps_back_only_links_to_pages_left_out(target: str, mend: bool) -> None:
    assert try_chapter.wrong(f"/book/chapters/a/b.md:16: {target}") is mend


@pytest.mark.parametrize("wanted", ["notation", "chapters/notation.md", "./chapters/notation"])
def test_a_page_to_try_may_be_named_by_its_address_or_its_file(wanted: str) -> None:
    assert try_chapter.page_named(wanted) == "notation"


def test_a_page_to_try_that_is_not_there_is_one_sentence_with_a_hint() -> None:
    with pytest.raises(SystemExit, match="do you mean handshake/three-way-handshake"):
        try_chapter.page_named("queues/three-way-handshake")


def test_a_second_make_in_the_same_folder_waits_for_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "ROOT", tmp_path)
    second = "from tools import progress; from pathlib import Path; "
    second += f"progress.ROOT = Path({str(tmp_path)!r})\n"
    second += "with progress.alone(): print('second')"
    with progress.alone():
        process = subprocess.Popen(
            [sys.executable, "-c", second], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert "Waiting for another `make`" in process.stdout.readline()
    assert process.communicate()[0] == "second\n"
