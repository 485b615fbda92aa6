"""Which of several findings is the gravest, and what each is called in a word or two.

The verdict on a connection is its gravest fault, not the one that came first.  The order is that
of `RANKS`: what kept it from opening; what broke it; what still holds it up when the capture ends;
what cost time; what TCP mends without anybody's noticing.  Within a rank the fault that cost more
time comes first, and where that is the same or not known, the one that stands first in the rank.
"""

from __future__ import annotations

from collections.abc import Iterable

from tcpcore.observe.diagnosis.finding import Finding

RANKS: tuple[dict[str, str], ...] = (
    {  # it never opened
        "refused": "refused",
        "turned-away": "turned away by ICMP",
        "routing-loop": "a routing loop",
        "syn-unanswered": "no answer to the SYN",
        "syn-ack-unanswered": "no answer to the SYN+ACK",
        "unopened": "never opened",
        "reset-while-opening": "given up while opening",
        "reset-after-handshake": "reset right after the handshake",
    },
    {  # it broke
        "mtu-black-hole": "a path MTU black hole",
        "peer-vanished": "a peer that vanished",
        "keepalive-unanswered": "keep-alive probes without answer",
        "never-arrived": "data that never arrived",
        "half-open": "a half-open connection",
        "reset": "a reset",
    },
    {  # it hangs
        "window-stays-closed": "a window that stays closed",
        "close-wait": "an end that never closed",
        "icmp": "ICMP errors",
    },
    {  # it lost time
        "accept-queue-overflow": "a third ACK that did not count",
        "syn-lost": "a late opening",
        "syn-ack-lost": "a lost SYN+ACK",
        "third-ack-late": "a late third ACK",
        "old-connection": "an older connection in the way",
        "zero-window": "a closed window",
        "path-mtu": "segments too large for the path",
        "timeout": "retransmission timeouts",
        "nagle-delayed-ack": "delayed ACKs meeting Nagle",
        "damage": "damaged packets",
        "loss": "losses",
        "retransmission": "retransmissions",
        "fin-lost": "a lost FIN",
    },
    {  # it went on as if nothing had been
        "gaps-reported": "reported gaps",
        "reordering": "reordering",
        "spurious-retransmission": "needless retransmissions",
        "network-duplicate": "doubled packets",
        "packet-too-big": "ICMP about packets too big",
        "congestion-marks": "congestion marks",
        "syn-inside": "a SYN inside the connection",
        "inexact-rst": "an inexact RST",
        "old-duplicate-rst": "an ignored RST",
    },
)
"""Kinds of faults, gravest first, and their short names."""

_PLACES = {
    kind: (rank, place) for rank, kinds in enumerate(RANKS) for place, kind in enumerate(kinds)
}
_NAMES = {kind: name for kinds in RANKS for kind, name in kinds.items()}


def gravest_first(found: Iterable[Finding]) -> list[Finding]:
    """Faults before what is only worth knowing, and graver faults before others."""
    return sorted(found, key=_weight)


def _weight(one: Finding) -> tuple[bool, int, int, int]:
    if not one.fault:
        return True, 0, 0, 0
    rank, place = _PLACES[one.kind]
    return False, rank, -one.cost, place


def others(found: list[Finding]) -> str:
    """The faults beside the gravest, in short: ``losses, a late opening``; of a sorted list."""
    faults = [one.kind for one in found if one.fault]
    names = dict.fromkeys(_NAMES[kind] for kind in faults[1:] if kind != faults[0])
    return ", ".join(names)
