"""``python -m labs.new my-lab``: begin a lab from the template."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

from labs.kit.lab import LABS
from tcpcore.errors import UsageError

TEMPLATE = LABS / "template"
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def begin(name: str, into: Path = LABS) -> Path:
    """Copy the template; the new folder.  `UsageError` for a name that will not do."""
    if not NAME.fullmatch(name):
        raise UsageError("A lab's name is in small letters with hyphens: make new-lab NAME=my-lab.")
    folder = into / name
    if folder.exists():
        raise UsageError(f"There is a {folder} already.")
    shutil.copytree(TEMPLATE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    title = name.replace("-", " ").capitalize()
    for path in folder.rglob("*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            path.write_text(text.replace("LAB-TITLE", title).replace("LAB-NAME", name))
    return folder


def main(arguments: list[str]) -> int:
    """Make it, and say what to do next."""
    try:
        folder = begin(arguments[0] if len(arguments) == 1 else "")
    except UsageError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{folder} has a small lab that works: change it file by file.")
    print(f"  python labs/{folder.name}/check.py labs/{folder.name}/solution.py")
    print(f"  pytest tests/labs -k {folder.name}")
    print(f"List labs/{folder.name}/lab in _toc.yml to have its page in the book.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
