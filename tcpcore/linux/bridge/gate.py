"""The engine's network in real time, with this machine's kernel at the other end of one link.

The kernel's end is a node like any other: what the engine's link delivers to it is written to a
TUN device, and what the kernel sends through the device leaves from it.  So delay, rate, loss and
everything else that a link can do lies between the engine and the real programs.  Virtual time is
the machine's monotonic clock; when the engine is slower than the packets come, its time lags, and
the device's own queue fills, as a slow network card's would.
"""

from __future__ import annotations

import contextlib
import select
import time
from collections.abc import Callable, Sequence
from typing import Any

from tcpcore import trace as tracing
from tcpcore.host.firewall import Firewall
from tcpcore.linux.tun import Tun
from tcpcore.net.network import Network
from tcpcore.net.packet import Packet
from tcpcore.trace import Trace
from tcpcore.wire import address, codec, icmp
from tcpcore.wire.fragments import Reassembly
from tcpcore.wire.icmp import IcmpError
from tcpcore.wire.option_codec import WireError
from tcpcore.wire.segment import Segment

_BATCH = 128
"""Packets taken from the device before timers and processes get their turn."""
_PROTOCOL_TCP = 6
_IN_THE_TCP_HEADER = 26
"""A byte that the TCP checksum covers: one of the sequence number."""

Tap = Callable[[int, bytes], None]


def microseconds() -> int:
    """The machine's monotonic clock, in µs."""
    return time.monotonic_ns() // 1000


class BoundedTrace(Trace):
    """A trace that keeps the first `limit` segments and what belongs to them, and no more."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = limit

    @property
    def full(self) -> bool:
        """Whether later segments are left out."""
        return len(self.segments) >= self._limit

    def begin(
        self, time: int, host: int, kind: str, label: str, segment: int | None = None
    ) -> None:
        """Start a moment, unless the trace is full."""
        if not self.full:
            super().begin(time, host, kind, label, segment)
        else:
            self.close()

    def sent_together(
        self, segments: Sequence[Any], sender: int, receiver: int | None, now: int
    ) -> Sequence[int | None]:
        """Record as many as there is room for."""
        room = max(self._limit - len(self.segments), 0)
        kept = super().sent_together(segments[:room], sender, receiver, now) if room else ()
        return [*kept, *[None] * (len(segments) - len(kept))]

    def call_returned(
        self, time: int, host: int, call: str, result: str, moved: int | None = None
    ) -> None:
        """Record what a call came to, unless the trace is full."""
        if not self.full:
            super().call_returned(time, host, call, result, moved)


class Outside:
    """The kernel's end of the link: a node whose packets come from and go to a TUN device."""

    powered = True

    def __init__(self, name: str, address: str, index: int, tun: Tun) -> None:
        self.name = name
        self.address = address
        self.index = index
        self.firewall = Firewall(name, name)
        self._tun = tun
        self.taps: list[Tap] = []  # called with the time (µs) and each packet on the device

    def receive(self, segment: Segment, tag: Any = None) -> None:
        """A segment has reached the kernel."""
        self.write(codec.encode(segment))

    def receive_damaged(self, segment: Segment, tag: Any = None) -> None:
        """A segment whose checksum does not fit has reached the kernel."""
        raw = bytearray(codec.encode(segment))
        raw[_IN_THE_TCP_HEADER] ^= 0x04
        self.write(bytes(raw))

    def receive_icmp(self, error: IcmpError) -> None:
        """An ICMP error has reached the kernel."""
        self.write(icmp.encode_icmp(error))

    def write(self, packet: bytes) -> None:
        """Let a packet arrive at the kernel, which may have no room for it: then it is lost."""
        self._tell(packet)
        with contextlib.suppress(BlockingIOError):
            self._tun.write(packet)

    def read(self) -> bytes | None:
        """The next packet that the kernel sends; None: there is none now."""
        packet = self._tun.read()
        if packet is not None:
            self._tell(packet)
        return packet

    def fileno(self) -> int:
        """The device's descriptor, for `select`."""
        return self._tun.fileno()

    def _tell(self, packet: bytes) -> None:
        for tap in self.taps:
            tap(microseconds(), packet)


