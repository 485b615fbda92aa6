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

import random
from collections.abc import Awaitable
from typing import Any

from tcpcore.errors import errno_name
from tcpcore.host.process import Process
from tcpcore.host.sockets import Socket
from tcpcore.host.stack import Host
from tcpcore.seqnum import MASK
from tcpcore.tcp.connection import Connection
from tcpcore.units import format_seconds, seconds
from tcpcore.wire import options as kinds
from tcpcore.wire.options import Option
from tcpcore.wire.segment import SYN, Segment
from tcpcore.wire.text import format_packetdrill, parse_packetdrill
from tests.checked import Bench

HOST, PEER = "10.0.0.2", "10.0.0.1"
PORT, PEER_PORT = 8888, 40000
PEER_ISN = 0xFFFF_FC00
STREAM = random.Random(1).randbytes(1 << 18)
"""Byte n of either direction's data, by relative sequence number."""


class Call:
    """A system call that may block: look at `done`, `result`, `error`."""

    def __init__(self, wire: Wire, name: str) -> None:
        self.wire = wire
        self.name = name
        self.done = False
        self.result: Any = None
        self.error: str | None = None
        self.returned_at: int | None = None

    async def run(self, awaitable: Awaitable[Any], process: list[Process]) -> None:
        try:
            self.result = await awaitable
        except OSError as error:
            self.error = errno_name(error.errno)
        self.done = True
        self.returned_at = self.wire.now
        process[0].sockets.clear()  # the script goes on holding them
        self.wire.tell(self._outcome())

    def blocks(self) -> None:
        """It has not returned."""
        self.wire.fail_unless(not self.done, f"{self.name}() still blocks", self._outcome())

    def returns(self, value: Any = None) -> None:
        """It has returned that."""
        as_expected = self.done and self.error is None and self.result == value
        self.wire.fail_unless(as_expected, f"{self.name}() = {value!r}", self._outcome())

    def fails(self, name: str) -> None:
        """It has failed with that errno."""
        as_expected = self.done and self.error == name
        self.wire.fail_unless(as_expected, f"{self.name}() fails: {name}", self._outcome())

    def _outcome(self) -> str:
        if not self.done:
            return "it blocks"
        result = self.result
        shown = f"{len(result)} bytes" if isinstance(result, bytes) else repr(result)
        return f"{self.name}() = {self.error or shown}"


class Sock:
    """A socket in the script's hands: every call starts now, and may go on as time does."""

    def __init__(self, wire: Wire, socket: Socket) -> None:
        self.wire = wire
        self.raw = socket
        self._written = 1
        self._read = 1

    @property
    def connection(self) -> Connection:
        assert self.raw.connection is not None
        return self.raw.connection

    @property
    def state(self) -> str:
        return self.connection.state

    def bind(self, port: int, address: str = HOST) -> None:
        self.raw.bind(port, address)

    def connect(self, address: str = PEER, port: int = PEER_PORT, **more: Any) -> Call:
        return self.wire.call("connect", self.raw.connect(address, port, **more))

    def accept(self) -> Sock:
        call = self.wire.call("accept", self.raw.accept())
        self.wire.fail_unless(call.done and not call.error, "accept() returns", call._outcome())
        return Sock(self.wire, call.result)

    def accepting(self) -> Call:
        return self.wire.call("accept", self.raw.accept())

    def write(self, size: int) -> Call:
        """Send the next `size` bytes of the stream."""
        data = STREAM[self._written : self._written + size]
        self._written += size
        return self._send(data)

    def _send(self, data: bytes) -> Call:
        return self.wire.call(f"send({len(data)} bytes)", self.raw.send(data))

    def read(self, expected: int, most: int = 1 << 20) -> None:
        """Read, and find the next `expected` bytes of the peer's stream (0: end of file)."""
        call = self.reading(most)
        good = STREAM[self._read : self._read + expected]
        found = f"{len(call.result)} bytes" if call.done and not call.error else call._outcome()
        if call.result is not None and len(call.result) == expected and call.result != good:
            found = "other bytes"
        right = call.done and call.result == good
        self.wire.fail_unless(right, f"recv() gives {expected} bytes", found)
        self._read += expected

    def reading(self, most: int = 1 << 20) -> Call:
        return self.wire.call("recv", self.raw.recv(most))

    def shutdown(self, how: str = "write") -> Call:
        async def call() -> None:
            self.raw.shutdown(how)

        return self.wire.call(f"shutdown({how})", call())

    def close(self) -> Call:
        return self.wire.call("close", self.raw.close())


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
