"""Every socket of a virtual host at this moment, as the kernel would report it to `ss` and others.

One `Entry` per socket: addresses, state, queues, the timer that shows, and who holds it.  How a
tool prints it is the tool's own business.  Source: inet_csk_diag_fill(), inet_req_diag_fill() and
inet_twsk_diag_fill() in net/ipv4/inet_diag.c, get_tcp4_sock() in net/ipv4/tcp_ipv4.c.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tcpcore.host.listener import Listener
from tcpcore.host.request import Request
from tcpcore.seqnum import distance
from tcpcore.tcp import state
from tcpcore.tcp.connection import Connection

OFF, ON, KEEPALIVE, TIME_WAIT, PERSIST = range(5)
"""Timers by the kernel's numbers (idiag_timer)."""

FIRST_PID = 1001
FIRST_FD = 3


@dataclass(slots=True)
class Timer:
    """The timer that shows: its kind, what is left of it in us, and what it counts.

    `retransmissions` and `probes` are the kernel's counters, `sent_again` what `ss` shows.
    """

    kind: int = OFF
    left: int = 0
    retransmissions: int = 0
    probes: int = 0
    sent_again: int = 0


@dataclass(slots=True)
class Holder:
    """A process that holds the socket: its name, its number, and the descriptor there."""

    name: str
    pid: int
    fd: int


@dataclass(slots=True)
class Entry:
    """One socket; see the module.  Ports of nobody are 0, an inode of nobody is 0."""

    state: str
    local: str
    local_port: int
    remote: str
    remote_port: int
    recv_q: int
    send_q: int
    timer: Timer
    holders: list[Holder]
    endpoint: Connection | Request | Listener

    @property
    def inode(self) -> int:
        """A number for the socket, the same every time: made of its first holder's numbers."""
        if not self.holders:
            return 0
        return self.holders[0].pid * 100 + self.holders[0].fd


def entries(host: Any) -> list[Entry]:
    """The host's sockets: listeners first, then the others in order of their making."""
    holders = _holders(host)
    found = [
        Entry(
            state.LISTEN,
            one.address,
            one.port,
            "0.0.0.0",
            0,
            len(one.accept_queue),
            one.backlog,
            Timer(),
            holders.get(id(one), []),
            one,
        )
        for port in host.listeners
        for one in host.sharing(port)
    ]
    for endpoint in host.endpoints.values():
        if endpoint.state != state.CLOSED:
            found.append(_entry(host, endpoint, holders))
    return found


def _entry(host: Any, endpoint: Connection | Request, holders: dict[int, list[Holder]]) -> Entry:
    c = endpoint if isinstance(endpoint, Connection) else endpoint.child
    ends = (c.local, c.local_port, c.remote, c.remote_port)
    if isinstance(endpoint, Request):
        left = endpoint.deadline - host.now
        timer = Timer(ON, left, endpoint.timeouts, 0, endpoint.resent)
        return Entry(state.SYN_RECV, *ends, 0, 0, timer, [], endpoint)
    timer = timer_of(endpoint, host.now)
    if is_small(endpoint):
        return Entry(endpoint.state, *ends, 0, 0, timer, [], endpoint)
    queues = receive_queue(endpoint), send_queue(endpoint)
    return Entry(endpoint.state, *ends, *queues, timer, holders.get(id(endpoint), []), endpoint)


def is_small(c: Connection) -> bool:
    """Whether Linux keeps only an `inet_timewait_sock`: TIME_WAIT, and an orphan in FIN_WAIT_2."""
    if c.state == state.FIN_WAIT_2:
        return c.orphan and c.keepalive_deadline is None
    return c.state == state.TIME_WAIT


def receive_queue(c: Connection) -> int:
    """Recv-Q: bytes not yet read; the peer's FIN counts as one until it has been read, too."""
    unread_fin = c.rcv_closed and not c.end_read
    return len(c.receive_buffer) + int(unread_fin)


def send_queue(c: Connection) -> int:
    """Send-Q: bytes not yet acknowledged, sent or not; our SYN and our FIN count as one each."""
    return distance(c.snd_una, c.write_end) + (c.fin_queued is not None)


def timer_of(c: Connection, now: int) -> Timer:
    """The one timer that shows; the kernel looks for it in this order."""
    retransmissions, probes = c.retransmissions, c.probes_out
    if c.wait_deadline is not None and is_small(c):
        return Timer(TIME_WAIT, c.wait_deadline - now)
    if c.retransmit_deadline is not None:
        left = c.retransmit_deadline - now
        return Timer(ON, left, retransmissions, probes, retransmissions)
    if c.probe_deadline is not None:
        return Timer(PERSIST, c.probe_deadline - now, retransmissions, probes, probes)
    if c.keepalive_deadline is not None:
        return Timer(KEEPALIVE, c.keepalive_deadline - now, retransmissions, probes, probes)
    return Timer(OFF, 0, retransmissions, probes)


def _holders(host: Any) -> dict[int, list[Holder]]:
    """Who holds what, by the identity of the connection or listener."""
    found: dict[int, list[Holder]] = {}
    for process in host.processes:
        for slot, socket in enumerate(process.sockets):
            held = socket and (socket.listener or socket.connection)
            if held is None or socket.closed or process not in socket.holders:
                continue
            holder = Holder(process.name, FIRST_PID + process.number, FIRST_FD + slot)
            found.setdefault(id(held), []).append(holder)
    return found
