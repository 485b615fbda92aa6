"""What a check comes to: nothing to say, a share of its points, or what is wrong and where."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Where = str | Callable[[int], str]


class Wrong(Exception):
    """The answer breaks a rule: a sentence, and where it first went wrong.

    `rule` is the check's own unless given; `expected` and `found` are shown as they are.
    """

    kind = "wrong"

    def __init__(
        self,
        message: str,
        *,
        where: str = "",
        expected: Any = None,
        found: Any = None,
        rule: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.expected = expected
        self.found = found
        self.rule = rule


class Unwritten(Wrong):
    """Not begun: the starter's text still stands there."""

    kind = "unwritten"


class Failed(Wrong):
    """The student's program raised, exited, ran for ever or could not be asked."""

    kind = "failed"


@dataclass(frozen=True, slots=True)
class Part:
    """A share of a check's points: `got` of `of`; `message` says what is missing."""

    got: float
    of: float
    message: str
    where: str = ""

    @property
    def share(self) -> float:
        return max(0.0, min(1.0, self.got / self.of)) if self.of else 1.0


@dataclass(slots=True)
class Verdict:
    """One check's result."""

    number: int
    check: str
    checked: str
    rule: str
    points: float
    of: float
    kind: str = "right"
    message: str = ""
    where: str = ""
    expected: str = ""
    found: str = ""

    @property
    def passed(self) -> bool:
        return self.kind == "right"


@dataclass(slots=True)
class Result:
    """One student's lab."""

    lab: str
    title: str
    student: str
    verdicts: list[Verdict] = field(default_factory=list)

    @property
    def points(self) -> float:
        return round(sum(one.points for one in self.verdicts), 2)

    @property
    def of(self) -> float:
        return sum(one.of for one in self.verdicts)


def share(wrong: Mapping[str, str], of: int) -> Part | None:
    """The share of `of` entries that are right: None for all of them.

    `wrong` maps the place of each other entry to what is wrong there; `Wrong` when all are.
    """
    if not wrong:
        return None
    where, message = next(iter(wrong.items()))
    if len(wrong) == of:
        raise Wrong(message, where=where)
    return Part(of - len(wrong), of, message, where)


def quoted(value: Any) -> str:
    """What a message adds where a number was asked for and text came that holds one."""
    text = isinstance(value, str) and any(character.isdigit() for character in value)
    return " (That is text: a number stands without quotes.)" if text else ""


def shown(value: Any, longest: int = 200) -> str:
    """A value for people, cut where it gets long."""
    text = repr(value)
    return text if len(text) <= longest else f"{text[: longest - 4]} ..."


def agree(found: Any, expected: Any, *, given: str = "", where: Where) -> None:
    """`Wrong` unless both are the same plain value.

    `given` tells the question ("tcp_syn_retries=3"); `where` the place, or of two lists the place
    of their first difference, by its index.
    """
    found, expected = _lists(found), _lists(expected)
    alike = type(found) is type(expected) or isinstance(found, int | float)
    if alike and found == expected and isinstance(found, bool) == isinstance(expected, bool):
        return
    intro = f"With {given}: " if given else ""
    if isinstance(expected, list) and isinstance(found, list):
        first = next(
            (i for i, (a, b) in enumerate(zip(found, expected, strict=False)) if a != b),
            min(len(found), len(expected)),
        )
        place = where(first) if callable(where) else where
        if first >= len(expected):
            message = f"{intro}{_entries(len(found))}, and there should be {len(expected)}."
        elif first >= len(found):
            message = f"{intro}only {_entries(len(found))}, and there should be {len(expected)}."
        else:
            message = (
                f"{intro}entry {first + 1} is {shown(found[first])}, "
                f"and should be {shown(expected[first])}."
            )
        raise Wrong(message, where=place, expected=expected, found=found)
    if type(found) is not type(expected) and not isinstance(found, int | float):
        kind, wanted = type(found).__name__, type(expected).__name__
        message = f"{intro}this is a {kind} ({shown(found, 60)}); a {wanted} is asked for."
    else:
        message = f"{intro}{shown(found)} should be {shown(expected)}."
    raise Wrong(
        message, where=where(0) if callable(where) else where, expected=expected, found=found
    )


def _entries(number: int) -> str:
    return f"{number} {'entry' if number == 1 else 'entries'}"


def _lists(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_lists(one) for one in value]
    return value
