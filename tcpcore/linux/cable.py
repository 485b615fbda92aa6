"""The wires between recorded hosts: the engine's links, routers and firewalls on real packets.

What a wire, a router, a firewall or address translation decides is decided by `net.wires`, the
same code with the same seeds as on the engine.  Here its packets come from kernels and go to
kernels, and its time is the real clock.
"""

from __future__ import annotations

import heapq
import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tcpcore.net.packet import Packet
from tcpcore.net.wires import Wires
from tcpcore.why import Reason
from tcpcore.wire import codec, icmp
from tcpcore.wire.segment import Segment

if TYPE_CHECKING:
    from tcpcore.linux.sockets import KernelHost
    from tcpcore.linux.world import KernelNetwork

_PROTOCOL_ICMP, _PROTOCOL_TCP = 1, 6
_IN_THE_TCP_HEADER = 26
"""A byte that the TCP checksum covers: one of the sequence number."""


class Captured:
    """One TCP segment as the wire saw it: `sent` and `arrived` in µs, `fate` as in a trace.

    `handed` is what the sender's kernel gave to its device; None for the later pieces of that.
    """

    __slots__ = ("arrived", "fate", "handed", "packet", "receiver", "segment", "sender", "sent")

    def __init__(self, sender: int, receiver: int, sent: int, packet: bytes) -> None:
        self.sender = sender
        self.receiver = receiver
        self.sent = sent
        self.arrived: int | None = None
        self.fate = "in flight"
        self.packet = packet
        self.handed: bytes | None = packet
        self.segment: Segment | None = None


class KernelWires(Wires):
    """`net.wires` in real time; the network's thread calls `leaves` and `deliver_due`."""

    def __init__(self, network: KernelNetwork, seed: int) -> None:
        super().__init__()
        self.seed = seed
        self.segments: list[Captured] = []
        self.errors: list[tuple[int, int, bytes]] = []  # ICMP: host, arrival, packet
        self.last_event = 0
        self.doorbell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._network = network
        self._heap: list[tuple[int, int, Callable[[Any], None], Any]] = []
        self._order = 0
        self._lock = threading.Lock()

    @property
    def now(self) -> int:
        """Microseconds since the start of the run; 0 before it."""
        return self._network.now() if self._network.running else 0

    def close(self) -> None:
        """Let go of the doorbell."""
        if self.doorbell >= 0:
            os.close(self.doorbell)
            self.doorbell = -1

    # --- time ------------------------------------------------------------------------------------

    def at(self, time: int, function: Callable[[Any], None], argument: Any) -> None:
        """Call ``function(argument)`` at `time`, in the network's thread."""
        with self._lock:
            self._order += 1
            heapq.heappush(self._heap, (time, self._order, function, argument))
        if threading.current_thread() is not self._network.thread and self.doorbell >= 0:
            os.eventfd_write(self.doorbell, 1)

    @property
    def next_event(self) -> int | None:
        """When something is due, in µs; None: nothing is."""
        return self._heap[0][0] if self._heap else None

    def deliver_due(self) -> None:
        """Do everything that is due."""
        while self._heap and self._heap[0][0] <= self.now:
            with self._lock:
                _, _, function, argument = heapq.heappop(self._heap)
            function(argument)
            self.last_event = self.now

    # --- packets ---------------------------------------------------------------------------------

    def leaves(self, packet: bytes, host: KernelHost, handed: bytes | None) -> None:
        """A kernel has sent a packet: lose it or send it on its way."""
        if packet[0] >> 4 != 4 or not host.powered:
            return
        if packet[9] == _PROTOCOL_TCP:
            self.last_event = self.now
            segment = codec.decode(packet)
            captured = self._capture(host.index, segment, packet)
            captured.handed = handed
            self.send(host, segment, captured)
        elif packet[9] == _PROTOCOL_ICMP:
            error = icmp.decode_icmp(packet)
            if error is not None:  # else a host's own housekeeping that no scenario is about
                self.last_event = self.now
                self.send(host, error, None, counted=False)

    def loops(self, packet: bytes, host: KernelHost) -> None:
        """A kernel has sent a packet to its own host, and delivers it itself."""
        self.last_event = self.now
        captured = self._capture(host.index, codec.decode(packet), packet)
        captured.arrived, captured.fate = captured.sent, "delivered"

    def inject(self, argument: tuple[bytes, KernelHost]) -> None:
        """A packet that no kernel made leaves a host."""
        packet, host = argument
        self.leaves(packet, host, packet)

    def _capture(self, sender: int, segment: Segment, packet: bytes) -> Captured:
        receiver = self.receiver_of(segment)
        index = receiver.index if receiver is not None else -1
        if index < 0:  # nobody's address, or a router's: shown at the far end
            index = next((h.index for h in self._network.hosts if h.index != sender), sender)
        captured = Captured(sender, index, self.now, packet)
        captured.segment = segment
        self.segments.append(captured)
        return captured

    def originate(self, node: Any, packet: Packet, alone: bool = False) -> Any:
        """Record a segment that a router or a firewall made."""
        if not isinstance(packet, Segment):
            return None
        sender = node if node.index >= 0 else self.node_at(packet.src)
        if sender is None or sender.index < 0:
            receiver = self.receiver_of(packet)
            sender = next(host for host in self._network.hosts if host is not receiver)
        return self._capture(sender.index, packet, codec.encode(packet))

    def lose(self, tag: Any, reason: Reason) -> None:
        """Write down that the packet is lost."""
        if tag is not None and tag.arrived is None:
            tag.fate = "lost"

    def masked(self, tag: Any, packet: Packet) -> None:
        """Keep the packet as the world outside sees it (as `TracedSegment.public` does)."""
        if tag is not None and isinstance(packet, Segment):
            tag.packet = codec.encode(packet)

    def hand_over(self, host: Any, packet: Packet, tag: Any, corrupt: bool) -> None:
        """Let the packet arrive at its kernel."""
        if not isinstance(packet, Segment):
            raw = icmp.encode_icmp(packet)
            self.errors.append((host.index, self.now, raw))
        elif tag is not None and packet is tag.segment:
            raw = tag.packet
        else:  # a router has changed it
            raw = codec.encode(packet)
        if corrupt:
            raw = (
                raw[:_IN_THE_TCP_HEADER]
                + bytes([raw[_IN_THE_TCP_HEADER] ^ 0x04])
                + raw[_IN_THE_TCP_HEADER + 1 :]
            )
        host.tun_from(packet.src).write(raw)
        if tag is not None and tag.arrived is None:
            tag.arrived = self.now
            tag.fate = "delivered"
