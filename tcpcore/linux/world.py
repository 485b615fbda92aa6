"""`KernelNetwork`: the engine's `Network` calls, carried out by this machine's kernel.

Each host is a network namespace with a TUN device, and this process is the wire between the
devices: it reads a packet from one, keeps it for the link's delay, and writes it to the other, or
loses it as the link's rules say.  A run takes real time.  What is decided here is only what a wire
decides; everything that hosts do is the kernel's.
"""

from __future__ import annotations

import contextlib
import ctypes
import heapq
import os
import re
import select
import socket
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from tcpcore.errors import UsageError
from tcpcore.linux.cable import Captured, KernelLink
from tcpcore.linux.namespace import why_not
from tcpcore.linux.sockets import KernelHost, KernelProcess, RunOver, monotonic_us
from tcpcore.linux.tun import Tun
from tcpcore.units import SECOND

_STILL = 300_000
"""Silence, in µs, after which the kernel's timers are asked whether anything can still happen.

Longer than the longest delayed ACK (200 ms), the one timer that /proc/net/tcp does not show."""
_WAIT_SHARE = 0.997
_PR_SET_TIMERSLACK = 29
_PROTOCOL_ICMP, _PROTOCOL_TCP = 1, 6


class Recording:
    """What a run gave: segments, calls, and the moment the run stopped; times in µs.

    Time 0 is the first segment (the start of the run when there is none); `zero` is its time on
    the machine's monotonic clock, in µs.
    """

    def __init__(
        self,
        hosts: list[tuple[str, str]],
        segments: list[Captured],
        calls: list[dict[str, Any]],
        sysctls: list[dict[str, int | str]],
        counters: list[dict[str, int]],
        end: int,
        zero: int,
    ) -> None:
        self.hosts = hosts
        self.segments = segments
        self.calls = calls
        self.sysctls = sysctls
        self.counters = counters
        self.end = end
        self.zero = zero


class _Current(threading.local):
    process: KernelProcess | None = None


