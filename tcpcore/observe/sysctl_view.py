"""``sysctl`` of a virtual host, as procps 4 prints it: the variables that the engine obeys.

sysctl NAME ...        sysctl [-w] NAME=VALUE ...        sysctl -a        -n: values only
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from tcpcore import sysctl
from tcpcore.errors import UsageError
from tcpcore.observe.command_line import read

_LONG = {"all": "a", "values": "n", "write": "w", "quiet": "q"}


def run(host: Any, words: list[str]) -> str:
    """What `sysctl` with these arguments prints on the host; writing changes the host."""
    given = read("sysctl", words, "anwq", long=_LONG)
    names = list(given.words)
    if "a" in given:
        names = sorted(sysctl.full_name(short) for short in sysctl.names())
    elif not names:
        raise UsageError("sysctl: which variable? Give a name, NAME=VALUE, or -a for all.")
    lines = []
    for word in names:
        name, equals, text = word.partition("=")
        if equals:
            short = _short(name)
            host.sysctl.set(short, " ".join(text.split()))
            if "q" in given:
                continue
            shown = text.strip()
        elif "w" in given:
            raise UsageError(f"sysctl: -w takes NAME=VALUE, not {word!r}.")
        else:
            shown = value(host, name)
        full = sysctl.full_name(_short(name))
        lines.append(shown if "n" in given else f"{full} = {shown}")
    return "".join(f"{line}\n" for line in lines)


def value(host: Any, name: str) -> str:
    """A variable's value as its file has it: vectors with tabs."""
    found = getattr(host.sysctl, _short(name))
    if isinstance(found, tuple):
        return "\t".join(str(item) for item in found)
    return str(found) or (sysctl.NO_KEY if _short(name) == "tcp_fastopen_key" else "")


def _short(name: str) -> str:
    """The short name of a variable given in full (``net.ipv4.tcp_syn_retries``)."""
    dotted = name.replace("/", ".")
    short = sysctl.short_name(dotted)
    if sysctl.is_sysctl(short) and sysctl.full_name(short) == dotted:
        return short
    full = [sysctl.full_name(known) for known in sysctl.names()]
    near = get_close_matches(dotted, full) or get_close_matches(f"net.ipv4.{dotted}", full)
    hint = f"did you mean {' or '.join(near)}?" if near else "`sysctl -a` lists those there are."
    raise UsageError(f"sysctl: there is no variable {name!r} here; {hint}")
