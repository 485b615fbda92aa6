"""One virtual host and a scripted peer, in packetdrill's notation: what arrives, what goes out.

    wire = Wire()
    listener = wire.listen()
    wire << "S 0:0(0) win 65535 <mss 1460>"
    wire >> "S. 0:0(0) ack 1 win 64240 <mss 1460>"
    wire.after(seconds(1)) >> "S. 0:0(0) ack 1 <...>"     # not a microsecond before, not after

Numbers are relative: the peer's first sequence number is 0 (on the wire it is close to the end of
the number space, so that all arithmetic wraps), and so is the host's.  TSval of the host counts
from its first one.  Every outgoing segment must be claimed by a `>>`; payloads are pieces of two
known streams, so that a wrong byte is noticed.  No `win` and `<...>` mean: not looked at.
Invariants are checked after every event.  A failure tells the steps that worked before it.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from tcpcore.host.process import Process
from tcpcore.host.stack import Host
from tcpcore.seqnum import MASK
from tcpcore.units import format_seconds, seconds
from tcpcore.wire import options as kinds
from tcpcore.wire.options import Option
from tcpcore.wire.segment import SYN, Segment
from tcpcore.wire.text import format_packetdrill, parse_packetdrill
from tests.application import HOST, PEER, PEER_ISN, PEER_PORT, PORT, STREAM, Call, Sock
from tests.checked import Bench


class Peer:
    """The scripted other end of one connection."""

    def __init__(self, wire: Wire, port: int, isn: int = PEER_ISN) -> None:
        self.wire = wire
        self.port = port
        self.isn = isn
        self.host_isn: int | None = None
        self.host_stamp: int | None = None

    def __lshift__(self, text: str) -> Peer:
        """A segment arrives now."""
        self.wire.nothing_unclaimed(f"< {text}")
        segment = parse_packetdrill(
            text,
            src=PEER,
            sport=self.port,
            dst=HOST,
            dport=self.wire.port,
            seq_base=self.isn,
            ack_base=self.host_isn or 0,
        )
        first = segment.seq + (segment.flags >> 1 & 1) - self.isn & MASK  # data follows a SYN
        segment.payload = (STREAM + STREAM)[first : first + len(segment.payload)]
        segment.options = tuple(self._stamped(option) for option in segment.options)
        self.wire.tell(f"< {text}")
        self.wire.arrive(segment)
        return self

    def _stamped(self, option: Option) -> Option:
        if option[0] == kinds.TIMESTAMPS and option[2] and self.host_stamp is not None:
            return (option[0], option[1], option[2] + self.host_stamp & MASK)
        return option

    def __rshift__(self, text: str) -> Peer:
        """The next segment that the host sent to this peer, at this very microsecond, is this."""
        found = self.wire.take(self.port, f"> {text}")
        self._learn(found)
        shown = self._relative(found)
        expected = text
        any_options = "<...>" in text
        if any_options:
            expected = text.replace("<...>", "").strip()
        wanted = parse_packetdrill(expected)
        same = (wanted.flags, wanted.seq, wanted.ack, len(wanted.payload)) == (
            shown.flags,
            shown.seq,
            shown.ack,
            len(shown.payload),
        )
        same = same and wanted.urgent == shown.urgent
        same = same and (any_options or wanted.options == shown.options)
        same = same and (" win " not in text or wanted.window == shown.window)
        self.wire.fail_unless(same, f"> {text}", f"> {format_packetdrill(shown)}")
        if shown.payload:
            start = shown.seq + (shown.flags >> 1 & 1)
            good = STREAM[start : start + len(shown.payload)]
            self.wire.fail_unless(good == shown.payload, f"> {text}", "other bytes as payload")
        self.wire.tell(f"> {format_packetdrill(shown)}")
        return self

    def _learn(self, segment: Segment) -> None:
        if segment.flags & SYN:
            self.host_isn = segment.seq
        stamps = kinds.timestamps(segment.options)
        if stamps is not None and self.host_stamp is None:
            self.host_stamp = stamps[0]

    def _relative(self, segment: Segment) -> Segment:
        text = format_packetdrill(segment, seq_base=self.host_isn or 0, ack_base=self.isn)
        shown = parse_packetdrill(text)
        shown.payload = segment.payload
        shown.options = tuple(
            (option[0], option[1] - (self.host_stamp or 0) & MASK, option[2])
            if option[0] == kinds.TIMESTAMPS
            else option
            for option in shown.options
        )
        return shown


class Wire:
    """See the module."""

    def __init__(self, *, profile: str = "linux-6.18", **sysctls: Any) -> None:
        self.net = Bench(profile)
        self.host = self.net.host("host", HOST, **sysctls)
        self.port = PORT
        self.listener: Any = None
        self.story: list[str] = []
        self.peers: dict[int, Peer] = {}
        self.peer = self.other(PEER_PORT)

    @property
    def now(self) -> int:
        return self.net.now

    def other(self, port: int, isn: int = PEER_ISN) -> Peer:
        """Another peer, with another port."""
        peer = self.peers[port] = Peer(self, port, isn)
        return peer

    def __lshift__(self, text: str) -> Wire:
        self.peer << text
        return self

    def __rshift__(self, text: str) -> Wire:
        self.peer >> text
        return self

    # --- the application -------------------------------------------------------------------------

    def call(self, name: str, awaitable: Awaitable[Any]) -> Call:
        """Start a system call; it runs until it returns or blocks."""
        call = Call(self, name)
        self.tell(f"{name}() is called")
        process: list[Process] = []

        async def application(_: Host) -> None:
            await call.run(awaitable, process)

        process.append(self.host.spawn(application))
        self.net.go_on(self.net.now)
        return call

    def socket(self, port: int | None = None) -> Sock:
        sock = Sock(self, self.host.socket())
        if port is not None:
            sock.raw.bind(port)
        return sock

    def listen(self, backlog: int = 128, port: int = PORT) -> Sock:
        sock = self.listener = self.socket(port)
        sock.raw.listen(backlog)
        return sock

    def call_accept(self) -> Sock:
        """The connection that the listener has ready."""
        return self.listener.accept()

    def connected(self, peer_options: str = "mss 1460", window: int = 65535) -> Sock:
        """A connection that the host opened, without timestamps or scaling by default."""
        sock = self.socket(PORT)
        call = sock.connect()
        self >> "S 0:0(0) <...>"
        self << f"S. 0:0(0) ack 1 win {window} <{peer_options}>"
        self >> ". 1:1(0) ack 1 <...>"
        call.returns(None)
        return sock

    def accepted(self, peer_options: str = "mss 1460", window: int = 65535) -> Sock:
        """A connection that the peer opened, without timestamps or scaling by default."""
        self.listen()
        self << f"S 0:0(0) win {window} <{peer_options}>"
        self >> "S. 0:0(0) ack 1 <...>"
        self << f". 1:1(0) ack 1 win {window}"
        return self.call_accept()

    # --- time and the wire -----------------------------------------------------------------------

    def arrive(self, segment: Segment) -> None:
        self.host.receive(segment, None)
        self.net.watch.check()
        self.net.go_on(self.net.now)

    def after(self, duration: int) -> Wire:
        """Let time pass: nothing is sent until its very end."""
        end = self.net.now + duration
        self.nothing_unclaimed(f"{format_seconds(duration)} s pass")
        self.net.go_on(end - 1)
        self.nothing_unclaimed(f"nothing is sent before {format_seconds(end)} s")
        self.net.go_on(end)
        self.tell(f"{format_seconds(duration)} s pass")
        return self

    def silent(self, duration: int) -> Wire:
        """Let time pass: nothing is sent, its end included."""
        self.nothing_unclaimed(f"{format_seconds(duration)} s of silence")
        self.net.go_on(self.net.now + duration)
        self.nothing_unclaimed(f"{format_seconds(duration)} s of silence")
        self.tell(f"{format_seconds(duration)} s of silence")
        return self

    def quiet(self) -> Wire:
        """Nothing was sent."""
        self.nothing_unclaimed("nothing is sent")
        return self

    def forget(self) -> None:
        """Whatever was sent does not matter."""
        self.net.desk.clear()

    def take(self, port: int, step: str) -> Segment:
        for index, (at, segment) in enumerate(self.net.desk):
            if segment.dport == port:
                del self.net.desk[index]
                self.fail_unless(at == self.now, step, f"it was sent at {format_seconds(at)} s")
                return segment
        self.fail_unless(False, step, "nothing was sent")
        raise AssertionError

    def nothing_unclaimed(self, step: str) -> None:
        if self.net.desk:
            at, segment = self.net.desk[0]
            peer = self.peers.get(segment.dport, self.peer)
            peer._learn(segment)
            found = format_packetdrill(peer._relative(segment))
            self.fail_unless(False, step, f"sent at {format_seconds(at)} s: > {found}")

    # --- telling ---------------------------------------------------------------------------------

    def state(self, port: int = PEER_PORT) -> str:
        """The state of the endpoint that talks to that port; CLOSED when there is none."""
        for key, endpoint in self.host.endpoints.items():
            if key[3] == port and key[1] == self.port:
                return endpoint.state
        return "CLOSED"

    def count(self, name: str) -> int:
        return self.host.counters.get(name, 0)

    def tell(self, step: str) -> None:
        self.story.append(f"{format_seconds(self.now):>10} {step}")

    def fail_unless(self, holds: bool, expected: str, found: str) -> None:
        if holds:
            return
        worked = "\n".join(f"    ok {step}" for step in self.story[-25:])
        raise AssertionError(
            f"at {format_seconds(self.now)} s in {self.state()}\n{worked}\n"
            f"FAILED {expected}\n found {found}\n{self._reasons()}"
        )

    def _reasons(self) -> str:
        trace = self.net.trace
        moments = trace.moments[-2:] if trace else []
        lines = [
            f"   why {event[0]} {event[1]}: {event[2].text}"
            for moment in moments
            for event in moment.events
            if event[2] is not None
        ]
        return "\n".join(lines)


def wait(duration: float) -> int:
    """Seconds, as microseconds (short, for scripts)."""
    return seconds(duration)
