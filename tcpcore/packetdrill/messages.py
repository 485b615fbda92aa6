"""Buffers, messages and option values in calls: how large, what is in them, what was expected."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from tcpcore.packetdrill import ancillary
from tcpcore.packetdrill.constants import MESSAGE_FLAGS, SYMBOLS
from tcpcore.packetdrill.evaluate import Meaningless, is_dots

Check = Callable[[Any], tuple[Any, list[str]]]

MSG_FASTOPEN, MSG_ZEROCOPY = MESSAGE_FLAGS["MSG_FASTOPEN"], MESSAGE_FLAGS["MSG_ZEROCOPY"]
_LARGEST = 1 << 26
_INT = 4
TIMES = ((SYMBOLS["SOL_SOCKET"], SYMBOLS["SO_RCVTIMEO"]), (1, SYMBOLS["SO_SNDTIMEO"]))
"""Options that take a `struct timeval`."""


def payload(value: Any, size: int) -> bytes:
    """What a write sends: the string, or zeros where the script says ``...``."""
    if not 0 <= size <= _LARGEST:
        raise Meaningless(f"a write has 0 to {_LARGEST} bytes, not {size}")
    data = value.encode("latin-1", "replace") if isinstance(value, str) else b""
    return data[:size].ljust(size, b"\0")


def is_nowhere(value: Any) -> bool:
    """Whether a number stands where a buffer should: a pointer to nothing."""
    return isinstance(value, int) and not isinstance(value, bool)


def has_nowhere(message: Any) -> bool:
    """Whether one of a message's buffers, with something in it, is a pointer to nothing."""
    buffers = message.get("msg_iov") if isinstance(message, dict) else message
    return isinstance(buffers, list) and any(
        isinstance(one, dict) and is_nowhere(one.get(0, one.get("iov_base"))) and one.get(1) != 0
        for one in buffers
    )


def before_nowhere(message: Any) -> int:
    """Bytes of the buffers before that one."""
    buffers: Any = message.get("msg_iov") if isinstance(message, dict) else message
    bad = next(number for number in range(len(buffers)) if has_nowhere(buffers[number:][:1]))
    return sum(sizes_of(buffers)[:bad])


def size_of(value: Any) -> int:
    """Bytes of an array of buffers ``[{..., 1000}, ...]``, or of a message that has one."""
    return min(sum(sizes_of(value)), _LARGEST)


def sizes_of(value: Any) -> list[int]:
    """The same, of each of them."""
    buffers = value.get("msg_iov") if isinstance(value, dict) else value
    if not isinstance(buffers, list):
        raise Meaningless("buffers are written [{..., 1000}]")
    sizes = []
    for one in buffers:
        size = one.get(1, one.get("iov_len")) if isinstance(one, dict) else None
        if not isinstance(size, int) or not 0 <= size <= _LARGEST:
            raise Meaningless("a buffer is written {..., 1000}, with its size")
        sizes.append(size)
    if sum(sizes) > _LARGEST:
        raise Meaningless(f"buffers have at most {_LARGEST} bytes together")
    return sizes


def same_bytes(expected: Any) -> Check:
    """The bytes read are those that the script names, if it does."""

    def check(data: bytes) -> tuple[int, list[str]]:
        if isinstance(expected, str):
            wanted = expected.encode("latin-1", "replace")[: len(data)]
            if wanted != data:
                return len(data), [f"it reads {data[:40]!r}, not {wanted[:40]!r}"]
        return len(data), []

    return check


def same_message(message: Any, tolerance: int) -> Check:
    """Size, flags and ancillary data of a message received; `tolerance`: of its times, in us."""

    def check(received: tuple[bytes, int, list[ancillary.Note]]) -> tuple[int, list[str]]:
        data, flags, control = received
        problems = []
        wanted = message.get("msg_flags") if isinstance(message, dict) else None
        if isinstance(wanted, int) and wanted != flags:
            problems.append(f"msg_flags are {_flags(flags)}, not {_flags(wanted)}")
        problems += ancillary.unlike(message, control, tolerance)
        return len(data), problems

    return check


