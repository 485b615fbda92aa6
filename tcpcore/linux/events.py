"""What an engine's trace and a kernel's record have in common, in the same terms.

Sequence numbers count from the SYN of their direction; ephemeral ports, timestamp values and IP
identification are left out, because each run has its own.  `compare` lays the two side by side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tcpcore import trace as tracing
from tcpcore.linux.store import Record
from tcpcore.wire import options as opt
from tcpcore.wire import segment as seg
from tcpcore.wire.segment import Segment

if TYPE_CHECKING:
    from tcpcore.trace import Trace

_EPHEMERAL = 32768
_COMPARED_CALLS = ("connect", "accept", "send", "sendto", "recv", "shutdown", "close")
_FLAG_LETTERS = (
    (seg.SYN, "S"), (seg.FIN, "F"), (seg.RST, "R"), (seg.PSH, "P"), (seg.URG, "U"),
    (seg.ECE, "E"), (seg.CWR, "W"), (seg.AE, "A"), (seg.ACK, "."),
)  # fmt: skip


@dataclass(slots=True)
class Event:
    """A segment on the wire or a call's return, in terms that both sides share.

    `kind` says of an engine's segment what made the host send it, as moments of a trace do; `flow`
    numbers the connections in order of their first segments, -1 for a call.
    """

    time: int
    host: int
    facts: dict[str, Any]
    kind: str = ""
    flow: int = -1

    @property
    def text(self) -> str:
        """As packetdrill writes it, or the call and what it came to."""
        f = self.facts
        if "call" in f:
            return f"{f['call']}() {f['result']}"
        ack = "" if f["ack"] is None else f" ack {f['ack']}"
        options = f" <{f['options']}>" if f["options"] else ""
        lost = "" if f["fate"] == tracing.DELIVERED else f" [{f['fate']}]"
        numbers = f"{f['seq']}:{f['seq'] + f['length']}({f['length']})"
        return f"{f['flags'] or '-'} {numbers}{ack} win {f['window']}{options}{lost}"


class _Relative:
    """Sequence numbers counted from the SYN of their direction, as tcpdump prints them."""

    def __init__(self) -> None:
        self._first: dict[tuple[str, int, str, int], list[int]] = {}
        self._flows: dict[frozenset[tuple[str, int]], int] = {}

    def flow(self, segment: Segment) -> int:
        """The number of the segment's connection, in order of appearance."""
        ends = frozenset(((segment.src, segment.sport), (segment.dst, segment.dport)))
        return self._flows.setdefault(ends, len(self._flows))

    def _base(self, way: tuple[str, int, str, int], number: int) -> int:
        """The initial sequence number from which this number counts.

        When a four-tuple was used twice, an answer may still mean the first connection: the number
        belongs to the one that it lies the least beyond.
        """
        known = self._first.get(way, [0])
        return min(known, key=lambda first: (number - first) & 0xFFFF_FFFF)

    def facts(self, segment: Segment, fate: str) -> dict[str, Any]:
        way = (segment.src, segment.sport, segment.dst, segment.dport)
        back = (segment.dst, segment.dport, segment.src, segment.sport)
        if segment.flags & seg.SYN and segment.seq not in self._first.setdefault(way, []):
            self._first[way].append(segment.seq)
        elif way not in self._first and back not in self._first:
            # No SYN from these addresses: as for tcpdump, numbers begin with what is seen first.
            self._first[way], self._first[back] = [segment.seq - 1], [segment.ack - 1]
        own, peers = self._base(way, segment.seq), self._base(back, segment.ack)
        if segment.flags & seg.RST and not segment.seq:
            own = 0  # the refusal of a SYN counts from nothing
        ack = (segment.ack - peers) & 0xFFFF_FFFF if segment.flags & seg.ACK else None
        return {
            "ports": (_port(segment.sport), _port(segment.dport)),
            "flags": "".join(letter for bit, letter in _FLAG_LETTERS if segment.flags & bit),
            "seq": (segment.seq - own) & 0xFFFF_FFFF,
            "ack": ack,
            "length": len(segment.payload),
            "window": segment.window,
            "options": ",".join(_option(option, peers) for option in segment.options),
            "fate": fate,
        }


def _port(number: int) -> str:
    return "ephemeral" if number >= _EPHEMERAL else str(number)


def _option(option: opt.Option, peers: int) -> str:
    """An option as packetdrill writes it, without timestamp values."""
    kind = option[0]
    if kind == opt.TIMESTAMPS:
        return "TS"
    if kind == opt.SACK:
        blocks = ((left - peers, right - peers) for left, right in option[1:])
        return "sack " + " ".join(
            f"{left & 0xFFFF_FFFF}:{right & 0xFFFF_FFFF}" for left, right in blocks
        )
    names = {opt.END: "eol", opt.NOP: "nop", opt.SACK_PERMITTED: "sackOK"}
    values = {opt.MSS: "mss", opt.WINDOW_SCALE: "wscale", opt.MALFORMED: "broken"}
    if kind in names:
        return names[kind]
    value = option[1].hex() if isinstance(option[1], bytes) else str(option[1])
    return f"{values.get(kind, f'option {kind}')} {value}"


def engine_events(trace: Trace) -> tuple[list[Event], list[Event]]:
    """The segments and the calls of an engine's trace; times count from the first segment."""
    zero = trace.segments[0].sent if trace.segments else 0
    kinds = {
        index: moment.kind
        for moment in trace.moments
        for event, _, _, index in moment.events
        if event == tracing.SENT
    }
    relative = _Relative()
    segments = [
        Event(
            s.sent - zero,
            s.sender,
            relative.facts(s.public, s.fate),
            kinds.get(number, ""),
            relative.flow(s.public),
        )
        for number, s in enumerate(trace.segments)
    ]
    calls = [(host, time - zero, call, result) for time, host, call, result in trace.calls]
    return segments, _call_events(calls)


def kernel_events(record: Record) -> tuple[list[Event], list[Event]]:
    """The segments and the calls of a kernel's record, in the same terms."""
    relative = _Relative()
    segments = [
        Event(s.sent, s.sender, relative.facts(found, s.fate), flow=relative.flow(found))
        for s, found in ((s, s.segment) for s in record.segments)
    ]
    calls = [(call.host, call.returned, call.call, call.result) for call in record.calls]
    return segments, _call_events(calls)


def _call_events(calls: list[tuple[int, int, str, str]]) -> list[Event]:
    """Calls that both sides log; of one host's `recv`s in a row only the last.

    How many calls a reader needs depends on how often it is woken, not on TCP.
    """
    events: list[Event] = []
    latest: dict[int, Event] = {}
    for host, time, call, result in sorted(calls, key=lambda each: each[1]):
        if call not in _COMPARED_CALLS:
            continue
        before = latest.get(host)
        if call == "recv" and before and before.facts == {"call": "recv", "result": result}:
            before.time = time
            continue
        latest[host] = Event(time, host, {"call": call, "result": result})
        events.append(latest[host])
    return events


def arrivals_in(trace: Trace, events: list[Event]) -> dict[tuple[int, int], list[Event]]:
    """At which host and when the engine had which segments arrive; `events` are its segments."""
    zero = trace.segments[0].sent if trace.segments else 0
    found: dict[tuple[int, int], list[Event]] = {}
    for traced, event in zip(trace.segments, events, strict=True):
        if traced.arrived is not None and traced.receiver is not None:
            found.setdefault((traced.receiver, traced.arrived - zero), []).append(event)
    return found
