"""``nstat`` of a virtual host, as iproute2 6.1 prints it: counters by their kernel names.

    nstat [-a] [-z] [-r] [-s] [PATTERN ...]

Without -a it shows what moved since it was last asked on this host.  The groups are Tcp and TcpExt:
what the engine counts, and with -z the kernel's other counters of TCP at zero.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any
from weakref import WeakKeyDictionary

from tcpcore.observe.command_line import read
from tcpcore.observe.counter_names import TCP, TCP_EXT

NAMES = tuple([f"Tcp{name}" for name in TCP] + [f"TcpExt{name}" for name in TCP_EXT])
_LONG = {"ignore": "a", "zeros": "z", "reset": "r", "noupdate": "s"}

_shown: WeakKeyDictionary[Any, dict[str, int]] = WeakKeyDictionary()
"""What each host's counters were when it was last asked (nstat keeps a file for that)."""


def run(host: Any, words: list[str]) -> str:
    """What `nstat` with these arguments prints on the host now."""
    given = read("nstat", words, "azrs", long=_LONG)
    absolute = "a" in given or "r" in given
    before = {} if absolute else _shown.get(host, {})
    now = dict(host.counters)
    if "s" not in given:
        _shown[host] = now
    lines = ["#kernel"]
    for name in NAMES:
        if given.words and not any(fnmatchcase(name, pattern) for pattern in given.words):
            continue
        count = now.get(name, 0) - before.get(name, 0)
        if count or "z" in given:
            lines.append(f"{name:<32}{count:<18} 0.0")
    return "\n".join(lines) + "\n"
