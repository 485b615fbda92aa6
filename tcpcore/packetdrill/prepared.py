"""What a system call of a script becomes: a method of the backend, its arguments, and a check.

`calls` and `file_calls` make them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tcpcore.packetdrill.constants import FAMILIES
from tcpcore.packetdrill.evaluate import Meaningless, is_dots
from tcpcore.packetdrill.system import Settings
from tcpcore.wire import address

ANY = "0.0.0.0"
"""The address of whoever does not mind, of both IP versions."""
AF_INET, AF_INET6 = FAMILIES["AF_INET"], FAMILIES["AF_INET6"]
_MAPPED = bytes(10) + b"\xff\xff"


class Descriptors:
    """A script's file descriptors, and the backend's handles behind them."""

    def __init__(self) -> None:
        self._handles: dict[int, Any] = {}

    def __getitem__(self, number: Any) -> Any:
        if number not in self._handles:
            raise Meaningless(f"no call has returned the descriptor {number}")
        return self._handles[number]

    def items(self) -> list[tuple[int, Any]]:
        """Numbers and handles, oldest first."""
        return list(self._handles.items())

    def give(self, number: int, handle: Any) -> None:
        """The script calls this handle so from now on."""
        self._handles[number] = handle

    def forget(self, number: int) -> None:
        """The script has closed it."""
        self._handles.pop(number, None)


@dataclass(slots=True)
class Context:
    """What calls refer to; `folder` is where the script lies, None for text without a file."""

    settings: Settings
    descriptors: Descriptors = field(default_factory=Descriptors)
    definitions: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None


Check = Callable[[Any], tuple[Any, list[str]]]
"""From the backend's result: the value as C returns it, and what else is not as the script says."""


@dataclass(slots=True)
class Prepared:
    """A call of the backend; `gives_descriptor`: its result is a handle that gets a number.

    `numbers`: its result are handles that get these.  `descriptor` is the script's number of what
    listen() and close() are about.
    """

    method: str
    arguments: tuple[Any, ...]
    check: Check = lambda result: (0 if result is None else result, [])
    gives_descriptor: bool = False
    descriptor: int = -1
    numbers: tuple[int, ...] = ()


class Arguments:
    """The arguments of one call, with complaints that name the call."""

    def __init__(self, name: str, values: list[Any]) -> None:
        self.name = name
        self.values = values

    def of(self, index: int, default: Any = None) -> Any:
        if index < len(self.values):
            return self.values[index]
        if default is not None:
            return default
        raise Meaningless(f"{self.name}() takes at least {index + 1} arguments")

    def number(self, index: int, default: int | None = None) -> int:
        value = self.of(index, default)
        if is_dots(value) and default is not None:
            return default
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if not isinstance(value, int):
            raise Meaningless(f"argument {index + 1} of {self.name}() is a number, not {value!r}")
        return value

    def address(self, index: int, settings: Settings, *, local: bool) -> tuple[str, int]:
        """A socket address; ``...`` is the one of the run."""
        value = self.of(index)
        host = settings.local if local else settings.remote
        port = settings.bind_port if local else settings.connect_port
        if is_dots(value):
            return host, port
        if not isinstance(value, dict):
            raise Meaningless(f"argument {index + 1} of {self.name}() is an address or ...")
        given = value.get("sin_addr", value.get("sin6_addr"))
        if given in (0, None) or is_dots(given):
            given = ANY if local else host
        number = value.get("sin_port", value.get("sin6_port"))
        return self._host(str(given)), number if isinstance(number, int) else port

    def _host(self, text: str) -> str:
        """The address as the host has it: any one is 0.0.0.0, one mapped into IPv6 of IPv4."""
        try:
            packed = address.pack(text)
        except ValueError:
            raise Meaningless(f"{text!r} in {self.name}() is no IP address") from None
        if packed[:12] == _MAPPED:
            packed = packed[12:]
        return address.unpack(packed) if any(packed) else ANY
