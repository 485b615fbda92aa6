"""Reading a command's options the way getopt(3) does, and saying which ones are known.

Letters may stand together (``-tan``), a letter's value may follow with or without a space
(``-c 5``, ``-c5``), and options may stand among the other words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tcpcore.errors import UsageError


class Options:
    """What a command was given: `flags` that were set, `values` by option, other `words`."""

    __slots__ = ("flags", "values", "words")

    def __init__(self) -> None:
        self.flags: dict[str, int] = {}
        self.values: dict[str, str] = {}
        self.words: list[str] = []

    def __contains__(self, name: str) -> bool:
        return name in self.flags

    def number(self, tool: str, name: str) -> int | None:
        """The value of an option that takes a whole number; None when it was not given."""
        if name not in self.values:
            return None
        text = self.values[name]
        if not text.isdigit():
            raise UsageError(f"{tool}: -{name} takes a whole number, not {text!r}.")
        return int(text)


def read(
    tool: str,
    words: Sequence[str],
    flags: str,
    *,
    values: str = "",
    long: Mapping[str, str] | None = None,
    stop_at_word: bool = False,
) -> Options:
    """Sort a command's words: `flags` are letters alone, `values` letters that take a value.

    `long` maps names after ``--`` to letters.  With `stop_at_word` nothing after the first other
    word is an option.  `UsageError`, with the known options, for any other.
    """
    found = Options()
    names = dict(long or {})
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            break
        if word.startswith("--"):
            name, _, value = word[2:].partition("=")
            if name not in names:
                raise _unknown(tool, word, flags, values, names)
            letters = names[name] + value
        elif word.startswith("-") and len(word) > 1:
            letters = word[1:]
        else:
            found.words.append(word)
            if stop_at_word:
                break
            continue
        _take(tool, letters, rest, found, (flags, values, names))
    found.words += rest
    return found


def _take(
    tool: str,
    letters: str,
    rest: list[str],
    found: Options,
    known: tuple[str, str, dict[str, str]],
) -> None:
    flags, values, names = known
    while letters:
        letter, letters = letters[0], letters[1:]
        if letter in values:
            if not letters and not rest:
                raise UsageError(f"{tool}: -{letter} needs a value.")
            found.values[letter] = letters or rest.pop(0)
            return
        if letter not in flags:
            raise _unknown(tool, f"-{letter}", flags, values, names)
        found.flags[letter] = found.flags.get(letter, 0) + 1


def _unknown(tool: str, word: str, flags: str, values: str, names: Mapping[str, str]) -> UsageError:
    letters = " ".join(f"-{letter}" for letter in flags + values)
    spelled = "".join(f" --{name}" for name in names)
    return UsageError(f"{tool}: unknown option {word}; known ones are {letters}{spelled}.")
