"""One experiment seen on both sides: on the engine, and as a real kernel was recorded doing it.

`engine` and `kernel` return an `Exchange` in the same terms, so that one question can be put to
both.  Sequence numbers are relative, as tcpdump prints them; the raw ones are beside them.
"""

from __future__ import annotations

import html
from dataclasses import asdict, dataclass, field
from typing import Any

from tcpcore import trace as tracing
from tcpcore.errors import UsageError
from tcpcore.host import profiles
from tcpcore.linux import states, store
from tcpcore.linux.states import Look, Socket
from tcpcore.scenarios import registry
from tcpcore.tcp.state import LISTEN
from tcpcore.trace import Trace
from tcpcore.units import format_seconds
from tcpcore.view.packet import Describer, flag_names
from tcpcore.view.shown import Shown
from tcpcore.wire import codec


@dataclass(slots=True, frozen=True)
class Seen:
    """A segment: seconds since the first one, who sent it, and its header.

    `arrived` is None for a lost one; `size` counts the bytes of the whole IP packet.
    """

    time: float
    arrived: float | None
    host: str
    flags: str
    seq: int
    ack: int | None
    length: int
    size: int
    window: int
    options: tuple[str, ...]
    lost: bool
    raw_seq: int
    raw_ack: int
    source: int
    destination: int

    @property
    def sack(self) -> str:
        """The blocks of its SACK option, empty without one."""
        found = [one for one in self.options if one.startswith("sack ")]
        return found[0].removeprefix("sack ") if found else ""


@dataclass(slots=True, frozen=True)
class Called:
    """A call that returned: seconds since the first segment, host, call, ``ok`` or the errno.

    `moved` counts the bytes that it sent or received, None for other calls.
    """

    time: float
    host: str
    call: str
    result: str
    moved: int | None = None

    def __str__(self) -> str:
        at = format_seconds(round(self.time * 1e6))
        return f"{self.host}: {self.call}() returned after {at} s: {self.result}"


@dataclass(slots=True, frozen=True)
class Printed:
    """What a program printed on a host, seconds since the first segment."""

    time: float
    host: str
    command: str
    text: str


