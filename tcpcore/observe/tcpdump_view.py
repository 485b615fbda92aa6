"""``tcpdump`` on a virtual host: the packets that it sent and received so far.

    tcpdump [-n] [-i any] [-S] [-v[v]] [-t | -tt | -ttt | -tttt | -ttttt] [-c N] [FILTER]

The trace is read as a capture that ran from the start; what a link lost was seen only by its
sender.  Addresses and ports are always numbers, as with -n.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tcpcore.errors import UsageError
from tcpcore.observe import filters, offload
from tcpcore.observe.command_line import read
from tcpcore.observe.tcpdump import Printer, TimeStyle
from tcpcore.wire.icmp import IcmpError
from tcpcore.wire.segment import Segment

Packet = Segment | IcmpError

_TIMES: tuple[TimeStyle, ...] = ("day", "none", "unix", "delta", "date", "elapsed")
_INTERFACE = "eth0"
_LONG = {"interface": "i"}


def run(host: Any, words: list[str]) -> str:
    """What a `tcpdump` with these arguments would have printed on the host up to now."""
    given = read("tcpdump", words, "nSvtlpU", values="ics", long=_LONG, stop_at_word=True)
    interface = given.values.get("i", _INTERFACE)
    if interface not in ("any", _INTERFACE, "lo"):
        raise UsageError(f"tcpdump: no interface {interface!r}; there are any, {_INTERFACE}, lo.")
    style = given.flags.get("t", 0)
    if style >= len(_TIMES):
        raise UsageError("tcpdump: -t may stand at most five times.")
    most = given.number("tcpdump", "c")
    test = filters.parse(" ".join(given.words))
    printer = Printer(absolute="S" in given, time=_TIMES[style], verbose=given.flags.get("v", 0))
    lines: list[str] = []
    for time, segment, name, direction in seen(host):
        if most is not None and len(lines) >= most:
            break
        if interface in ("any", name) and test(segment):
            where = f"{name:<5} {direction:<3} " if interface == "any" else ""
            lines.append(printer.line(segment, time, where))
    return "".join(f"{line}\n" for line in lines)


def seen(host: Any) -> Iterator[tuple[int, Packet, str, str]]:
    """``(time, packet, interface, direction)`` of all that passed, in order of time.

    A capture sees a packet before the chain INPUT and after OUTPUT.
    """
    trace = host.network.trace
    if trace is None:
        raise UsageError("tcpdump: this network keeps no trace, so there is nothing to show.")
    seen: list[tuple[int, int, Packet, str, str]] = []
    if host.offload:
        own = [(t.sent, t.segment) for t in trace.segments if t.sender == host.index and t.left]
        seen += [(time, -1, packet, _INTERFACE, "Out") for time, packet in offload.merged(own)]
    for number, traced in enumerate(trace.segments):
        name = "lo" if traced.segment.dst == host.address == traced.segment.src else _INTERFACE
        if traced.sender == host.index and traced.left and not host.offload:
            seen.append((traced.sent, number, traced.segment, name, "Out"))
        arrived = traced.at_door if traced.arrived is None else traced.arrived
        if traced.receiver == host.index and arrived is not None:
            seen.append((arrived, number, traced.received or traced.segment, name, "In"))
    for number, error in enumerate(trace.icmp, len(trace.segments)):
        if error.host == host.index:
            seen.append((error.sent, number, error.message, _INTERFACE, "Out"))
        if error.receiver == host.index and error.arrived is not None:
            seen.append((error.arrived, number, error.message, _INTERFACE, "In"))
    seen.sort(key=lambda one: (one[0], one[1]))
    for time, _, segment, name, direction in seen:
        if name == "lo" and direction == "Out":
            continue  # loopback shows a packet once, as it comes in
        yield time, segment, name, direction
