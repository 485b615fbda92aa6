"""A lab: its checks, its files, and the one way to run it over an answer.

A lab is a folder; `check.py` in it makes a `Lab` and declares its checks.  Folders have hyphens in
their names, so their files are loaded by path: `open_lab` for a whole lab, `Lab.load` for a file.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import util
from pathlib import Path
from types import ModuleType
from typing import Any

from labs.kit import plain
from labs.kit.answer import LINES, Answer, Local, constant
from labs.kit.instance import DEMO, Instance, read_sealed
from labs.kit.verdicts import Part, Result, Verdict, Wrong, shown
from tcpcore.errors import UsageError

LABS = Path(__file__).resolve().parent.parent
Check = Callable[[Answer, Instance], Part | None]


@dataclass(frozen=True, slots=True)
class Declared:
    """A check as it was declared."""

    number: int
    name: str
    points: float
    rule: str
    checked: str
    run: Check
    parts: int = 1


@dataclass(frozen=True, slots=True)
class Mistake:
    """A plausible wrong answer: the check that catches it, what is wrong with it, its text."""

    caught_by: str
    mistake: str
    source: str


class Lab:
    """See the module.

    `values` are the names in an answer that hold literals; `imports` what an answer may import
    beyond `room.ALLOWED`; `personal` the check whose right answer depends on the student's id;
    `files` what check.py loads from its folder, for the bundle; `lines` how many lines of the
    student's code one question may take (0: not counted).
    """

    def __init__(
        self,
        check_file: str,
        *,
        title: str,
        hours: float,
        values: tuple[str, ...] = (),
        imports: tuple[str, ...] = (),
        personal: str = "",
        files: tuple[str, ...] = (),
        lines: int = LINES,
    ) -> None:
        self.folder = Path(check_file).resolve().parent
        self.name = self.folder.name
        self.title = title
        self.hours = hours
        self.values = values
        self.imports = imports
        self.personal = personal
        self.files = files
        self.lines = lines
        self.checks: list[Declared] = []
        self._loaded: dict[str, ModuleType] = {}

    # --- declaring -------------------------------------------------------------------------------

    def check(
        self, name: str, *, points: float, rule: str, parts: int = 1
    ) -> Callable[[Check], Check]:
        """Declare a check: its docstring says what it looks at, `rule` what must hold.

        A rule says where it stands: an RFC's section, a kernel function.  A check that returns a
        `Part` says in how many equal `parts` its points may be had.
        """

        def declare(run: Check) -> Check:
            said = " ".join((inspect.getdoc(run) or name).split())
            number = len(self.checks) + 1
            self.checks.append(Declared(number, name, points, rule, said, run, parts))
            return run

        return declare

    def load(self, name: str) -> ModuleType:
        """A Python file of this lab's folder, as a module."""
        if name not in self._loaded:
            self._loaded[name] = module_of(self.folder / name, f"lab {self.name} {name}")
        return self._loaded[name]

    @property
    def key(self) -> ModuleType | None:
        """What only the teacher has (key.py); None in a student's bundle."""
        return self.load("key.py") if (self.folder / "key.py").is_file() else None

    # --- instances -------------------------------------------------------------------------------

    def instance(self, student: str) -> Instance:
        """The task of that student."""
        sealed = read_sealed(self.folder, student)
        if sealed is not None:
            return Instance(self.name, student, sealed=sealed)
        instance = Instance(self.name, student)
        if (self.folder / "instance.py").is_file():
            made = self.load("instance.py").make(instance.draw("instance"), instance.student)
            instance.given = plain.same(made.get("given", {}))
            instance.expected = dict(made.get("expected", {}))
        elif (self.folder / "instances").is_dir():
            raise UsageError(
                f"There is no instance for the id {student!r} in {self.folder / 'instances'}; "
                "use the id under which your teacher lists you."
            )
        return instance

    # --- running ---------------------------------------------------------------------------------

    def declared(self, which: int | str) -> Declared:
        """A check by its number or name."""
        for one in self.checks:
            if which in (one.number, one.name):
                return one
        listed = ", ".join(f"{one.number} ({one.name})" for one in self.checks)
        raise UsageError(f"{self.name} has no check {which!r}; it has {listed}.")

    def run(
        self,
        make: Callable[[Instance], Answer],
        student: str,
        only: int | str | None = None,
    ) -> Result:
        """Run the checks over the answer that `make` gives for the student's instance.

        It never raises for what an answer does: that is a verdict.
        """
        instance = self.instance(student)
        result = Result(self.name, self.title, instance.student)
        chosen = self.checks if only is None else [self.declared(only)]
        answer: Answer | None = None
        broken: Wrong | None = None
        try:
            answer = make(instance)
        except Wrong as error:
            broken = error
        for one in chosen:
            if answer is None:
                assert broken is not None
                result.verdicts.append(judged(one, broken))
            else:
                result.verdicts.append(self._verdict(one, answer, instance))
        return result

    @staticmethod
    def _verdict(one: Declared, answer: Answer, instance: Instance) -> Verdict:
        answer.calls = 0
        try:
            part = one.run(answer, instance)
        except Wrong as error:
            return judged(one, error)
        except Exception as error:  # noqa: BLE001  # data that no check foresaw costs one student
            said = f"{type(error).__name__}: {error}"
            return judged(one, Wrong(f"The check cannot make sense of what it was given ({said})."))
        if part is None or part.share == 1:
            return Verdict(one.number, one.name, one.checked, one.rule, one.points, one.points)
        if one.parts == 1:
            raise UsageError(f"The check {one.name!r} gives parts: declare in how many, parts=N.")
        points = round(one.points * int(part.share * one.parts + 1e-9) / one.parts, 2)
        verdict = Verdict(one.number, one.name, one.checked, one.rule, points, one.points)
        verdict.kind, verdict.message, verdict.where = "part", part.message, part.where
        return verdict

    def local(self, source: str, file: str = "answer.py") -> Callable[[Instance], Answer]:
        """Makes an answer that runs in this process."""
        return lambda instance: Local(source, file, self.imports, instance.given, self.lines)

    def grade(self, source: str, student: str, file: str = "answer.py") -> Result:
        """Run all checks over a file's text, in this process."""
        return self.run(self.local(source, file), student)

    def mistakes(self) -> dict[str, Mistake]:
        """The wrong answers that come with the lab, by the names of their files."""
        found = {}
        for path in sorted((self.folder / "wrong").glob("*.py")):
            text = path.read_text(encoding="utf-8")
            head = dict(re.findall(r"^# (caught by|mistake|like): (.+)$", text, re.MULTILINE))
            if "like" in head:
                text = (self.folder / head["like"]).read_text(encoding="utf-8") + "\n\n" + text
            found[path.stem] = Mistake(head.get("caught by", ""), head.get("mistake", ""), text)
        return found

    # --- for people ------------------------------------------------------------------------------

    def main(self) -> None:
        """``python check.py [--id ID] [--json FILE] [ANSWER.py]``."""
        from labs.kit import command

        sys.exit(command.main(self, sys.argv[1:]))

    def notebook(self, which: int | str | None = None, answer: str = "", student: str = "") -> Any:
        """In a notebook: one check (or all) of the answer beside it, as a table to look at."""
        from labs.kit.command import find_answer
        from labs.kit.report import Shown

        path = find_answer(self, answer)
        source = path.read_text(encoding="utf-8")
        chosen = student or str(constant(source, "ID") or DEMO)
        return Shown(self.run(self.local(source, path.name), chosen, which))

    def player(self, trace: Any, *, title: str = "", question: str = "", name: str = "") -> Any:
        """The player of a run that is no scenario: the student's own program, step by step."""
        from tcpcore.view.player import Player

        return Player.of(trace, title=title, question=question, name=name or self.name)


