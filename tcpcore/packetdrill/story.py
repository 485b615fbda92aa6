"""What one host saw and did, ready to be written as a script: packets, and calls with arguments.

`listening` makes one from a run of hosts, `inferring` one from packets alone; `writing` makes text
of it.  Times are microseconds, counted from anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from tcpcore.errors import UsageError
from tcpcore.wire.icmp import IcmpError
from tcpcore.wire.segment import Segment


class NoScript(UsageError):
    """What cannot be told as a script, in one sentence."""


@dataclass(slots=True)
class Seen:
    """A packet at the host: it arrives (`inbound`) or leaves."""

    time: int
    inbound: bool
    packet: Segment | IcmpError


@dataclass(slots=True)
class Did:
    """A call of a program: `descriptor` is the script's, `rest` the other arguments as written.

    `returned` is None for one that does not block; `result` is as a script says it.
    """

    time: int
    name: str
    descriptor: int | None
    rest: str = ""
    result: str = "0"
    returned: int | None = None


Entry: TypeAlias = Seen | Did


@dataclass(slots=True)
class Story:
    """One host's part: addresses, how it was set up, and what happened, in order.

    `exact`: the host's windows are told, too, and times from the start.  `options` are lines such
    as ``--mtu=1500``, `commands` ones of the shell beside the sysctls.  `foreign` says what of its
    SYN no Linux would send; such options are left open.  `doubt` says what else is wrong.
    `jitter`: so much earlier (us) than told a packet may have left.
    """

    local: str
    remote: str
    title: str
    sysctls: dict[str, str] = field(default_factory=dict)
    options: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    exact: bool = True
    foreign: str = ""
    doubt: str = ""
    jitter: int = 0
