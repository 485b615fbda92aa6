"""A command line on a virtual host: ``host.sh("ss -tan | grep ESTAB")``.

The programs that people look at TCP with, reading the engine instead of a kernel; each stands in a
module of its own.  Of a shell there are words, quotes, and pipes into grep, head, tail and wc.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from tcpcore.errors import UsageError
from tcpcore.observe import (
    lsof,
    nc,
    netstat,
    nstat,
    pipes,
    proc_net,
    ss,
    sysctl_view,
    tcpdump_view,
)

Words = tuple[str, ...]


def _iptables(host: Any, words: list[str]) -> str:
    return str(host.firewall.run(shlex.join(words)))


def _dmesg(host: Any, words: list[str]) -> str:
    """The kernel's messages, as `dmesg` prints them; no option."""
    if words:
        raise UsageError(f"dmesg: it takes no argument here, so not {words[0]!r}.")
    lines = [
        f"[{time // 1_000_000:5d}.{time % 1_000_000:06d}] {text}\n"
        for time, text in host.kernel_log
    ]
    return "".join(lines)


PROGRAMS: dict[str, Callable[[Any, list[str]], str]] = {
    "cat": proc_net.run,
    "dmesg": _dmesg,
    "iptables": _iptables,
    "lsof": lsof.run,
    "nc": nc.run,
    "netstat": netstat.run,
    "nstat": nstat.run,
    "ss": ss.run,
    "sysctl": sysctl_view.run,
    "tcpdump": tcpdump_view.run,
}


def run(host: Any, command: str) -> str:
    """What the command prints on the host now.

    `UsageError`, one sentence, for a program, an option or a filter that is not known here.
    """
    program, filters = _pipeline(command)
    return _filtered(_printed(host, program), filters)


async def wait_for(host: Any, command: str) -> str:
    """`run` inside an application: one that needs the network to go on (`nc`) is waited for."""
    program, filters = _pipeline(command)
    if program[0] != "nc":
        return _filtered(_printed(host, program), filters)
    application, lines = nc.client(list(program[1:]))
    await application(host)
    return _filtered("".join(lines), filters)


def _printed(host: Any, program: Words) -> str:
    name, *words = program
    if name not in PROGRAMS:
        raise UsageError(f"{name}: no such program here; there are {', '.join(PROGRAMS)}.")
    if not host.powered:
        raise UsageError(f"{host.name} has no power: no program runs there.")
    return PROGRAMS[name](host, words)


def _filtered(text: str, filters: Iterable[Words]) -> str:
    for words in filters:
        text = pipes.run(text, list(words))
    return text


@lru_cache(maxsize=256)
def _pipeline(command: str) -> tuple[Words, tuple[Words, ...]]:
    """The words of the program, and those behind each pipe; a quoted ``|`` is an ordinary sign."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars="|")
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        words = list(lexer)
    except ValueError as error:
        raise UsageError(f"The command {command!r} has an open quote ({error}).") from None
    parts: list[list[str]] = [[]]
    for word in words:
        if word == "|":
            parts.append([])
        else:
            parts[-1].append(word)
    if not all(parts):
        raise UsageError(f"The command {command!r} lacks a program; there are {_known()}.")
    program, *behind = map(tuple, parts)
    return program, tuple(behind)


def _known() -> str:
    return ", ".join((*PROGRAMS, *pipes.PROGRAMS))
