"""Expressions of a script as plain values: numbers, strings, lists and dicts.

``...`` stays `DOTS`: it means "whatever" wherever it stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tcpcore.packetdrill.constants import SYMBOLS
from tcpcore.packetdrill.syntax import DOTS, Apply, Dots, Either, Expression, Items, Struct, Symbol


class Meaningless(Exception):
    """An expression that has no value; its text says why."""


def value_of(expression: Expression, definitions: Mapping[str, str]) -> Any:
    """The value; raises `Meaningless` for an unknown name or function.

    Arrays become lists, structures dicts (fields without a name are numbered from 0), addresses
    text in dotted form.  `definitions` are names that the caller of the script gave it.
    """
    if isinstance(expression, int | float | str | Dots):
        return expression
    if isinstance(expression, Symbol):
        return _named(expression.name, definitions)
    if isinstance(expression, Either):
        return _joined([value_of(part, definitions) for part in expression.parts])
    if isinstance(expression, Items):
        return [value_of(part, definitions) for part in expression.values]
    if isinstance(expression, Struct):
        return {
            name or number: value_of(value, definitions)
            for number, (name, value) in enumerate(expression.fields)
        }
    return _applied(expression, definitions)


def _named(name: str, definitions: Mapping[str, str]) -> Any:
    if name in definitions:
        return _defined(definitions[name])
    if name in SYMBOLS:
        return SYMBOLS[name]
    if name == "NULL":
        return 0
    raise Meaningless(f"nothing is called {name}")


def _defined(text: str) -> Any:
    """What a definition stands for: a number, another name, or text."""
    if text in SYMBOLS:
        return SYMBOLS[text]
    try:
        return int(text, 0)
    except ValueError:
        return text


def _joined(parts: list[Any]) -> int:
    if not all(isinstance(part, int) for part in parts):
        raise Meaningless("'|' joins numbers only")
    result = 0
    for part in parts:
        result |= part
    return result


def _applied(expression: Apply, definitions: Mapping[str, str]) -> Any:
    values = [value_of(part, definitions) for part in expression.arguments]
    if expression.name in ("htons", "htonl", "ntohs", "ntohl", "inet_addr", "inet6_addr"):
        if len(values) == 1:
            return values[0]
        raise Meaningless(f"{expression.name}() takes one value")
    raise Meaningless(f"there is no function {expression.name}()")


def is_dots(value: Any) -> bool:
    """Whether the script leaves it open."""
    return value is DOTS
