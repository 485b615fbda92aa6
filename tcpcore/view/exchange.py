"""What happened in one experiment, on one side: segments, calls, sockets' states, counters.

`evidence` makes an `Exchange` of a run of the engine or of a kernel's record; here is what chapters
and claims ask of it.  Sequence numbers are relative, as tcpdump prints them; the raw ones are
beside them.
"""

from __future__ import annotations

import html
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

from tcpcore.errors import UsageError
from tcpcore.linux.states import Look, Socket
from tcpcore.tcp.state import LISTEN
from tcpcore.units import format_seconds
from tcpcore.view.flights import Flights
from tcpcore.view.shown import Shown


@dataclass(slots=True, frozen=True)
class Seen:
    """A segment: seconds since the first one, who sent it, and its header.

    `arrived` is None for a lost one; `size` counts the bytes of the whole IP packet; `text` is
    what the data begins with, up to the first zero byte, if that is plain text.
    """

    time: float
    arrived: float | None
    host: str
    flags: str
    seq: int
    ack: int | None
    length: int
    window: int
    options: tuple[str, ...]
    lost: bool
    raw_seq: int
    raw_ack: int
    source: int
    destination: int
    ttl: int
    text: str
    packet: bytes = field(repr=False)

    @property
    def stamps(self) -> tuple[int, int] | None:
        """``(TSval, TSecr)`` of its timestamps option, None without one."""
        words = next((one.split() for one in self.options if one.startswith("TS ")), None)
        return (int(words[2]), int(words[4])) if words else None

    @property
    def ports(self) -> tuple[int, int]:
        """Both ports, the smaller one first: the same for all segments of a connection."""
        return min(self.source, self.destination), max(self.source, self.destination)

    @property
    def size(self) -> int:
        """Bytes of the whole IP packet."""
        return len(self.packet)

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

    @property
    def outcome(self) -> str:
        """As `result`, but a recv() says ``1000 bytes`` or ``end of file``."""
        if self.call != "recv" or self.result != "ok" or self.moved is None:
            return self.result
        return f"{self.moved} bytes" if self.moved else "end of file"

    def __str__(self) -> str:
        at = format_seconds(round(self.time * 1e6))
        return f"{self.host}: {self.call}() returned after {at} s: {self.outcome}"


@dataclass(slots=True, frozen=True)
class Printed:
    """What a program printed on a host, seconds since the first segment."""

    time: float
    host: str
    command: str
    text: str


