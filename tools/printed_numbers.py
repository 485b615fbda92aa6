"""Numbers with a unit in a chapter's prose, each looked for in what the page's own runs gave.

Outputs of cells are made when the book is built, so they cannot be stale; prose can.  A time or a
size that is no result (a standard's, another system's) stands in a comment of the chapter, with the
reason: ``% given: 1,500 bytes: what an Ethernet frame holds``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

SECONDS = {"µs": 1e-6, "us": 1e-6, "ms": 1e-3, "s": 1, "second": 1, "min": 60, "minute": 60,
           "h": 3600, "hour": 3600, "day": 86_400}  # fmt: skip
BYTES = {"byte": 1, "B": 1, "KB": 1e3, "kB": 1e3, "MB": 1e6, "GB": 1e9,
         "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}  # fmt: skip
UNITS = {**SECONDS, **BYTES}
_NUMBER = r"(?<![\w.,§])(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
_UNIT = "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))
MEASURED = re.compile(rf"{_NUMBER}[\s -](?P<unit>{_UNIT})s?\b(?!/)")
ANY = re.compile(rf"{_NUMBER}(?:[\s -]?(?P<unit>{_UNIT})s?\b)?(?![\w])")
GIVEN = re.compile(r"^% given: (?P<what>[^:\n]+): \S", re.MULTILINE)
CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
FENCE = re.compile(r"^(`{3,}|:{3,})\s*(\{[\w-]+\})?")
READ_ALOUD = {"dropdown", "note", "tip", "warning", "important", "admonition", "margin", "seealso"}
TIMES = {"t", "deadline", "set", "end", "at", "arrived", "sent_at", "time"}  # µs in a document


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number as it is printed: `value` units, to so many `decimals`."""

    text: str
    value: float
    decimals: int
    unit: str

    @property
    def is_time(self) -> bool:
        return self.unit in SECONDS


@dataclass(slots=True)
class Shown:
    """What a page's runs gave: times in seconds, and all other numbers."""

    times: set[float] = field(default_factory=set)
    counts: set[float] = field(default_factory=set)

    def has(self, printed: Quantity) -> bool:
        """Whether one of the results, rounded as the prose rounds, is that number."""
        scale = UNITS[printed.unit]
        pool = self.times if printed.is_time else self.counts
        return any(abs(round(one / scale, printed.decimals) - printed.value) < 1e-9 for one in pool)

    def add(self, number: float, unit: str | None) -> None:
        """A result; one without a unit may be seconds, milliseconds or a count."""
        if unit in SECONDS:
            self.times.add(number * SECONDS[unit])
        elif unit in BYTES:
            self.counts.add(number * BYTES[unit])
        else:
            self.times |= {number, number / 1000}
            self.counts.add(number)

    def read(self, text: str) -> None:
        """All numbers of a text."""
        for found in ANY.finditer(text):
            self.add(_value(found["number"]), found["unit"])

    def read_document(self, value: Any, key: str = "") -> None:
        """All numbers of a player's data."""
        if isinstance(value, dict):
            unit = value.get("unit")
            for name, one in value.items():
                if isinstance(one, int | float) and "minimum" in value:
                    self.add(one, unit)
                else:
                    self.read_document(one, name)
        elif isinstance(value, list):
            for one in value:
                self.read_document(one, key)
        elif isinstance(value, str):
            self.read(value)
        elif isinstance(value, int | float):
            self.counts.add(value)
            if key in TIMES:
                self.times.add(value / 1e6)


def _value(number: str) -> float:
    return float(number.replace(",", ""))


def prose(chapter: str) -> str:
    """What people read: no front matter, cells, listings, inline code, comments or addresses."""
    text = re.sub(r"\A---\n.*?\n---\n", "", chapter, flags=re.DOTALL)
    text = re.sub(r"\*\*\d+ minutes\*\*", "", text)  # what the chapter takes
    text = "\n".join(_outside_listings(text))
    text = re.sub(r"^%.*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"`[^`]*`", " ", text)
    return re.sub(r"\]\([^)]*\)", "]", text)


def _outside_listings(text: str) -> Iterator[str]:
    """Lines that are prose: directives that hold text count, listings and cells do not."""
    inside = ""  # the fence that ends the listing
    for line in text.splitlines():
        found = FENCE.match(line)
        if inside:
            if line.strip() == inside:
                inside = ""
        elif found and line.strip() != found[1]:
            if (found[2] or "").strip("{}") not in READ_ALOUD:
                inside = found[1]
        elif not found:
            yield line


def measured(text: str) -> list[Quantity]:
    """Times and sizes of a text, in order."""
    return [
        Quantity(
            " ".join(found[0].split()),
            _value(found["number"]),
            len(found["number"].partition(".")[2]),
            found["unit"],
        )
        for found in MEASURED.finditer(text)
    ]


class _Outputs(HTMLParser):
    """The text and the data of a page's outputs, without what is only asked or quoted there."""

    def __init__(self) -> None:
        super().__init__()
        self.shown = Shown()
        self.depth = 0  # of <div>s inside an output
        self.skipped: list[str] = []  # elements that hold no result
        self.script = False

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attributes}
        classes = has.get("class", "").split()
        if tag == "div" and (self.depth or "cell_output" in classes):
            self.depth += 1
        if tag == "fieldset" or "says" in classes:  # options to choose; what a source says
            self.skipped.append(tag)
        self.script = tag == "script"

    def handle_endtag(self, tag: str) -> None:
        if tag == "div" and self.depth:
            self.depth -= 1
        if self.skipped and tag == self.skipped[-1]:
            self.skipped.pop()
        self.script = False

    def handle_data(self, data: str) -> None:
        if not self.depth or self.skipped:
            return
        if self.script:
            self.shown.read_document(json.loads(data))
        else:
            self.shown.read(data)


def shown_on(page: str, chapter: str) -> Shown:
    """What the built page shows: its outputs, its players' data, and the cells' own settings."""
    outputs = _Outputs()
    outputs.feed(page)
    for code in CELL.findall(chapter):
        if not re.search(r"\b(predict|claim|claim_of_page|claim_of_script)\(", code):
            outputs.shown.read(code)
    return outputs.shown


def given(chapter: str) -> list[str]:
    """The numbers that a chapter's comments explain."""
    return [found["what"].strip() for found in GIVEN.finditer(chapter)]


def unproven(chapter: str, page: str) -> list[str]:
    """Times and sizes in the prose that no run of the page shows and no comment explains."""
    shown, explained = shown_on(page, chapter), set(given(chapter))
    return [
        one.text
        for one in measured(prose(chapter))
        if one.text not in explained and not shown.has(one)
    ]


def idle(chapter: str) -> list[str]:
    """Comments that explain a number that the prose does not hold (any more)."""
    printed = {one.text for one in measured(prose(chapter))}
    return [what for what in given(chapter) if what not in printed]
