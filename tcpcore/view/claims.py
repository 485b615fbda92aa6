"""Statements of the source texts, put to the engine and to the recorded kernel where they belong.

`claim` runs one: the statement becomes a question (`said`) with the answer yes or no, asked on both
sides.  The verdict follows from the answers; when engine, record and what `statements/` says is
true today do not fit together, it raises `ClaimFailed`, and the book does not build.  The page of
all claims is made from what these cells gave (`pages`).
"""

from __future__ import annotations

import csv
import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tcpcore.errors import UsageError
from tcpcore.view import evidence
from tcpcore.view.shown import Shown

LISTS = Path(__file__).with_name("statements")  # a file for each part of the book
PLAN = LISTS / "plan.txt"
HOLDS = "holds"
VERDICTS = {
    HOLDS: "true as it stands",
    "imprecise": "right in the main, not in a detail that matters",
    "outdated": "was true; Linux has moved on",
    "wrong": "was never true",
    "slip": "a slip of the pen",
}
SOURCES = {
    1: "a blog post of 2018 on TCP's states, Fast Open and closing",
    2: "a blog post on how TCP works, and how it works when things break",
    3: "a collection of questions and answers on TCP, 2024",
    4: "study notes on TCP and its tools, with packetdrill scripts",
    5: "an article that shows TCP's states with tcpdump and iptables",
}

Question = Callable[..., Any]
"""A question to one side: to its run, or, with `also`, to its runs."""


class ClaimFailed(AssertionError):
    """A claim's verdict, the engine and the kernel's record contradict each other."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A row of `statements/PART.csv`.

    `otherwise` is the verdict when the statement does not hold; empty when it is known to hold.
    """

    id: str
    source: int
    chapter: str
    says: str
    otherwise: str
    today: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement with what the run of it gave; `kernel` names the recorded one."""

    id: str
    source: int
    says: str
    today: str
    verdict: str
    engine: str
    record: str
    kernel: str


@cache
def statements(folder: Path = LISTS) -> dict[str, Statement]:
    """All statements by id, in the order of the sources."""
    rows = []
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows += [_statement_of(row) for row in csv.DictReader(file)]
    return {row.id: row for row in sorted(rows, key=lambda row: int(row.id[1:]))}


def _statement_of(row: dict[str, str]) -> Statement:
    number = int(row.pop("source"))
    return Statement(source=number, **row)


@cache
def plan() -> dict[str, str]:
    """Every claim of the sources by id, with its chapter, written or not; in the book's order."""
    chapters = {}
    for line in PLAN.read_text(encoding="utf-8").splitlines():
        chapter, _, keys = line.partition(":")
        chapters.update({key: chapter for key in keys.split() if not line.startswith("#")})
    return chapters


def claim(
    key: str,
    scenario: str,
    *,
    said: Question,
    shows: Question,
    today: Question | None = None,
    drop: tuple[int, ...] = (),
    also: Sequence[Mapping[str, Any]] = (),
    **parameters: Any,
) -> Claim:
    """Put a statement to engine and record.

    `said` answers whether things are as the statement says, `today` whether they are as we say
    (needed where `said` is false), `shows` gives what to print of each side.  A statement that
    compares things needs several runs: `also` has the parameters of those after the first one, and
    the questions then get them all.  Raises `ClaimFailed`.
    """
    statement = _statement(key)
    runs: list[dict[str, Any]] = [{"drop": drop, **parameters}, *map(dict, also)]
    sides = (
        [evidence.engine(scenario, **run) for run in runs],
        [evidence.kernel(scenario, **run) for run in runs],
    )
    answers = [bool(said(*side)) for side in sides]
    record = sides[1][0].by
    if answers[0] != answers[1]:
        raise ClaimFailed(f"{key}: engine says {answers[0]}, {record} says {answers[1]}")
    verdict = _verdict(statement, answers[0])
    for side in sides:
        if today is not None and not today(*side):
            raise ClaimFailed(f"{key}: what is said to be true today is not, on {side[0].by}")
        if today is None and verdict != HOLDS:
            raise ClaimFailed(f"{key} does not hold: say what does, with `today`")
    return _judged(statement, verdict, str(shows(*sides[0])), str(shows(*sides[1])), record)


