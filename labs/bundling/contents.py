"""What goes into which bundle, as a dict of paths to bytes; and zips that are always the same."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

from labs.bundling.notebook import JUDGE, page_for_students, to_notebook
from labs.grading.submissions import Student
from labs.kit.instance import SALT, file_name, salt
from labs.kit.lab import LABS, Lab

Files = dict[str, bytes]
ROOT = LABS.parent
NEEDED = ("tcpcore", "labs/kit")
"""What a check needs beside its own folder, in folders of the repository."""
PRIVATE = ("solution.py", "key.py", "wrong")
"""What never leaves the teacher's hands."""

README = """{title}
{line}

You have: lab.md and lab.ipynb (the tasks; open either in Jupyter), answer.py (what you complete and
hand in), check.py (tells you how far you are).

    python check.py            checks answer.py; Python 3.11 or newer, nothing to install
    python check.py --given    prints what your id is given

First write your id into ID at the top of answer.py. In Jupyter, `pip install anywidget ipywidgets`
brings the players; without them all checks work.
"""


def tree(folder: Path, below: str, leave: tuple[str, ...] = ()) -> Files:
    """All files of a folder, by their path under `below`."""
    return {
        f"{below}/{path.relative_to(folder).as_posix()}": path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and "__pycache__" not in path.parts
        and path.relative_to(folder).parts[0] not in leave
    }


def support() -> Files:
    """The engine and the kit, as a folder that is put on the path."""
    files: Files = {"support/labs/__init__.py": (LABS / "__init__.py").read_bytes()}
    for name in NEEDED:
        files |= tree(ROOT / name, f"support/{name}")
    return files | salted("support/")


def salted(below: str) -> Files:
    """The course's salt, if it has one: the same instances here and there."""
    return {f"{below}labs/{SALT.name}": salt().encode()} if salt() else {}


def student(lab: Lab, students: list[Student]) -> Files:
    """What a student gets.

    With a roster, the instances are made in advance and sealed, and instance.py stays here.
    """
    page = page_for_students(lab)
    files: Files = {
        "README.txt": README.format(title=lab.title, line="=" * len(lab.title)).encode(),
        "lab.md": page.encode(),
        "lab.ipynb": to_notebook(page).encode(),
        "answer.py": (lab.folder / "starter.py").read_bytes(),
        "check.py": (lab.folder / "check.py").read_bytes(),
    }
    for name in lab.files:
        files[name] = (lab.folder / name).read_bytes()
    if (lab.folder / "instance.py").is_file():
        files |= instances(lab, students)
    files |= support()
    assert not any(path.split("/")[0] in PRIVATE for path in files)
    return {f"{lab.name}/{path}": content for path, content in files.items()}


def instances(lab: Lab, students: list[Student]) -> Files:
    """The sealed instances of these students; without any, the file that makes them."""
    if not students:
        return {"instance.py": (lab.folder / "instance.py").read_bytes()}
    return {
        f"instances/{file_name(one.id)}.json": json.dumps(lab.instance(one.id).sealed()).encode()
        for one in [*students, Student("demo")]
    }


def instructor(lab: Lab) -> Files:
    """The whole lab with its solution and wrong answers, the grader, and the teacher's guide."""
    files = tree(lab.folder, f"labs/{lab.name}")
    for name in ("kit", "grading", "bundling"):
        files |= tree(LABS / name, f"labs/{name}")
    for path in sorted(LABS.glob("*.py")):
        files[f"labs/{path.name}"] = path.read_bytes()
    files["labs/README.md"] = (LABS / "README.md").read_bytes()
    files |= tree(ROOT / "tcpcore", "tcpcore")
    return {f"{lab.name}-teacher/{path}": content for path, content in files.items()}


def for_otter(lab: Lab) -> Files:
    """What the autograder unpacks: the judge, the engine, the grader, and this lab's checks."""
    files: Files = {"judge.py": JUDGE.format(name=lab.name).encode()}
    files["labs/__init__.py"] = (LABS / "__init__.py").read_bytes()
    for name in (*NEEDED, "labs/grading"):
        files |= tree(ROOT / name, name)
    for name in ("check.py", "instance.py", "key.py", *lab.files):
        if (lab.folder / name).is_file():
            files[f"labs/{lab.name}/{name}"] = (lab.folder / name).read_bytes()
    return files | salted("")


def zipped(files: Files) -> bytes:
    """A zip of these files, the same each time: no clock in it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(files):
            entry = zipfile.ZipInfo(path, (2026, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[path])
    return out.getvalue()
