"""The network of the lab, and what is to be seen on it when a pair has run."""

from __future__ import annotations

from collections import Counter
from typing import Any

from labs.kit import BoundedNetwork
from tcpcore.units import ms, seconds
from tcpcore.wire.segment import RST

UNTIL = 40
"""Seconds after which a run is looked at: who still waits then waits for ever."""


class Run:
    """A client and a server on two hosts, up to `until` seconds."""

    def __init__(
        self, serve: Any, ask: Any, rtt: int, *, rate: int | None = None, until: float = UNTIL
    ) -> None:
        self.net = BoundedNetwork(1)
        self.client = self.net.host("client", "10.0.0.1")
        self.server = self.net.host("server", "10.0.0.2")
        self.net.link(self.client, self.server, delay=ms(rtt / 2), rate=rate)
        self.serving = self.server.spawn(serve, "server")
        self.net.run(0)  # it listens before anybody comes
        self.asking = self.client.spawn(ask, "client")
        self.trace = self.net.run(seconds(until))

    def calls(self, host: int) -> list[tuple[str, str]]:
        """Call and result, in order, of the client (0) or the server (1)."""
        return [(call, result) for _, where, call, result in self.trace.calls if where == host]

    def got(self, host: int) -> int:
        """Bytes that the host's recv() calls returned."""
        return sum(
            self.trace.moved.get(number, 0)
            for number, (_, where, call, _) in enumerate(self.trace.calls)
            if where == host and call == "recv"
        )

    def states(self, host: Any) -> dict[str, int]:
        """How many sockets of the host are in which state now; listeners are left out."""
        found = Counter(
            "TIME_WAIT" if one.state == "TIME_WAIT" else one.state
            for one in host.endpoints.values()
        )
        return dict(sorted(found.items()))

    @property
    def resets(self) -> list[int]:
        """Numbers (from 1) of the segments that carry RST."""
        segments = self.trace.segments
        return [n for n, one in enumerate(segments, 1) if one.segment.flags & RST]

    def segment(self, number: int) -> str:
        """How a segment is named in a report: ``segment 5, RST of the server at 0.12 s``."""
        one = self.trace.segments[number - 1]
        name = self.trace.hosts[one.sender][0]
        flags = "RST" if one.segment.flags & RST else "the last one"
        return f"segment {number}, {flags} of the {name} at {one.sent / 1e6:g} s"

    def symptoms(self) -> dict[str, Any]:
        """What an operator sees, without the programs."""
        last = self.calls(0)[-1] if self.calls(0) else ("none", "")
        return {
            "bytes that the client got": self.got(0),
            "last call of the client that returned": f"{last[0]}: {last[1]}",
            "client program ended": self.asking.exited,
            "server program ended": self.serving.exited,
            "RSTs on the wire": len(self.resets),
            "client's sockets at the end": self.states(self.client),
            "server's sockets at the end": self.states(self.server),
        }
