"""`KernelNetwork`: the engine's `Network` calls, carried out by this machine's kernel.

Each host is a network namespace with a TUN device, and this process is the wire between the
devices: it reads a packet from one, keeps it for the link's delay, and writes it to the other, or
loses it as the link's rules say.  A run takes real time.  What is decided here is only what a wire
decides; everything that hosts do is the kernel's.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import select
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tcpcore.errors import UsageError
from tcpcore.linux.cable import Captured, KernelWires
from tcpcore.linux.namespace import why_not
from tcpcore.linux.sockets import KernelHost, KernelProcess, RunOver, monotonic_us
from tcpcore.net.link import Link
from tcpcore.net.router import Router
from tcpcore.units import SECOND
from tcpcore.wire import codec
from tcpcore.wire.segment import Segment

_STILL = 300_000
"""Silence, in µs, after which the kernel's timers are asked whether anything can still happen.

Longer than the longest delayed ACK (200 ms), the one timer that /proc/net/tcp does not show."""
_WAIT_SHARE = 0.997
_PR_SET_TIMERSLACK = 29


class Recording:
    """What a run gave: segments, calls, and the moment the run stopped; times in µs.

    Time 0 is the first segment (the start of the run when there is none); `zero` is its time on
    the machine's monotonic clock, in µs.  `outputs` are (time, host, command, text) of programs,
    `errors` (host, time, packet) of ICMP errors that arrived.
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
        outputs: list[tuple[int, int, str, str]],
        errors: list[tuple[int, int, bytes]],
    ) -> None:
        self.hosts = hosts
        self.segments = segments
        self.calls = calls
        self.sysctls = sysctls
        self.counters = counters
        self.end = end
        self.zero = zero
        self.outputs = outputs
        self.errors = errors


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
        self.processes: list[KernelProcess] = []
        self.over = threading.Event()
        self.current = _Current()
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._calls: list[dict[str, Any]] = []
        self.outputs: list[tuple[int, int, str, str]] = []
        self.running = False
        self.thread = threading.current_thread()
        self.wires = KernelWires(self, seed)
        self._start = monotonic_us()

    # ---- the calls that scenarios make -------------------------------------------------------

    def host(self, name: str, address: str, **sysctls: Any) -> KernelHost:
        """A host with an IPv4 address; keywords are sysctls by short name."""
        if not re.fullmatch(r"\d+(\.\d+){3}", address):
            raise UsageError(f"A recorded host has an IPv4 address, not {address!r}.")
        host = KernelHost(self, len(self.hosts), name, address, sysctls)
        self.hosts.append(host)
        self.wires.add_node(host)
        return host

    def router(self, name: str, address: str) -> Router:
        """A router, as on the engine: it lives in this process, between the kernels."""
        return self.wires.router(name, address)

    def link(self, first: Any, second: Any, **options: Any) -> Link:
        """Join two nodes, as on the engine; see `net.wires.Wires.link`."""
        link = self.wires.link(first, second, **options)
        for host in (first, second):
            if isinstance(host, KernelHost):
                host.plug_in(len(self.wires.links), link)
        return link

    def drop_segments(self, numbers: Iterable[int]) -> None:
        """Lose these segments, counted from 0 in the order in which the wire reads them."""
        self.wires.drop_segments(numbers)

    def after(self, duration: int, action: Callable[[], Any]) -> None:
        """Do something to the world so many µs from now (from the start of the run)."""
        self.wires.after(duration, action)

    def last_segment(self, host: KernelHost) -> Segment:
        """The last segment that a host sent."""
        for captured in reversed(self.wires.segments):
            if captured.sender == host.index:
                return codec.decode(captured.packet)
        raise UsageError(f"{host.name} has sent no segment yet.")

    def run(self, until: int = 3600 * SECOND) -> Recording:
        """Let it happen, for `until` µs of real time at most, or until nothing more can."""
        sysctls = [host.read_sysctls() for host in self.hosts]
        for host in self.hosts:
            if not host.tuns:
                host.listen_to_itself()
        try:
            with _promptly():
                self.thread = threading.current_thread()
                self._start = monotonic_us()
                self.running = True
                for process in list(self.processes):
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
            if self.over.is_set() or (process and process.killed):
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

    def inject(self, host: KernelHost, packet: bytes) -> None:
        """Let a packet leave the host as if its kernel had sent it."""
        self.wires.at(self.now(), self.wires.inject, (packet, host))

    # ---- the wire ----------------------------------------------------------------------------

    def _carry(self, until: int) -> None:
        """Move packets until time is up or nothing more can happen."""
        wires = self.wires
        look_again = _STILL
        while (now := self.now()) < until:
            if now >= look_again:
                if self._nothing_left(now):
                    return
                look_again = now + _STILL // 3
            event = wires.next_event
            wake = min(until, look_again, until if event is None else event)
            # The kernel may end a wait 0.1 % late: wait a little less, and then for the rest.
            pause = max(0, wake - self.now()) * _WAIT_SHARE
            ends = {tun.fileno(): (tun, host) for host in self.hosts for tun in host.tuns.values()}
            own = {
                host.loopback.fileno(): (host.loopback, host)
                for host in self.hosts
                if host.loopback
            }
            ready, _, _ = select.select((*ends, *own, wires.doorbell), (), (), pause / 1_000_000)
            for fd in ready:
                if fd == wires.doorbell:
                    os.eventfd_read(wires.doorbell)
                    continue
                if fd in own:
                    loopback, host = own[fd]
                    while packet := loopback.read():
                        wires.loops(packet, host)
                    continue
                tun, host = ends[fd]
                while packet := tun.read():
                    wires.leaves(packet, host, tun.handed)
            wires.deliver_due()

    def _nothing_left(self, now: int) -> bool:
        """No packet on the way, no application at work, no timer that could send anything."""
        if self.wires.next_event is not None or now - self.wires.last_event < _STILL:
            return False
        for process in self.processes:
            if not process.finished and process.waiting in (None, "sleep"):
                return False
        return not any(host.namespace.call(_timers_pending) for host in self.hosts if host.powered)

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
        for host in self.hosts:
            host.discard()
        self.wires.close()

    def __enter__(self) -> KernelNetwork:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _recording(
        self, sysctls: list[dict[str, int | str]], counters: list[dict[str, int]], end: int
    ) -> Recording:
        segments = self.wires.segments
        zero = segments[0].sent if segments else 0
        for captured in segments:
            captured.sent -= zero
            if captured.arrived is not None:
                captured.arrived -= zero
        for call in self._calls:
            call["t"] -= zero
            call["began"] -= zero
        names = [(host.name, host.address) for host in self.hosts]
        return Recording(
            names,
            segments,
            self._calls,
            sysctls,
            counters,
            end - zero,
            self._start + zero,
            [(time - zero, host, command, text) for time, host, command, text in self.outputs],
            [(host, time - zero, packet) for host, time, packet in self.wires.errors],
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
