"""A peer behind a slow link, and a sender that never runs out of data: on engine and kernel.

The link is a queue with a rate, a limit and a delay; the peer acknowledges every segment, with
SACK.  `watch_engine` and `watch_kernel` run the same path, in virtual and in real time, and return
what the sender's socket told of itself (`struct tcp_info`, bbr's own variables) every few ms.
"""

from __future__ import annotations

import contextlib
import heapq
import os
import select
import socket
import struct
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tcpcore.host import tcp_info
from tcpcore.host.stack import Host
from tcpcore.linux import tcp_info as kernel_tcp_info
from tcpcore.linux.namespace import Namespace
from tcpcore.linux.tun import Tun
from tcpcore.net.network import Network
from tcpcore.seqnum import MASK
from tcpcore.units import MILLISECOND, SECOND, ms
from tcpcore.wire import codec
from tcpcore.wire.options import (
    MSS,
    NOP_OPTION,
    SACK,
    SACK_PERMITTED_OPTION,
    TIMESTAMPS,
    WINDOW_SCALE,
    find,
)
from tcpcore.wire.segment import ACK, SYN, Segment

SENDER, PEER, PORT = "10.0.0.2", "10.0.0.1", 5001
HEADERS = 52
CHUNK = bytes(1 << 16)
TCP_CC_INFO = 26
MODES = {(739, 739): "STARTUP", (88, 739): "DRAIN", (256, 256): "PROBE_RTT"}


@dataclass
class Path:
    """A rate (bit/s), a round trip (us), a queue (packets), and packets to lose, by number.

    `rates` change the rate at a time: ``(us, bit/s)``; `pauses` are times (us) in which the
    program of the sender writes nothing.
    """

    rate: int
    rtt: int
    queue: int = 1000
    lose: Callable[[int], bool] = lambda number: False
    rates: tuple[tuple[int, int], ...] = ()
    pauses: tuple[tuple[int, int], ...] = ()

    def rate_at(self, now: int) -> int:
        return [self.rate, *(rate for when, rate in self.rates if when <= now)][-1]

    def writes_at(self, now: int) -> bool:
        return not any(start <= now < end for start, end in self.pauses)


@dataclass
class Sample:
    """What the sender's socket said at one moment."""

    at: int
    info: dict[str, int]
    bw: int = 0
    min_rtt: int = 0
    gains: tuple[int, int] = (0, 0)

    @property
    def mode(self) -> str:
        return MODES.get(self.gains, "PROBE_BW")


