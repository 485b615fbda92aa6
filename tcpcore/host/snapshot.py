"""What a host looks like from outside at one moment: the sections that players and tests read.

Sequence numbers are relative to the initial ones, as tcpdump prints them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tcpcore.host.listener import Listener
from tcpcore.host.request import Request
from tcpcore.seqnum import distance
from tcpcore.tcp import state, timers, window
from tcpcore.tcp.connection import Connection
from tcpcore.tcp.tcb import INFINITE_SSTHRESH

if TYPE_CHECKING:
    from tcpcore.host.stack import Host

Section = list[dict[str, Any]]


def of(host: Host) -> dict[str, Any]:
    """``{"sockets": [...], "timers": [...], "queues": [...], "counters": {...}}``."""
    endpoints = list(host.endpoints.values())
    sockets: Section = [
        {"name": one.name, "state": state.LISTEN, "role": "listener", "variables": {}}
        for one in host.listeners.values()
    ]
    sockets += [_socket(endpoint) for endpoint in endpoints]
    return {
        "sockets": sockets,
        "timers": [timer for endpoint in endpoints for timer in _timers(endpoint)],
        "queues": [queue for one in host.listeners.values() for queue in _queues(one)],
        "counters": dict(sorted(host.counters.items())),
    }


def _socket(endpoint: Connection | Request) -> dict[str, Any]:
    role = "main" if isinstance(endpoint, Connection) else "request"
    c = endpoint if isinstance(endpoint, Connection) else endpoint.child
    return {
        "name": endpoint.name,
        "state": endpoint.state,
        "role": role,
        "unread_fin": int(c.rcv_closed and not c.end_read and c.state != state.TIME_WAIT),
        "variables": variables(c),
    }


def variables(c: Connection) -> dict[str, Any]:
    """The variables of a connection that people look at, relative and with units where needed."""
    heard = c.state != state.SYN_SENT
    return {
        "snd.una": distance(c.iss, c.snd_una),
        "snd.nxt": distance(c.iss, c.snd_nxt),
        "snd.wnd": c.snd_wnd,
        "rcv.nxt": distance(c.irs, c.rcv_nxt) if heard else None,
        "rcv.wnd": window.current(c) if heard else c.rcv_wnd,
        "unread": len(c.receive_buffer),
        "unsent": max(distance(c.snd_nxt, c.write_end), 0),
        "cwnd": c.cwnd,
        "ssthresh": None if c.ssthresh == INFINITE_SSTHRESH else c.ssthresh,
        "rto": timers.span(c.rto),
        "srtt": timers.span(c.srtt >> 3) if c.srtt else None,
        "retransmissions": c.retransmissions,
    }


def _timers(endpoint: Connection | Request) -> Section:
    return [
        {"name": name, "socket": endpoint.name, "deadline": deadline}
        for name, deadline in endpoint.running_timers()
    ]


def _queues(listener: Listener) -> Section:
    return [
        {
            "name": "SYN queue",
            "socket": listener.name,
            "limit": listener.backlog + 1,
            "entries": [_peer(request.child) for request in listener.syn_queue],
        },
        {
            "name": "accept queue",
            "socket": listener.name,
            "limit": listener.backlog + 1,
            "entries": [_peer(connection) for connection in listener.accept_queue],
        },
    ]


def _peer(c: Connection) -> str:
    return f"{c.remote}:{c.remote_port}"
