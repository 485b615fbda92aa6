"""The room in which a student's program runs: it is asked, and it answers with plain data.

The same code serves a check in this process (`answer.Local`) and the sandboxed child (`child`), so
both judge alike.  An error of the program becomes a *trouble*: its kind, a sentence, its line.
Standard library only, and nothing of the kit but `plain`: this is all of ours that stands beside
the student's program.
"""

from __future__ import annotations

import ast
import linecache
import sys
import types
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

if __package__:
    from labs.kit import plain
else:  # in the child, which has this folder and no other
    import plain  # type: ignore[import-not-found,no-redef]

ALLOWED = frozenset(
    (
        *("__future__", "abc", "bisect", "collections", "copy", "dataclasses", "decimal", "enum"),
        *("fractions", "functools", "heapq", "itertools", "json", "math", "operator", "random"),
        *("re", "statistics", "string", "struct", "textwrap", "typing"),
    )
)
"""What every answer may import."""

FILE = "answer.py"
Message = dict[str, Any]
Asker = Callable[[Message], Any]


class Trouble(Exception):
    """What went wrong in the student's program: `kind`, a sentence, the line (0: none)."""

    def __init__(self, kind: str, text: str, line: int = 0) -> None:
        super().__init__(text)
        self.kind = kind
        self.text = text
        self.line = line

    def message(self) -> Message:
        return {"trouble": {"kind": self.kind, "text": self.text, "line": self.line}}


class TooManyLines(BaseException):
    """The program has run so many lines without an answer that it probably never gives one."""


class Standin:
    """What a program of the student's sees of a host or a socket: its public methods, by mail."""

    __slots__ = ("_handle", "_room", "_sort")

    def __init__(self, room: Room, handle: int, sort: str) -> None:
        self._room = room
        self._handle = handle
        self._sort = sort

    def __repr__(self) -> str:
        return f"<{self._sort}>"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._room.attribute(self._handle, name)


class Letter:
    """Something to await: it goes out when it is awaited, and its answer comes back."""

    __slots__ = ("_content",)

    def __init__(self, content: Message) -> None:
        self._content = content

    def __await__(self) -> Generator[Message, Any, Any]:
        return (yield self._content)


