"""``ss -s``, and the file that it reads: how many sockets a virtual host has, by kind.

The kernel counts `alloc` and `orphan` for all network namespaces together; here they are the
host's own.  "closed" of `ss` is what is neither known under its ports nor in TIME_WAIT, plus
TIME_WAIT.  Source: print_summary() in iproute2's ss.c; sockstat_seq_show() in net/ipv4/proc.c.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tcpcore.observe import inventory
from tcpcore.observe.netstat import established
from tcpcore.tcp import state
from tcpcore.tcp.connection import Connection

_OTHERS = ("RAW", "UDP")


@dataclass(slots=True)
class Counted:
    """What ``/proc/net/sockstat`` says of TCP; all sockets that are in a process come in `used`."""

    used: int = 0
    inuse: int = 0
    orphan: int = 0
    tw: int = 0


def count(host: Any) -> Counted:
    """The host's sockets now; requests are none, TIME_WAIT and what is like it are `tw`."""
    found = Counted()
    for entry in inventory.entries(host):
        endpoint = entry.endpoint
        if isinstance(endpoint, Connection) and inventory.is_small(endpoint):
            found.tw += 1
        elif entry.state == state.LISTEN or isinstance(endpoint, Connection):
            found.inuse += 1
            found.used += bool(entry.holders)
            found.orphan += isinstance(endpoint, Connection) and endpoint.orphan
    return found


def sockstat(host: Any) -> str:
    """/proc/net/sockstat."""
    found = count(host)
    return (
        f"sockets: used {found.used}\n"
        f"TCP: inuse {found.inuse} orphan {found.orphan} tw {found.tw} alloc {found.inuse} mem 0\n"
        "UDP: inuse 0 mem 0\nUDPLITE: inuse 0\nRAW: inuse 0\nFRAG: inuse 0 memory 0\n"
    )


def summary(host: Any) -> str:
    """What `ss -s` prints."""
    found = count(host)
    rows = [
        ("Transport", "Total", "IP", "IPv6"),
        *((f"{name}\t", 0, 0, 0) for name in _OTHERS),
        *((f"{name}\t", found.inuse, found.inuse, 0) for name in ("TCP", "INET")),
        ("FRAG\t", 0, 0, 0),
    ]
    table = [f"{rows[0][0]} {'Total':<9} {'IP':<9} IPv6"]
    table += [f"{name}  {total:<9} {four:<9} {six:<9}" for name, total, four, six in rows[1:]]
    return (
        f"Total: {found.used}\n"
        f"TCP:   {found.inuse + found.tw} (estab {established(host)}, closed {found.tw}, "
        f"orphaned {found.orphan}, timewait {found.tw})\n\n" + "\n".join(table) + "\n\n"
    )
