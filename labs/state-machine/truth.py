"""The engine as a state machine: events in, states and segments out, one after the other.

A host of `tcpcore` is put through a list of events.  It runs with Linux's defaults, but an RST is
believed at exactly rcv.nxt, as RFC 5961 says, and challenges are not limited in their rate.
"""

from __future__ import annotations

from typing import Any

from labs.kit import BoundedNetwork, Wrong
from tcpcore import trace as tracing
from tcpcore.trace import SENT, Trace
from tcpcore.units import ms, seconds
from tcpcore.wire.segment import ACK, FIN, PSH, RST, SYN, Segment

PORT, PEER_PORT = 80, 5000
STEP = ms(50)
BITS = {"F": FIN, "S": SYN, "R": RST, ".": ACK}
SETTINGS = {
    "tcp_timestamps": 0,
    "tcp_early_retrans": 0,
    "tcp_rto_min_us": 1_000_000,
    "tcp_invalid_ratelimit": 0,
    "tcp_syn_linear_timeouts": 0,
}
Event = dict[str, Any]


class Machine:
    """One host, and a peer that only injects."""

    def __init__(self, iss: int) -> None:
        self.net = BoundedNetwork(events=5000)
        self.host = self.net.host("you", "10.0.0.1", **SETTINGS)
        self.peer = self.net.host("peer", "10.0.0.2")
        link = self.net.link(self.host, self.peer, delay=0)
        link.drop(to=self.peer)
        self.host.sysctl.exact_resets = True
        self.host.sysctl.hurried_syns = False
        self.iss = iss
        self.socket: Any = None
        self.opened = False
        self.listening = False
        self.now = STEP
        self.net.run(until=self.now)
        self._seen = 0
        self.seen: list[tuple[Event, dict[str, Any]]] = []

    @property
    def connection(self) -> Any:
        """The endpoint, or None."""
        return next(iter(self.host.endpoints.values()), None)

    @property
    def state(self) -> str:
        """The state, as the lab counts it: a request is SYN_RECV, a listener LISTEN."""
        if self.connection is not None:
            return str(self.connection.state)
        return "LISTEN" if self.listening and not self.opened else "CLOSED"

    def do(self, event: Event) -> dict[str, Any]:
        """One event; ``{"state", "send"}`` afterwards."""
        what = event["do"]
        if what == "segment":
            self.peer.inject(segment_of(event))
        elif what == "wait":
            self.now += seconds(61)
        elif what in ("listen", "connect", "close"):
            self.host.spawn(getattr(self, f"_{what}"))
        self.now += STEP
        self.net.run(until=self.now)
        if self.connection is not None and self.connection.state not in ("SYN_SENT", "SYN_RECV"):
            self.opened = True
        return {"state": self.state, "send": self._sent()}

    async def _listen(self, host: Any) -> None:
        self.listening = True
        listener = host.socket().bind(PORT).listen()
        self.socket = await listener.accept()
        await host.pause()

    async def _connect(self, host: Any) -> None:
        self.opened = True
        self.socket = host.socket().bind(PORT)
        await self.socket.connect("10.0.0.2", PEER_PORT)
        await host.pause()

    async def _close(self, host: Any) -> None:
        try:
            self.socket.shutdown("write")
        except OSError as error:
            raise Wrong(f"close is not possible here ({error.strerror}).", where="close") from None

    def _sent(self) -> list[dict[str, Any]]:
        assert self.net.trace is not None
        found = []
        for moment in self.net.trace.moments:
            for kind, _, _, values in moment.events:
                if kind == SENT and moment.host == 0 and values >= self._seen:
                    found.append(row_of(self.net.trace.segments[values].segment))
        self._seen = len(self.net.trace.segments)
        return found


def segment_of(event: Event) -> Segment:
    """The peer's segment."""
    flags = sum(BITS[letter] for letter in event["flags"])
    length = event.get("length", 0)
    payload = bytes(length)
    ends = ("10.0.0.2", PEER_PORT, "10.0.0.1", PORT)
    flags |= PSH if length else 0
    return Segment(*ends, flags, event["seq"], event.get("ack", 0), 60_000, (), payload)


def row_of(segment: Segment) -> dict[str, Any]:
    """A segment of ours as the lab writes it; ack is 0 where there is none."""
    letters = "".join(letter for letter, bit in BITS.items() if segment.flags & bit)
    ack = segment.ack if segment.flags & ACK else 0
    return {"flags": letters, "seq": segment.seq, "ack": ack}


def play(events: list[Event]) -> list[dict[str, Any]]:
    """What the engine does with these events; the first call tells its initial number."""
    machine = prepared(next((one["iss"] for one in events if "iss" in one), 1000))
    return [machine.do(event) for event in events]


def prepared(iss: int) -> Machine:
    """A machine whose initial sequence number is known."""
    machine = Machine(iss)

    class Known:
        """The host's secrets, but for the one that the lab gives away."""

        def __init__(self, secrets: Any) -> None:
            self._secrets = secrets

        def initial_sequence(self, *_: Any) -> int:
            return iss

        def __getattr__(self, name: str) -> Any:
            return getattr(self._secrets, name)

    machine.host.secrets = Known(machine.host.secrets)  # type: ignore[assignment]
    return machine


def picture(events: list[Event], results: list[dict[str, Any]]) -> Trace:
    """A trace of what a step() did with these events, to be looked at in the player."""
    drawn, state, now = Trace(), "CLOSED", 0
    for name, address in (("you", "10.0.0.1"), ("peer", "10.0.0.2")):
        drawn.add_host(name, address, dict)
    for event, result in zip(events, results, strict=True):
        now += ms(100)
        if event["do"] == "segment":
            drawn.begin(now - ms(20), 1, tracing.CALL, "the peer sends")
            index = drawn.sent(segment_of(event), 1, 0, now - ms(20))
            drawn.segments[index].arrived = now
            drawn.segments[index].fate = tracing.DELIVERED
            drawn.begin(now, 0, tracing.ARRIVAL, "", index)
        else:
            drawn.begin(now, 0, tracing.CALL, f"{event['do']}()")
        if result["state"] != state:
            drawn.event(tracing.STATE, "you", None, (state, result["state"]))
            state = result["state"]
        for row in result["send"]:
            ends = ("10.0.0.1", PORT, "10.0.0.2", PEER_PORT)
            flags = sum(BITS[letter] for letter in row["flags"])
            index = drawn.sent(Segment(*ends, flags, row["seq"], row["ack"], 60_000), 0, 1, now)
            drawn.segments[index].arrived = now + ms(20)
            drawn.segments[index].fate = tracing.DELIVERED
    drawn.finish()
    return drawn
