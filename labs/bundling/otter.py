"""Packages for Gradescope, made and tried with otter-grader: ``otter assign``, ``otter run``.

otter runs as a program of its own (it exits with 0 whatever happens), so what it did is read from
the files that it leaves.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from labs.bundling import contents
from labs.bundling.notebook import for_otter, to_notebook
from labs.kit.lab import Lab
from tcpcore.errors import UsageError


def have() -> bool:
    """Whether otter-grader is installed beside this Python."""
    return _program() is not None


def _program() -> str | None:
    beside = Path(sys.executable).with_name("otter")
    return str(beside) if beside.is_file() else shutil.which("otter")


def _otter(arguments: list[str], folder: Path) -> str:
    program = _program()
    if program is None:
        raise UsageError("otter-grader is not installed: `pip install otter-grader`.")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    environment = {**os.environ, "PATH": path, "JUPYTER_PREFER_ENV_PATH": "1"}
    command = [program, *arguments]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def assign(lab: Lab, target: Path) -> None:
    """Write ``autograder.zip`` and the students' notebook into `target`."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        notebook = to_notebook(for_otter(lab))
        (folder / f"{lab.name}.ipynb").write_text(notebook, encoding="utf-8")
        (folder / "support.zip").write_bytes(contents.zipped(contents.for_otter(lab)))
        said = _otter(["assign", f"{lab.name}.ipynb", "dist", "--no-pdfs"], folder)
        made = sorted((folder / "dist" / "autograder").glob("*autograder*.zip"))
        if not made:
            raise UsageError(f"otter assign made no package for {lab.name}: {said[-800:]}")
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(made[0], target / "autograder.zip")
        student = folder / "dist" / "student" / f"{lab.name}.ipynb"
        shutil.copy(student, target / f"{lab.name}.ipynb")


def run(package: Path, submission: Path) -> dict[str, Any]:
    """The results.json that otter makes of a submission (answer.py or a notebook)."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        said = _otter(
            ["run", "-a", str(package), "-o", str(folder), "--no-logo", str(submission)], folder
        )
        results = folder / "results.json"
        if not results.is_file():
            raise UsageError(f"otter run left no results.json: {said[-800:]}")
        found: dict[str, Any] = json.loads(results.read_text(encoding="utf-8"))
        return found