@dataclass(slots=True)
class Exchange:
    """What happened on one side; `looks` (sockets and their states) is empty where nobody looked.

    `by` names the side: ``engine`` or ``Linux 6.18.44``; `sysctls` are the side's defaults;
    `counters` hold, for each host, what `nstat` would show at the end.
    """

    by: str
    segments: list[Seen]
    calls: list[Called]
    looks: list[Look]
    hosts: list[str]
    sysctls: dict[str, Any]
    counters: dict[str, dict[str, int]]
    outputs: list[Printed] = field(default_factory=list)

    def __getitem__(self, index: int) -> Seen:
        return self.segments[index]

    def times(self, flags: str) -> list[float]:
        """When segments with exactly these flags (``SYN+ACK``) were sent, in seconds."""
        return [segment.time for segment in self.segments if segment.flags == flags]

    def call(self, name: str) -> Called:
        """The first call of that name that returned."""
        return next(call for call in self.calls if call.call == name)

    def results(self, name: str) -> list[str]:
        """How the calls of that name ended, ``ok`` or an errno, in the order of their ends."""
        return [call.result for call in self.calls if call.call == name]

    def count(self, counter: str, host: str = "server") -> int:
        """A counter of `nstat` at the end of the run; 0 when it never moved."""
        return self.counters[host].get(counter, 0)

    def data(self, host: str) -> list[Seen]:
        """The segments of that host that carry data."""
        return [one for one in self.segments if one.length and one.host == host]

    def ack_of(self, sent: Seen) -> Seen:
        """The first segment of the other end that acknowledges all of that one."""
        end = sent.seq + sent.length + ("SYN" in sent.flags) + ("FIN" in sent.flags)
        return next(
            one
            for one in self.segments
            if one.host != sent.host and one.ack is not None and one.ack >= end
        )

    def moved(self, call: str, host: str) -> list[int]:
        """How many bytes each `send` or `recv` of that host moved, in order."""
        return [
            one.moved
            for one in self.calls
            if (one.call, one.host) == (call, host) and one.moved is not None
        ]

    def printed(self, command: str, host: str = "client") -> str:
        """What this command printed on that host, the last time that it was asked."""
        found = [o.text for o in self.outputs if (o.command, o.host) == (command, host)]
        if not found:
            known = sorted({one.command for one in self.outputs if one.host == host})
            raise UsageError(f"Nobody asked {command!r} on {host}; asked were {known}.")
        return found[-1]

    def listener(self, host: str = "server") -> list[Socket]:
        """The listening socket of a host, each time it looked different."""
        found: list[Socket] = []
        for sockets in self._looks(host):
            found += [one for one in sockets if one.state == LISTEN and one not in found[-1:]]
        return found

    def socket(self, host: str, state: str) -> Socket:
        """The first socket of a host that was seen in that state."""
        return next(one for sockets in self._looks(host) for one in sockets if one.state == state)

    def states(self, host: str) -> list[str]:
        """The states of the host's connection (not of its listener), one after the other."""
        found: list[str] = []
        for sockets in self._looks(host):
            found += [
                one.state for one in sockets if one.state not in (LISTEN, *found[-1:], "CLOSED")
            ]
        return found

    def listens_in(self, host: str, state: str) -> bool:
        """Whether a look that shows a connection in `state` also shows the listener in LISTEN."""
        both = [{one.state for one in sockets} for sockets in self._looks(host)]
        return any(state in seen and LISTEN in seen for seen in both)

    def _looks(self, host: str) -> list[tuple[Socket, ...]]:
        number = self.hosts.index(host)
        return [look.sockets for look in self.looks if look.host == number]

    def table(self, *columns: str) -> Shown:
        """The segments as a table of these attributes; ``time host flags seq ack length``."""
        names = columns or ("time", "host", "flags", "seq", "ack", "length")
        rows = [[_cell(segment, name) for name in names] for segment in self.segments]
        heads = [_HEADS.get(name, name) for name in names]
        widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in [heads, *rows]
        ]
        return Shown(_table(heads, rows, f"Segments, {self.by}"), "\n".join(lines))


_HEADS = {
    "time": "time (s)",
    "arrived": "arrived (s)",
    "host": "from",
    "raw_seq": "seq on the wire",
    "raw_ack": "ack there",
}


def _cell(segment: Seen, name: str) -> str:
    value = getattr(segment, name)
    if name in ("time", "arrived") and value is not None:
        return format_seconds(round(value * 1e6))
    if name == "raw_ack" and segment.ack is None:
        return "–"
    if name == "options":
        return ", ".join(value)
    if name == "lost":
        return "lost" if value else ""
    return "–" if value is None else str(value)


