"""A script's text becomes a `Script`; `ScriptError` says where it is none.

    options, one a line:  --tolerance_usecs=10000
    shell to run first:   `sysctl -q net.ipv4.tcp_timestamps=0`
    events:               0.100 < S 0:0(0) win 1000 <mss 1460>
                         +0.05  accept(3, ..., ...) = 4

    shell to run last:    `sysctl -q net.ipv4.tcp_timestamps=1`

The language is packetdrill's, for TCP over IPv4 and IPv6, and ICMP errors.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Mapping

from tcpcore.packetdrill.constants import ERRNOS
from tcpcore.packetdrill.expressions import read_arguments, read_expression
from tcpcore.packetdrill.lexer import OPTION, WORD, Scanner
from tcpcore.packetdrill.packets import read_packet
from tcpcore.packetdrill.source import ScriptError, Source
from tcpcore.packetdrill.syntax import (
    ABSOLUTE,
    ANY,
    RELATIVE,
    Action,
    Call,
    Code,
    Command,
    Event,
    Script,
    Time,
)

DEFINING = ("define", "D")
"""Option lines that give a name a value."""
LONGEST = 1 << 20
"""Characters of a script: far more than anybody writes."""
_ERRNO = re.compile(r"E[A-Z0-9]+\b")
_ERRNOS = {*ERRNOS, *errno.errorcode.values()}
_SAME_ERRNO = {"EWOULDBLOCK": "EAGAIN", "ENOTSUP": "EOPNOTSUPP", "EDEADLOCK": "EDEADLK"}
"""Names that Linux has twice for one number."""


def parse(source: Source, definitions: Mapping[str, str] | None = None) -> Script:
    """The whole script; raises `ScriptError`.  `definitions` are names for bytes in packets."""
    if len(source.text) > LONGEST:
        raise ScriptError(source, 0, f"a script has at most {LONGEST} characters")
    scanner = Scanner(source, definitions)
    script = Script(_read_options(scanner), [], [])
    for name, value, _ in script.options:
        if name in DEFINING:
            defined, _, text = value.partition("=")
            scanner.definitions[defined] = text
    while scanner.looking_at("`"):
        script.setup.append(_read_event(scanner, Time(RELATIVE)))
    while not scanner.at_end() and not scanner.looking_at("`"):
        script.events.append(_read_event(scanner, _read_time(scanner)))
    if scanner.looking_at("`"):
        script.cleanup = _read_event(scanner, Time(RELATIVE))
        if not scanner.at_end():
            raise scanner.error("the end: shell without a time is the last thing of a script")
    if not script.events:
        raise scanner.error("an event, such as 0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3")
    return script


def unquoted(text: str) -> str:
    """The text without the quotes around it, if there are any."""
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def _read_options(scanner: Scanner) -> list[tuple[str, str, int]]:
    options = []
    while scanner.looking_at("--"):
        start = scanner.at
        match = scanner.take(OPTION)
        if not match:
            raise scanner.error("an option, such as --tolerance_usecs=4000")
        options.append((match[1], unquoted(match[2] or ""), start))
    return options


def _read_time(scanner: Scanner) -> Time:
    """``0.1``, ``+0.1``, ``*``, ``0.1~0.2``, ``+0.1~+0.2``."""
    if scanner.accept("*"):
        return Time(ANY)
    if scanner.text[scanner.at : scanner.at + 1] not in "+.0123456789":
        raise scanner.error("the time of an event: 0.1, +0.1, * or +0.1~+0.2")
    kind = RELATIVE if scanner.accept("+") else ABSOLUTE
    time = Time(kind, scanner.microseconds())
    start = scanner.at
    if scanner.accept("~"):
        if scanner.accept("+") != (kind == RELATIVE):
            raise ScriptError(scanner.source, start, "both ends of a range have a '+', or neither")
        time.latest = scanner.microseconds()
        if time.latest < time.start:
            raise ScriptError(scanner.source, start, "this range ends before it begins")
    return time


def _read_event(scanner: Scanner, time: Time) -> Event:
    start = scanner.at
    action = _read_action(scanner, time)
    return Event(time, action, start, scanner.at)


def _read_action(scanner: Scanner, time: Time) -> Action:
    if scanner.looking_at("<") or scanner.looking_at(">"):
        return read_packet(scanner)
    if scanner.accept("`"):
        return Command(scanner.until("`", "this shell command"))
    if scanner.accept("%{"):
        return Code(scanner.until("}%", "this code"))
    return _read_call(scanner, time)


def _read_call(scanner: Scanner, time: Time) -> Call:
    end = _read_end(scanner, time)
    if not WORD.match(scanner.text, scanner.at):
        raise scanner.error("a packet (< or >), a system call, `shell` or %{ code }%")
    name = scanner.word("the name of a system call")
    arguments = read_arguments(scanner)
    scanner.expect("=")
    call = Call(name, arguments, read_expression(scanner), end=end)
    start = scanner.at
    if match := scanner.take(_ERRNO):
        call.errno = _SAME_ERRNO.get(match[0], match[0])
        if call.errno not in _ERRNOS:
            raise ScriptError(scanner.source, start, f"no errno is called {match[0]}")
    if scanner.accept("("):
        call.note = scanner.until(")", "this remark")
    return call


def _read_end(scanner: Scanner, time: Time) -> int | None:
    """When a blocking call returns: ``+0...0.1 connect(...)``; None for one that does not block."""
    start = scanner.at
    if not scanner.accept("..."):
        return None
    if time.kind == ANY or time.latest is not None:
        raise ScriptError(scanner.source, start, "a call that blocks begins at one known time")
    end = scanner.microseconds()
    if end < time.start:
        raise ScriptError(scanner.source, start, "this call ends before it begins")
    return end
