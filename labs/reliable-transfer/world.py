"""A student's endpoint on a virtual network, against a host of the engine.

The handshake is made for the student; then every segment that reaches the endpoint is handed to it
as a dict with numbers that begin at 0 on both sides, and what it gives back goes onto the wire.
Times are whole milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from labs.kit import BoundedNetwork, Thing, Wrong
from tcpcore.units import ms
from tcpcore.wire.options import MSS, NOP, SACK, SACK_PERMITTED
from tcpcore.wire.segment import ACK, FIN, PSH, RST, SYN, Segment

SEGMENT_SIZE, FLIGHT, PORT, OWN_PORT = 1000, 10, 80, 5000
ISS = 77_000
ONE_WAY = 50
"""Milliseconds each way, so that a round trip takes 100."""
HOLDS = 60_000
MASK = 2**32 - 1


Make = Callable[[int], Thing]
"""Makes a fresh endpoint for a peer that offers such a window."""


class World:
    """The student's host "you", the engine's "peer", and the link between them."""

    def __init__(self, make: Make, seed: int, **peer: Any) -> None:
        self.make = make
        self.thing: Any = None
        self.net = BoundedNetwork(seed, events=60_000)
        self.you = self.net.host("you", "10.0.0.1")
        self.peer = self.net.host(
            "peer", "10.0.0.2", tcp_timestamps=0, tcp_window_scaling=0, **peer
        )
        self.link = self.net.link(self.you, self.peer, delay=ms(ONE_WAY))
        self.you.receive = self._receive  # type: ignore[method-assign]
        self.irs: int | None = None
        self.heard = bytearray()
        self.sent: list[tuple[int, int, int]] = []  # (ms, seq, length) of each segment with data
        self.open_at = 0
        self._una = self._window = 0
        self._due = 0
        self._begun: list[Any] = []

    # --- the handshake ---------------------------------------------------------------------------

    def begin(self, then: Any) -> None:
        """Open the connection; call ``then()`` when it is open."""
        self._begun.append(then)
        options = ((MSS, SEGMENT_SIZE), (NOP,), (NOP,), (SACK_PERMITTED,))
        self._put(Segment(*self._ends(), SYN, ISS, 0, HOLDS, options))

    def _ends(self) -> tuple[str, int, str, int]:
        return ("10.0.0.1", OWN_PORT, "10.0.0.2", PORT)

    def _put(self, segment: Segment) -> None:
        self.you.inject(segment)

    # --- what arrives ----------------------------------------------------------------------------

    def _receive(self, segment: Segment, number: int | None) -> None:
        now = self.net.now // 1000
        if segment.flags & RST:
            raise Wrong("The peer has reset the connection.", where=f"{now} ms: an RST arrives")
        if self.irs is None:
            self.irs = segment.seq
            self._window = segment.window
            self.thing = self.make(segment.window)
            self._put(Segment(*self._ends(), ACK, ISS + 1, (segment.seq + 1) & MASK, HOLDS))
            self.open_at = now
            self._begun[0]()
            return
        if segment.flags & SYN:
            return
        self._una = max(self._una, segment.ack - ISS - 1)
        self._window = segment.window
        row = {
            "seq": (segment.seq - self.irs - 1) & MASK,
            "ack": segment.ack - ISS - 1,
            "window": segment.window,
            "data": bytes(segment.payload),
            "sack": [
                [left - ISS - 1, right - ISS - 1]
                for option in segment.options
                if option[0] == SACK
                for left, right in option[1:]
            ],
        }
        if segment.flags & FIN and not segment.payload:
            return
        self.do("arrives", row)

    def do(self, method: str, *arguments: Any) -> None:
        """Call a method of the endpoint, send what it gives, and set its alarm clock."""
        now = self.net.now // 1000
        found = self.thing.call(method, *arguments, now)
        place = f"{method}() at {now} ms"
        if not isinstance(found, dict) or not {"send", "deadline", "data"} <= set(found):
            form = "{'send': [...], 'deadline': ms or None, 'data': b'...'}"
            raise Wrong(f"A method gives {form}.", where=place, found=found)
        if not isinstance(found["data"], bytes) or not isinstance(found["send"], list):
            raise Wrong("'data' is bytes and 'send' a list.", where=place, found=found)
        self.heard += found["data"]
        for row in found["send"]:
            self._send(row, place, now)
        deadline = found["deadline"]
        if deadline is None:
            self._due = 0
            return
        if not isinstance(deadline, int) or deadline <= now:
            raise Wrong(f"A deadline lies after now, {now} ms.", where=place, found=deadline)
        if deadline * 1000 != self._due:
            self._due = deadline * 1000
            self.net.at(self._due, self._alarm, self._due)

    def _alarm(self, due: int) -> None:
        if due == self._due:
            self._due = 0
            self.do("fire")

    def _send(self, row: Any, place: str, now: int) -> None:
        """Put one of the student's segments on the wire, if it keeps the rules."""
        keys = ("seq", "ack", "window")
        if not isinstance(row, dict) or not all(
            isinstance(row.get(key), int) and 0 <= row[key] < 2**24 for key in keys
        ):
            raise Wrong("A segment has whole numbers seq, ack and window.", where=place, found=row)
        data = row.get("data", b"")
        if not isinstance(data, bytes) or len(data) > SEGMENT_SIZE:
            raise Wrong(f"A segment has at most {SEGMENT_SIZE} bytes.", where=place, found=row)
        end = row["seq"] + len(data)
        if data:
            if end - self._una > FLIGHT * SEGMENT_SIZE:
                raise Wrong(f"More than {FLIGHT} segments are in flight.", where=place)
            if end > self._una + max(self._window, 1):
                message = f"Byte {end} lies beyond the peer's window, {self._una + self._window}."
                raise Wrong(message, where=place)
            self.sent.append((now, row["seq"], len(data)))
        assert self.irs is not None
        blocks = row.get("sack", [])
        options: tuple[Any, ...] = ()
        if blocks:
            base = self.irs + 1
            edges = [((left + base) & MASK, (right + base) & MASK) for left, right in blocks[:3]]
            options = ((NOP,), (NOP,), (SACK, *edges))
        flags = ACK | (PSH if data else 0)
        seq, ack = row["seq"] + ISS + 1, (row["ack"] + self.irs + 1) & MASK
        window = min(row["window"], HOLDS)
        self._put(Segment(*self._ends(), flags, seq, ack, window, options, data))


