"""What a run's figures are drawn from: how the variables of a sender went, moment by moment.

A series belongs to one connection at the host that sends its data.  Times are in microseconds,
from the first segment's sending; sequence numbers are relative, as tcpdump prints them.  This also
runs in the reader's browser: nothing here needs more than the standard library.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tcpcore.errors import UsageError
from tcpcore.host import snapshot
from tcpcore.seqnum import distance
from tcpcore.tcp.loss_state import CA_STATES
from tcpcore.tcp.tcb import INFINITE_SSTHRESH
from tcpcore.trace import LOST, Trace, TracedSegment
from tcpcore.units import SECOND
from tcpcore.wire.options import SACK, find

Points = list[tuple[int, Any]]
"""``(time, value)``; a value holds until the next one."""

_FOLLOWED = ("cwnd", "ssthresh", "in_flight", "ca_state", "srtt", "rto")


@dataclass(slots=True)
class Sent:
    """A segment with data (or a FIN) as it left: bytes `seq` to `end`; `index` in the trace.

    `again` is how often it had been sent before; `lost`, that it was on this trip.
    """

    index: int
    time: int
    seq: int
    end: int
    again: int
    lost: bool
    arrived: int | None


@dataclass(slots=True)
class Series:
    """One connection's data, seen by its sender; `name` is the connection, `host` its sender.

    `cwnd`, `ssthresh` (None: not set yet) and `in_flight` are in segments, `rwnd` in bytes, `srtt`
    and `rto` in us.  `rtt` are samples, each at the time of the ACK that brought it (Karn: never
    of a segment sent again).  `acked`, `edge` are the sequence numbers to which the peer has
    acknowledged and allowed; `sacks` are (time, start, end, segment) of blocks in ACKs; `delivered`
    counts bytes at the receiver, in or out of order.
    """

    name: str
    host: int
    cwnd: Points = field(default_factory=list)
    ssthresh: Points = field(default_factory=list)
    in_flight: Points = field(default_factory=list)
    ca_state: Points = field(default_factory=list)
    srtt: Points = field(default_factory=list)
    rto: Points = field(default_factory=list)
    rwnd: Points = field(default_factory=list)
    rtt: Points = field(default_factory=list)
    acked: Points = field(default_factory=list)
    edge: Points = field(default_factory=list)
    delivered: Points = field(default_factory=list)
    sacks: list[tuple[int, int, int, int]] = field(default_factory=list)
    segments: list[Sent] = field(default_factory=list)

    @property
    def end(self) -> int:
        """When the last byte had been sent or acknowledged."""
        return max([one.time for one in self.segments] + [time for time, _ in self.acked[-1:]])

    def news_of_sacks(self) -> list[tuple[int, int, int, int]]:
        """Of each SACK block what no ACK had reported before; a duplicate (DSACK) as it is."""
        found = []
        known: list[tuple[int, int]] = []
        for time, start, end, index in self.sacks:
            pieces = [(start, end)]
            for left, right in known:
                pieces = [
                    piece
                    for a, b in pieces
                    for piece in ((a, min(b, left)), (max(a, right), b))
                    if piece[0] < piece[1]
                ]
            found += [(time, a, b, index) for a, b in pieces]
            known = _joined([*known, *pieces])
        return found


def _joined(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same bytes in as few ranges as can be, in order."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def of(trace: Trace, host: str = "") -> list[Series]:
    """The series of every connection of which that host sends data, most data first.

    Without `host`: of each connection from the end that sends more.  `UsageError` for a host that
    is not there, or when nobody sends any data.
    """
    names = [name for name, _ in trace.hosts]
    if host and host not in names:
        raise UsageError(f"There is no host {host!r} in this run; it has {', '.join(names)}.")
    sizes: dict[tuple[str, int, str, int], int] = {}
    for traced in trace.segments:
        s = traced.segment
        key = (s.src, s.sport, s.dst, s.dport)
        if not host or trace.hosts[traced.sender][0] == host:
            sizes[key] = sizes.get(key, 0) + len(s.payload)
    chosen = [
        key
        for key, size in sorted(sizes.items(), key=lambda item: -item[1])
        if size and (host or size > sizes.get((*key[2:], *key[:2]), 0))
    ]
    if not chosen:
        raise UsageError(
            f"{host or 'Nobody'} sends any data in this run: there is nothing to draw."
        )
    return [_Reader(trace, key).series for key in chosen]


class _Reader:
    """Reads one connection out of a trace."""

    def __init__(self, trace: Trace, ends: tuple[str, int, str, int]) -> None:
        self.trace = trace
        self.ends = ends
        local, port, remote, remote_port = ends
        mine = [s for s in trace.segments if self._flow(s) == ends]
        self.series = Series(f"{local}:{port} > {remote}:{remote_port}", mine[0].sender)
        self.base = mine[0].segment.seq
        self.peer_scale = 0
        self._variables()
        self._wire()

    def _flow(self, traced: TracedSegment) -> tuple[str, int, str, int]:
        s = traced.segment
        return s.src, s.sport, s.dst, s.dport

    def _variables(self) -> None:
        out = self.series
        for moment in self.trace.moments:
            kept = moment.kept("sockets") if moment.host == out.host else None
            seen = snapshot.numbers(kept).get(out.name) if kept else None
            if seen is None:
                continue
            for name in _FOLLOWED:
                value = seen[name]
                if name == "ssthresh" and value == INFINITE_SSTHRESH:
                    value = None
                elif name == "ca_state":
                    value = CA_STATES[value]
                _append(getattr(out, name), moment.time, value)
            if seen["snd.wnd"]:
                _append(out.rwnd, moment.time, seen["snd.wnd"])
                _append(out.edge, moment.time, seen["snd.una"] + seen["snd.wnd"])
            _append(out.acked, moment.time, seen["snd.una"])

    def _wire(self) -> None:
        out = self.series
        back = (*self.ends[2:], *self.ends[:2])
        sent: list[Sent] = []  # not yet acknowledged, in order of their last byte
        times: dict[tuple[int, int], int] = {}
        for index, traced in enumerate(self.trace.segments):
            flow = self._flow(traced)
            if flow == self.ends and traced.segment.length:
                one = self._sent(index, traced, times)
                if traced.segment.payload:
                    out.segments.append(one)
                sent.append(one)
            elif flow == back and traced.arrived is not None:
                self._acknowledges(index, traced)
        out.segments.sort(key=lambda one: one.time)
        self._round_trips(sent)
        self._delivered()

    def _sent(self, index: int, traced: TracedSegment, times: dict[tuple[int, int], int]) -> Sent:
        seq = distance(self.base, traced.segment.seq)
        end = seq + (len(traced.segment.payload) or traced.segment.length)
        again = times.get((seq, end), 0)
        times[seq, end] = again + 1
        again = max(again, traced.retransmission)
        return Sent(index, traced.sent, seq, end, again, traced.fate == LOST, traced.arrived)

    def _acknowledges(self, index: int, traced: TracedSegment) -> None:
        blocks = find(traced.segment.options, SACK)
        for start, end in blocks[1:] if blocks else ():
            left, right = distance(self.base, start), distance(self.base, end)
            self.series.sacks.append((traced.arrived or 0, left, right, index))

    def _round_trips(self, sent: list[Sent]) -> None:
        """Samples: from a segment's sending to the ACK that first covers it, were it sent once."""
        twice = {(one.seq, one.end) for one in sent if one.again}
        waiting = [one for one in sent if (one.seq, one.end) not in twice]
        place = 0
        for time, ack in self.series.acked:
            newest: Sent | None = None
            while place < len(waiting) and waiting[place].end <= ack:
                newest = waiting[place]
                place += 1
            if newest is not None:
                self.series.rtt.append((time, time - newest.time))

    def _delivered(self) -> None:
        """Bytes at the receiver: each counts once."""
        known: set[tuple[int, int]] = set()
        total = 0
        arrived = [one for one in self.series.segments if one.arrived is not None]
        for one in sorted(arrived, key=lambda one: one.arrived or 0):
            if (one.seq, one.end) not in known:
                known.add((one.seq, one.end))
                total += one.end - one.seq
                self.series.delivered.append((one.arrived or 0, total))