def _flags(number: int) -> str:
    """``MSG_ERRQUEUE|MSG_TRUNC``."""
    names = [name for name, value in MESSAGE_FLAGS.items() if number & value]
    return "|".join(names) or "0"


def same_number(expected: Any) -> Check:
    """A number that a call wrote, ``[1000]``; the call itself returns 0."""

    def check(found: int | None) -> tuple[int, list[str]]:
        wanted = expected[0] if isinstance(expected, list) and expected else None
        if isinstance(wanted, int) and found is not None and found != wanted:
            return 0, [f"it gives {found}, not {wanted}"]
        return 0, []

    return check


def option_value(value: Any) -> int | bytes | tuple[int, int]:
    """What setsockopt() gets: a number, text, or `struct linger` and `timeval` as two numbers."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, list) and all(isinstance(one, int) for one in value):
        return struct.pack(f"<{len(value)}I", *(one & 0xFFFF_FFFF for one in value))
    if isinstance(value, int):
        return value
    if isinstance(value, str):
        return value.encode("latin-1", "replace")
    if isinstance(value, dict):
        numbers = [one for one in value.values() if isinstance(one, int)]
        if len(numbers) == 2:
            return numbers[0], numbers[1]
    raise Meaningless("an option's value is [number], a string, or {onoff=1, linger=0}")


def cut(
    value: int | bytes | tuple[int, int], size: int, *, timed: bool
) -> int | bytes | tuple[int, int]:
    """The value as a call gives it that says it has `size` bytes: fewer than it needs are bytes."""
    if isinstance(value, bytes):
        return value[: max(size, 0)]
    packed = (
        struct.pack("<I", value & 0xFFFF_FFFF)
        if isinstance(value, int)
        else struct.pack("<qq" if timed else "<ii", *value)
    )
    return value if size >= len(packed) else packed[: max(size, 0)]


def option_size(expected: Any, size: Any) -> int:
    """How many bytes getsockopt() may write."""
    if isinstance(size, list) and size and isinstance(size[0], int):
        return min(max(size[0], 0), 1024)
    if isinstance(expected, dict):
        return 2 * _INT
    return _INT


def same_option(expected: Any, size: Any) -> Check:
    """The value that getsockopt() gave: a number, a name, or `struct linger`."""

    def check(found: Any) -> tuple[int, list[str]]:
        wanted = expected[0] if isinstance(expected, list) and len(expected) == 1 else expected
        if isinstance(found, dict):
            return 0, _unlike(wanted, found)
        if isinstance(wanted, dict):
            wanted = tuple(one for one in wanted.values() if isinstance(one, int))
        if isinstance(wanted, str) and isinstance(found, bytes):
            wanted = wanted.encode("latin-1", "replace")
            found = found.rstrip(b"\0")
        if isinstance(wanted, int) and isinstance(found, bytes):  # more bytes than an int has
            found = int.from_bytes(found, "little")
        if isinstance(wanted, int) and isinstance(found, int):
            wanted, found = wanted & 0xFFFF_FFFF, found & 0xFFFF_FFFF  # -1 has all bits set
        if is_dots(wanted) or wanted == found:
            return 0, []
        return 0, [f"it gives {found!r}, not {wanted!r}"]

    return check


def _unlike(wanted: Any, found: dict[str, int]) -> list[str]:
    """In which of the fields that the script names a structure is another one."""
    if not isinstance(wanted, dict):
        return [] if is_dots(wanted) else [f"it gives a structure, not {wanted!r}"]
    return [
        f"{name} is {found.get(str(name))}, not {value}"
        for name, value in wanted.items()
        if not is_dots(value) and found.get(str(name)) != value
    ]