def upload(
    make: Make,
    data: bytes,
    seed: int,
    until: int,
    prepare: Any = None,
    reads_at: int = 0,
    **peer: Any,
) -> tuple[World, bytes, int | None]:
    """The endpoint sends; ``(world, what the peer's program read, when it had all, in ms)``."""
    world = World(make, seed, **peer)
    got, done = bytearray(), [None]

    async def serve(host: Any) -> None:
        connection = await host.socket().bind(PORT).listen().accept()
        if reads_at:
            await host.sleep(ms(reads_at))
        while len(got) < len(data):
            got.extend(await connection.recv(65536))
        done[0] = host.now // 1000
        await host.pause()

    def write() -> None:
        if prepare is not None:
            prepare(world.link, world.peer, world.you)
        world.do("write", data)

    world.peer.spawn(serve)
    world.begin(write)
    world.net.run(until=ms(until))
    return world, bytes(got), done[0]


def download(make: Make, data: bytes, seed: int, until: int, prepare: Any) -> World:
    """The peer's program sends; the endpoint has heard `world.heard`."""
    world = World(make, seed)

    async def serve(host: Any) -> None:
        connection = await host.socket().bind(PORT).listen().accept()
        await host.sleep(ms(10))
        await connection.send(data)
        await host.pause()

    world.peer.spawn(serve)
    world.begin(lambda: prepare(world.link, world.peer, world.you))
    world.net.run(until=ms(until))
    return world
