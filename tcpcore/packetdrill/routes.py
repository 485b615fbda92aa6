"""Commands of ``ip`` in scripts that both backends read and obey themselves.

``ip route change 192.0.2.1 dev tun0 initcwnd 4`` is about attributes of a route (`host.routes`),
``ip tcp_metrics flush all`` about what the host remembers of other hosts.  Other attributes of
routes, and other commands of ``ip``, are shell like any other.
"""

from __future__ import annotations

import ipaddress
import re
from itertools import pairwise
from typing import Any

from tcpcore.errors import UsageError
from tcpcore.host.routes import LOCKABLE, NAMES, NUMBERS, TIMES
from tcpcore.units import MILLISECOND, SECOND
from tcpcore.wire.address import within

_ROUTE = ("route", "ro", "r")
_TIME = re.compile(r"(\d+(?:\.\d+)?)(s|ms|us)?")
_VERBS = ("add", "append", "change", "replace")
_METRICS = ("tcp_metrics", "tcpmetrics")
_WORDS = tuple(name for name in NAMES if name not in ("congctl_lock", "locked"))
EVERYBODY = "all"


def route_attributes(command: str, remote: str) -> dict[str, Any] | None:
    """What a command gives to the route to `remote`: attributes of a `host.routes.Route`.

    None for a command that gives it none of these.  `UsageError` for what is no number.
    """
    every = [word for word in command.split() if word not in ("-4", "-6")]
    locked = {name for name, word in pairwise(every) if word == "lock"}
    words = [word for word in every if word != "lock"]
    if len(words) < 4 or words[0].rsplit("/", 1)[-1] != "ip" or words[1] not in _ROUTE:
        return None
    asked = {name: value for name, value in pairwise(words) if name in _WORDS}
    if words[2] not in _VERBS or not asked or not _covers(words[3], remote):
        return None
    found = {name: _value(name, value, command) for name, value in asked.items()}
    if "cwnd" in found and "cwnd" not in locked:
        del found["cwnd"]  # ip-route(8): "ignored if the lock flag is not used"
    if "congctl" in found and "congctl" in locked:
        found["congctl_lock"] = 1
    if fixed := [name for name in LOCKABLE if name in found and name in locked]:
        found["locked"] = " ".join(fixed)
    return found


def _value(name: str, value: str, command: str) -> int | str:
    """A number of the attribute's unit; a time is one in ms, or has its unit behind it; a name.

    An rtt without a unit is in eighths of a ms, an rttvar in quarters, as ip(8) takes them.
    """
    if name == "features":
        return int(value == "ecn")
    if name not in NUMBERS:
        return value
    if name in TIMES and (match := _TIME.fullmatch(value)):
        usual = MILLISECOND // {"rtt": 8, "rttvar": 4}.get(name, 1)
        unit = {"s": SECOND, "ms": MILLISECOND, "us": 1}.get(match[2], usual)
        return round(float(match[1]) * unit)
    if not value.isdecimal():
        raise UsageError(f"a route's {name} is a number, not {value!r}: {command}")
    return int(value)


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
        return within(remote, to)
    except ValueError:
        return False