class KernelNetwork:
    """A network of real kernels; use it with `with`, or `close()` it.  It runs once.

    `seed` decides random losses.  Raises `UsageError` where this machine cannot do it.
    """

    def __init__(self, seed: int = 1, profile: str = "") -> None:
        obstacle = why_not()
        if obstacle:
            raise UsageError(obstacle)
        self.seed = seed
        self.profile = profile  # the kernel is what it is
        self.hosts: list[KernelHost] = []
        self.links: list[KernelLink] = []
        self.processes: list[KernelProcess] = []
        self.over = threading.Event()
        self.current = _Current()
        self._lost_numbers: set[int] = set()
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._calls: list[dict[str, Any]] = []
        self._segments: list[Captured] = []
        self._heap: list[tuple[int, int, Tun, bytes, Captured | None]] = []
        self._order = 0
        self._start = monotonic_us()
        self._last_event = 0
        self._injected: deque[tuple[bytes, KernelLink, KernelHost]] = deque()
        self._doorbell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    # ---- the calls that scenarios make -------------------------------------------------------

    def host(self, name: str, address: str, **sysctls: Any) -> KernelHost:
        """A host with an IPv4 address; keywords are sysctls by short name."""
        if any(known.address == address or known.name == name for known in self.hosts):
            raise UsageError(f"Two hosts cannot share a name or an address: {name}, {address}.")
        if not re.fullmatch(r"\d+(\.\d+){3}", address):
            raise UsageError(f"A recorded host has an IPv4 address, not {address!r}.")
        host = KernelHost(self, len(self.hosts), name, address, sysctls)
        self.hosts.append(host)
        return host

    def link(
        self,
        first: KernelHost,
        second: KernelHost,
        *,
        delay: int = 0,
        rate: int | None = None,
        loss: float = 0.0,
        queue: int = 1000,
    ) -> KernelLink:
        """Join two hosts; `delay` one way in µs, `rate` in bit/s or None, `loss` from 0 to 1."""
        number = len(self.links)
        seed = f"{self.seed}:link:{number}"
        link = KernelLink((first, second), delay, rate, loss, queue, seed)
        self.links.append(link)
        for host in (first, second):
            peer = link.other(host).address
            link.tuns[host.index] = Tun(host.namespace, host.address, peer, f"tun{number}")
        return link

    def drop_segments(self, numbers: Iterable[int]) -> None:
        """Lose these segments, counted from 0 in the order in which the wire reads them."""
        self._lost_numbers.update(numbers)

    def run(self, until: int = 3600 * SECOND) -> Recording:
        """Let it happen, for `until` µs of real time at most, or until nothing more can."""
        sysctls = [host.read_sysctls() for host in self.hosts]
        try:
            with _promptly():
                self._start = monotonic_us()
                for process in self.processes:
                    process.start()
                self._carry(until)
            counters = [host.read_counters() for host in self.hosts]
        finally:
            end = self.now()
            self.close()
        for process in self.processes:
            if process.bug:
                raise process.bug
        return self._recording(sysctls, counters, end)

    # ---- for the sockets ---------------------------------------------------------------------

    def now(self) -> int:
        """Microseconds since the start of the run."""
        return monotonic_us() - self._start

    @contextlib.contextmanager
    def waiting(self, name: str) -> Iterator[None]:
        """Mark the calling application as waiting in the call `name`."""
        process = self.current.process
        if process:
            process.waiting = name
            process.parked.set()
        try:
            yield
        finally:
            if process:
                process.waiting = None
            if self.over.is_set():
                raise RunOver

    def track(self, real: socket.socket) -> None:
        """Remember a socket that the end of the run must wake and close."""
        with self._lock:
            self._sockets.add(real)
        if self.over.is_set():
            raise RunOver

    def forget(self, real: socket.socket) -> None:
        """The application closes this socket itself."""
        with self._lock:
            self._sockets.discard(real)

    def log_call(
        self, host: int, name: str, result: str, began: int, moved: int | None = None
    ) -> None:
        """Note that a call returned now: ``ok`` or an errno's name, and how many bytes it moved."""
        call = {"host": host, "t": self.now(), "call": name, "result": result, "began": began}
        if moved is not None:
            call["bytes"] = moved
        with self._lock:
            self._calls.append(call)

    def inject(self, host: KernelHost, destination: str, packet: bytes) -> None:
        """Put a packet on the host's cable toward `destination` as if the host had sent it."""
        cables = [link for link in self.links if host in link.ends]
        cables.sort(key=lambda link: link.other(host).address != destination)
        self._injected.append((packet, cables[0], host))
        os.eventfd_write(self._doorbell, 1)

    # ---- the wire ----------------------------------------------------------------------------

    def _carry(self, until: int) -> None:
        """Move packets until time is up or nothing more can happen."""
        ends = {link.tuns[host.index]: (link, host) for link in self.links for host in link.ends}
        poller = {tun.fileno(): tun for tun in ends}
        look_again = _STILL
        while (now := self.now()) < until:
            if now >= look_again:
                if self._nothing_left(now):
                    return
                look_again = now + _STILL // 3
            wake = min(until, look_again, self._heap[0][0] if self._heap else until)
            # The kernel may end a wait 0.1 % late: wait a little less, and then for the rest.
            pause = max(0, wake - self.now()) * _WAIT_SHARE
            ready, _, _ = select.select((*poller, self._doorbell), (), (), pause / 1_000_000)
            if self._doorbell in ready:
                ready.remove(self._doorbell)
                self._take_injected()
            for fd in ready:
                tun = poller[fd]
                while packet := tun.read():
                    self._leaves(packet, *ends[tun])
            self._deliver()

    def _take_injected(self) -> None:
        os.eventfd_read(self._doorbell)
        while self._injected:
            self._leaves(*self._injected.popleft())

    def _leaves(self, packet: bytes, link: KernelLink, sender: KernelHost) -> None:
        """A packet has left a host: lose it or send it on its way."""
        if packet[0] >> 4 != 4 or packet[9] not in (_PROTOCOL_TCP, _PROTOCOL_ICMP):
            return  # a host's own housekeeping (IGMP ...) that no scenario is about
        now = self._last_event = self.now()
        way = link.away_from(sender)
        captured = None
        lost = False
        if packet[9] == _PROTOCOL_TCP:
            lost = len(self._segments) in self._lost_numbers
            captured = Captured(sender.index, way.to.index, now, packet)
            self._segments.append(captured)
        if lost or way.loses(now):
            if captured:
                captured.fate = "lost"
            return
        self._order += 1
        arrival, tun = way.arrival(len(packet), now), link.tuns[way.to.index]
        heapq.heappush(self._heap, (arrival, self._order, tun, packet, captured))

    def _deliver(self) -> None:
        """Hand over every packet that is due."""
        while self._heap and self._heap[0][0] <= self.now():
            _, _, tun, packet, captured = heapq.heappop(self._heap)
            tun.write(packet)
            self._last_event = self.now()
            if captured:
                captured.arrived = self._last_event
                captured.fate = "delivered"

    def _nothing_left(self, now: int) -> bool:
        """No packet on the way, no application at work, no timer that could send anything."""
        if self._heap or now - self._last_event < _STILL:
            return False
        for process in self.processes:
            if not process.finished and process.waiting in (None, "sleep"):
                return False
        return not any(host.namespace.call(_timers_pending) for host in self.hosts)

    # ---- the end -----------------------------------------------------------------------------

    def close(self) -> None:
        """Wake what still waits, and let go of sockets, devices and namespaces."""
        self.over.set()
        with self._lock:
            sockets = list(self._sockets)
        for real in sockets:
            with contextlib.suppress(OSError):
                real.shutdown(socket.SHUT_RDWR)
        for process in self.processes:
            if process.thread.ident is not None:
                process.thread.join(timeout=5)
        with self._lock:
            sockets = list(self._sockets)
        for real in sockets:
            real.close()
        for link in self.links:
            for tun in link.tuns.values():
                tun.close()
        for host in self.hosts:
            host.namespace.close()
        if self._doorbell >= 0:
            os.close(self._doorbell)
            self._doorbell = -1

    def __enter__(self) -> KernelNetwork:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _recording(
        self, sysctls: list[dict[str, int | str]], counters: list[dict[str, int]], end: int
    ) -> Recording:
        zero = self._segments[0].sent if self._segments else 0
        for captured in self._segments:
            captured.sent -= zero
            if captured.arrived is not None:
                captured.arrived -= zero
        for call in self._calls:
            call["t"] -= zero
            call["began"] -= zero
        names = [(host.name, host.address) for host in self.hosts]
        return Recording(
            names,
            self._segments,
            self._calls,
            sysctls,
            counters,
            end - zero,
            self._start + zero,
        )


def _timers_pending() -> bool:
    """Whether a socket of the calling thread's namespace has a timer that may send (proc(5)).

    In /proc/net/tcp the sixth field starts with the timer: 1 retransmission (or a half-open
    request), 2 keepalive, 4 zero-window probe; 3, TIME_WAIT's, sends nothing.
    """
    with open("/proc/thread-self/net/tcp", encoding="ascii") as table:
        next(table)
        return any(line.split()[5][:2] in ("01", "02", "04") for line in table)


@contextlib.contextmanager
def _promptly() -> Iterator[None]:
    """The calling thread, and those that it starts, go first on a busy machine; waits end exactly.

    Real-time scheduling needs a right that root may lack in a container: then without it.  Timers
    end within a microsecond or so instead of the usual 50.
    """
    before, parameter = os.sched_getscheduler(0), os.sched_getparam(0)
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_TIMERSLACK, 1, 0, 0, 0)
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, before, parameter)
        libc.prctl(_PR_SET_TIMERSLACK, 0, 0, 0, 0)  # 0: back to the thread's default
