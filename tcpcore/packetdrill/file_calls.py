"""Calls about files and pipes: open(), pipe(), sendfile(), splice().

A script comes from anybody, so it opens only what is harmless to read: devices of endless bytes,
and plain files beside the script.  The engine opens nothing at all; it asks how large a file is.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tcpcore.packetdrill.evaluate import Meaningless, is_dots
from tcpcore.packetdrill.prepared import Arguments, Context, Prepared

DEVICES = ("/dev/zero", "/dev/null", "/dev/urandom", "/dev/random")
"""Where everybody may read: they hold nothing of anybody's."""
_LARGEST = 1 << 31


def _open(context: Context, args: Arguments) -> Prepared:
    name = args.of(0)
    if not isinstance(name, str):
        raise Meaningless("open() takes the name of a file")
    beside = _beside(name, context.folder)
    return Prepared("open", (name, beside, args.number(1)), gives_descriptor=True)


def _beside(name: str, folder: Path | None) -> Path | None:
    """The plain file of that name beside the script, or None."""
    if folder is None or not name or "\0" in name or Path(name).is_absolute():
        return None
    home = folder.resolve()
    path = (home / name).resolve()
    return path if path.is_relative_to(home) and path.is_file() else None


def _pipe(context: Context, args: Arguments) -> Prepared:
    numbers = args.of(0)
    if not isinstance(numbers, list) or len(numbers) != 2:
        raise Meaningless("pipe() takes two descriptors, such as [5, 6]")
    if not all(isinstance(one, int) for one in numbers):
        raise Meaningless("pipe() takes two numbers")
    flags = args.number(1, 0) if args.name == "pipe2" else 0
    check: Callable[[Any], tuple[int, list[str]]] = lambda _: (0, [])  # noqa: E731
    return Prepared("pipe", (flags,), check, numbers=tuple(numbers))


def _size(args: Arguments, index: int) -> int:
    size = args.number(index)
    if not 0 <= size < _LARGEST:
        raise Meaningless(f"{args.name}() moves 0 to {_LARGEST - 1} bytes, not {size}")
    return size


def _place(args: Arguments, index: int) -> int | None:
    """Where in a file to begin, ``[0]``; None, written NULL or 0: where it was left."""
    value = args.of(index)
    if is_dots(value) or value == 0:
        return None
    place = args.number(index)
    if place < 0:
        raise Meaningless(f"a place in a file is no negative number: {place}")
    return place


def _sendfile(context: Context, args: Arguments) -> Prepared:
    to, source = (context.descriptors[args.number(index)] for index in (0, 1))
    return Prepared("sendfile", (to, source, _place(args, 2), _size(args, 3)))


def _splice(context: Context, args: Arguments) -> Prepared:
    source, to = (context.descriptors[args.number(index)] for index in (0, 2))
    places = _place(args, 1), _place(args, 3)
    return Prepared("splice", (source, to, *places, _size(args, 4), args.number(5, 0)))


MAKERS: dict[str, Callable[[Context, Arguments], Prepared]] = {
    "open": _open,
    "pipe": _pipe,
    "pipe2": _pipe,
    "sendfile": _sendfile,
    "splice": _splice,
}
"""The calls of this module, by name."""
