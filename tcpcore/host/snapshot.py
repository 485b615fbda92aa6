"""What a host looks like from outside at one moment: the sections that players and tests read.

Sequence numbers are relative to the initial ones, as tcpdump prints them.

A trace keeps one snapshot a moment, and few are ever looked at.  So there are two forms: `Watch`
tells plain values in a row, quick to make, to compare and to keep; `show` makes of one section of
them what people read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from struct import Struct, error
from typing import TYPE_CHECKING, Any

from tcpcore.host import counters
from tcpcore.host.listener import Listener
from tcpcore.host.request import SYN_ACK_TIMER, Request
from tcpcore.seqnum import HALF, MASK
from tcpcore.tcp import state, timers
from tcpcore.tcp.congestion import prr
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
    told: list[Any] = []
    Watch(host).changes(told)
    found, place = {}, 0
    while place < len(told):
        end = place + 2 + told[place + 1]
        found[told[place]] = show(told[place], tuple(told[place + 2 : end]))
        place = end
    return found


class Watch:
    """Which sections of a host are not what they were; what a trace keeps of each moment."""

    __slots__ = ("_counters", "_host", "_queues", "_sockets", "_timers")

    def __init__(self, host: Host) -> None:
        self._host = host
        self._sockets: list[Any] | None = None
        self._timers: list[Any] | None = None
        self._queues: list[Any] | None = None
        self._counters: Raw | None = None

    def changes(self, told: list[Any]) -> None:
        """Append name, number of items, items of each section that changed since the last call."""
        host = self._host
        sockets: list[Any] = []
        deadlines: list[Any] = []
        queues: list[Any] = []
        for listener in host.listeners.values():
            for one in listener.group or (listener,):
                sockets += (one.name, _LISTEN, "listener", 0, b"")
                queues += _queues(one)
        for endpoint in host.endpoints.values():
            if isinstance(endpoint, Connection):
                timers.list_running(endpoint, deadlines)
                where, fin = endpoint.state, 0
                if endpoint.rcv_closed and not endpoint.end_read and where != _TIME_WAIT:
                    fin = 1
                sockets += (endpoint.name, where, "main", fin, _values(endpoint))
            else:
                if endpoint.shown is None:
                    endpoint.shown = request(endpoint)
                socket, timer = endpoint.shown
                sockets += socket
                deadlines += timer
        counts = host.counters.raw()
        if sockets != self._sockets:
            self._sockets = sockets
            told += ("sockets", len(sockets))
            told += sockets
        if deadlines != self._timers:
            self._timers = deadlines
            told += ("timers", len(deadlines))
            told += deadlines
        if queues != self._queues:
            self._queues = queues
            told += ("queues", len(queues))
            told += queues
        if counts != self._counters:
            self._counters = counts
            told += ("counters", 4)
            told += counts


def request(request: Request) -> tuple[Raw, Raw]:
    """Its socket and its timer, as `Watch` tells them."""
    socket = (request.name, request.state, "request", 0, _values(request.child))
    return socket, (SYN_ACK_TIMER, request.name, request.deadline)


def show(name: str, items: Raw) -> Any:
    """The section of that name, for people."""
    return _SHOWN[name](items)


def variables(c: Connection) -> dict[str, Any]:
    """The variables of a connection that people look at, relative and with units where needed."""
    return _show_variables(_unpacked(c.state, _values(c)))


def numbers(section: Raw) -> dict[str, dict[str, Any]]:
    """The connections of a section `sockets` as it is kept: name to variables, in us and bytes."""
    return {
        name: dict(zip(_VARIABLES, _unpacked(state_, packed), strict=True))
        for name, state_, role, _, packed in _by(5, section)
        if role == "main"
    }


# --- plain values --------------------------------------------------------------------------------


_FIELDS = Struct("<14I")
_PACK = _FIELDS.pack
_NONE = 0xFFFF_FFFF
_SRTT = _VARIABLES.index("srtt")
_LISTEN, _SYN_SENT, _TIME_WAIT = state.LISTEN, state.SYN_SENT, state.TIME_WAIT


def _values(c: Connection) -> bytes | Raw:
    """The variables of `_VARIABLES`, packed, which takes a quarter of the room of so many ints.

    A congestion control of one's own may count cwnd in fractions: those are left as they are.
    """
    received, window = c.rcv_nxt, c.rcv_wnd
    if c.state == _SYN_SENT:
        received = _NONE
    else:
        window -= (received - c.rcv_wup) & MASK
        if window < 0:
            window = 0
        received = (received - c.irs) & MASK
    iss, snd_nxt = c.iss, c.snd_nxt
    unsent = (c.write_end - snd_nxt) & MASK
    values = (
        (c.snd_una - iss) & MASK,
        (snd_nxt - iss) & MASK,
        c.snd_wnd,
        received,
        window,
        len(c.receive_buffer),
        unsent if unsent < HALF else 0,
        c.cwnd,
        c.ssthresh,
        prr.in_flight(c),
        c.ca_state,
        c.rto,
        c.srtt >> 3 or _NONE,
        c.retransmissions,
    )
    try:
        return _PACK(*values)
    except error:
        return values


def _unpacked(state_: str, packed: bytes | Raw) -> list[Any]:
    values = list(_FIELDS.unpack(packed) if isinstance(packed, bytes) else packed)
    if state_ == state.SYN_SENT:
        values[3] = None
    else:
        values[0], values[1], values[3] = (_signed(values[place]) for place in (0, 1, 3))
    if values[_SRTT] == _NONE:
        values[_SRTT] = None
    return values


def _signed(ahead: int) -> int:
    """A distance between sequence numbers, as `seqnum.distance` gives it."""
    return ahead - MASK - 1 if ahead >= HALF else ahead


def _queues(listener: Listener) -> Raw:
    if not listener.syn_queue and not listener.accept_queue:
        return (listener.name, listener.backlog + 1, (), ())
    opening = tuple([request.ends for request in listener.syn_queue])
    waiting = tuple([connection.ends for connection in listener.accept_queue])
    return (listener.name, listener.backlog + 1, opening, waiting)


# --- what people read ----------------------------------------------------------------------------


def _by(count: int, items: Raw) -> Iterator[Raw]:
    """Items of so many things, each as long."""
    return zip(*[iter(items)] * count, strict=True)


def _show_sockets(items: Raw) -> Section:
    return [_show_socket(*socket) for socket in _by(5, items)]


def _show_socket(name: str, state_: str, role: str, unread_fin: int, packed: Any) -> dict[str, Any]:
    shown = {"name": name, "state": state_, "role": role}
    if role == "listener":
        return {**shown, "variables": {}}
    values = _unpacked(state_, packed)
    return {**shown, "unread_fin": unread_fin, "variables": _show_variables(values)}


def _show_variables(values: list[Any]) -> dict[str, Any]:
    shown = dict(zip(_VARIABLES, values, strict=True))
    if shown["ssthresh"] == INFINITE_SSTHRESH:
        shown["ssthresh"] = None
    shown["ca_state"] = CA_STATES[shown["ca_state"]]
    shown["rto"] = timers.span(shown["rto"])
    if shown["srtt"] is not None:
        shown["srtt"] = timers.span(shown["srtt"])
    return shown


def _show_timers(items: Raw) -> Section:
    return [
        {"name": name, "socket": socket, "deadline": deadline}
        for name, socket, deadline in _by(3, items)
    ]


def _show_queues(items: Raw) -> Section:
    return [
        {
            "name": name,
            "socket": listener,
            "limit": limit,
            "entries": [f"{remote}:{port}" for _, _, remote, port in entries],
        }
        for listener, limit, opening, waiting in _by(4, items)
        for name, entries in (("SYN queue", opening), ("accept queue", waiting))
    ]


def _show_counters(items: Raw) -> dict[str, int]:
    return dict(sorted(counters.shown(items).items())) if items else {}


_SHOWN: dict[str, Callable[[Raw], Any]] = {
    "sockets": _show_sockets,
    "timers": _show_timers,
    "queues": _show_queues,
    "counters": _show_counters,
}
