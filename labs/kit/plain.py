"""Plain data, and the one line of JSON in which it travels between a check and an answer.

Plain are None, bool, int, float, str, bytes, lists and dicts of these; a tuple arrives as a list.
Nothing else crosses, so an answer cannot hand a check an object with a mind of its own.  This file
also runs beside the student's program: standard library only, no other part of the kit.
"""

from __future__ import annotations

import json
from typing import Any

LONGEST = 4_000_000
"""Characters of one message: more is no answer to any task of ours."""

DEEPEST = 50
"""Lists within lists."""

DIGITS = 1000


class NotPlain(Exception):
    """What cannot travel, as a sentence."""


def pack(value: Any, depth: int = 0) -> Any:
    """`value` as JSON can hold it; `NotPlain` for anything else."""
    if depth > DEEPEST:
        raise NotPlain(f"it holds lists within lists, more than {DEEPEST} deep")
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        number = int(value)
        if number.bit_length() > 3 * DIGITS:
            raise NotPlain(f"it holds a number of over {DIGITS} digits")
        return number
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return {"b": bytes(value).hex()}
    if isinstance(value, list | tuple):
        return [pack(one, depth + 1) for one in value]
    if isinstance(value, dict):
        rows = [[pack(k, depth + 1), pack(v, depth + 1)] for k, v in value.items()]
        return {"d": rows}
    article = "an" if type(value).__name__[:1].lower() in "aeiou" else "a"
    raise NotPlain(
        f"it holds {article} {type(value).__name__}; numbers, text, bytes, lists, dicts may travel"
    )


def unpack(value: Any) -> Any:
    """What `pack` was given, tuples as lists."""
    if isinstance(value, list):
        return [unpack(one) for one in value]
    if isinstance(value, dict):
        if "b" in value:
            return bytes.fromhex(value["b"])
        return {_key(unpack(k)): unpack(v) for k, v in value["d"]}
    return value


def _key(value: Any) -> Any:
    """A dict's key: lists were tuples."""
    return tuple(_key(one) for one in value) if isinstance(value, list) else value


def dumps(value: Any) -> str:
    """One line of JSON; `NotPlain` when it cannot be one."""
    try:
        line = json.dumps(pack(value), separators=(",", ":"))
    except (RecursionError, UnicodeError, ValueError) as error:
        raise NotPlain(f"it cannot be written down ({type(error).__name__})") from None
    if len(line) > LONGEST:
        raise NotPlain(f"it is longer than {LONGEST:,} characters")
    return line


def loads(line: str | bytes) -> Any:
    """The value of such a line; `NotPlain` for what nobody honest has written."""
    try:
        return unpack(json.loads(line))
    except (RecursionError, UnicodeError, ValueError, KeyError, TypeError, AttributeError):
        raise NotPlain("it is not in the form that was agreed on") from None


def same(value: Any) -> Any:
    """`value` as it would arrive at the other side."""
    return loads(dumps(value))
