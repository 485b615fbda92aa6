"""Claims that people make about TCP, what one counts to judge them, and how they go wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tcpcore.scenarios import registry
from tcpcore.wire.segment import ACK, FIN, SYN

CLIENTS = 8


def syns(trace: Any) -> int:
    """SYNs that the client sent."""
    return _sent(trace, 0, lambda s: s.flags & SYN and not s.flags & ACK)


def syn_acks(trace: Any) -> int:
    """SYN+ACKs that the server sent."""
    return _sent(trace, 1, lambda s: s.flags & SYN and s.flags & ACK)


def fins(trace: Any) -> int:
    """FINs that the client sent."""
    return _sent(trace, 0, lambda s: s.flags & FIN)


def sent_again(trace: Any) -> int:
    """Retransmissions of data by the client."""
    data = [one for one in trace.segments if one.sender == 0 and one.segment.payload]
    return sum(1 for one in data if one.retransmission)


def gave_up(trace: Any) -> int:
    """Whole seconds from the start to the first call that failed."""
    return next(time for time, _, _, result in trace.calls if result != "ok") // 1_000_000


def opened(trace: Any) -> int:
    """Connections that became ESTABLISHED at the server."""
    moves = [
        values
        for moment in trace.moments
        if moment.host == 1
        for kind, _, _, values in moment.events
        if kind == "state"
    ]
    return sum(1 for _, new in moves if new == "ESTABLISHED")


def _sent(trace: Any, host: int, kind: Callable[[Any], Any]) -> int:
    return sum(1 for one in trace.segments if one.sender == host and kind(one.segment))


QUANTITIES: dict[str, Callable[[Any], int]] = {
    "SYNs": syns,
    "SYN+ACKs": syn_acks,
    "FINs": fins,
    "data sent again": sent_again,
    "seconds until a call fails": gave_up,
    "connections opened at the server": opened,
}
"""What can be counted in a run, by name."""


class Claim:
    """One kind of claim: how it reads, how it is tested, and what people say instead."""

    def __init__(
        self,
        says: str,
        scenario: str,
        quantity: str,
        rfc: int,
        draw: Callable[[Any], dict[str, int]],
        mistaken: Callable[[dict[str, int]], list[int]],
    ) -> None:
        self.says = says
        self.scenario = scenario
        self.quantity = quantity
        self.rfc = rfc
        self.draw = draw
        self.mistaken = mistaken


CLAIMS = (
    Claim(
        "With tcp_syn_retries = {tcp_syn_retries} Linux sends a SYN that nobody answers {claimed} "
        "times in all.",
        "syn-unanswered", "SYNs", 6298,
        lambda d: {"tcp_syn_retries": d.randint(2, 7)},
        lambda s: [s["tcp_syn_retries"], s["tcp_syn_retries"] + 1],
    ),
    Claim(
        "Without linear time-outs (tcp_syn_linear_timeouts = {tcp_syn_linear_timeouts}) and with "
        "tcp_syn_retries = {tcp_syn_retries}, connect() fails after {claimed} s.",
        "syn-unanswered", "seconds until a call fails", 6298,
        lambda d: {"tcp_syn_retries": d.randint(2, 6), "tcp_syn_linear_timeouts": 0},
        lambda s: [2 ** s["tcp_syn_retries"], 2 ** s["tcp_syn_retries"] - 1],
    ),
    Claim(
        "With tcp_synack_retries = {tcp_synack_retries} a SYN+ACK that nobody answers is sent "
        "{claimed} times in all.",
        "synack-unanswered", "SYN+ACKs", 6298,
        lambda d: {"tcp_synack_retries": d.randint(1, 6)},
        lambda s: [s["tcp_synack_retries"]],
    ),
    Claim(
        "A server with listen(fd, {backlog}) whose application never calls accept() opens "
        "{claimed} connections when {clients} clients come.",
        "accept-queue-overflow", "connections opened at the server", 9293,
        lambda d: {"backlog": d.randint(0, 5), "clients": CLIENTS},
        lambda s: [s["backlog"], s["clients"]],
    ),
    Claim(
        "With tcp_orphan_retries = {tcp_orphan_retries} the FIN of a closed socket is sent "
        "{claimed} times in all when nobody acknowledges it.",
        "fin-wait-1-stuck", "FINs", 6298,
        lambda d: {"tcp_orphan_retries": d.randint(1, 7)},
        lambda s: [s["tcp_orphan_retries"]],
    ),
    Claim(
        "With tcp_retries2 = {tcp_retries2}, data that nobody acknowledges on a path of {rtt} ms "
        "is sent again {claimed} times.",
        "data-unanswered", "data sent again", 6298,
        lambda d: {"tcp_retries2": d.randint(4, 9), "rtt": 10 * d.randint(0, 3)},
        lambda s: [s["tcp_retries2"], s["tcp_retries2"] - 1],
    ),
    Claim(
        "With keepalive after {idle} s, {count} probes and {interval} s between them, the program "
        "hears after {claimed} s that its peer has vanished.",
        "keepalive", "seconds until a call fails", 1122,
        lambda d: {"idle": d.randint(5, 60), "interval": d.randint(2, 9), "count": d.randint(2, 6)},
        lambda s: [s["idle"] + s["interval"], s["idle"] + (s["count"] - 1) * s["interval"]],
    ),
)  # fmt: skip

RECORDED = (
    ("syn-unanswered", {"tcp_syn_retries": 3}),
    ("syn-unanswered", {"tcp_syn_retries": 4}),
    ("syn-unanswered", {"tcp_syn_retries": 5}),
    ("syn-unanswered", {"tcp_syn_linear_timeouts": 0}),
    ("data-unanswered", {"tcp_retries2": 3}),
    ("data-unanswered", {"tcp_retries2": 4}),
    ("data-unanswered", {"tcp_retries2": 5}),
)
"""Runs of which there are records of the real kernel."""


def measured(scenario: str, settings: dict[str, Any], quantity: str) -> int:
    """What the engine does: the quantity in a run of the scenario."""
    return QUANTITIES[quantity](registry.run(scenario, settings))
