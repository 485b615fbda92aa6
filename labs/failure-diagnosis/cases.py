"""What went wrong in each case, and the capture, the sockets and the counters that it left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tcpcore.observe.tcpdump import Printer
from tcpcore.scenarios import registry
from tcpcore.trace import DELIVERED

LONGEST = 60
"""Lines of a capture."""

Draw = Callable[[Any], dict[str, int]]

CASES: dict[str, tuple[str, Draw, str]] = {
    "accept queue full": (
        "accept-queue-overflow",
        lambda d: {"backlog": d.randint(0, 3), "clients": d.randint(6, 8), "rtt": even(d)},
        "client",
    ),
    "application does not read": (
        "zero-window",
        lambda d: {"read_after": d.randint(2, 9), "rtt": even(d)},
        "client",
    ),
    "Nagle meets delayed ACK": (
        "nagle-delayed-ack",
        lambda d: {"writes": d.randint(2, 4), "rtt": 2 * d.randint(2, 15)},
        "client",
    ),
    "server rebooted": ("host-reboot", lambda d: {"rtt": even(d)}, "client"),
    "application never closes": ("close-wait-leak", lambda d: {"rtt": even(d)}, "client"),
    "path drops large packets": (
        "path-mtu",
        lambda d: {"size": d.randint(3000, 9000), "rtt": even(d)},
        "client",
    ),
    "nobody listens": ("connection-refused", lambda d: {"rtt": even(d)}, "client"),
    "peer vanished while idle": (
        "keepalive",
        lambda d: {"idle": d.randint(3, 40), "interval": d.randint(2, 9), "rtt": even(d)},
        "client",
    ),
    "closed with data unread": ("close-with-unread-data", lambda d: {"rtt": even(d)}, "client"),
    "answers are filtered": ("synack-filtered", lambda d: {"rtt": even(d)}, "server"),
    "line went dark": (
        "data-unanswered",
        lambda d: {"tcp_retries2": d.randint(4, 9), "rtt": even(d)},
        "client",
    ),
    "peer is gone, FIN unheard": (
        "fin-wait-1-stuck",
        lambda d: {"tcp_orphan_retries": d.randint(2, 7), "rtt": even(d)},
        "client",
    ),
}
"""The cause: the scenario in which it happens, settings for one student, and where was captured."""


def even(draw: Any) -> int:
    """A round-trip time in ms."""
    return 2 * int(draw.randint(5, 60))


def capture(trace: Any, host: int) -> list[str]:
    """The run as tcpdump on that host prints it; with ICMP."""
    seen = []
    for one in trace.segments:
        if one.sender == host:
            seen.append((one.sent, one.public))
        elif one.receiver == host and one.fate == DELIVERED:
            seen.append((one.arrived, one.public))
    seen += [(one.arrived, one.message) for one in trace.icmp if one.receiver == host]
    printer = Printer()
    seen.sort(key=lambda packet: packet[0])
    return [printer.line(packet, time) for time, packet in seen[:LONGEST]]


def snapshot(trace: Any) -> dict[str, dict[str, Any]]:
    """Of each host the sockets by state, and the counters, as they are in the end."""
    last: list[dict[str, Any]] = [{} for _ in trace.hosts]
    for moment in trace.moments:
        last[moment.host].update(moment.sections)
    found = {}
    for (name, _), sections in zip(trace.hosts, last, strict=True):
        states: dict[str, int] = {}
        for socket in sections.get("sockets", []):
            states[socket["state"]] = states.get(socket["state"], 0) + 1
        counters = {key: value for key, value in sections.get("counters", {}).items() if value}
        found[name] = {"ss": states, "nstat": counters}
    return found


def run(scenario: str, settings: dict[str, Any]) -> Any:
    """One run of a scenario."""
    return registry.run(scenario, settings)
