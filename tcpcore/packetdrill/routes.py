"""``ip route change 192.0.2.1 dev tun0 initcwnd 4`` in scripts: the first windows of a route.

Read and obeyed by both backends themselves; other attributes of routes, and other commands of
``ip``, are shell like any other.
"""

from __future__ import annotations

import ipaddress
from itertools import pairwise

from tcpcore.errors import UsageError

_ROUTE = ("route", "ro", "r")
_VERBS = ("add", "append", "change", "replace")


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


def _covers(to: str, remote: str) -> bool:
    if to == "default":
        return True
    try:
        return ipaddress.ip_address(remote) in ipaddress.ip_network(to, strict=False)
    except ValueError:
        return False
