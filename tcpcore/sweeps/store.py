"""A sweep's file: one JSON line that says which sweep it is, then one for each cell that is done.

A line is written in one piece at the file's end, so that whoever stops the sweep loses at most the
cells at work, and a line that was cut short is recognised and written again.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from tcpcore import __version__
from tcpcore.errors import UsageError
from tcpcore.sweeps.grid import Grid
from tcpcore.sweeps.table import ERROR, Record
from tcpcore.sweeps.work import Measure

_KEY = "tcpcore sweep"
_FORMAT = 1


def engine() -> str:
    """The engine's version with a hash of its code: records of two engines make no table."""
    found = hashlib.sha256()
    package = Path(__file__).resolve().parents[1]
    for path in sorted(package.rglob("*.py")):
        found.update(path.relative_to(package).as_posix().encode())
        found.update(path.read_bytes())
    return f"{__version__} {found.hexdigest()[:16]}"


def header(grid: Grid, measure: Measure | None, traced: bool) -> dict[str, Any]:
    """What makes a sweep this one."""
    named = None if measure is None else f"{measure.__module__}.{_name(measure)}"
    return {
        _KEY: _FORMAT,
        "scenario": grid.scenario,
        "grid": grid.shown(),
        "measure": named,
        "traced": traced,
        "engine": engine(),
    }


def _name(measure: Measure) -> str:
    return getattr(measure, "__qualname__", type(measure).__qualname__)


class Store:
    """The file of one sweep; `done` are the records that it has, by the number of their cell.

    Cells that failed are not done: they are tried again.  `UsageError` for a file of something
    else, and for one that cannot be written.
    """

    def __init__(self, path: str | os.PathLike[str], head: dict[str, Any]) -> None:
        self.path = Path(path)
        self.done: dict[int, Record] = {}
        try:
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        except OSError as error:
            raise UsageError(f"Cannot write {self.path}: {error.strerror}.") from error
        try:
            self._take_up(head)
        except BaseException:
            self.close()
            raise

    def _take_up(self, head: dict[str, Any]) -> None:
        """Read what is there, and cut off a line that is not whole."""
        with open(os.dup(self._file), "rb") as file:
            file.seek(0)
            content = file.read()
        whole = content[: content.rfind(b"\n") + 1]
        lines = whole.splitlines()
        if not lines:
            if content and not _line(head).startswith(content):
                raise self._foreign("is no sweep's file")
            os.ftruncate(self._file, 0)
            self._append(_line(head))
            return
        self._compare(_object(lines[0]), head)
        for line in lines[1:]:
            entry = _object(line)
            if entry is None or not {"cell", "record"} <= entry.keys():
                raise self._foreign("is damaged")
            if ERROR not in entry["record"]:
                self.done[entry["cell"]] = entry["record"]
        os.ftruncate(self._file, len(whole))

    def _compare(self, found: dict[str, Any] | None, head: dict[str, Any]) -> None:
        if found is None or _KEY not in found:
            raise self._foreign("is no sweep's file")
        for name, value in json.loads(_line(head)).items():
            if found.get(name) != value:
                what = {
                    "engine": "was begun by another version of tcpcore",
                    "scenario": f"holds a sweep of {found.get('scenario')}",
                }.get(name, f"holds a sweep with another {name}")
                raise self._foreign(what)

    def _foreign(self, what: str) -> UsageError:
        return UsageError(f"{self.path} {what}: name another file, or remove this one.")

    def add(self, records: dict[int, Record]) -> None:
        """Write these cells down."""
        lines = (_line({"cell": number, "record": record}) for number, record in records.items())
        self._append(b"".join(lines))

    def _append(self, content: bytes) -> None:
        try:
            while content:
                content = content[os.write(self._file, content) :]
        except OSError as error:
            raise UsageError(f"Cannot write {self.path}: {error.strerror}.") from error

    def close(self) -> None:
        """Let go of the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