class RealTimeNetwork(Network):
    """A `Network` whose time is the clock; `outside` is a kernel behind `tun`.

    With `keep` the first `keep` segments are traced, else nothing is.  Malformed packets are
    counted in `malformed`, never raised: they come from outside.
    """

    outside: Outside

    def __init__(self, seed: int, profile: str, keep: int = 0) -> None:
        super().__init__(seed, profile, traced=False)
        if keep:
            self.trace = BoundedTrace(keep)
            self.trace.profile = profile
        self.malformed = 0
        self.packets = 0
        self._zero = microseconds()
        self._fragments = Reassembly()

    def open_outside(self, name: str, address: str, tun: Tun) -> Outside:
        """Add the kernel's end; once, and before any `host`."""
        self.outside = outside = Outside(name, address, 0, tun)
        self._six = ":" in address
        self.add_node(outside)
        self.hosts.append(outside)
        if self.trace is not None:
            self.trace.add_host(name, address, dict)
        return outside

    def serve(self, until: Callable[[], bool], pause: float = 0.05) -> None:
        """Carry packets until `until()` is true; it is asked at least every `pause` seconds."""
        self.turn(0)
        while not until():
            self.turn(pause)

    def turn(self, pause: float) -> None:
        """Do what is due, wait at most `pause` s for packets or timers, and take packets in."""
        self._advance()
        due = self.next_event
        wait = pause if due is None else min(pause, max(0.0, (due - self._clock()) / 1e6))
        readable, _, _ = select.select([self.outside], [], [], wait)
        if not readable:
            return
        self._advance()
        for _ in range(_BATCH):
            packet = self.outside.read()
            if packet is None:
                break
            self.packets += 1
            self.admit(packet)
        self._advance()

    def _clock(self) -> int:
        return microseconds() - self._zero

    def _advance(self) -> None:
        now = self._clock()
        self.advance(now)
        self.now = now

    def admit(self, raw: bytes) -> None:
        """The kernel has sent a packet: onto the link with it, if it is one for the engine.

        Fragments are put together first, as the engine's host would do it.
        """
        if len(raw) < (40 if self._six else 20) or raw[0] >> 4 != (6 if self._six else 4):
            return
        try:
            whole = self._fragments.take(raw, self._clock())
        except WireError:
            self.malformed += 1
            return
        if whole is not None:
            self._admit(whole)

    def _admit(self, raw: bytes) -> None:
        """A whole packet of the kernel's."""
        protocol = raw[6] if self._six else raw[9]
        if protocol in (icmp.PROTOCOL, icmp.PROTOCOL_6):
            self._icmp_leaves(raw)
        elif protocol == _PROTOCOL_TCP:
            try:
                whole = codec.checksums_ok(raw)
                segment = codec.decode(raw)
            except WireError:
                self.malformed += 1
                return
            if whole:
                self._begin(segment)
                self.transmit(self.outside, (segment,))
            else:
                self.malformed += 1

    def _icmp_leaves(self, raw: bytes) -> None:
        error = icmp.decode_any(raw)
        if error is not None:
            self._begin(error)
            self.transmit(self.outside, (error,))
            return
        answer = icmp.echo_reply(raw)
        pipe = self.route(self.outside, address.unpack(raw[24:40] if self._six else raw[16:20]))
        if answer is not None and pipe is not None:  # a ping: there and back over the link
            self.after(2 * pipe.delay, lambda: self.outside.write(answer))

    def originate(self, node: Any, packet: Packet, alone: bool = False) -> Any:
        """Record a packet as it leaves the node that made it, while there is room."""
        if isinstance(self.trace, BoundedTrace) and self.trace.full:
            return None
        return super().originate(node, packet, alone)

    def _begin(self, packet: Packet) -> None:
        if self.trace is not None:
            self.trace.begin(self.now, self.outside.index, tracing.CALL, "sends")
