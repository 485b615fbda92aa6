"""A student's answer, as checks see it: something to ask, that gives plain data back.

`Local` runs the program in this process (a student's own check, a notebook, otter); `remote.Remote`
runs it in a sandboxed child.  Both speak the same messages, so both come to the same verdict.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Callable, Sequence
from typing import Any

from labs.kit import plain
from labs.kit.doors import Doors, failure
from labs.kit.room import Message, Room
from labs.kit.verdicts import Failed, Unwritten

CALLS = 200_000
"""Questions that one answer is asked at most: what runs for ever on the wire ends here."""

LINES = 1_000_000
"""Lines of the student's code that one question may take."""


class Answer:
    """See the module.  Whatever is wrong with the program itself is raised as a `Wrong`."""

    def __init__(self, source: str, file: str, imports: tuple[str, ...], given: Any) -> None:
        self.source = source
        self.calls = 0
        self._file = file
        self._imports = imports
        self._given = given
        self._doors = Doors(self._held_program)

    # --- asking ----------------------------------------------------------------------------------

    def call(self, function: str, *args: Any, **kw: Any) -> Any:
        """What a function of the answer gives."""
        return self._ask({"do": "call", "name": function, "args": list(args), "kw": kw})

    def each(self, function: str, arguments: Sequence[Sequence[Any]]) -> list[Any]:
        """What a function gives for each list of arguments, asked at once: quicker than `call`."""
        asked = {"do": "each", "name": function, "list": [list(one) for one in arguments]}
        found = self._ask(asked)
        if not isinstance(found, list) or len(found) != len(arguments):
            raise Failed("The program sent something that is no answer.", where=function)
        return found

    def value(self, name: str) -> Any:
        """A value of the answer; a function in its place is called with what is given."""
        found = self._ask({"do": "value", "name": name, "given": self._given})
        if unfilled(found):
            raise Unwritten(f"{name} is not filled in yet.", where=f"{name} in {self._file}")
        return found

    def has(self, name: str) -> bool:
        """Whether the answer defines that name."""
        return bool(self._ask({"do": "has", "name": name}))

    def object(self, name: str, *args: Any, **kw: Any) -> Thing:
        """An object of a class of the answer (or what a function makes); it stays over there."""
        asked = {"do": "object", "name": name, "args": list(args), "kw": kw}
        return Thing(self, int(self._ask(asked)))

    def program(self, name: str) -> Callable[..., Any]:
        """A coroutine function of the answer, to be spawned on a virtual host."""
        return self._program({"name": name})

    def load(self) -> None:
        """Run the answer's file, once."""
        content = {"source": self.source, "file": self._file, "imports": list(self._imports)}
        self._ask({"do": "load", **content})

    # --- programs --------------------------------------------------------------------------------

    def _held_program(self, function: int, name: str) -> Callable[..., Any]:
        return self._program({"name": name, "function": function})

    def _program(self, which: Message) -> Callable[..., Any]:
        async def run(host: Any) -> None:
            started = {"do": "start", **which, "args": [self._doors.standin(host)]}
            step = {"do": "resume", "name": which["name"], "object": self._ask(started)}
            reply = self._ask({**step, "value": None})
            while "wants" in reply:
                try:
                    value = await self._doors.deliver(reply["wants"])
                except (OSError, ValueError, TypeError, AttributeError, KeyError) as error:
                    reply = self._ask({**step, "failed": failure(error)})
                else:
                    reply = self._ask({**step, "value": value})
            if not reply["ended"]:
                errno = reply["errno"] if isinstance(reply["errno"], int) else 0
                raise OSError(errno, os.strerror(errno))

        run.__name__ = which["name"]
        return run

    # --- messages --------------------------------------------------------------------------------

    def _ask(self, asked: Message) -> Any:
        self.calls += 1
        if self.calls > CALLS:
            raise Failed(f"More than {CALLS:,} questions, and no end: is something sent for ever?")
        reply = self._exchange(asked)
        if "value" in reply:
            return reply["value"]
        trouble = reply.get("trouble")
        if not isinstance(trouble, dict):
            raise Failed("The program sent something that is no answer.")
        text, line = str(trouble.get("text")), trouble.get("line")
        where = f"line {line} of {self._file}" if line else str(asked.get("name", self._file))
        kind = Unwritten if trouble.get("kind") in ("unwritten", "missing") else Failed
        raise kind(text, where=where)

    def _exchange(self, asked: Message) -> Message:
        raise NotImplementedError


class Thing:
    """An object of the answer, seen from here."""

    def __init__(self, answer: Answer, handle: int) -> None:
        self._answer = answer
        self._handle = handle

    def call(self, method: str, *args: Any, **kw: Any) -> Any:
        """What a method gives."""
        asked = {"do": "method", "object": self._handle, "name": method}
        return self._answer._ask({**asked, "args": list(args), "kw": kw})

    def get(self, attribute: str) -> Any:
        """What an attribute holds; None where there is none."""
        return self._answer._ask({"do": "get", "object": self._handle, "name": attribute})


class Local(Answer):
    """The answer in this very process."""

    def __init__(
        self,
        source: str,
        file: str = "answer.py",
        imports: tuple[str, ...] = (),
        given: Any = None,
        lines: int = LINES,
    ) -> None:
        super().__init__(source, file, imports, given)
        self._room = Room(lines, lambda letter: plain.same(self._doors.serve(plain.same(letter))))
        self.load()

    def _exchange(self, asked: Message) -> Message:
        reply: Message = plain.same(self._room.handle(plain.same(asked)))
        return reply


def unfilled(value: Any) -> bool:
    """Whether a value is still as a starter leaves it: None, or nothing but None."""
    if isinstance(value, dict):
        return bool(value) and all(unfilled(one) for one in value.values())
    if isinstance(value, list | tuple):
        return bool(value) and all(unfilled(one) for one in value)
    return value is None or value is Ellipsis


def constant(source: str, name: str) -> Any:
    """A literal at the top of a file, read without running it; None where there is none."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return None
    for node in tree.body:
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Constant)
            and any(isinstance(one, ast.Name) and one.id == name for one in node.targets)
        ):
            return node.value.value
    return None
