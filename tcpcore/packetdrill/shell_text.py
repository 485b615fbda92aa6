"""Shell as files of settings use it: lists, conditions, loops, functions, variables and sums.

A reader, not a shell: it says which simple commands would run, with their variables filled in, and
starts nothing.  What only a real machine could tell (whether a program succeeds, what a file is)
is taken to hold, ``!`` turns that around; output that nobody knows is empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tcpcore.packetdrill.shell_words import DOUBLE_QUOTED, SUM, Words, comparison, split

_MOST = 10_000
"""Commands that one text may come to: a loop of loops ends here."""
_DEEPEST = 20
_OPENING = ("if", "then", "elif", "else", "do", "while", "until", "{", "(", "!")
_FUNCTION = re.compile(r"(?:function\s+([\w-]+)\s*(?:\(\s*\))?|([\w-]+)\s*\(\s*\))\s*")
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)(\+?)=(.*)", re.DOTALL)
_DECLARING = ("export", "local", "readonly", "declare", "typeset")
_TESTS = ("[", "[[", "test", "true", "false", ":")
_REDIRECTION = re.compile(r"\s*(?:[12&]?>>?\s*/dev/null|[12]?>&[12]|<\s*/dev/null)")


class ShellError(Exception):
    """Shell that we cannot read; its text says why."""


@dataclass(slots=True)
class _Command:
    """One command, or a block of them; `joiner` says how it hangs on the one before."""

    joiner: str
    text: str = ""
    kind: str = ""
    test: list[_Command] = field(default_factory=list)
    body: list[_Command] = field(default_factory=list)
    otherwise: list[_Command] = field(default_factory=list)


class _Stop(Exception):
    """``exit`` (or ``return``, in a function) where it is known to be reached."""


class ShellText:
    """Reads the text of one file, or one pair of backticks; variables live as long as it does."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._functions: dict[str, list[_Command]] = {}
        self._known = True  # whether we got here by conditions that we know
        self._holds = True  # how the last command ended
        self._count = 0

    def commands(self, text: str) -> Iterator[str]:
        """The simple commands that would run, in order.  Raises `ShellError`."""
        known, self._known = self._known, True
        try:
            yield from self._run(_Reader(text).read(), 0)
        except _Stop:
            return
        finally:
            self._known, self._holds = known, True

    def _run(self, commands: list[_Command], depth: int) -> Iterator[str]:
        if depth > _DEEPEST:
            raise ShellError(f"more than {_DEEPEST} blocks within each other")
        for command in commands:
            if command.joiner and (command.joiner == "&&") != self._holds:
                continue
            negated, known = command.text.startswith("! "), self._known
            self._known = known and not command.joiner
            yield from self._one(command, depth)
            self._known = known
            if negated:
                self._holds = not self._holds

    def _one(self, command: _Command, depth: int) -> Iterator[str]:
        if command.kind == "if":
            yield from self._if(command, depth)
        elif command.kind == "for":
            yield from self._for(command, depth)
        elif command.kind == "group":
            yield from self._run(command.body, depth + 1)
        elif command.kind == "function":
            self._functions[command.text] = command.body
        else:
            yield from self._simple(command.text.removeprefix("! "), depth)

    def _if(self, command: _Command, depth: int) -> Iterator[str]:
        known = self._known
        yield from self._run(command.test, depth + 1)
        self._known = False
        chosen = command.body if self._holds else command.otherwise
        self._holds = True
        yield from self._run(chosen, depth + 1)
        self._known = known

    def _for(self, command: _Command, depth: int) -> Iterator[str]:
        name, _, values = command.text.partition(" ")
        for value in split(self._words.fill(values)[0]):
            self._words.variables[name] = value
            yield from self._run(command.body, depth + 1)

    def _simple(self, text: str, depth: int) -> Iterator[str]:
        filled, known = self._words.fill(text)
        words = split(filled)
        self._holds = True
        if not words or self._assigned(words):
            return
        self._count += 1
        if self._count > _MOST:
            raise ShellError(f"more than {_MOST} commands")
        if words[0] in ("exit", "return"):
            if self._known:
                raise _Stop
        elif words[0] in _TESTS:
            self._holds = comparison(words, known)
        elif words[0] in self._functions:
            yield from self._call(words, depth)
        else:
            yield filled

    def _call(self, words: list[str], depth: int) -> Iterator[str]:
        outer = self._words.arguments
        self._words.arguments = words[1:]
        try:
            yield from self._run(self._functions[words[0]], depth + 1)
        except _Stop:
            pass
        finally:
            self._words.arguments = outer

    def _assigned(self, words: list[str]) -> bool:
        """Whether a command only gives values to variables; they have them now."""
        given = words[1:] if words[0] in _DECLARING else words
        matches = [_ASSIGNMENT.fullmatch(word) for word in given if not word.startswith("-")]
        if words[0] not in _DECLARING and not all(matches):
            return False
        for match in matches:
            if match:
                old = self._words.variables.get(match[1], "") if match[2] else ""
                self._words.variables[match[1]] = old + match[3]
        return True