def claim_of_engine(
    key: str,
    scenario: str,
    *,
    said: Question,
    shows: Question,
    because: str,
    today: Question | None = None,
    **run: Any,
) -> Claim:
    """Put a statement to the engine alone; `because` says why no record can exist.

    An older kernel is a reason, or a wait of hours.  Questions are those of `claim`, further
    keywords those of `evidence.engine`.  Raises `ClaimFailed`.
    """
    statement = _statement(key)
    side = evidence.engine(scenario, **run)
    verdict = _verdict(statement, bool(said(side)))
    if today is not None and not today(side):
        raise ClaimFailed(f"{key}: what is said to be true today is not, on the engine")
    if today is None and verdict != HOLDS:
        raise ClaimFailed(f"{key} does not hold: say what does, with `today`")
    return _judged(statement, verdict, str(shows(side)), f"no record: {because}", "")


def claim_of_script(
    key: str, name: str, *, said: Question, shows: Question, today: Question | None = None
) -> Claim:
    """Put a statement to a packetdrill script that engine and recorded kernel ran.

    `name` is an example's; the questions are put to a `scripted.Drilled`.  Raises `ClaimFailed`.
    """
    from tcpcore.view.scripted import drilled, drilled_by_kernel

    statement = _statement(key)
    sides = drilled(name), drilled_by_kernel(name)
    answers = [bool(said(side)) for side in sides]
    if answers[0] != answers[1]:
        raise ClaimFailed(f"{key}: engine says {answers[0]}, {sides[1].by} says {answers[1]}")
    verdict = _verdict(statement, answers[0])
    for side in sides:
        if today is not None and not today(side):
            raise ClaimFailed(f"{key}: what is said to be true today is not, on {side.by}")
        if today is None and verdict != HOLDS:
            raise ClaimFailed(f"{key} does not hold: say what does, with `today`")
    return _judged(statement, verdict, str(shows(sides[0])), str(shows(sides[1])), sides[1].by)


def claim_of_page(key: str, *, said: bool, shows: str) -> Claim:
    """A statement that no network can answer (figures, lists of links): `said` is checked here."""
    statement = _statement(key)
    return _judged(statement, _verdict(statement, said), shows, "nothing to record", "")


def _statement(key: str) -> Statement:
    if key not in statements():
        raise UsageError(f"No file of statements/ has a claim {key!r}.")
    return statements()[key]


def _verdict(statement: Statement, answer: bool) -> str:
    """The verdict that follows; `ClaimFailed` when the list expects another."""
    verdict = HOLDS if answer else statement.otherwise
    if verdict not in VERDICTS or answer == bool(statement.otherwise):
        expected = statement.otherwise or HOLDS
        raise ClaimFailed(f"{statement.id} is listed as {expected!r}, but the runs say {answer}")
    return verdict


def _judged(s: Statement, verdict: str, engine: str, record: str, kernel: str) -> Claim:
    return Claim(s.id, s.source, s.says, s.today, verdict, engine, record, kernel)


def checked(*judged: Claim) -> Shown:
    """What the sources say about the idea just told, each with its verdict; a cell's value."""
    rows = "".join(_row(one) for one in judged)
    text = "\n".join(
        f"{one.id} ({one.verdict}), source {one.source}: {one.says}\n  engine: {one.engine}\n"
        f"  {one.kernel or 'kernel'}: {one.record}\n  today: {one.today}"
        for one in judged
    )
    heading = "<p class='heading'>The sources on this, checked</p>"
    return Shown(
        f"<div class='tcpfig claims'>{heading}{rows}</div>",
        text,
        tuple(asdict(one) for one in judged),
    )


def _row(one: Claim) -> str:
    e = html.escape
    today = "" if one.verdict == HOLDS else f"<dt>Today</dt><dd>{e(one.today)}</dd>"
    return (
        f"<details id='claim-{e(one.id)}' class='claim {e(one.verdict)}'>"
        f"<summary><span class='says'><b>{e(one.id)}</b> {e(one.says)}</span>"
        f"<span class='verdict'>{e(one.verdict)}</span></summary>"
        f"<dl><dt>Source {one.source}</dt><dd>{e(SOURCES[one.source])}</dd>"
        f"<dt>Engine</dt><dd>{e(one.engine)}</dd>"
        f"<dt>{e(one.kernel or 'Kernel')}</dt><dd>{e(one.record)}</dd>{today}</dl></details>"
    )
