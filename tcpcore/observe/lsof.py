"""``lsof -i`` of a virtual host, as lsof 4.95 prints it: which process holds which socket.

    lsof -i[4][TCP][@address][:port] [-n] [-P] [-s TCP:STATE[,STATE]] [-t]

Sockets of nobody (not yet accepted, orphans, TIME_WAIT) are not open files and do not show.
"""

from __future__ import annotations

import re
from typing import Any

from tcpcore.errors import UsageError
from tcpcore.observe import inventory, netstat
from tcpcore.observe.command_line import read
from tcpcore.observe.inventory import Entry
from tcpcore.observe.networks import inside
from tcpcore.tcp import state

_SPEC = re.compile(r"(?P<version>[46]?)(?P<protocol>[A-Za-z]*)(@(?P<host>[^:]+))?(:(?P<ports>.+))?")
_NAMES = ("COMMAND", "PID", "USER", "FD", "TYPE", "DEVICE", "SIZE/OFF", "NODE", "NAME")
_COMMAND_WIDTH = 9
_KNOWN = (
    *(netstat.STATES.get(name, name) for name in state.STATES if name != state.TIME_WAIT),
)  # fmt: skip


def run(host: Any, words: list[str]) -> str:
    """What `lsof` with these arguments prints on the host now."""
    wanted, rest = _internet(words)
    given = read("lsof", rest, "nPta", values="s")
    if wanted is None:
        raise UsageError("lsof: a virtual host has sockets only: say -i, -iTCP or -i :80.")
    if given.words:
        raise UsageError(f"lsof: there is no file {given.words[0]!r} here; -i lists sockets.")
    states = _states(given.values.get("s"))
    rows = []
    for entry in inventory.entries(host):
        if _fits(entry, wanted) and (not states or _state(entry) in states):
            rows += [(one.name[:_COMMAND_WIDTH], one.pid, one.fd, entry) for one in entry.holders]
    rows.sort(key=lambda row: (row[1], row[2]))
    if "t" in given:
        return "".join(f"{pid}\n" for pid in dict.fromkeys(row[1] for row in rows))
    return _table([_cells(*row) for row in rows])


def _internet(words: list[str]) -> tuple[re.Match[str] | None, list[str]]:
    """``-i`` with its address, which may follow at once or as the next word; and all the rest."""
    rest: list[str] = []
    found = None
    pending = list(words)
    while pending:
        word = pending.pop(0)
        letters, i, spec = word.partition("i")
        if not i or not word.startswith("-") or "s" in letters:
            rest.append(word)
            continue
        if not spec and pending and not pending[0].startswith("-"):
            spec = pending.pop(0)
        found = _SPEC.fullmatch(spec)
        if found is None or found["protocol"].lower() not in ("", "tcp"):
            raise UsageError(f"lsof: -i takes [4][TCP][@address][:port], not {spec!r}.")
        if letters != "-":
            rest.append(letters)
    return found, rest


def _states(text: str | None) -> set[str]:
    if text is None:
        return set()
    protocol, _, names = text.partition(":")
    chosen = {name.upper() for name in names.split(",") if name}
    if protocol.lower() != "tcp" or not chosen <= set(_KNOWN):
        known = ", ".join(_KNOWN)
        raise UsageError(f"lsof: -s takes TCP: and states, not {text!r}; known ones are {known}.")
    return chosen


def _fits(entry: Entry, wanted: re.Match[str]) -> bool:
    if wanted["version"] == "6":
        return False
    if wanted["host"] and not any(map(inside(wanted["host"], "lsof"), (entry.local, entry.remote))):
        return False
    return not wanted["ports"] or any(
        low <= port <= high
        for low, high in _ports(wanted["ports"])
        for port in (entry.local_port, entry.remote_port)
    )


def _ports(text: str) -> list[tuple[int, int]]:
    spans = []
    for part in text.split(","):
        low, _, high = part.partition("-")
        if not low.isdigit() or (high and not high.isdigit()):
            raise UsageError(f"lsof: ports are numbers such as 80,443 or 8000-8080, not {text!r}.")
        spans.append((int(low), int(high or low)))
    return spans


def _state(entry: Entry) -> str:
    return netstat.STATES.get(entry.state, entry.state)


def _cells(name: str, pid: int, fd: int, entry: Entry) -> tuple[str, ...]:
    local = "*" if entry.local == "0.0.0.0" else entry.local
    ends = f"{local}:{entry.local_port}"
    if entry.remote_port:
        ends += f"->{entry.remote}:{entry.remote_port}"
    inode = str(entry.inode)
    where = f"{ends} ({_state(entry)})"
    return name, str(pid), "root", f"{fd:4d}u ", "IPv4", inode, "0t0", "TCP", where


def _table(rows: list[tuple[str, ...]]) -> str:
    if not rows:
        return ""
    header = (*_NAMES[:3], "  FD  ", *_NAMES[4:])
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(8)]
    lines = []
    for row in (header, *rows):
        first = row[0].ljust(widths[0])
        middle = [row[column].rjust(widths[column]) for column in range(1, 8)]
        lines.append(" ".join((first, *middle, row[8])))
    return "\n".join(lines) + "\n"
