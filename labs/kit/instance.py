"""One student's own task, made from the id: same id, same task, on every machine.

A teacher's salt makes the tasks of one course differ from those of another.  A sealed instance is a
file made in advance for one student: it holds what is given, and of what is expected only salted
digests, slow to compute, so that the answers do not travel with the questions.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import random
from pathlib import Path
from typing import Any

from labs.kit import plain

DEMO = "demo"
"""The id in every starter."""

SALT = Path(__file__).resolve().parent.parent / "salt.txt"
COST = {"n": 2**12, "r": 8, "p": 1, "dklen": 16}


def salt() -> str:
    """The course's salt: LABS_SALT, else labs/salt.txt, else none."""
    if "LABS_SALT" in os.environ:
        return os.environ["LABS_SALT"]
    return SALT.read_text().strip() if SALT.is_file() else ""


def tidy(student: str) -> str:
    """An id as it counts: no blanks around it, small letters."""
    return student.strip().lower()


class Instance:
    """See the module; `given` is the student's to see, `expected` is not."""

    def __init__(self, lab: str, student: str, *, sealed: dict[str, Any] | None = None) -> None:
        self.lab = lab
        self.student = tidy(student)
        self.given: dict[str, Any] = {}
        self.expected: dict[str, Any] = {}
        self._digests: dict[str, str] = {}
        self._seed = hashlib.sha256(f"{salt()}\0{lab}\0{self.student}".encode()).hexdigest()
        if sealed is not None:
            self.given = plain.unpack(sealed["given"])
            self._digests = sealed["digests"]
            self._seed = sealed["seed"]

    def draw(self, purpose: str) -> random.Random:
        """Chance for one purpose, always the same for this student."""
        return random.Random(f"{self._seed}:{purpose}")

    def agrees(self, key: str, value: Any) -> bool:
        """Whether `value` is what is expected under `key`, also where that is sealed."""
        try:
            if key in self._digests:
                return hmac.compare_digest(self._digests[key], self._digest(key, value))
            return bool(plain.same(value) == plain.same(self.expected[key]))
        except plain.NotPlain:
            return False

    def sealed(self) -> dict[str, Any]:
        """The instance to hand out: questions, and digests of the answers."""
        digests = {key: self._digest(key, value) for key, value in self.expected.items()}
        given = plain.pack(self.given)
        return {"student": self.student, "seed": self._seed, "given": given, "digests": digests}

    def _digest(self, key: str, value: Any) -> str:
        text = f"{key}\0{plain.dumps(value)}".encode()
        return hashlib.scrypt(text, salt=self._seed.encode(), **COST).hex()


def read_sealed(folder: Path, student: str) -> dict[str, Any] | None:
    """The sealed instance of that student beside a check, if it was handed out so."""
    file = folder / "instances" / f"{file_name(student)}.json"
    if not file.is_file():
        return None
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content


def file_name(student: str) -> str:
    """An id as a file's name."""
    return "".join(c if c.isalnum() or c in "-_@." else "_" for c in tidy(student))
