"""tests/conftest.py: a test that cannot run is skipped with its reason, and in CI it fails."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

NEEDED = [Path(__file__).resolve().parents[2] / name for name in ("conftest.py", "held_up.py")]
TESTS = """
import pytest

@pytest.mark.kernel
def test_of_the_kernel():
    pytest.skip("no TUN here")

def test_of_the_engine():
    pytest.skip("a plain skip")
"""
MARKERS = "".join(f"  {name}\n" for name in ("kernel", "book", "browser", "compiled"))
CONFIG = f"[pytest]\naddopts = -ra -p no:cacheprovider\nmarkers =\n{MARKERS}"


def run_tests(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    (folder / "tests").mkdir()
    for file in NEEDED:
        shutil.copy(file, folder / "tests" / file.name)
    (folder / "tests" / "test_sample.py").write_text(TESTS)
    (folder / "pytest.ini").write_text(CONFIG)
    without_ci = {key: value for key, value in os.environ.items() if key != "CI"}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-m", "not browser"],
        cwd=folder,
        env={**without_ci, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_at_home_a_kernel_test_that_cannot_run_is_skipped_with_its_reason(tmp_path: Path) -> None:
    answer = run_tests(tmp_path)
    assert answer.returncode == 0
    assert "2 skipped" in answer.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="not root: the kernel test is skipped before it runs")
def test_at_home_the_reason_is_printed(tmp_path: Path) -> None:
    assert "no TUN here" in run_tests(tmp_path).stdout


def test_in_ci_a_kernel_test_that_cannot_run_fails_and_other_skips_stay(tmp_path: Path) -> None:
    answer = run_tests(tmp_path, CI="true")
    assert answer.returncode == 1
    assert "CI must run every test with needs" in answer.stdout
    assert re.search(r"1 failed, 1 skipped|1 skipped, 1 error", answer.stdout)
