"""A flight of segments and the ACKs that a script lets come back: on the engine and on the kernel.

A pattern is a program's writes and a peer's ACKs, each some ms after the step before.  Both sides
play it to the same clock, and what comes of it is one list: segments as they leave, and what
`struct tcp_info` says after each step.  Everything counts in segments of 1,000 bytes, from 1 on.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tcpcore.linux import tcp_info
from tcpcore.linux.namespace import Namespace, write_sysctl
from tcpcore.linux.tun import Tun
from tcpcore.units import SECOND, ms
from tcpcore.wire import codec
from tcpcore.wire.options import MSS, NOP_OPTION, SACK, SACK_PERMITTED_OPTION, WINDOW_SCALE, Option
from tcpcore.wire.segment import ACK, CWR, ECE, FIN, PSH, SYN, Segment
from tests.application import HOST, PEER, PEER_PORT, PORT
from tests.notation import Wire

SIZE = 1000
RTT = ms(100)
END = ms(400)
"""So long both are watched after the last step."""
SHOWN = (
    "snd_cwnd", "snd_ssthresh", "ca_state", "unacked", "sacked", "lost", "retrans", "reordering",
    "delivered", "total_retrans", "dsack_dups", "reord_seen",
)  # fmt: skip


@dataclass(frozen=True)
class Step:
    """So many ms after the step before: an ACK, a write, or only a look."""

    after: float
    upto: int = -1  # the last segment that is acknowledged in order; -1: no ACK
    have: tuple[tuple[int, int], ...] = ()  # segments beyond it that came, or came twice
    echo: bool = False
    write: int = 0


def ack(after: float, upto: int, *have: tuple[int, int], echo: bool = False) -> Step:
    """All up to one are acknowledged, and these beyond it (or, as duplicates, below) are there."""
    return Step(after, upto, have, echo)


def acks(after: float, gap: float, first: int, last: int) -> list[Step]:
    """One for each segment."""
    return [ack(gap if n > first else after, n) for n in range(first, last + 1)]


def holes(after: float, gap: float, upto: int, first: int, last: int) -> list[Step]:
    """A duplicate ACK for each segment beyond a hole."""
    return [ack(gap if n > first else after, upto, (first, n)) for n in range(first, last + 1)]


def write(after: float, segments: int) -> Step:
    """The program writes."""
    return Step(after, write=segments)


def look(after: float) -> Step:
    """Nothing happens but what timers do."""
    return Step(after)


@dataclass(frozen=True)
class Pattern:
    """What happens to a connection with so many segments to send."""

    segments: int
    steps: tuple[Step, ...]
    sack: bool = True
    ecn: bool = False

    @property
    def sysctls(self) -> dict[str, int]:
        return {"tcp_timestamps": 0, "tcp_ecn": 1 if self.ecn else 2}


@dataclass
class Line:
    """Something that can be compared, and when it was."""

    at: int
    text: str


class Side:
    """What a pattern needs of an implementation; times are us since the beginning."""

    peer_isn = 10_000
    host_isn = 0

    def play(self, pattern: Pattern, algorithm: str) -> list[Line]:
        """The lines of a whole pattern."""
        lines: list[Line] = []
        options: list[Option] = [(MSS, SIZE)]
        if pattern.sack:
            options += [NOP_OPTION, NOP_OPTION, SACK_PERMITTED_OPTION]
        options += [NOP_OPTION, (WINDOW_SCALE, 7)]
        asks = ECE | CWR if pattern.ecn else 0
        self.listen(algorithm)
        self._inject(SYN | asks, -1, tuple(options), 65535)
        self.host_isn = self.sent()[0][1].seq
        now = RTT
        self.pass_to(now)
        self._inject(ACK, 0, (), 1000)
        self.accept()
        self.write(pattern.segments * SIZE)
        self._collect(lines)
        for step in pattern.steps:
            now += ms(step.after)
            self.pass_to(now)
            self._collect(lines)
            if step.upto >= 0:
                self._inject(ACK | (ECE if step.echo else 0), step.upto, _sack(self, step), 1000)
            elif step.write:
                self.write(step.write * SIZE)
            lines.append(Line(now, _told(step)))
            info = self.info()
            self._collect(lines)
            lines.append(Line(now, " ".join(f"{name} {info[name]}" for name in SHOWN)))
        self.pass_to(now + END)
        self._collect(lines)
        return lines

    def _inject(self, flags: int, upto: int, options: tuple[Option, ...], window: int) -> None:
        seq = self.peer_isn + (not flags & SYN)
        number = self.host_isn + 1 + upto * SIZE if flags & ACK else 0
        self.arrive(Segment(PEER, PEER_PORT, HOST, PORT, flags, seq, number, window, options, b""))

    def _collect(self, lines: list[Line]) -> None:
        for at, segment in self.sent():
            start = (segment.seq - self.host_isn - 1) / SIZE
            length = len(segment.payload) / SIZE
            shown = f"> {_letters(segment.flags)}{start + 1:g}"
            lines.append(Line(at, shown if length == 1 else f"{shown} ({length:g})"))

    def listen(self, algorithm: str) -> None:
        raise NotImplementedError

    def accept(self) -> None:
        raise NotImplementedError

    def write(self, size: int) -> None:
        raise NotImplementedError

    def arrive(self, segment: Segment) -> None:
        raise NotImplementedError

    def sent(self) -> list[tuple[int, Segment]]:
        raise NotImplementedError

    def pass_to(self, when: int) -> None:
        raise NotImplementedError

    def info(self) -> dict[str, int]:
        raise NotImplementedError


def _sack(side: Side, step: Step) -> tuple[Option, ...]:
    if not step.have:
        return ()
    base = side.host_isn + 1
    blocks = [(base + (a - 1) * SIZE, base + b * SIZE) for a, b in step.have]
    return (NOP_OPTION, NOP_OPTION, (SACK, *blocks))


def _letters(flags: int) -> str:
    named = ((FIN, "F"), (PSH, "P"), (CWR, "W"))
    return "".join(f"{letter} " for bit, letter in named if flags & bit)


def _told(step: Step) -> str:
    if step.upto >= 0:
        have = "".join(f" {a}-{b}" for a, b in step.have)
        return f"< ack {step.upto}{have}{' ECE' if step.echo else ''}"
    return f"write {step.write}" if step.write else "look"


class EngineSide(Side):
    """The engine, in virtual time."""

    def __init__(self, pattern: Pattern) -> None:
        self.wire = Wire(**pattern.sysctls)

    def listen(self, algorithm: str) -> None:
        self.wire.listen().set("TCP_CONGESTION", algorithm.encode())

    def accept(self) -> None:
        self.sock = self.wire.call_accept()

    def write(self, size: int) -> None:
        self.sock.write(size)

    def arrive(self, segment: Segment) -> None:
        self.wire.arrive(segment)

    def sent(self) -> list[tuple[int, Segment]]:
        found, self.wire.net.desk = self.wire.net.desk, []
        return found

    def pass_to(self, when: int) -> None:
        self.wire.net.go_on(when)

    def info(self) -> dict[str, int]:
        return self.sock.info()


class KernelSide(Side):
    """This machine's kernel, in real time; `close()` it."""

    def __init__(self, pattern: Pattern) -> None:
        self.stack = contextlib.ExitStack()
        namespace = self.stack.enter_context(contextlib.closing(Namespace()))
        for name, value in pattern.sysctls.items():
            namespace.call(write_sysctl, name, value)
        self.tun = self.stack.enter_context(contextlib.closing(Tun(namespace, HOST, PEER)))
        self.listener = namespace.call(socket.socket, socket.AF_INET, socket.SOCK_STREAM)
        self.stack.enter_context(contextlib.closing(self.listener))
        self.stack.enter_context(hurry())
        self._seen: list[tuple[int, Segment]] = []

    def close(self) -> None:
        self.stack.close()

    def listen(self, algorithm: str) -> None:
        self.listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, algorithm.encode())
        self.listener.bind((HOST, PORT))
        self.listener.listen(1)
        self.start = time.monotonic_ns()

    def accept(self) -> None:
        self.sock, _ = self.listener.accept()
        self.stack.enter_context(contextlib.closing(self.sock))

    def write(self, size: int) -> None:
        assert self.sock.send(bytes(size), socket.MSG_DONTWAIT) == size, "too much at once"

    def arrive(self, segment: Segment) -> None:
        self.tun.write(codec.encode(segment))

    @property
    def now(self) -> int:
        return (time.monotonic_ns() - self.start) // 1000

    def sent(self) -> list[tuple[int, Segment]]:
        self._read()
        found, self._seen = self._seen, []
        return found

    def _read(self) -> None:
        while (packet := self.tun.read()) is not None:
            if packet[0] >> 4 == 4 and packet[9] == 6:
                self._seen.append((self.now, codec.decode(packet)))

    def pass_to(self, when: int) -> None:
        while (left := when - self.now) > 0:
            select.select([self.tun], [], [], left / SECOND)
            self._read()

    def info(self) -> dict[str, int]:
        raw = self.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, tcp_info.SIZE)
        found = tcp_info.parse(raw)
        return {name.removeprefix("tcpi_"): value for name, value in found.items()}


