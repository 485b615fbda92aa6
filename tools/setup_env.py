"""Make `.venv`, with everything in it pinned by constraints.txt; quick when it is up to date.

Runs on the Python that the Makefile found, so it uses the standard library only.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.progress import ROOT, alone, run, step, stop

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed"
INPUTS = ("constraints.txt", "requirements.txt", "pyproject.toml")


def fingerprint() -> str:
    """Changes whenever the environment has to be installed again."""
    digest = hashlib.sha256(sys.version.encode())
    for name in INPUTS:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def make_venv() -> None:
    """Create `.venv`, or say what is missing."""
    with step(f"Making the virtual environment .venv with Python {sys.version.split()[0]}"):
        try:
            import ensurepip  # noqa: F401
            import venv
        except ImportError:
            stop(
                "this Python cannot make virtual environments; on Debian or Ubuntu run "
                "`sudo apt-get install python3-venv`, then try again."
            )
        venv.EnvBuilder(with_pip=True, clear=VENV.exists()).create(VENV)


def pip_environment() -> dict[str, str]:
    """Build tools (setuptools) obey the constraints too: pip's option does not reach them."""
    constraints = str(ROOT / "constraints.txt")
    return {
        "PIP_CONSTRAINT": constraints,
        "PIP_BUILD_CONSTRAINT": constraints,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


def main() -> None:
    """Bring `.venv` up to date."""
    wanted = fingerprint()
    if STAMP.is_file() and STAMP.read_text() == wanted and PYTHON.exists():
        return
    if not PYTHON.exists() or not os.access(PYTHON, os.X_OK):
        make_venv()
    with step("Installing the pinned packages (a minute or two the first time)"):
        command = [str(PYTHON), "-m", "pip", "install", "--quiet"]
        command += ["-r", "requirements.txt", "-e", ".[capture,player,sweep,grading,test]"]
        run(command, quiet=True, env=pip_environment())
    STAMP.write_text(wanted)


if __name__ == "__main__":
    with alone():
        main()
