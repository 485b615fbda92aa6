"""``python -m labs.bundles``: bundles for students and teachers, packages for Gradescope.

Into dist/labs: student/NAME.zip (no solutions, no keys), teacher/NAME.zip, gradescope/NAME/.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from labs.bundling import contents, otter
from labs.grading.submissions import Student, roster
from labs.kit.lab import LABS, Lab, folders, open_lab
from tcpcore.errors import UsageError

OUT = LABS.parent / "dist" / "labs"


def make(lab: Lab, out: Path, students: list[Student], with_otter: bool) -> None:
    """All bundles of one lab."""
    for kind, files in (
        ("student", contents.student(lab, students)),
        ("teacher", contents.instructor(lab)),
    ):
        target = out / kind / f"{lab.name}.zip"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(contents.zipped(files))
    if with_otter:
        otter.assign(lab, out / "gradescope" / lab.name)


def main(arguments: list[str]) -> int:
    """Make them, and say what was made."""
    parser = argparse.ArgumentParser(prog="labs.bundles", description="Make the labs' bundles.")
    parser.add_argument("--lab", action="append", default=[], help="only this one; may be repeated")
    parser.add_argument("--roster", type=Path, help="CSV with column id: sealed instances")
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--no-otter", action="store_true", help="no packages for Gradescope")
    given = parser.parse_args(arguments)
    try:
        students = roster(given.roster) if given.roster else []
        with_otter = not given.no_otter
        if with_otter and not otter.have():
            print("otter-grader is not installed: no packages for Gradescope.", file=sys.stderr)
            with_otter = False
        for name in given.lab or [folder.name for folder in folders()]:
            begun = time.monotonic()
            make(open_lab(name), given.out, students, with_otter)
            print(f"{name}: done in {time.monotonic() - begun:.1f} s", flush=True)
    except UsageError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"Bundles are in {given.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
