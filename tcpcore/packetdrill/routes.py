"""Commands of ``ip`` in scripts that both backends read and obey themselves.

``ip route change 192.0.2.1 dev tun0 initcwnd 4`` is about the first windows of a route,
``ip tcp_metrics flush all`` about what the host remembers of other hosts.  Other attributes of
routes, and other commands of ``ip``, are shell like any other.
"""

from __future__ import annotations

import ipaddress
from itertools import pairwise

from tcpcore.errors import UsageError

_ROUTE = ("route", "ro", "r")
_VERBS = ("add", "append", "change", "replace")
_METRICS = ("tcp_metrics", "tcpmetrics")
EVERYBODY = "all"


def first_windows(command: str, remote: str) -> tuple[int, int] | None:
    """``initcwnd`` and ``initrwnd`` (0: unset) that a command gives to the route to `remote`.

    None for a command that does not.  `UsageError` for what is no number.
    """
    words = [word for word in command.split() if word not in ("-4", "-6")]
    if len(words) < 4 or words[0].rsplit("/", 1)[-1] != "ip" or words[1] not in _ROUTE:
        return None
    values = dict(pairwise(words))
    asked = [values.get(name) for name in ("initcwnd", "initrwnd")]
    if words[2] not in _VERBS or asked == [None, None] or not _covers(words[3], remote):
        return None
    for value in asked:
        if value is not None and not value.isdecimal():
            raise UsageError(
                f"a route's first window is a number of segments, not {value!r}: {command}"
            )
    return int(asked[0] or 0), int(asked[1] or 0)


def forgotten(command: str) -> str | None:
    """Whom ``ip tcp_metrics flush`` or ``delete`` forgets: an address, a prefix, or `EVERYBODY`.

    None for a command that does not.  `UsageError` for what is no address.
    """
    words = [word for word in command.split() if word == "-" or not word.startswith("-")]
    if len(words) < 3 or words[0].rsplit("/", 1)[-1] != "ip":
        return None
    if not (len(words[1]) > 3 and any(name.startswith(words[1]) for name in _METRICS)):
        return None
    if not any(verb.startswith(words[2]) for verb in ("flush", "delete")):
        return None
    selector = [word for word in words[3:] if word not in ("address", "all", "any", "default")]
    if not selector:
        return EVERYBODY
    try:
        return str(ipaddress.ip_network(selector[0], strict=False))
    except ValueError:
        raise UsageError(f"{selector[0]!r} is no IP address or prefix: {command}") from None


def _covers(to: str, remote: str) -> bool:
    if to == "default":
        return True
    try:
        return ipaddress.ip_address(remote) in ipaddress.ip_network(to, strict=False)
    except ValueError:
        return False