class Room:
    """One student's program, loaded once; see `handle` for what it can be asked."""

    def __init__(self, lines: int = 0, ask: Asker | None = None) -> None:
        self._lines = lines
        self._asker = ask
        self._module = types.ModuleType("answer")
        self._objects: list[Any] = []
        self._source = ""
        self._file = FILE
        self._opcodes = False

    # --- being asked -----------------------------------------------------------------------------

    def handle(self, asked: Message) -> Message:
        """Do what is asked; ``{"value": ...}`` or ``{"trouble": {kind, text, line}}``."""
        try:
            with self._counted():
                return {"value": self._do(asked)}
        except Trouble as trouble:
            return trouble.message()
        except NotImplementedError as error:
            name = asked.get("name", "this")
            said = str(error).rstrip(".")
            return Trouble("unwritten", f"{said or f'{name}() is not written yet'}.").message()
        except TooManyLines:
            text = f"ran {self._lines:,} lines without coming to an end: an endless loop?"
            return Trouble("endless", self._in(asked, text)).message()
        except SystemExit:
            return Trouble("exit", self._in(asked, "asked the program to exit.")).message()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  # whatever a student's program may raise
            return self._raised(asked, error).message()

    def _do(self, asked: Message) -> Any:
        doing = asked["do"]
        if doing == "load":
            return self._load(asked["source"], asked["file"], asked["imports"])
        if doing == "call":
            return plain_or_trouble(self._call(self._named(asked["name"]), asked), asked["name"])
        if doing == "each":
            function = self._named(asked["name"])
            calls = [{**asked, "args": one, "kw": {}} for one in asked["list"]]
            given = [self._call(function, one) for one in calls]
            return plain_or_trouble(given, asked["name"])
        if doing == "value":
            found = self._named(asked["name"])
            value = found(asked["given"]) if callable(found) else found
            return plain_or_trouble(value, asked["name"])
        if doing == "has":
            return hasattr(self._module, asked["name"])
        if doing == "object":
            return self._keep(self._call(self._named(asked["name"]), asked))
        if doing == "method":
            method = getattr(self._objects[asked["object"]], asked["name"], None)
            if not callable(method):
                raise Trouble("missing", f"There is no method {asked['name']}().")
            return plain_or_trouble(self._call(method, asked), asked["name"])
        if doing == "get":
            return plain_or_trouble(
                getattr(self._objects[asked["object"]], asked["name"], None), asked["name"]
            )
        if doing == "start":
            return self._keep(self._start(asked))
        return self._resume(asked)

    def _load(self, source: str, file: str, imports: list[str]) -> None:
        self._source, self._file = source, file
        try:
            tree = ast.parse(source, file)
            code = compile(tree, file, "exec")
        except (SyntaxError, ValueError) as error:
            line = getattr(error, "lineno", 0) or 0
            text = f"{self._file} is not Python: {getattr(error, 'msg', error)} (line {line})."
            raise Trouble("syntax", text, line) from None
        refuse_imports(tree, ALLOWED | set(imports), file)
        self._opcodes = any(
            isinstance(node, ast.While | ast.For) and node.body[0].lineno == node.lineno
            for node in ast.walk(tree)
        )  # a loop on one line: Python tells of no new line there
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        self._module = types.ModuleType("answer")
        self._module.__file__ = file
        sys.modules["answer"] = self._module  # dataclasses look there
        exec(code, self._module.__dict__)

    def _named(self, name: str) -> Any:
        if not hasattr(self._module, name):
            raise Trouble("missing", f"{self._file} defines no {name}.")
        return getattr(self._module, name)

    @staticmethod
    def _call(function: Any, asked: Message) -> Any:
        if not callable(function):
            raise Trouble("missing", f"{asked['name']} is not a function.")
        return function(*asked["args"], **asked["kw"])

    def _keep(self, thing: Any) -> int:
        self._objects.append(thing)
        return len(self._objects) - 1

    # --- programs --------------------------------------------------------------------------------

    def _start(self, asked: Message) -> Any:
        held = asked.get("function")
        function = self._named(asked["name"]) if held is None else self._objects[held]
        coroutine = function(*(self._received(one) for one in asked["args"]))
        if not isinstance(coroutine, types.CoroutineType):
            raise Trouble("missing", f"{asked['name']} is no coroutine: write `async def`.")
        return coroutine

    def _resume(self, asked: Message) -> Message:
        coroutine = self._objects[asked["object"]]
        try:
            if "failed" in asked:
                wanted = coroutine.throw(error_of(asked["failed"]))
            else:
                wanted = coroutine.send(self._received(asked["value"]))
        except StopIteration:
            return {"ended": True}
        except OSError as error:
            return {"ended": False, "errno": error.errno, "text": str(error)}
        if not isinstance(wanted, dict):
            raise Trouble("raised", f"{asked['name']} awaits what is no call of a host or socket.")
        return {"wants": wanted}

    def attribute(self, handle: int, name: str) -> Any:
        """A stand-in's attribute: a method to call, or what the real one holds."""
        assert self._asker is not None
        kind, value = self._asked({"about": handle, "name": name})
        if kind == "value":
            return self._received(value)

        def method(*args: Any, **kw: Any) -> Any:
            letter: Message = {"to": handle, "name": name}
            letter["args"] = [self._post(one) for one in args]
            letter["kw"] = {key: self._post(one) for key, one in kw.items()}
            if kind == "awaited":
                return self._awaited(letter)
            return self._received(self._asked(letter)[1])

        return method

    def _post(self, value: Any) -> Any:
        """An argument for the other side: a stand-in or a program goes by its number."""
        if isinstance(value, Standin):
            return {"standin": value._handle, "sort": value._sort}
        if callable(value):
            name = getattr(value, "__name__", "program")
            return {"program": self._keep(value), "name": name}
        return value

    async def _awaited(self, letter: Message) -> Any:
        return await Letter(letter)

    def _asked(self, letter: Message) -> tuple[str, Any]:
        assert self._asker is not None
        answer = self._asker(letter)
        if answer[0] == "failed":
            raise error_of(answer[1])
        return answer[0], answer[1]

    def _received(self, value: Any) -> Any:
        """A value of the host's side: stand-ins for what is an object there."""
        if isinstance(value, dict) and set(value) == {"standin", "sort"}:
            return Standin(self, value["standin"], value["sort"])
        if isinstance(value, dict) and set(value) == {"row"}:
            return tuple(self._received(one) for one in value["row"])
        return value

    # --- errors ----------------------------------------------------------------------------------

    def _in(self, asked: Message, text: str) -> str:
        name = asked.get("name")
        return f"{name}() {text}" if name else f"{self._file} {text}"

    def _raised(self, asked: Message, error: BaseException) -> Trouble:
        line = 0
        step = error.__traceback__
        while step is not None:
            if step.tb_frame.f_code.co_filename == self._file:
                line = step.tb_lineno
            step = step.tb_next
        try:
            said = f"{type(error).__name__}: {error}"[:300]
        except BaseException:  # noqa: BLE001  # its own __str__ may fail
            said = type(error).__name__
        lines = self._source.splitlines()
        place = (
            f" in line {line}, `{lines[line - 1].strip()[:80]}`" if 0 < line <= len(lines) else ""
        )
        return Trouble("raised", self._in(asked, f"raised {said}{place}."), line)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        """Count the lines of the student's own code, unless a debugger traces already."""
        if not self._lines or sys.gettrace() is not None:
            yield
            return
        left, file, opcodes = self._lines, self._file, self._opcodes

        def line(_frame: Any, event: str, _arg: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                raise TooManyLines
            return line

        def call(frame: Any, _event: str, _arg: Any) -> Any:
            if frame.f_code.co_filename != file:
                return None
            frame.f_trace_opcodes = opcodes
            return line

        sys.settrace(call)
        try:
            yield
        finally:
            sys.settrace(None)


def error_of(failed: Mapping[str, Any]) -> BaseException:
    """The exception that the other side told of."""
    if failed.get("errno") is not None:
        return OSError(failed["errno"], failed["text"])
    return RuntimeError(failed["text"])


def plain_or_trouble(value: Any, name: str) -> Any:
    """`value` when it can travel."""
    try:
        plain.dumps(value)
    except plain.NotPlain as error:
        raise Trouble("not plain", f"What {name} gives cannot be checked: {error}.") from None
    return value


def imported(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Each module that a program imports by a statement, and the line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "." * node.level, node.lineno


def allowed_imports(source: str, allowed: set[str] | frozenset[str]) -> list[str]:
    """What a program imports and may import: to be there before the doors are locked."""
    try:
        found = imported(ast.parse(source))
        return sorted({name for name, _ in found if name.split(".")[0] in allowed})
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def refuse_imports(tree: ast.AST, allowed: set[str] | frozenset[str], file: str) -> None:
    """`Trouble` for the first import that the lab does not allow: a rule of the game, no lock."""
    for name, line in imported(tree):
        if name.split(".")[0] not in allowed:
            text = f"{file} imports {name} (line {line}), which this lab does not allow."
            raise Trouble("import", text, line)
