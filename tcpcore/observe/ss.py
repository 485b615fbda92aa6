"""``ss -tan`` of a virtual host: the table that iproute2's `ss` prints.

Recv-Q of a listener is the length of its accept queue, Send-Q its backlog; of any other socket they
are the bytes not yet read and not yet acknowledged.
"""

from __future__ import annotations

from typing import Any

from tcpcore.trace import Trace
from tcpcore.units import format_seconds

_STATES = {"ESTABLISHED": "ESTAB", "CLOSED": "UNCONN"}
_HEADER = ("State", "Recv-Q", "Send-Q", "Local Address:Port", "Peer Address:Port", "Process")

Row = tuple[str, str, str, str, str, str]


def table(sections: dict[str, Any]) -> str:
    """The table of a host's snapshot (its ``sockets`` and ``queues`` sections)."""
    rows: list[Row] = [_HEADER, *(_row(socket, sections) for socket in sections["sockets"])]
    plain = [max(len(row[column]) for row in rows) for column in range(3)]
    addresses = [_widths([row[column] for row in rows]) for column in (3, 4)]
    lines = []
    for row in rows:
        cells = [row[column].ljust(plain[column]) for column in range(3)]
        local, peer = (_aligned(row[3 + side], *addresses[side]) for side in range(2))
        lines.append(" ".join((*cells, local, peer)) + row[5].ljust(len(_HEADER[5])))
    return "\n".join(lines) + "\n"


def history(trace: Trace) -> str:
    """The table of a host again and again: each time when one of its sockets changed state."""
    parts = []
    known: list[dict[str, Any]] = [{} for _ in trace.hosts]
    shown = [""] * len(trace.hosts)
    for moment in trace.moments:
        sections = known[moment.host]
        sections.update(moment.sections)
        text = table(sections)
        if text != shown[moment.host]:
            shown[moment.host] = text
            name = trace.hosts[moment.host][0]
            parts.append(f"{name}$ ss -tan    # at {format_seconds(moment.time)} s\n{text}")
    return "\n".join(parts)


def _row(socket: dict[str, Any], sections: dict[str, Any]) -> Row:
    state = _STATES.get(socket["state"], socket["state"].replace("_", "-"))
    if socket["role"] == "listener":
        queue = next(
            queue
            for queue in sections["queues"]
            if queue["name"] == "accept queue" and queue["socket"] == socket["name"]
        )
        waiting, room = len(queue["entries"]), queue["limit"] - 1
        return state, str(waiting), str(room), socket["name"], "0.0.0.0:*", ""
    local, peer = socket["name"].split(" > ")
    seen = socket["variables"]
    unacknowledged = seen["snd.nxt"] - seen["snd.una"] + seen["unsent"]
    if socket["role"] == "request" or socket["state"] == "TIME_WAIT":
        unacknowledged = 0
    return state, str(seen["unread"]), str(unacknowledged), local, peer, ""


def _split(address: str) -> tuple[str, str]:
    host, _, port = address.rpartition(":")
    return host + ":", port


def _widths(addresses: list[str]) -> tuple[int, int]:
    parts = [_split(address) for address in addresses]
    return max(len(host) for host, _ in parts), max(len(port) for _, port in parts)


def _aligned(address: str, host_width: int, port_width: int) -> str:
    host, port = _split(address)
    return host.rjust(host_width) + port.ljust(port_width)
