"""What a host looks like from outside at one moment: the sections that players and tests read.

Sequence numbers are relative to the initial ones, as tcpdump prints them.

A trace keeps one snapshot a moment, and few are ever looked at.  So there are two forms: `raw` is
tuples of plain values, quick to make, to compare and to keep; `show` makes of one section of it
what people read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tcpcore.host.listener import Listener
from tcpcore.host.request import Request
from tcpcore.seqnum import distance
from tcpcore.tcp import state, timers, window
from tcpcore.tcp.connection import Connection
from tcpcore.tcp.loss_state import CA_STATES
from tcpcore.tcp.tcb import INFINITE_SSTHRESH

if TYPE_CHECKING:
    from tcpcore.host.stack import Host

Section = list[dict[str, Any]]
Raw = tuple[Any, ...]

_VARIABLES = (
    "snd.una", "snd.nxt", "snd.wnd", "rcv.nxt", "rcv.wnd", "unread", "unsent",
    "cwnd", "ssthresh", "in_flight", "ca_state", "rto", "srtt", "retransmissions",
)  # fmt: skip


def of(host: Host) -> dict[str, Any]:
    """``{"sockets": [...], "timers": [...], "queues": [...], "counters": {...}}``."""
    return {name: show(name, section) for name, section in raw(host).items()}


def raw(host: Host) -> dict[str, Raw]:
    """The sections as plain values; two are equal when they show the same."""
    endpoints = list(host.endpoints.values())
    listeners = host.listeners.values()
    sockets = [(one.name,) for one in listeners] + [_socket(endpoint) for endpoint in endpoints]
    deadlines = [
        (name, endpoint.name, deadline)
        for endpoint in endpoints
        for name, deadline in endpoint.running_timers()
    ]
    counted = host.counters
    return {
        "sockets": tuple(sockets),
        "timers": tuple(deadlines),
        "queues": tuple([_queues(one) for one in listeners]),
        "counters": (*counted, *counted.values()),
    }


def show(name: str, section: Raw) -> Any:
    """The section of that name, for people."""
    return _SHOWN[name](section)


def variables(c: Connection) -> dict[str, Any]:
    """The variables of a connection that people look at, relative and with units where needed."""
    return _show_variables(_values(c))


def numbers(section: Raw) -> dict[str, dict[str, Any]]:
    """The connections of a section `sockets` as it is kept: name to variables, in us and bytes."""
    return {
        one[0]: dict(zip(_VARIABLES, one[4:], strict=True))
        for one in section
        if one[2:3] == ("main",)
    }


# --- plain values --------------------------------------------------------------------------------


def _socket(endpoint: Connection | Request) -> Raw:
    role = "main" if isinstance(endpoint, Connection) else "request"
    c = endpoint if isinstance(endpoint, Connection) else endpoint.child
    unread_fin = int(c.rcv_closed and not c.end_read and c.state != state.TIME_WAIT)
    return (endpoint.name, endpoint.state, role, unread_fin, *_values(c))


def _values(c: Connection) -> Raw:
    heard = c.state != state.SYN_SENT
    unsent = distance(c.snd_nxt, c.write_end)
    return (
        distance(c.iss, c.snd_una),
        distance(c.iss, c.snd_nxt),
        c.snd_wnd,
        distance(c.irs, c.rcv_nxt) if heard else None,
        window.current(c) if heard else c.rcv_wnd,
        len(c.receive_buffer),
        unsent if unsent > 0 else 0,
        c.cwnd,
        c.ssthresh,
        len(c.retransmission_queue) - c.sacked_out - c.lost_out + c.retrans_out,
        c.ca_state,
        c.rto,
        c.srtt >> 3 if c.srtt else None,
        c.retransmissions,
    )


def _queues(listener: Listener) -> Raw:
    opening = tuple([request.child.ends for request in listener.syn_queue])
    waiting = tuple([connection.ends for connection in listener.accept_queue])
    return (listener.name, listener.backlog + 1, opening, waiting)


# --- what people read ----------------------------------------------------------------------------


def _show_sockets(section: Raw) -> Section:
    return [_show_socket(*socket) for socket in section]


def _show_socket(
    name: str, state: str = state.LISTEN, role: str = "listener", unread_fin: int = 0, *values: Any
) -> dict[str, Any]:
    shown = {"name": name, "state": state, "role": role}
    if not values:
        return {**shown, "variables": {}}
    return {**shown, "unread_fin": unread_fin, "variables": _show_variables(values)}


def _show_variables(values: Raw) -> dict[str, Any]:
    shown = dict(zip(_VARIABLES, values, strict=True))
    if shown["ssthresh"] == INFINITE_SSTHRESH:
        shown["ssthresh"] = None
    shown["ca_state"] = CA_STATES[shown["ca_state"]]
    shown["rto"] = timers.span(shown["rto"])
    if shown["srtt"] is not None:
        shown["srtt"] = timers.span(shown["srtt"])
    return shown


def _show_timers(section: Raw) -> Section:
    return [
        {"name": name, "socket": socket, "deadline": deadline} for name, socket, deadline in section
    ]


def _show_queues(section: Raw) -> Section:
    return [
        {
            "name": name,
            "socket": listener,
            "limit": limit,
            "entries": [f"{remote}:{port}" for _, _, remote, port in entries],
        }
        for listener, limit, opening, waiting in section
        for name, entries in (("SYN queue", opening), ("accept queue", waiting))
    ]


def _show_counters(section: Raw) -> dict[str, int]:
    half = len(section) // 2
    return dict(sorted(zip(section[:half], section[half:], strict=True)))


_SHOWN: dict[str, Callable[[Raw], Any]] = {
    "sockets": _show_sockets,
    "timers": _show_timers,
    "queues": _show_queues,
    "counters": _show_counters,
}