class _Reader:
    """Takes a text apart into commands and blocks."""

    def __init__(self, text: str) -> None:
        self._pieces = list(_pieces(text))
        self._at = 0

    def read(self) -> list[_Command]:
        """All of it.  Raises `ShellError`."""
        commands = self._block(())
        if self._at < len(self._pieces):
            raise ShellError(f"'{self._pieces[self._at][1]}' where no block is open")
        return commands

    def _block(self, ends: tuple[str, ...], depth: int = 0) -> list[_Command]:
        """Commands up to one of `ends`, which is next then."""
        if depth > _DEEPEST:
            raise ShellError(f"more than {_DEEPEST} blocks within each other")
        commands: list[_Command] = []
        while self._at < len(self._pieces):
            joiner, text = self._pieces[self._at]
            word = text.split(maxsplit=1)[0]
            if text in ends or text in ("then", "else", "elif", "fi", "do", "done", "}", ")"):
                return commands
            self._at += 1
            if word == "!":
                following = self._pieces[self._at : self._at + 1]
                self._at += 1
                commands.append(_Command(joiner, f"! {following[0][1] if following else 'true'}"))
            elif word == "if":
                commands.append(self._if(joiner, depth))
            elif word == "for":
                commands.append(self._for(joiner, text, depth))
            elif word in ("{", "("):
                body = self._block(("}", ")"), depth + 1)
                self._expect("}", ")")
                commands.append(_Command(joiner, kind="group", body=body))
            elif word in ("while", "until", "case", "select"):
                raise ShellError(f"'{word}' of the shell")
            elif match := _FUNCTION.fullmatch(text):
                self._expect("{")
                body = self._block(("}",), depth + 1)
                self._expect("}")
                commands.append(_Command(joiner, match[1] or match[2], "function", body=body))
            else:
                commands.append(_Command(joiner, text))
        return commands

    def _if(self, joiner: str, depth: int) -> _Command:
        test = self._block(("then",), depth + 1)
        self._expect("then")
        body = self._block(("elif", "else", "fi"), depth + 1)
        otherwise = []
        word = self._expect("elif", "else", "fi")
        if word == "elif":
            otherwise = [self._if("", depth + 1)]
        elif word == "else":
            otherwise = self._block(("fi",), depth + 1)
            self._expect("fi")
        return _Command(joiner, kind="if", test=test, body=body, otherwise=otherwise)

    def _for(self, joiner: str, text: str, depth: int) -> _Command:
        match = re.fullmatch(r"for\s+(\w+)\s+in\s*(.*)", text, re.DOTALL)
        if not match:
            raise ShellError(f"only 'for NAME in WORDS' is known, not '{text}'")
        self._expect("do")
        body = self._block(("done",), depth + 1)
        self._expect("done")
        return _Command(joiner, f"{match[1]} {match[2]}", "for", body=body)

    def _expect(self, *words: str) -> str:
        found = self._pieces[self._at][1] if self._at < len(self._pieces) else "its end"
        if found not in words:
            raise ShellError(f"{' or '.join(map(repr, words))} where '{found}' stands")
        self._at += 1
        return found


_QUOTED = rf"""'[^']*'|{DOUBLE_QUOTED}|\\.|{SUM}|\$\([^()]*\)|\$\{{[^}}]*\}}|`[^`]*`"""
_TOKEN = re.compile(
    rf"""(?P<text>(?:{_QUOTED}|[<>]&|&>|[^\s;&|'"\\`])+)|(?P<join>&&|\|\||;;?|&|\n)"""
    r"|(?P<space>[ \t\r]+)|(?P<other>.)",
    re.DOTALL,
)


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """Joiner and text of each command; words that open a block are pieces of their own."""
    joiner = ""
    words: list[str] = []
    comment = False
    for match in _TOKEN.finditer(text.replace("\\\n", " ")):
        kind, token = match.lastgroup, match[0]
        if comment and token != "\n":
            continue
        comment = False
        if kind == "join":
            if command := _joined(words):
                yield joiner, command
                joiner = ""
            words.clear()
            if token in ("&&", "||"):
                joiner = token
            continue
        if kind == "text" and token.startswith("#") and (not words or words[-1].isspace()):
            comment = True
        elif kind == "text" and not words and token in _OPENING:
            yield joiner, token
            joiner = ""
        elif token == "{" and _FUNCTION.fullmatch("".join(words)):
            yield joiner, _joined(words)
            yield "", token
            words.clear()
            joiner = ""
        elif words or kind != "space":
            words.append(token)
    if command := _joined(words):
        yield joiner, command


def _joined(words: list[str]) -> str:
    """A command without what only keeps it silent."""
    return _REDIRECTION.sub("", "".join(words)).strip()
