"""``ss`` of a virtual host, as iproute2 6.1 prints it to a pipe.

    ss [-t] [-u] [-a | -l] [-n] [-o] [-e] [-p] [-i] [-O] [-H] [state NAME | exclude NAME] [FILTER]
    ss -s

A virtual host has no UDP sockets, so that -u has only the effect that it has on the columns.

Recv-Q of a listener is the length of its accept queue, Send-Q its backlog; of any other socket they
are the bytes not yet read and not yet acknowledged.  Ports are always numbers, as with -n.  The
kernel lists sockets by its hash tables; here they come in order of their making.
"""

from __future__ import annotations

from typing import Any

from tcpcore.host.listener import Listener
from tcpcore.observe import inventory, ss_filter, ss_info, ss_summary
from tcpcore.observe.command_line import Options, read
from tcpcore.observe.inventory import Entry, Timer
from tcpcore.tcp import state
from tcpcore.tcp.connection import Connection
from tcpcore.trace import Trace
from tcpcore.units import format_seconds

_STATES = {"ESTABLISHED": "ESTAB", "CLOSED": "UNCONN"}
_HEADER = ("State", "Recv-Q", "Send-Q", "Local Address:Port", "Peer Address:Port", "Process")
_PLAIN = ss_filter.ALL - {state.LISTEN, state.CLOSED, state.TIME_WAIT, state.SYN_RECV}
_LISTENING = frozenset((state.LISTEN, state.CLOSED))
_LONG = {
    "tcp": "t",
    "udp": "u",
    "summary": "s",
    "all": "a",
    "listening": "l",
    "numeric": "n",
    "options": "o",
    "extended": "e",
    "processes": "p",
    "info": "i",
    "oneline": "O",
    "no-header": "H",
    "ipv4": "4",
}

Row = tuple[str, ...]


def run(host: Any, words: list[str]) -> str:
    """What `ss` with these arguments prints on the host now."""
    given = read("ss", words, "talnoepiOH4us", long=_LONG)
    if "s" in given:
        return ss_summary.summary(host)
    only_tcp = ("t" in given) != ("u" in given)
    default = _PLAIN
    if "l" in given:
        default = _LISTENING
    if "a" in given:
        default = ss_filter.ALL
    states, rest = ss_filter.states(given.words, default)
    test = ss_filter.expression(rest)
    rows: list[Row] = []
    below: list[str] = []
    for entry in inventory.entries(host) if "t" in given or "u" not in given else ():
        if entry.state in states and (test is None or test(entry)):
            rows.append((*_cells(entry), _process(entry, given)))
            below.append(_info(host, entry, given))
    if not only_tcp:
        rows = [("tcp", *row) for row in rows]
    header: Row = _HEADER if only_tcp else ("Netid", *_HEADER)
    if len(states) == 1:  # every line would say the same
        place = header.index("State")
        header, rows = _without(header, place), [_without(row, place) for row in rows]
    lines = _layout(header, rows, titled="H" not in given, ragged="i" in given)
    if "H" in given:
        return "".join(f"{line}{more}\n" for line, more in zip(lines, below, strict=True))
    return "".join(f"{line}{more}\n" for line, more in zip(lines, ["", *below], strict=True))


def _cells(entry: Entry) -> Row:
    return (
        _STATES.get(entry.state, entry.state.replace("_", "-")),
        str(entry.recv_q).ljust(6),
        str(entry.send_q).ljust(6),
        f"{entry.local}:{entry.local_port}",
        f"{entry.remote}:{entry.remote_port or '*'}",
    )


def _process(entry: Entry, given: Options) -> str:
    text = ""
    if "p" in given and entry.holders:
        users = [f'("{one.name}",pid={one.pid},fd={one.fd})' for one in entry.holders]
        text += f" users:({','.join(users)})"
    if "o" in given and entry.timer.kind:
        text += f" timer:({_timer(entry.timer)})"
    if "e" in given:
        text += f" ino:{entry.inode} sk:{_cookie(entry):x}{_details(entry)}"
    return text


def _cookie(entry: Entry) -> int:
    """A number of the socket's own, for the kernel's (which counts sockets as it is asked)."""
    endpoint = entry.endpoint
    if isinstance(endpoint, Listener):
        return entry.local_port
    return endpoint.iss if isinstance(endpoint, Connection) else endpoint.child.iss


