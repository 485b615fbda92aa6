"""What the engine does when nobody answers: its own timers, asked one connection at a time.

No formula of the lab stands here.  Each function opens a connection of `tcpcore`, lets its timers
fire into silence, and writes down when; all times are whole milliseconds.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from tcpcore import trace
from tcpcore.host import profiles
from tcpcore.linux import store
from tcpcore.scenarios import registry
from tcpcore.tcp.connection import Connection
from tcpcore.units import ms, seconds
from tcpcore.wire.segment import ACK, RST, SYN, Segment

SERVER = 1
MOST = 400
"""Timers that one connection may fire: no schedule of the lab is longer."""
START = seconds(10)


def connection(**sysctls: Any) -> Connection:
    """A client's endpoint of its own, without a host."""
    settings = profiles.sysctls(profiles.DEFAULT)
    for name, value in sysctls.items():
        settings.set(name, value)
    return Connection("10.0.0.1", 40000, "10.0.0.2", 80, settings, 1000, 0, 1460)


def established(rtt: int, **sysctls: Any) -> tuple[Connection, int]:
    """An open connection whose one measured round trip took `rtt` ms; and the time."""
    c = connection(tcp_early_retrans=0, **sysctls)  # no tail loss probe: it is no time-out
    c.open_active(START)
    now = START + ms(rtt)
    ends = (c.remote, c.remote_port, c.local, c.local_port)
    c.arrives(Segment(*ends, SYN | ACK, 5000, 1001, 65535), now)
    return c, now


def fired(c: Connection, begun: int, sent: list[int]) -> dict[str, Any]:
    """Let the timers fire until the connection is over; times since `begun`."""
    for _ in range(MOST):
        deadline = c.next_deadline()
        if deadline is None or c.state == "CLOSED":
            break
        out = c.fire(deadline)
        at = (deadline - begun) // 1000
        if c.state == "CLOSED":
            return {"sent": sent, "over": at}
        sent += [at] * len(out)
    return {"sent": sent, "over": None}


@lru_cache(maxsize=4096)
def syn(retries: int, linear: int, rto_max: int) -> dict[str, Any]:
    """SYNs of a client that nobody answers."""
    c = connection(tcp_syn_retries=retries, tcp_syn_linear_timeouts=linear, tcp_rto_max_ms=rto_max)
    c.open_active(START)
    return fired(c, START, [0])


@lru_cache(maxsize=4096)
def syn_ack(retries: int, rto_max: int) -> dict[str, Any]:
    """SYN+ACKs of a server whose client says no more; times since the first of them."""
    settings = {"tcp_synack_retries": retries, "tcp_rto_max_ms": rto_max}
    run = registry.run("synack-unanswered", settings)
    times = [one.sent for one in run.segments if one.sender == SERVER]
    over = [
        moment.time
        for moment in run.moments
        for kind, _, _, values in moment.events
        if moment.host == SERVER and kind == trace.STATE and values == ("SYN_RECV", "CLOSED")
    ]
    return {
        "sent": [(time - times[0]) // 1000 for time in times],
        "over": (over[0] - times[0]) // 1000,
    }


@lru_cache(maxsize=4096)
def data(rtt: int, retries: int, rto_max: int) -> dict[str, Any]:
    """100 bytes that nobody acknowledges; times since they were first sent."""
    c, now = established(rtt, tcp_retries2=retries, tcp_rto_max_ms=rto_max)
    c.send(bytes(100), now)
    return {"rto": c.rto // 1000, **fired(c, now, [0])}


@lru_cache(maxsize=4096)
def orphan(rtt: int, retries: int, rto_max: int) -> dict[str, Any]:
    """The FIN of a connection that its program has closed; times since the close."""
    c, now = established(rtt, tcp_orphan_retries=retries, tcp_rto_max_ms=rto_max)
    c.orphan = True
    c.close(now)
    return {"rto": c.rto // 1000, **fired(c, now, [0])}


@lru_cache(maxsize=4096)
def keepalive(idle: int, interval: int, count: int, user_timeout: int) -> dict[str, Any]:
    """Probes on a connection on which nobody speaks any more; times since the last word."""
    c, now = established(0)
    c.last_data_received = now
    c.keepalive = True
    c.keep_idle, c.keep_interval, c.keep_count = seconds(idle), seconds(interval), count
    c.user_timeout = ms(user_timeout)
    c.keep_alive(True, now)
    return fired(c, now, [])


def kernel(file: str, sender: int, skip: int, call: str = "") -> dict[str, Any]:
    """What a recorded kernel did: times in ms since segment `skip` of that sender, and the end.

    The end is when `call` returned, or when the host's last segment, a reset, went out.
    """
    record = store.load(store.FOLDER / f"{file}.json")
    times = [one.sent for one in record.segments if one.sender == sender][skip:]
    over = [one.returned for one in record.calls if one.call == call]
    resets = sum(bool(one.segment.flags & RST) for one in record.segments)
    sent = [(time - times[0]) // 1000 for time in times[: len(times) - resets]]
    return {"sent": sent, "over": (over[0] - times[0]) // 1000 if over else None}