def _table(heads: list[str], rows: list[list[str]], caption: str) -> str:
    top = "".join(f"<th scope='col'>{html.escape(head)}</th>" for head in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    label = html.escape(caption)
    return (
        f"<div class='tcpfig scroll' tabindex='0' role='group' aria-label='{label}'>"
        f"<table class='segments'><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )


# ---- the two sides ---------------------------------------------------------------------------


def engine(
    scenario: str,
    *,
    drop: tuple[int, ...] = (),
    seed: int = 1,
    profile: str | None = None,
    **parameters: Any,
) -> Exchange:
    """Run the scenario on the engine; `drop` numbers segments to lose, from 0.

    `profile` is the kernel to play, ``linux-6.4``, by default the scenario's own;
    `tcpcore.host.profiles` has them all.
    """
    return of_trace(registry.run(scenario, parameters, profile=profile, drop=drop, seed=seed))


def both(
    scenario: str, *, drop: tuple[int, ...] = (), **parameters: Any
) -> tuple[Exchange, Exchange]:
    """The experiment on the engine, and as the kernel was recorded doing it."""
    return (
        engine(scenario, drop=drop, **parameters),
        kernel(scenario, drop=drop, **parameters),
    )


def of_trace(trace: Trace) -> Exchange:
    """A run of the engine."""
    names = [name for name, _ in trace.hosts]
    zero = trace.segments[0].sent if trace.segments else 0
    packets = [
        (
            s.segment,
            s.sent - zero,
            None if s.arrived is None else s.arrived - zero,
            s.sender,
            s.fate,
        )
        for s in trace.segments
    ]
    calls = [
        Called((t - zero) / 1e6, names[h], call, result, trace.moved.get(number))
        for number, (t, h, call, result) in enumerate(trace.calls)
    ]
    defaults = asdict(profiles.sysctls(trace.profile))
    outputs = [Printed((t - zero) / 1e6, names[h], *rest) for t, h, *rest in trace.outputs]
    looks, segments, counters = _looks(trace, zero), _segments(packets, names), _counters(trace)
    return Exchange("engine", segments, calls, looks, names, defaults, counters, outputs)


def kernel(scenario: str, *, drop: tuple[int, ...] = (), **parameters: Any) -> Exchange:
    """The same scenario as a real kernel was recorded; `UsageError` when there is no record."""
    full = registry.get(scenario).check(parameters)
    record = store.find(scenario, full, drop)
    if record is None:
        raise UsageError(f"There is no kernel record of {scenario} with {full}, drop {drop}.")
    names = [host["name"] for host in record.hosts]
    packets = [(s.segment, s.sent, s.arrived, s.sender, s.fate) for s in record.segments]
    calls = [
        Called(c.returned / 1e6, names[c.host], c.call, c.result, c.moved) for c in record.calls
    ]
    outputs = [Printed(o.time / 1e6, names[o.host], o.command, o.text) for o in record.outputs]
    seen = None if drop else states.find(scenario, full)
    looks = seen.looks if seen else []
    by, seen_on_wire = f"Linux {record.kernel}", _segments(packets, names)
    counters = {host["name"]: dict(host.get("counters", {})) for host in record.hosts}
    return Exchange(by, seen_on_wire, calls, looks, names, dict(record.sysctls), counters, outputs)


def _segments(packets: list[tuple[Any, int, int | None, int, str]], names: list[str]) -> list[Seen]:
    describer = Describer()
    seen = []
    for segment, sent, arrived, sender, fate in packets:
        entry = describer.entry(segment)
        seen.append(
            Seen(
                time=sent / 1e6,
                arrived=None if arrived is None else arrived / 1e6,
                host=names[sender],
                flags=flag_names(segment.flags),
                seq=entry["seq"],
                ack=entry["ack"],
                length=entry["length"],
                size=len(codec.encode(segment)),
                window=segment.window,
                options=tuple(row[1] for row in entry["options"]),
                lost=fate == tracing.LOST,
                raw_seq=segment.seq,
                raw_ack=segment.ack,
                source=segment.sport,
                destination=segment.dport,
            )
        )
    return seen


def _counters(trace: Trace) -> dict[str, dict[str, int]]:
    found: list[dict[str, int]] = [{} for _ in trace.hosts]
    for moment in trace.moments:
        found[moment.host] = moment.sections.get("counters", found[moment.host])
    return {name: found[number] for number, (name, _) in enumerate(trace.hosts)}


def _looks(trace: Trace, zero: int) -> list[Look]:
    known: list[dict[str, Any]] = [{} for _ in trace.hosts]
    looks = []
    for moment in trace.moments:
        sections = known[moment.host]
        sections.update(moment.sections)
        sockets = tuple(_socket(one, sections) for one in sections.get("sockets", ()))
        looks.append(Look(moment.time - zero, moment.host, sockets))
    return looks


def _socket(one: dict[str, Any], sections: dict[str, Any]) -> Socket:
    if one["role"] != "listener":
        local, peer = one["name"].split(" > ")
        return Socket(local, peer, one["state"], one["variables"].get("unread", 0))
    waiting = next(
        len(queue["entries"])
        for queue in sections["queues"]
        if queue["name"] == "accept queue" and queue["socket"] == one["name"]
    )
    return Socket(one["name"], "0.0.0.0:0", LISTEN, waiting)
