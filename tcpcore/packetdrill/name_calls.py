"""Calls about descriptors and their addresses: dup(), getsockname(), getpeername()."""

from __future__ import annotations

from collections.abc import Callable

from tcpcore.packetdrill.evaluate import is_dots
from tcpcore.packetdrill.prepared import Arguments, Context, Prepared


def _dup(context: Context, args: Arguments) -> Prepared:
    handle = context.descriptors[args.number(0)]
    return Prepared("dup", (handle,), gives_descriptor=True)


def _name(context: Context, args: Arguments) -> Prepared:
    handle, expected = context.descriptors[args.number(0)], args.of(1)
    wanted: tuple[str, int] | None = None
    if isinstance(expected, dict):
        wanted = args.address(1, context.settings, local=args.name == "getsockname")
    elif not is_dots(expected):
        args.address(1, context.settings, local=True)  # says what may stand there

    def check(found: tuple[str, int]) -> tuple[int, list[str]]:
        if wanted is None or found == wanted:
            return 0, []
        return 0, [f"it is {found[0]} port {found[1]}, not {wanted[0]} port {wanted[1]}"]

    return Prepared(args.name, (handle,), check)


MAKERS: dict[str, Callable[[Context, Arguments], Prepared]] = {
    "dup": _dup,
    "getsockname": _name,
    "getpeername": _name,
}
"""The calls of this module, by name."""
