"""What has been handed in: one file or folder for each student, whose id is in its name.

With a roster (CSV with a header; columns id, name, email, submission, all but id optional) a file
belongs to the row whose submission, id, email or name its own name is or begins with: so learning
platforms may add to the names what they like.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from labs.kit.instance import tidy
from tcpcore.errors import UsageError

LARGEST = 1_000_000
"""Bytes of a file: a longer one is no answer."""


@dataclass(frozen=True, slots=True)
class Student:
    """A row of the roster."""

    id: str
    name: str = ""
    email: str = ""
    submission: str = ""

    def owns(self, name: str) -> bool:
        """Whether a file or folder of that name is this student's."""
        plain = tidy(name)
        for own in (self.submission, self.id, self.email, self.name, _joined(self.name)):
            if own and (plain == tidy(own) or plain.startswith((f"{tidy(own)}_", f"{tidy(own)}-"))):
                return True
        return False


@dataclass(frozen=True, slots=True)
class Submission:
    """One student's answer; `problem` says why there is no source."""

    student: Student
    file: str = ""
    source: str = ""
    problem: str = ""


def _joined(name: str) -> str:
    """``Ada Lovelace`` as Canvas writes it: lovelaceada."""
    first, _, last = name.rpartition(" ")
    return f"{last}{first}".replace(" ", "").lower() if first else ""


def roster(path: Path) -> list[Student]:
    """The students of a CSV file; `UsageError` when it has no column ``id``."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [
                {_clean(k): (v or "").strip() for k, v in row.items()}
                for row in csv.DictReader(file)
            ]
    except (OSError, UnicodeError) as error:
        raise UsageError(f"cannot read the roster {path}: {error}.") from error
    if not rows or "id" not in rows[0]:
        raise UsageError(f"The roster {path} needs a header with a column 'id'.")
    names = ("id", "name", "email", "submission")
    return [Student(*(row.get(name, "") for name in names)) for row in rows if row["id"]]


def _clean(name: str | None) -> str:
    return (name or "").strip().lower()


def collect(folder: Path, students: list[Student]) -> list[Submission]:
    """All submissions by the roster (those who handed in nothing, too), else by name."""
    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder}.")
    entries = sorted(
        path
        for path in folder.iterdir()
        if path.is_dir() or path.suffix == ".py"
        if not path.name.startswith((".", "__"))
    )
    if not students:
        return [read(Student(path.stem if path.is_file() else path.name), path) for path in entries]
    found: list[Submission] = []
    for student in students:
        own = [path for path in entries if student.owns(path.stem if path.is_file() else path.name)]
        if own:
            found.append(read(student, own[-1]))  # the latest, where a platform numbers them
        else:
            found.append(Submission(student, problem="Nothing was handed in."))
    strangers = [
        path.name
        for path in entries
        if not any(one.owns(path.stem if path.is_file() else path.name) for one in students)
    ]
    if strangers:
        raise UsageError(f"The roster has nobody for {', '.join(strangers)}.")
    return found


def read(student: Student, path: Path) -> Submission:
    """The answer in a file or folder."""
    if path.is_dir():
        wanted = [path / "answer.py", *sorted(path.rglob("answer.py")), *sorted(path.glob("*.py"))]
        files = [one for one in dict.fromkeys(wanted) if one.is_file()]
        files = [one for one in files if one.name not in ("check.py", "starter.py", "instance.py")]
        if not files:
            return Submission(student, problem="There is no answer.py in what was handed in.")
        path = files[0]
    try:
        if path.is_symlink() or path.stat().st_size > LARGEST:
            return Submission(student, path.name, problem=f"{path.name} is no file of a fair size.")
        return Submission(student, path.name, path.read_text(encoding="utf-8", errors="replace"))
    except OSError as error:
        return Submission(
            student, path.name, problem=f"{path.name} cannot be read: {error.strerror}."
        )
