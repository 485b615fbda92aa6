"""Words of a shell command: variables and sums filled in, quotes taken off, tests decided."""

from __future__ import annotations

import operator
import re
import shlex
from collections.abc import Callable

from tcpcore.errors import UsageError
from tcpcore.packetdrill.code import result_of
from tcpcore.packetdrill.code_reading import CodeError

DOUBLE_QUOTED = r'"(?:\\.|\$\([^()]*\)|\$(?!\([^()]*\))|[^"\\$])*"'
"""A string in double quotes, with what it may hold of ``$(...)``, quotes of its own and all."""
SUM = r"\$\(\((?:[^()]|\([^()]*\))*\)\)"
_FILLED = re.compile(
    rf"(?P<double>{DOUBLE_QUOTED})|(?P<literal>'[^']*'|\\.)|(?P<sum>{SUM})"
    r"|\$\((?P<output>[^()]*)\)|`(?P<ticks>[^`]*)`|\$\{(?P<braced>[^}]*)\}"
    r"|\$(?P<name>\w+|[#@*?$!])",
    re.DOTALL,
)
_BRACED = re.compile(r"(\w+|[#@*])(?::?([-=+?])(.*))?", re.DOTALL)
_NUMBERS: dict[str, Callable[[int, int], bool]] = {
    "-eq": operator.eq, "-ne": operator.ne, "-lt": operator.lt, "-le": operator.le,
    "-gt": operator.gt, "-ge": operator.ge,
}  # fmt: skip


class Words:
    """What variables and arguments stand for; `output` tells what a command would print.

    `output` returns None for a command of which nobody knows that.
    """

    def __init__(self, output: Callable[[str], str | None]) -> None:
        self.variables: dict[str, str] = {}
        self.arguments: list[str] = []
        self._output = output

    def fill(self, text: str, quoted: bool = False) -> tuple[str, bool]:
        """`text` with every ``$`` filled in, and whether all of them were known.

        `quoted`: it stands between double quotes, where a single one is a letter like others.
        """
        known = True

        def value(match: re.Match[str]) -> str:
            nonlocal known
            literal = match["double"] or match["literal"]
            if literal is None:
                found = self._value(match)
                known = known and found is not None
                return found or ""
            if literal[0] != '"' and not (quoted and literal[0] == "'"):
                return literal
            inner, sure = self.fill(literal[1:-1], quoted=True)
            known = known and sure
            return literal[0] + inner + literal[-1]

        return _FILLED.sub(value, text), known

    def _value(self, match: re.Match[str]) -> str | None:
        """What a ``$`` stands for; None for what nobody knows."""
        if match["sum"]:
            return self._sum(match["sum"][3:-2])
        command = match["output"] if match["output"] is not None else match["ticks"]
        if command is not None:
            return self._output(self.fill(command)[0])
        if match["name"]:
            return self._variable(match["name"])
        braced = _BRACED.fullmatch(match["braced"])
        if not braced:
            return None
        found = self._variable(braced[1])
        if braced[2] in ("-", "="):
            return found or self.fill(braced[3])[0]
        return (self.fill(braced[3])[0] if found else "") if braced[2] == "+" else found

    def _variable(self, name: str) -> str | None:
        if name in ("@", "*"):
            return " ".join(self.arguments)
        if name == "#":
            return str(len(self.arguments))
        if name == "0":
            return "./script"
        if name.isdigit():
            at = int(name) - 1
            return self.arguments[at] if 0 <= at < len(self.arguments) else None
        return self.variables.get(name)

    def _sum(self, text: str) -> str:
        numbers = {name: number(value) or 0 for name, value in self.variables.items()}
        formula = re.sub(r"(?<!/)/(?!/)", "//", self.fill(text)[0].strip())
        try:
            return str(int(result_of(formula or "0", numbers)))
        except (CodeError, TypeError, ValueError):
            raise UsageError(f"this shell sum is none: $(({text})).") from None


def number(text: str) -> int | None:
    """The whole number that a text is, decimal, octal or hexadecimal."""
    try:
        return int(text, 0)
    except ValueError:
        return int(text) if text.strip().isdecimal() else None


def split(text: str) -> list[str]:
    """Words without quotes and comments.  Raises `UsageError` for a quote that does not end."""
    try:
        return shlex.split(text, comments=True)
    except ValueError as error:
        raise UsageError(f"this shell command has {error}: {text}") from None


def comparison(words: list[str], known: bool) -> bool:
    """Whether a ``[ ... ]`` holds; what we cannot know holds, unless ``!`` stands before it."""
    if words[0] in ("true", ":", "false"):
        return words[0] != "false"
    parts = [word for word in words[1:] if word not in ("]", "]]")]
    if parts and parts[0] == "!":
        return not comparison(["test", *parts[1:]], known)
    if known and len(parts) == 3:
        left, sign, right = parts
        if sign in ("=", "==", "!="):
            return (left == right) == (sign != "!=")
        numbers = number(left), number(right)
        if sign in _NUMBERS and numbers[0] is not None and numbers[1] is not None:
            return _NUMBERS[sign](numbers[0], numbers[1])
    if known and len(parts) == 2 and parts[0] in ("-n", "-z"):
        return bool(parts[1]) == (parts[0] == "-n")
    return True
