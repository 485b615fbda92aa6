"""The floor under any clean simulator of TCP in Python: the least work that a transfer takes.

One heap, slotted objects, whole nanoseconds.  A packet costs two events (it has left the sender,
it is at the other end), the receiver acknowledges every second segment, the sender's window opens
as in slow start and Reno.  No options, timers, checks, applications or trace: this is no TCP, it is
the yardstick that `benchmarks.speed` holds against the engine, in the same process.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

MASK = 0xFFFF_FFFF
MSS = 1448
HEADERS = 58
NS_PER_BYTE = 80  # 100 Mbit/s
DELAY = 10_000_000
ACK_EVERY = 2
QUEUE = 200
WINDOW = 260_000
"""Bytes: the path's bandwidth times delay and a short queue, so that nothing is lost."""
SSTHRESH = 200_000


class Packet:
    """What travels: no more than this transfer needs."""

    __slots__ = ("ack", "flags", "length", "sent", "seq", "window")

    def __init__(self, seq: int, ack: int, length: int, flags: int, window: int, sent: int) -> None:
        self.seq = seq
        self.ack = ack
        self.length = length
        self.flags = flags
        self.window = window
        self.sent = sent


Sink = Callable[[Packet], None]


class Clock:
    """Virtual time in nanoseconds, and what is to happen."""

    __slots__ = ("count", "heap", "now")

    def __init__(self) -> None:
        self.now = 0
        self.heap: list[tuple[int, int, Sink, Packet]] = []
        self.count = 0

    def at(self, when: int, function: Sink, packet: Packet) -> None:
        """Call ``function(packet)`` at `when`."""
        self.count += 1
        heappush(self.heap, (when, self.count, function, packet))

    def run(self) -> None:
        """Let everything happen."""
        heap = self.heap
        while heap:
            self.now, _, function, packet = heappop(heap)
            function(packet)


class Wire:
    """One direction: rate, delay, and a queue that drops at its tail."""

    __slots__ = ("busy", "clock", "drops", "queue", "sink")

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.queue: deque[Packet] = deque()
        self.busy = False
        self.sink: Any = None
        self.drops = 0

    def send(self, packet: Packet) -> None:
        """Take a packet: onto the wire, into the queue, or lost."""
        if self.busy:
            if len(self.queue) >= QUEUE:
                self.drops += 1
            else:
                self.queue.append(packet)
        else:
            self._start(packet)

    def _start(self, packet: Packet) -> None:
        self.busy = True
        clock = self.clock
        clock.at(clock.now + (packet.length + HEADERS) * NS_PER_BYTE, self._has_left, packet)

    def _has_left(self, packet: Packet) -> None:
        clock = self.clock
        clock.at(clock.now + DELAY, self.sink, packet)
        if self.queue:
            self._start(self.queue.popleft())
        else:
            self.busy = False


class Sender:
    """Sends `size` bytes as its window opens."""

    __slots__ = ("clock", "cwnd", "nxt", "sent", "size", "srtt", "una", "wire")

    def __init__(self, clock: Clock, wire: Wire, size: int) -> None:
        self.clock = clock
        self.wire = wire
        self.una = 0
        self.nxt = 0
        self.cwnd = 10 * MSS
        self.size = size
        self.sent = 0
        self.srtt = 0

    def pump(self) -> None:
        """Send what the window allows."""
        limit = self.una + min(self.cwnd, WINDOW)
        while self.nxt < self.size and self.nxt + MSS <= limit:
            length = min(MSS, self.size - self.nxt)
            now = self.clock.now
            self.wire.send(Packet(self.nxt & MASK, 0, length, 0x10, 0xFFFF, now))
            self.nxt += length
            self.sent += 1

    def on_ack(self, packet: Packet) -> None:
        """Move on, measure the round trip, open the window, send."""
        advance = (packet.ack - self.una) & MASK
        if 0 < advance <= self.nxt - self.una:
            self.una += advance
            self.srtt += (self.clock.now - packet.sent - self.srtt) >> 3
            if self.cwnd < SSTHRESH:
                self.cwnd += advance
            else:
                self.cwnd += max(1, MSS * MSS // self.cwnd)
            self.pump()


class Receiver:
    """Counts what comes in order, and acknowledges every second segment."""

    __slots__ = ("clock", "nxt", "pending", "received", "wire")

    def __init__(self, clock: Clock, wire: Wire) -> None:
        self.clock = clock
        self.wire = wire
        self.nxt = 0
        self.pending = 0
        self.received = 0

    def on_data(self, packet: Packet) -> None:
        """Take a segment in."""
        if packet.seq == self.nxt:
            self.nxt = (self.nxt + packet.length) & MASK
            self.received += packet.length
            self.pending += 1
            if self.pending < ACK_EVERY:
                return
        self.pending = 0
        self.wire.send(Packet(0, self.nxt, 0, 0x10, 0xFFFF, packet.sent))


def transfer(size: int) -> int:
    """Carry `size` bytes; the number of data segments."""
    clock = Clock()
    there, back = Wire(clock), Wire(clock)
    sender, receiver = Sender(clock, there, size), Receiver(clock, back)
    there.sink, back.sink = receiver.on_data, sender.on_ack
    sender.pump()
    clock.run()
    assert receiver.received == size, "the floor lost something"
    return sender.sent
