"""What a student's program may do with a virtual host: calls by mail, to the real host and sockets.

The program holds stand-ins; each call comes here as a letter, is looked up in a short list of what
programs may do, and is made.  So a program can use a host, and cannot reach behind it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from tcpcore.errors import UsageError

SERVICES = {
    "Host": frozenset({"address", "fork", "log", "name", "now", "pause", "sleep", "socket"}),
    "Socket": frozenset(
        (
            *("accept", "at_mark", "bind", "close", "connect", "disconnect", "getsockopt"),
            *("listen", "recv", "send", "sendto", "setsockopt", "shutdown"),
        )
    ),
    "Process": frozenset({"exited", "kill"}),
}
"""What a program may use, by the name of a class of ours."""

Letter = dict[str, Any]
Starter = Callable[[int, str], Callable[..., Any]]


class Doors:
    """The hosts and sockets that a student's programs know, by number."""

    def __init__(self, starter: Starter) -> None:
        self._starter = starter
        self._known: list[Any] = []

    def standin(self, thing: Any) -> Letter:
        """The number under which a program knows `thing`."""
        handle = next((i for i, known in enumerate(self._known) if known is thing), None)
        if handle is None:
            handle = len(self._known)
            self._known.append(thing)
        return {"standin": handle, "sort": type(thing).__name__}

    def serve(self, letter: Letter) -> list[Any]:
        """Answer a letter that nobody awaits: ``[kind, value]``, kind ``failed`` for an error."""
        try:
            if "about" in letter:
                return self._describe(self._at(letter["about"]), letter["name"])
            method = self._method(letter)
            return ["value", self._sent(method(*self._args(letter), **self._kw(letter)))]
        except (OSError, UsageError, TypeError, ValueError, AttributeError) as error:
            return ["failed", failure(error)]

    async def deliver(self, letter: Letter) -> Any:
        """Make a call that blocks; raises what it raises."""
        method = self._method(letter)
        return self._sent(await method(*self._args(letter), **self._kw(letter)))

    def _at(self, handle: Any) -> Any:
        if not isinstance(handle, int) or not 0 <= handle < len(self._known):
            raise AttributeError("there is no such host or socket")
        return self._known[handle]

    def _describe(self, thing: Any, name: str) -> list[Any]:
        found = self._allowed(thing, name)
        if not callable(found):
            return ["value", self._sent(found)]
        return ["awaited" if inspect.iscoroutinefunction(found) else "method", None]

    def _method(self, letter: Letter) -> Any:
        return self._allowed(self._at(letter["to"]), letter["name"])

    @staticmethod
    def _allowed(thing: Any, name: Any) -> Any:
        services = SERVICES.get(type(thing).__name__, frozenset())
        if name not in services:
            listed = ", ".join(sorted(services))
            raise AttributeError(f"a {type(thing).__name__} has {listed}, not {name!r}")
        return getattr(thing, name)

    def _args(self, letter: Letter) -> list[Any]:
        return [self._came(one) for one in letter["args"]]

    def _kw(self, letter: Letter) -> dict[str, Any]:
        return {str(key): self._came(one) for key, one in letter["kw"].items()}

    def _came(self, value: Any) -> Any:
        if isinstance(value, dict) and "standin" in value:
            return self._at(value["standin"])
        if isinstance(value, dict) and "program" in value:
            return self._starter(int(value["program"]), str(value["name"]))
        return value

    def _sent(self, value: Any) -> Any:
        if type(value).__name__ in SERVICES:
            return self.standin(value)
        if isinstance(value, tuple):
            return {"row": [self._sent(one) for one in value]}
        return value


def failure(error: BaseException) -> Letter:
    """An error as it travels to the program."""
    errno = error.errno if isinstance(error, OSError) else None
    text = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
    return {"errno": errno, "text": text}