def judged(one: Declared, error: Wrong) -> Verdict:
    """The verdict of a check that failed."""
    return Verdict(
        one.number,
        one.name,
        one.checked,
        error.rule or one.rule,
        0,
        one.points,
        error.kind,
        error.message,
        error.where,
        "" if error.expected is None else shown(error.expected),
        "" if error.found is None and error.expected is None else shown(error.found),
    )


def module_of(path: Path, name: str) -> ModuleType:
    """A Python file as a module of that name."""
    spec = util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise UsageError(f"There is no file {path}.")
    module = util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def folders(root: Path = LABS) -> list[Path]:
    """The labs' folders, those of the repository by default."""
    found = sorted(path.parent for path in root.glob("*/check.py"))
    return [path for path in found if path.name not in ("kit", "template")]


def open_lab(which: str | Path) -> Lab:
    """A lab by its name or folder; `UsageError` when there is none."""
    folder = Path(which) if isinstance(which, Path) or "/" in which else LABS / which
    if not (folder / "check.py").is_file():
        listed = ", ".join(path.name for path in folders())
        raise UsageError(f"There is no lab {str(which)!r}; there are {listed}.")
    lab = module_of(folder.resolve() / "check.py", f"lab {folder.resolve()} check").lab
    assert isinstance(lab, Lab)
    return lab