@dataclass
class Far:
    """The link and the peer behind it; `enter` says which answers come when."""

    path: Path
    expected: int = 0
    free_at: int = 0
    entered: int = 0
    isn: int = 1000
    ahead: list[tuple[int, int]] = field(default_factory=list)
    leaving: deque[int] = field(default_factory=deque)

    def enter(self, segment: Segment, now: int) -> list[tuple[int, Segment]]:
        """A segment of the sender enters the link now."""
        if segment.flags & SYN:
            self.expected = (segment.seq + 1) & MASK
            options = (
                (MSS, 1460),
                SACK_PERMITTED_OPTION,
                self._stamps(segment, now),
                NOP_OPTION,
                (WINDOW_SCALE, 10),
            )
            return [(now + self.path.rtt, self._answer(segment, SYN | ACK, self.isn, options))]
        if not segment.payload:
            return []
        number, self.entered = self.entered, self.entered + 1
        while self.leaving and self.leaving[0] <= now:
            self.leaving.popleft()
        if self.path.lose(number) or len(self.leaving) > self.path.queue:
            return []
        size = len(segment.payload) + HEADERS
        starts = max(self.free_at, now)
        self.free_at = starts + size * 8 * SECOND // self.path.rate_at(now)
        self.leaving.append(self.free_at)
        latest = self._take(segment)
        options: tuple[Any, ...] = (NOP_OPTION, NOP_OPTION, self._stamps(segment, now))
        if latest is not None:
            others = [block for block in self.ahead if block != latest]
            options += (NOP_OPTION, NOP_OPTION, (SACK, latest, *others[:2]))
        answer = self._answer(segment, ACK, self.isn + 1, options)
        return [(self.free_at + self.path.rtt, answer)]

    def _take(self, segment: Segment) -> tuple[int, int] | None:
        """Put it to what came before; the block that it is in, when something is missing."""
        start, end = segment.seq, (segment.seq + len(segment.payload)) & MASK
        if start != self.expected:
            if (start - self.expected) & MASK > MASK // 2:
                return None
            joined = [block for block in self.ahead if not block[1] < start and not end < block[0]]
            self.ahead = [block for block in self.ahead if block not in joined]
            found = min([start, *(a for a, _ in joined)]), max([end, *(b for _, b in joined)])
            self.ahead.insert(0, found)
            return found
        self.expected = end
        for block in sorted(self.ahead):
            if block[0] <= self.expected:
                self.expected = max(self.expected, block[1])
                self.ahead.remove(block)
        return self.ahead[0] if self.ahead else None

    def _stamps(self, segment: Segment, now: int) -> tuple[int, int, int]:
        sent = find(segment.options, TIMESTAMPS)
        assert sent is not None
        return (TIMESTAMPS, 1 + now // MILLISECOND, sent[1])

    def _answer(self, segment: Segment, flags: int, seq: int, options: Any) -> Segment:
        return Segment(
            PEER, PORT, SENDER, segment.sport, flags, seq, self.expected, 65535, tuple(options)
        )


def _cc_info(raw: bytes) -> dict[str, Any]:
    if len(raw) < 20:
        return {}
    low, high, rtt, pacing, cwnd = struct.unpack("=5I", raw[:20])
    return {"bw": high << 32 | low, "min_rtt": rtt, "gains": (pacing, cwnd)}


class _Cable(Network):
    """The network of one host, whose segments enter the link."""

    def __init__(self, path: Path, seed: int) -> None:
        super().__init__(seed)
        self.far = Far(path)

    def transmit(self, host: Host, segments: Sequence[Any]) -> None:
        for segment in segments:
            for when, answer in self.far.enter(segment, self.now):
                self.first_at(when, lambda answer: host.receive(answer, None), answer)


def watch_engine(
    path: Path, until: int, algorithm: str = "bbr", every: int = ms(10), seed: int = 1
) -> list[Sample]:
    """What the engine's socket says, every so many us."""
    net = _Cable(path, seed)
    host = net.host("sender", SENDER, tcp_congestion_control=algorithm)
    found: list[Sample] = []
    sock = host.socket()

    async def program(_: Host) -> None:
        await sock.connect(PEER, PORT)
        while True:
            await sock.send(CHUNK)
            for start, end in path.pauses:
                if start <= host.now < end:
                    await host.sleep(end - host.now)

    def look(_: object) -> None:
        c = sock.connection
        if c is not None and c.state == "ESTABLISHED":
            info = tcp_info.of(c, net.now)
            found.append(Sample(net.now, info, **_cc_info(sock.getsockopt("TCP_CC_INFO"))))
        net.at(net.now + every, look, None)

    host.spawn(program)
    net.at(every, look, None)
    net.run(until)
    return found


def watch_kernel(
    path: Path, until: int, algorithm: str = "bbr", every: int = ms(10)
) -> list[Sample]:
    """What the kernel's socket says, in real time."""
    with contextlib.ExitStack() as stack:
        namespace = stack.enter_context(contextlib.closing(Namespace()))
        tun = stack.enter_context(contextlib.closing(Tun(namespace, SENDER, PEER)))
        sock = namespace.call(socket.socket, socket.AF_INET, socket.SOCK_STREAM)
        stack.enter_context(contextlib.closing(sock))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, algorithm.encode())
        sock.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            sock.connect((PEER, PORT))
        stack.enter_context(_hurry())
        return _play(path, until, every, tun, sock)


@contextlib.contextmanager
def _hurry() -> Iterator[None]:
    """Before all other processes: a path that stumbles would not be the path that is meant."""
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))
    try:
        yield
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def _play(path: Path, until: int, every: int, tun: Tun, sock: socket.socket) -> list[Sample]:
    far, started = Far(path), time.monotonic_ns()
    due: list[tuple[int, int, Segment]] = []
    found: list[Sample] = []
    count, look_at, now = 0, every, 0
    while now < until:
        wait = min(look_at, due[0][0] if due else until) - now
        writes = [sock] if path.writes_at(now) else []
        readable, writable, _ = select.select([tun], writes, [], max(wait, 0) / SECOND)
        now = (time.monotonic_ns() - started) // 1000
        while due and due[0][0] <= now:
            tun.write(codec.encode(heapq.heappop(due)[2]))
        for segment in _arrived(tun) if readable else ():
            for when, answer in far.enter(segment, now):
                count += 1
                heapq.heappush(due, (when, count, answer))
        if writable:
            with contextlib.suppress(BlockingIOError):
                sock.send(CHUNK)
        if now >= look_at:
            look_at += every
            info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, kernel_tcp_info.SIZE)
            own = _cc_info(sock.getsockopt(socket.IPPROTO_TCP, TCP_CC_INFO, 64))
            found.append(Sample(now, kernel_tcp_info.parse(info), **own))
    return [sample for sample in found if sample.info["tcpi_state"] == 1]


def _arrived(tun: Tun) -> Iterable[Segment]:
    while (packet := tun.read()) is not None:
        if packet[0] >> 4 == 4 and packet[9] == 6:
            yield codec.decode(packet)
