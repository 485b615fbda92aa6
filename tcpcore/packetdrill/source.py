"""The text of a script, and complaints that point into it.

Offsets count characters from 0; lines and columns, as people see them, count from 1.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any

from tcpcore.errors import UsageError


@dataclass(slots=True)
class Source:
    """A script's text and the name by which messages call it."""

    text: str
    name: str = "script"
    _starts: list[int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._starts = [0]
        for offset, letter in enumerate(self.text):
            if letter == "\n":
                self._starts.append(offset + 1)

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both from 1."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a line, by its number from 1."""
        start = self._starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start : len(self.text) if end < 0 else end].rstrip("\r")

    def caret(self, offset: int) -> str:
        """The line of an offset, and below it a caret at its column."""
        number, column = self.place(offset)
        line = self.line(number)
        blank = "".join("\t" if letter == "\t" else " " for letter in line[: column - 1])
        return f"{line}\n{blank}^"


class ScriptError(UsageError):
    """Not a script, or not one that can be run: where (`line`, `column`) and what to do.

    `unsupported` tells a construct that packetdrill knows and we do not from a mistake.
    """

    def __init__(
        self, source: Source, offset: int, problem: str, *, unsupported: bool = False
    ) -> None:
        self.line, self.column = source.place(offset)
        self.problem = problem
        self.unsupported = unsupported
        self.partial: Any = None
        """The host and the outcome so far, where a script ran up to here (`drill.perform`)."""
        super().__init__(
            f"{source.name}:{self.line}:{self.column}: {problem}\n{source.caret(offset)}"
        )
