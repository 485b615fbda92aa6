"""tcpcore: a deterministic TCP engine in virtual time that behaves as Linux does.

Start with `tcpcore.scenarios.run("handshake")` or with `tcpcore.net.Network`.  The engine uses the
standard library only; importing the package loads nothing until a name is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "Network": "tcpcore.net.network",
    "Trace": "tcpcore.trace",
    "UsageError": "tcpcore.errors",
    "kbit": "tcpcore.units",
    "mbit": "tcpcore.units",
    "gbit": "tcpcore.units",
    "minutes": "tcpcore.units",
    "ms": "tcpcore.units",
    "run": "tcpcore.scenarios.registry",
    "seconds": "tcpcore.units",
    "sweep": "tcpcore.sweeps",
    "us": "tcpcore.units",
}

__all__ = [*_HOMES, "look", "sh"]


def sh(host: Any, command: str) -> str:
    """What a command such as ``ss -tan`` prints on a virtual host now; see `observe.shell`."""
    shell = import_module("tcpcore.observe.shell")
    return str(shell.run(host, command))


async def look(host: Any, command: str) -> str:
    """`sh` for an application on that host, which may have to wait for the program."""
    shell = import_module("tcpcore.observe.shell")
    return str(await shell.wait_for(host, command))


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'tcpcore' has no attribute {name!r}")
    return getattr(import_module(home), name)