@contextlib.contextmanager
def hurry() -> Iterator[None]:
    """Before all other processes: a peer that stumbles would not be the peer that is meant."""
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))
    try:
        yield
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def on_engine(pattern: Pattern, algorithm: str) -> list[Line]:
    """What the engine makes of a pattern."""
    return EngineSide(pattern).play(pattern, algorithm)


def on_kernel(pattern: Pattern, algorithm: str) -> list[Line]:
    """What the kernel makes of it."""
    with contextlib.closing(KernelSide(pattern)) as side:
        return side.play(pattern, algorithm)


def differences(ours: list[Line], theirs: list[Line], late: int) -> list[str]:
    """The first line that is another one, or that comes at another time, with those before it.

    A kernel's timers are late by up to an eighth of what they wait, and by `late` us.
    """
    shown: list[Any] = []
    for place in range(max(len(ours), len(theirs))):
        our = ours[place] if place < len(ours) else None
        its = theirs[place] if place < len(theirs) else None
        if our is not None and its is not None and our.text == its.text:
            before = max((line.at for line in ours[:place]), default=0)
            slack = late + max(our.at - before, 0) // 8
            if -late <= its.at - our.at <= slack:
                shown.append(f"   {our.at / SECOND:8.4f} {our.text}")
                continue
        shown.append(f" E {our.at / SECOND:8.4f} {our.text}" if our else " E nothing")
        shown.append(f" K {its.at / SECOND:8.4f} {its.text}" if its else " K nothing")
        return shown[-24:]
    return []


def whole(ours: list[Line], theirs: list[Line]) -> str:
    """Both, side by side, to look at."""
    count = max(len(ours), len(theirs))
    pad = [Line(0, "")] * count
    pairs = zip((ours + pad)[:count], (theirs + pad)[:count], strict=True)
    return "\n".join(
        f"{' ' if our.text == its.text else '!'} {our.at / SECOND:8.4f} {our.text:40} "
        f"{its.at / SECOND:8.4f} {its.text if our.text != its.text else ''}"
        for our, its in pairs
    )
