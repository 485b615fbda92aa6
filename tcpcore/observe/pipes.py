"""What may stand behind a pipe: grep, head, tail and wc, with their commonest options."""

from __future__ import annotations

import re
from collections.abc import Callable

from tcpcore.errors import UsageError
from tcpcore.observe.command_line import read


def run(text: str, words: list[str]) -> str:
    """The text as the program leaves it."""
    name, *rest = words
    if name not in PROGRAMS:
        raise UsageError(f"{name}: no such program behind a pipe; there are {', '.join(PROGRAMS)}.")
    return PROGRAMS[name](text, rest)


def _grep(text: str, words: list[str]) -> str:
    given = read("grep", words, "viEcFw", values="e")
    pattern = given.values.get("e") or (given.words.pop(0) if given.words else None)
    if pattern is None or given.words:
        raise UsageError("grep: it takes one pattern here and reads from the pipe.")
    source = re.escape(pattern) if "F" in given else pattern
    if "w" in given:
        source = rf"\b(?:{source})\b"
    try:
        wanted = re.compile(source, re.IGNORECASE if "i" in given else 0)
    except re.error as error:
        raise UsageError(f"grep: the pattern {pattern!r} makes no sense: {error}.") from None
    lines = [line for line in _lines(text) if bool(wanted.search(line)) != ("v" in given)]
    return f"{len(lines)}\n" if "c" in given else "".join(lines)


def _head(text: str, words: list[str]) -> str:
    return "".join(_lines(text)[: _count("head", words)])


def _tail(text: str, words: list[str]) -> str:
    count = _count("tail", words)
    return "".join(_lines(text)[-count:]) if count else ""


def _count(tool: str, words: list[str]) -> int:
    if len(words) == 1 and words[0][1:].isdigit() and words[0].startswith("-"):
        return int(words[0][1:])
    given = read(tool, words, "", values="n")
    count = given.number(tool, "n")
    return 10 if count is None else count


def _wc(text: str, words: list[str]) -> str:
    given = read("wc", words, "l")
    if "l" not in given:
        raise UsageError("wc: only -l, which counts lines, is known here.")
    return f"{len(_lines(text))}\n"


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


PROGRAMS: dict[str, Callable[[str, list[str]], str]] = {
    "grep": _grep,
    "head": _head,
    "tail": _tail,
    "wc": _wc,
}