@dataclass(slots=True)
class Exchange(Flights):
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

    @property
    def flags(self) -> list[str]:
        """The flags of all segments, in order."""
        return [segment.flags for segment in self.segments]

    def ending(self) -> Exchange:
        """The same with only the segments from the first FIN or RST on."""
        last = {"FIN", "RST"}
        first = next(i for i, flags in enumerate(self.flags) if last & set(flags.split("+")))
        return replace(self, segments=self.segments[first:])

    def between(self, start: float, end: float) -> Exchange:
        """The same with only the segments sent from `start` to before `end`, in seconds."""
        return replace(self, segments=[one for one in self.segments if start <= one.time < end])

    def tries(self, flags: str) -> list[int]:
        """How often each connection saw a segment with exactly these flags, most often first."""
        ends = Counter(
            (one.host, one.source, one.destination) for one in self.segments if one.flags == flags
        )
        return sorted(ends.values(), reverse=True)

    def call(self, name: str) -> Called:
        """The first call of that name that returned."""
        return next(call for call in self.calls if call.call == name)

    def outcomes(self, host: str, *names: str) -> list[str]:
        """What the host's calls of these names (all of them when none is given) came to, in order.

        ``["send: ok", "recv: end of file"]``
        """
        return [
            f"{one.call}: {one.outcome}"
            for one in self.calls
            if one.host == host and one.call in (names or (one.call,))
        ]

    def ends(self, name: str, host: str = "client") -> list[float]:
        """When a host's calls of that name returned, in seconds."""
        return [call.time for call in self.calls if (call.call, call.host) == (name, host)]

    def results(self, name: str) -> list[str]:
        """How the calls of that name ended, ``ok`` or an errno, in the order of their ends."""
        return [call.result for call in self.calls if call.call == name]

    def count(self, counter: str, host: str = "server") -> int:
        """A counter of `nstat` at the end of the run; 0 when it never moved."""
        return self.counters[host].get(counter, 0)

    def data(self, host: str) -> list[Seen]:
        """The segments of that host that carry data."""
        return [one for one in self.segments if one.length and one.host == host]

    def waits(self, host: str = "client") -> list[float]:
        """Seconds from one sending of that host's data to the next; the last, until it gave up."""
        end = next(c.time for c in self.calls if (c.host, c.result) == (host, "ETIMEDOUT"))
        times = [one.time for one in self.data(host)]
        return [later - before for before, later in zip(times, [*times[1:], end], strict=True)]

    def offered(self, host: str) -> list[int]:
        """The receive windows that a host's segments offer, in bytes, in order.

        A SYN's counts as it is; in all others it is scaled, if both SYNs said so (RFC 7323 §2.2).
        """
        syns = {one.host: one.options for one in self.segments if "SYN" in one.flags}
        shifts = {
            name: int(word.removeprefix("wscale "))
            for name, options in syns.items()
            for word in options
            if word.startswith("wscale ")
        }
        shift = shifts[host] if len(shifts) == 2 else 0
        return [
            one.window << (0 if "SYN" in one.flags else shift)
            for one in self.segments
            if one.host == host
        ]

    def ack_of(self, sent: Seen) -> Seen:
        """The first segment of the other end that acknowledges all of that one."""
        end = sent.seq + sent.length + ("SYN" in sent.flags) + ("FIN" in sent.flags)
        return next(
            one
            for one in self.segments
            if one.host != sent.host and one.ack is not None and one.ack >= end
        )

    def connection(self, number: int) -> Exchange:
        """One connection of several, counted from 1; times count from its SYN.

        With its segments comes what else happened until the next one began.
        """
        flows = list(dict.fromkeys(one.ports for one in self.segments))
        starts = [next(s.time for s in self.segments if s.ports == flow) for flow in flows]
        begin, end = starts[number - 1], [*starts, float("inf")][number]
        segments = [
            replace(
                one,
                time=one.time - begin,
                arrived=None if one.arrived is None else one.arrived - begin,
            )
            for one in self.segments
            if one.ports == flows[number - 1]
        ]
        calls = [replace(c, time=c.time - begin) for c in self.calls if begin <= c.time < end]
        looks = [
            replace(look, time=look.time - round(begin * 1e6))
            for look in self.looks
            if begin * 1e6 <= look.time < end * 1e6
        ]
        return replace(self, segments=segments, calls=calls, looks=looks)

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

    def stay(self, host: str, state: str) -> tuple[float, float | None]:
        """When a socket of the host came into that state and left it; None: never while watched.

        Seconds since the first segment; on a kernel as of the first look that saw it.
        """
        number = self.hosts.index(host)
        since: float | None = None
        for look in self.looks:
            if look.host != number:
                continue
            inside = any(one.state == state for one in look.sockets)
            if inside and since is None:
                since = look.time / 1e6
            if not inside and since is not None:
                return since, look.time / 1e6
        if since is None:
            raise UsageError(f"No socket of {host} was seen in {state}.")
        return since, None

    def most(self, host: str, state: str) -> int:
        """The largest number of sockets that the host had in that state at one time."""
        looks = [[one.state for one in sockets] for sockets in self._looks(host)]
        return max((states.count(state) for states in looks), default=0)

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
        return _shown([_HEADS.get(name, name) for name in names], rows, f"Segments, {self.by}")

    def told(self, host: str) -> Shown:
        """What a host's program was told: when each of its calls returned, and what it came to."""
        rows = [
            [format_seconds(round(one.time * 1e6)), f"{one.call}()", one.outcome]
            for one in self.calls
            if one.host == host
        ]
        return _shown(["time (s)", "call", "came to"], rows, f"Calls of the {host}, {self.by}")


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


def _shown(heads: list[str], rows: list[list[str]], caption: str) -> Shown:
    """A table for pages, and the same as text."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [heads, *rows]
    ]
    return Shown(_table(heads, rows, caption), "\n".join(lines))


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
