"""Arguments and results of calls: numbers, names, strings, arrays, structures."""

from __future__ import annotations

import re

from tcpcore.packetdrill.lexer import FLOAT, STRING, Scanner
from tcpcore.packetdrill.syntax import (
    DOTS,
    Apply,
    Either,
    Expression,
    Items,
    Struct,
    Symbol,
)

_DEEPEST = 20
"""Levels of brackets within brackets; real scripts have four."""


_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{1,2})|([0-7]{1,3})|(.))", re.DOTALL)
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


def read_arguments(scanner: Scanner, depth: int = 0) -> list[Expression]:
    """What stands between the parentheses of a call; the opening one is next."""
    scanner.expect("(")
    return _read_list(scanner, ")", depth)


def read_expression(scanner: Scanner, depth: int = 0) -> Expression:
    """One value; values joined by ``|`` are one."""
    if depth > _DEEPEST:
        raise scanner.error(f"at most {_DEEPEST} brackets within each other")
    first = _read_single(scanner, depth)
    if not scanner.looking_at("|"):
        return first
    parts = [first]
    while scanner.accept("|"):
        parts.append(_read_single(scanner, depth))
    return Either(parts)


def _read_list(scanner: Scanner, closing: str, depth: int) -> list[Expression]:
    values: list[Expression] = []
    if scanner.accept(closing):
        return values
    while True:
        values.append(read_expression(scanner, depth + 1))
        if scanner.accept(closing):
            return values
        if not scanner.accept(","):
            raise scanner.error(f"',' or {closing!r}")


def _read_single(scanner: Scanner, depth: int) -> Expression:
    if scanner.accept("..."):
        return DOTS
    if scanner.accept("["):
        return Items(_read_list(scanner, "]", depth))
    if scanner.accept("{"):
        return Struct(_read_fields(scanner, depth))
    if scanner.looking_at('"'):
        return _read_string(scanner)
    if match := scanner.take(FLOAT):
        return float(match[0])
    if scanner.accept("-"):
        if match := scanner.take(FLOAT):
            return -float(match[0])
        return -scanner.integer("a number")
    if scanner.text[scanner.at : scanner.at + 1].isdigit():
        return scanner.integer("a number")
    scanner.accept("&")  # a field's address, as strace shows it
    name = scanner.word("a value: a number, a name, a string, [...], {...} or ...")
    if scanner.looking_at("("):
        return Apply(name, read_arguments(scanner, depth + 1))
    return Symbol(name)


def _read_string(scanner: Scanner) -> str:
    """A string; several, one after the other, are one."""
    text = ""
    while True:
        match = scanner.take(STRING)
        if not match:
            raise scanner.error('a string that ends with " on its line')
        text += _ESCAPE.sub(_unescaped, match[1])
        if not scanner.looking_at('"'):
            break
    scanner.accept("...")
    return text


def _unescaped(match: re.Match[str]) -> str:
    """What a backslash and what follows it mean in C."""
    if match[1]:
        return chr(int(match[1], 16))
    if match[2]:
        return chr(int(match[2], 8) & 0xFF)
    return _LETTERS.get(match[3], match[3])


def _converted(scanner: Scanner, call: Apply) -> tuple[str, Expression]:
    """``inet_pton(AF_INET6, "::1", &sin6_addr)``, as strace shows a field; name and value."""
    if len(call.arguments) == 3 and isinstance(call.arguments[2], Symbol):
        return call.arguments[2].name, call.arguments[1]
    raise scanner.error("inet_pton(family, address, &field)")


def _read_fields(scanner: Scanner, depth: int) -> list[tuple[str, Expression]]:
    """``name=value``, ``name(n)=value`` or just a value, up to the closing brace."""
    fields: list[tuple[str, Expression]] = []
    if scanner.accept("}"):
        return fields
    while True:
        value = read_expression(scanner, depth + 1)
        name = ""
        if isinstance(value, Symbol | Apply) and scanner.accept("="):
            name, value = value.name, read_expression(scanner, depth + 1)
        elif isinstance(value, Apply) and value.name == "inet_pton":
            name, value = _converted(scanner, value)
        fields.append((name, value))
        if scanner.accept("}"):
            return fields
        if not scanner.accept(","):
            raise scanner.error("',' or '}'")
