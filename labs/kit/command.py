"""``python check.py [--id ID] [--only CHECK] [--json FILE] [ANSWER.py]``: what a student runs."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from labs.kit import report
from labs.kit.answer import constant
from labs.kit.instance import DEMO
from labs.kit.lab import Lab
from tcpcore.errors import UsageError


def find_answer(lab: Lab, given: str = "") -> Path:
    """The file to check: the one named, else answer.py, else the starter."""
    if given:
        if not Path(given).is_file():
            raise UsageError(f"There is no file {given}.")
        return Path(given)
    for path in (Path("answer.py"), lab.folder / "answer.py", lab.folder / "starter.py"):
        if path.is_file():
            return path
    raise UsageError(f"There is no answer.py here and none in {lab.folder}.")


def main(lab: Lab, arguments: list[str]) -> int:
    """Check, print, and say by the exit status whether all points were reached (0) or not (1)."""
    parser = argparse.ArgumentParser(prog="check.py", description=f"Checks of {lab.title}.")
    parser.add_argument("answer", nargs="?", default="", help="by default answer.py or starter.py")
    parser.add_argument("--id", default="", help="your id; by default ID of the answer")
    parser.add_argument("--only", default=None, help="one check, by number or name")
    parser.add_argument("--json", default="", help="write the result to this file, too")
    parser.add_argument(
        "--given", action="store_true", help="print what your id is given; no check"
    )
    given = parser.parse_args(arguments)
    try:
        path = find_answer(lab, given.answer)
        source = path.read_text(encoding="utf-8", errors="replace")
        student = given.id or str(constant(source, "ID") or DEMO)
        if given.given:
            print(json.dumps(lab.instance(student).given, indent=1, ensure_ascii=False))
            return 0
        only = int(given.only) if given.only and given.only.isdigit() else given.only
        result = lab.run(lab.local(source, path.name), student, only)
    except UsageError as error:
        print(error, file=sys.stderr)
        return 2
    print(report.text(result))
    if student == DEMO:
        print("This was the task of the id 'demo': write your own id into ID, or give --id.")
    if given.json:
        content = json.dumps(report.as_json(result), indent=1, ensure_ascii=False)
        Path(given.json).write_text(content + "\n", encoding="utf-8")
    return 0 if result.points == result.of else 1
