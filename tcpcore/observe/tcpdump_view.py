"""``tcpdump`` on a virtual host: the packets that it sent and received so far.

    tcpdump [-n] [-i any] [-S] [-v[v]] [-t | -tt | -ttt | -tttt | -ttttt] [-c N] [FILTER]

The trace is read as a capture that ran from the start; what a link lost was seen only by its
sender.  Addresses and ports are always numbers, as with -n.
"""

from __future__ import annotations

from operator import itemgetter
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


def seen(host: Any) -> list[tuple[int, Packet, str, str]]:
    """``(time, packet, interface, direction)`` of all that passed, in order of time.

    A capture sees a packet before the chain INPUT and after OUTPUT.
    """
    trace = host.network.trace
    if trace is None:
        raise UsageError("tcpdump: this network keeps no trace, so there is nothing to show.")
    index, address, offload_on = host.index, host.address, host.offload
    seen: list[tuple[int, Packet, str, str]] = []  # of one moment in the order of their making
    if offload_on:
        own = [(t.sent, t.segment) for t in trace.segments if t.sender == index and t.left]
        seen += [(time, packet, _INTERFACE, "Out") for time, packet in offload.merged(own)]
    for traced in trace.segments:
        segment = traced.segment
        loop = segment.dst == address == segment.src  # a packet shows once there, as it comes in
        if traced.sender == index and not loop and not offload_on and traced.left:
            seen.append((traced.sent, segment, _INTERFACE, "Out"))
        if traced.receiver == index:
            arrived = traced.at_door if traced.arrived is None else traced.arrived
            if arrived is not None:
                name = "lo" if loop else _INTERFACE
                seen.append((arrived, traced.received or segment, name, "In"))
    for error in trace.icmp:
        if error.host == index:
            seen.append((error.sent, error.message, _INTERFACE, "Out"))
        if error.receiver == index and error.arrived is not None:
            seen.append((error.arrived, error.message, _INTERFACE, "In"))
    seen.sort(key=itemgetter(0))
    return seen
