"""Reads a script's text piece by piece: blanks and comments skipped, every complaint with a place.

The language has no one alphabet (``.`` is a flag here, a decimal point there), so the parser asks
for what may come next instead of getting tokens.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from tcpcore.packetdrill.source import ScriptError, Source

_BLANK = re.compile(r"(?:\s+|//[^\n]*|#[^\n]*|/\*.*?\*/)*", re.DOTALL)
_SHOWN = re.compile(r"\.\.\.|[\w.+-]+|\S")
WORD = re.compile(r"[A-Za-z_]\w*")
INTEGER = re.compile(r"0[xX][0-9a-fA-F]+|[0-9]+(?![.\w])")
SECONDS = re.compile(r"[0-9]+\.(?!\.)[0-9]*|\.[0-9]+|[0-9]+")
FLOAT = re.compile(r"[0-9]+\.[0-9]+|\.[0-9]+")
STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
OPTION = re.compile(r'--([A-Za-z]\w*)(?:=((?:"[^"\n]*"|`[^`\n]*`|[^\s"`])*))?')

_MOST_DIGITS = 20


class Scanner:
    """Where we are in a script's text."""

    __slots__ = ("at", "definitions", "source", "text")

    def __init__(self, source: Source, definitions: Mapping[str, str] | None = None) -> None:
        self.source = source
        self.text = source.text
        self.definitions = dict(definitions or {})
        self.at = 0
        self.skip()

    def skip(self) -> None:
        """Go on behind blanks and comments."""
        match = _BLANK.match(self.text, self.at)
        assert match
        self.at = match.end()
        if self.text.startswith("/*", self.at):
            raise ScriptError(self.source, self.at, "this comment has no end: write */ behind it")

    def at_end(self) -> bool:
        """Whether nothing is left."""
        return self.at >= len(self.text)

    def looking_at(self, text: str) -> bool:
        """Whether this comes next."""
        return self.text.startswith(text, self.at)

    def accept(self, text: str) -> bool:
        """Take this if it comes next."""
        if not self.looking_at(text):
            return False
        self.at += len(text)
        self.skip()
        return True

    def expect(self, text: str) -> None:
        """Take this, or complain."""
        if not self.accept(text):
            raise self.error(f"{text!r}")

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Take what the pattern matches here, if it does."""
        match = pattern.match(self.text, self.at)
        if match:
            self.at = match.end()
            self.skip()
        return match

    def word(self, what: str) -> str:
        """Take a name."""
        match = self.take(WORD)
        if not match:
            raise self.error(what)
        return match[0]

    def integer(self, what: str, maximum: int = 2**64 - 1) -> int:
        """Take a whole number, decimal or with 0x."""
        start = self.at
        match = self.take(INTEGER)
        if not match:
            raise self.error(what)
        if len(match[0]) > _MOST_DIGITS or int(match[0], 0 if match[0][1:2] in "xX" else 10) > (
            maximum
        ):
            raise ScriptError(self.source, start, f"{what} is at most {maximum}, not {match[0]}")
        return int(match[0], 16 if match[0][1:2] in ("x", "X") else 10)

    def microseconds(self) -> int:
        """Take a time in seconds, such as ``0.150``; in microseconds."""
        start = self.at
        match = self.take(SECONDS)
        if not match:
            raise self.error("a time in seconds")
        whole, _, rest = match[0].partition(".")
        if len(whole) > 9:
            raise ScriptError(self.source, start, "a time is less than a billion seconds")
        return int(whole or 0) * 1_000_000 + int((rest + "000000")[:6])

    def until(self, closing: str, what: str) -> str:
        """Take everything up to `closing`, and that, too."""
        end = self.text.find(closing, self.at)
        if end < 0:
            raise ScriptError(self.source, self.at, f"{what} has no end: write {closing} behind it")
        taken = self.text[self.at : end]
        self.at = end + len(closing)
        self.skip()
        return taken

    def error(self, expected: str) -> ScriptError:
        """What was expected here, and what is."""
        match = _SHOWN.match(self.text, self.at)
        found = repr(match[0][:30]) if match else "the end of the script"
        return ScriptError(self.source, self.at, f"expected {expected}, found {found}")

    def unsupported(self, what: str, offset: int | None = None) -> ScriptError:
        """A construct of packetdrill that we do not have."""
        where = self.at if offset is None else offset
        return ScriptError(self.source, where, f"{what} is not supported", unsupported=True)