def _append(points: Points, time: int, value: Any) -> None:
    if points and points[-1][1] == value:
        return
    if points and points[-1][0] == time:
        points[-1] = (time, value)
    else:
        points.append((time, value))


def rate(points: Points, window: int) -> Points:
    """Bits per second of a growing count of bytes, in windows of so many us, at their ends."""
    if not points:
        return []
    found: Points = []
    before, place, total = 0, 0, 0
    end = points[0][0] // window * window + window
    while place < len(points):
        while place < len(points) and points[place][0] < end:
            total = points[place][1]
            place += 1
        found.append((end, (total - before) * 8 * SECOND // window))
        before = total
        end += window
    return found


def thin(points: Points, most: int = 1200) -> Points:
    """At most about so many points: first and last stay, and of each stretch least and greatest."""
    if len(points) <= most:
        return list(points)
    size = -(-len(points) * 2 // most)
    found: Points = [points[0]]
    for start in range(1, len(points) - 1, size):
        part = points[start : min(start + size, len(points) - 1)]
        known = [one for one in part if one[1] is not None] or part
        extremes = {min(known, key=_value), max(known, key=_value)}
        found += sorted(extremes, key=lambda one: one[0])
    return [*found, points[-1]]


def _value(point: tuple[int, Any]) -> Any:
    return point[1] if point[1] is not None else 0


def thin_rows(rows: Iterable[Any], most: int = 1200) -> list[Any]:
    """Every so many-th of the rows, so that there are at most so many; first and last stay."""
    every = list(rows)
    step = -(-len(every) // most)
    return every if step <= 1 else [*every[:-1:step], every[-1]]
