"""Lighthouse on a chapter, on a page with a large table and on the first page."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.book.conftest import ROOT

pytestmark = pytest.mark.browser

LIGHTHOUSE = ROOT / "node_modules" / ".bin" / "lighthouse"
BROWSER = "--headless=new --no-sandbox --disable-gpu"
LEAST = {"accessibility": 1.0, "best-practices": 0.95}


def report(address: str, target: Path) -> dict[str, Any]:
    """What Lighthouse says about a page, in the categories that we look at."""
    command = [str(LIGHTHOUSE), address, "--quiet", "--output=json", f"--output-path={target}"]
    command += [f"--only-categories={','.join(LEAST)}", f"--chrome-flags={BROWSER}"]
    environment = {
        **os.environ,
        "CHROME_PATH": shutil.which("chromium") or "",
        "PATH": f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}",
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(target.read_text())
    return found


@pytest.mark.parametrize("page", ["handshake/three-way-handshake", "appendix/claims", "index"])
def test_lighthouse_finds_the_page_accessible_and_well_made(
    page: str, site: Any, tmp_path: Path
) -> None:
    found = report(f"{site.address}/chapters/{page}.html", tmp_path / "report.json")
    wrong = {
        audit["id"]: [str(item)[:300] for item in audit.get("details", {}).get("items", [])[:4]]
        for audit in found["audits"].values()
        if audit["score"] == 0
    }
    for category, least in LEAST.items():
        assert found["categories"][category]["score"] >= least, (category, wrong)