def _details(entry: Entry) -> str:
    """The control group, and which directions are still open (``<->``), of a full socket."""
    c = entry.endpoint
    if isinstance(c, Listener):
        return " cgroup:/ <->"
    if not isinstance(c, Connection) or inventory.is_small(c):
        return ""
    reads = not (c.rcv_closed or c.no_reader or c.orphan)
    writes = c.fin_queued is None
    return f" cgroup:/ {'<' if reads else '-'}-{'>' if writes else '-'}"


def _info(host: Any, entry: Entry, given: Options) -> str:
    if "i" not in given:
        return ""
    text = ss_info.line(host, entry, options="o" in given, numeric="n" in given)
    if "O" in given:
        return f" {text}" if text else ""
    return f"\n\t {text}" if text else "\n\t"


def _timer(timer: Timer) -> str:
    name = ("off", "on", "keepalive", "timewait", "persist")[timer.kind]
    return f"{name},{time_left(timer.left // 1000)},{timer.sent_again}"


def time_left(milliseconds: int) -> str:
    """iproute2's print_ms_timer(): ``200ms``, ``1.524ms``, ``59sec``, ``119min``."""
    seconds, rest = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    text = ""
    if minutes:
        rest = 0
        text = f"{minutes}min"
        if minutes > 9:
            seconds = 0
    if seconds:
        if seconds > 9:
            rest = 0
        text += f"{seconds}{'.' if rest else 'sec'}"
    return text + (f"{rest:03d}ms" if rest else "")


# --- the table ----------------------------------------------------------------------------------


def _without(row: Row, place: int) -> Row:
    return row[:place] + row[place + 1 :]


def _layout(header: Row, rows: list[Row], *, titled: bool, ragged: bool) -> list[str]:
    """The lines: columns as wide as their widest cell; `ragged` without spaces at the end."""
    measured = [header, *rows] if titled else rows
    if not measured:
        return []
    plain = len(header) - 3
    widths = [max(len(row[column]) for row in measured) for column in range(plain)]
    addresses = [_widths([row[plain + side] for row in measured]) for side in range(2)]
    last = 0 if ragged else max(len(row[-1]) for row in measured)
    lines = []
    for row in measured:
        cells = [row[column].ljust(widths[column]) for column in range(plain)]
        cells += [_aligned(row[plain + side], *addresses[side]) for side in range(2)]
        line = " ".join(cells) + row[-1].ljust(last)
        lines.append(line.rstrip() if ragged else line)
    return lines


def _split(address: str) -> tuple[str, str]:
    host, _, port = address.rpartition(":")
    return host + ":", port


def _widths(addresses: list[str]) -> tuple[int, int]:
    parts = [_split(address) for address in addresses]
    return max(len(host) for host, _ in parts), max(len(port) for _, port in parts)


def _aligned(address: str, host_width: int, port_width: int) -> str:
    host, port = _split(address)
    return host.rjust(host_width) + port.ljust(port_width)


# --- from a trace -------------------------------------------------------------------------------


def table(sections: dict[str, Any]) -> str:
    """``ss -tan`` of a host's snapshot (its ``sockets`` and ``queues`` sections)."""
    rows = [_row(socket, sections) for socket in sections["sockets"]]
    return "\n".join(_layout(_HEADER, rows, titled=True, ragged=False)) + "\n"


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
    name = _STATES.get(socket["state"], socket["state"].replace("_", "-"))
    if socket["role"] == "listener":
        queue = next(
            queue
            for queue in sections["queues"]
            if queue["name"] == "accept queue" and queue["socket"] == socket["name"]
        )
        waiting, room = len(queue["entries"]), queue["limit"] - 1
        return name, str(waiting), str(room), socket["name"], "0.0.0.0:*", ""
    local, peer = socket["name"].split(" > ")
    seen = socket["variables"]
    unacknowledged = seen["snd.nxt"] - seen["snd.una"] + seen["unsent"]
    if socket["role"] == "request" or socket["state"] == "TIME_WAIT":
        unacknowledged = 0
    unread = seen["unread"] + socket.get("unread_fin", 0)
    return name, str(unread), str(unacknowledged), local, peer, ""
