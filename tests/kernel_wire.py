"""The scripts of `notation`, on this machine's kernel: a namespace, a TUN device, real time.

What a script says of the engine can so be asked of the kernel.  A kernel's timers are late: a
segment that is due may come up to an eighth of the wait and 15 ms later.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import select
import socket
import struct
import threading
import time
from collections.abc import Callable
from typing import Any

from tcpcore.errors import errno_name
from tcpcore.host import socket_options
from tcpcore.host.poll import SIOCATMARK
from tcpcore.linux import tcp_info
from tcpcore.linux.namespace import Namespace, write_sysctl
from tcpcore.linux.tun import Tun
from tcpcore.units import MILLISECOND, SECOND, format_seconds
from tcpcore.wire import codec
from tcpcore.wire.segment import Segment
from tests.application import ASKED, HOST, PEER, PEER_PORT, PORT, Call, Epoll, Sock
from tests.notation import Wire

PATIENCE = 4 * SECOND
"""Longer waits of a script are for the engine only."""
SETTLE = 4 * MILLISECOND
EARLY = 15 * MILLISECOND
"""Scripts are slow: what they call now was a little earlier for the kernel."""
STATES = {
    "01": "ESTABLISHED",
    "02": "SYN_SENT",
    "03": "SYN_RECV",
    "04": "FIN_WAIT_1",
    "05": "FIN_WAIT_2",
    "06": "TIME_WAIT",
    "07": "CLOSED",
    "08": "CLOSE_WAIT",
    "09": "LAST_ACK",
    "0A": "LISTEN",
    "0B": "CLOSING",
    "0C": "SYN_RECV",
}
SO_MEMINFO = 55
HOW = {"read": socket.SHUT_RD, "write": socket.SHUT_WR, "both": socket.SHUT_RDWR}


class KernelCall(Call):
    """A system call in a thread of its own."""

    def __init__(self, wire: KernelWire, name: str, function: Callable[[], Any]) -> None:
        super().__init__(wire, name)
        self._function = function
        self._thread = threading.Thread(target=self._go, daemon=True)
        self._thread.start()
        self._thread.join(0.01)

    def _go(self) -> None:
        try:
            self.result = self._function()
        except OSError as error:
            self.error = errno_name(error.errno)
        self.done = True

    def _outcome(self) -> str:
        return super()._outcome()

    def settle(self) -> None:
        self._thread.join(0.3)

    def returns(self, value: Any = None) -> None:
        self.settle()
        super().returns(value)

    def fails(self, name: str) -> None:
        self.settle()
        super().fails(name)


class KernelSock(Sock):
    """A socket of the kernel."""

    wire: KernelWire
    raw: Any

    def _call(self, name: str, function: Callable[[], Any]) -> Call:
        self.wire._touched = self.wire.now
        self.wire._settle = 300 * MILLISECOND  # a thread makes the call, when it gets to run
        return KernelCall(self.wire, name, function)

    @property
    def state(self) -> str:
        number = self.raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
        return STATES[f"{number:02X}"]

    def bind(self, port: int, address: str = HOST) -> None:
        self.raw.bind((address, port))

    def connect(self, address: str = PEER, port: int = PEER_PORT, **more: Any) -> Call:
        return self._call("connect", lambda: self.raw.connect((address, port)))

    def accept(self) -> Sock:
        call = KernelCall(self.wire, "accept", lambda: self.raw.accept()[0])
        call._thread.join(0.3)
        self.wire.fail_unless(call.done and not call.error, "accept() returns", call._outcome())
        self.wire.hold(call.result)
        return KernelSock(self.wire, call.result)

    def accepting(self) -> Call:
        return self._call("accept", lambda: self.raw.accept()[0])

    def _send(self, data: bytes, flags: int = 0) -> Call:
        return self._call("send", lambda: self.raw.send(data, flags))

    def reading(self, most: int = 1 << 20, flags: int = 0) -> Call:
        return self._call("recv", lambda: self.raw.recv(most, flags))

    def set(self, name: str, value: Any) -> None:
        option = socket_options.find(name)
        packed = struct.pack(option.form, *value) if isinstance(value, tuple) else value
        self.raw.setsockopt(option.level, option.number, packed)

    def get(self, name: str) -> Any:
        option = socket_options.find(name)
        if option.form == "i":
            return self.raw.getsockopt(option.level, option.number)
        size = struct.calcsize(option.form)
        return struct.unpack(option.form, self.raw.getsockopt(option.level, option.number, size))

    def never_block(self) -> None:
        self.raw.setblocking(False)

    def ready(self) -> int:
        poller = select.poll()
        poller.register(self.raw, ASKED)
        return dict(poller.poll(0)).get(self.raw.fileno(), 0)

    def info(self) -> dict[str, int]:
        raw = self.raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, tcp_info.SIZE)
        found = tcp_info.parse(raw)
        return {name.removeprefix("tcpi_"): value for name, value in found.items()}

    def memory(self) -> int:
        return struct.unpack("9I", self.raw.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, 36))[0]

    def polling(self, events: int, timeout: int) -> Call:
        def call() -> list[int]:
            poller = select.poll()
            poller.register(self.raw, events)
            return [dict(poller.poll(timeout)).get(self.raw.fileno(), 0)]

        return self._call("poll", call)

    def epoll(self, events: int) -> Epoll:
        return KernelEpoll(self, events)

    def ioctl(self, request: int) -> int:
        return struct.unpack("i", fcntl.ioctl(self.raw, request, bytes(4)))[0]

    def at_mark(self) -> bool:
        return bool(self.ioctl(SIOCATMARK))

    def shutdown(self, how: str = "write") -> Call:
        return self._call(f"shutdown({how})", lambda: self.raw.shutdown(HOW[how]))

    def disconnect(self) -> None:
        assert ctypes.CDLL(None).connect(self.raw.fileno(), bytes(16), 16) == 0

    def close(self) -> Call:
        return self._call("close", self.raw.close)


class KernelEpoll(Epoll):
    """An epoll of the kernel."""

    raw: Any

    def __init__(self, sock: KernelSock, events: int) -> None:
        self.sock = sock
        self.raw = select.epoll()
        self.raw.register(sock.raw, events)
        sock.wire.hold(self.raw)

    def change(self, events: int) -> None:
        self.raw.modify(self.sock.raw, events)

    def events(self) -> list[int]:
        return [events for _, events in self.raw.poll(0.005)]

    def error(self, what: str) -> str | None:
        change = {
            "add": self.raw.register,
            "delete": self.raw.unregister,
            "change": self.raw.modify,
        }
        arguments = [self.sock.raw] if what == "delete" else [self.sock.raw, select.EPOLLIN]
        try:
            change[what](*arguments)
        except OSError as error:
            return errno_name(error.errno)
        return None

    def waiting(self, timeout: int) -> Call:
        call = lambda: [(events, 7) for _, events in self.raw.poll(timeout / 1000)]  # noqa: E731
        return KernelCall(self.sock.wire, "epoll_wait", call)


class KernelWire(Wire):
    """See the module; `close()` it."""

    def __init__(self, **sysctls: Any) -> None:
        self.port = PORT
        self.story = []
        self.peers = {}
        self.peer = self.other(PEER_PORT)
        self.namespace = Namespace()
        for name, value in sysctls.items():
            self.namespace.call(write_sysctl, name, value)
        self.tun = Tun(self.namespace, HOST, PEER)
        self._start = time.monotonic_ns()
        self._desk: list[tuple[int, Segment]] = []
        self._due: tuple[int, int] | None = None  # when the next segment is due, after what wait
        self._touched = 0  # when the script last did something that the kernel noticed
        self._slack = EARLY
        self._settle = 20 * MILLISECOND
        self._sockets: list[Any] = []
        self._taken: set[tuple[int, int, int, int]] = set()

    def hold(self, raw: Any) -> None:
        """Keep a socket open until the end, though the script forgets it."""
        self._sockets.append(raw)

    def close(self) -> None:
        for one in self._sockets:
            one.close()
        self.tun.close()
        self.namespace.close()

    @property
    def now(self) -> int:
        return (time.monotonic_ns() - self._start) // 1000

    def socket(self, port: int | None = None) -> Sock:
        raw = self.namespace.call(socket.socket, socket.AF_INET, socket.SOCK_STREAM)
        with contextlib.suppress(OSError):  # a machine's own default may be another one
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"cubic")
        self.hold(raw)
        if port is not None:
            raw.bind(("0.0.0.0", port))
        return KernelSock(self, raw)

    def listen(self, backlog: int = 128, port: int = PORT) -> Sock:
        sock = self.listener = self.socket(port)
        sock.raw.listen(backlog)
        return sock

    def arrive(self, segment: Segment) -> None:
        if self._due is None:
            self._listen(0)  # what came meanwhile came before
        self._due = None
        self._touched = self.now
        self._settle = 20 * MILLISECOND  # the kernel answers before it lets go of the packet
        self.tun.write(codec.encode(segment))
        self._listen(2 * MILLISECOND)

    def _listen(self, duration: int, *, until_one: bool = False) -> None:
        """Take in what the kernel sends."""
        end = self.now + duration
        while True:
            left = end - self.now
            ready, _, _ = select.select([self.tun], [], [], max(left, 0) / SECOND)
            packet = self.tun.read() if ready else None
            if packet is not None:
                if packet[0] >> 4 == 4 and packet[9] == 6:
                    segment = codec.decode(packet)
                    if self._is_late_script(segment):
                        continue
                    self._desk.append((self.now, segment))
                    if until_one:
                        return
            elif left <= 0:
                return

    def _is_late_script(self, segment: Segment) -> bool:
        """On a busy machine the kernel's RTO may pass before the script's next step."""
        again = segment.length > 0 and _shape(segment) in self._taken
        return again and self._due is None and self.now - self._touched > 150 * MILLISECOND

    def after(self, duration: int) -> Wire:
        if duration > PATIENCE:
            raise AssertionError("too long to ask the running kernel: use Wire()")
        if duration > EARLY:
            self.nothing_unclaimed(f"{format_seconds(duration)} s pass")
        self._slack = EARLY + self.now - self._touched
        self._due = (self.now + duration, duration)
        self.tell(f"{format_seconds(duration)} s pass")
        return self

    def silent(self, duration: int) -> Wire:
        if duration > PATIENCE:
            raise AssertionError("too long to ask the running kernel: use Wire()")
        self._listen(duration)
        self.nothing_unclaimed(f"{format_seconds(duration)} s of silence")
        return self

    def forget(self) -> None:
        self._listen(MILLISECOND)
        self._desk.clear()

    def quiet(self) -> Wire:
        self._listen(SETTLE)
        self.nothing_unclaimed("nothing is sent")
        return self

    def take(self, port: int, step: str) -> Segment:
        allowed = self._settle
        if self._due is not None:
            due, wait = self._due
            allowed = due + wait // 8 + 15 * MILLISECOND - self.now
        deadline = self.now + allowed
        while True:
            for index, (at, segment) in enumerate(self._desk):
                if segment.dport == port:
                    del self._desk[index]
                    if self._due is not None:
                        early = self._due[0] - at
                        self.fail_unless(early < self._slack, step, f"{early} us early")
                        self._due = None
                        self._touched = at
                    self._taken.add(_shape(segment))
                    return segment
            if self.now >= deadline:
                self.fail_unless(False, step, "nothing was sent")
            self._listen(deadline - self.now, until_one=True)

    def nothing_unclaimed(self, step: str) -> None:
        if self._desk:
            at, segment = self._desk[0]
            peer = self.peers.get(segment.dport, self.peer)
            peer._learn(segment)
            shown = peer._relative(segment)
            self.fail_unless(False, step, f"sent at {format_seconds(at)} s: > {shown}")

    def state(self, port: int = PEER_PORT) -> str:
        rows = self.namespace.call(_proc_net_tcp)
        for row in rows.splitlines()[1:]:
            fields = row.split()
            if fields[1].endswith(f":{self.port:04X}") and fields[2].endswith(f":{port:04X}"):
                return STATES[fields[3]]
        return "CLOSED"

    def count(self, name: str) -> int:
        text = self.namespace.call(_counters)
        return text.get(name, 0)

    def _reasons(self) -> str:
        return "   (a real kernel)"


def _shape(segment: Segment) -> tuple[int, int, int, int]:
    return segment.dport, segment.flags, segment.seq, len(segment.payload)


def _proc_net_tcp() -> str:
    with open("/proc/thread-self/net/tcp") as file:
        return file.read()


def _counters() -> dict[str, int]:
    found = {}
    for path in ("/proc/thread-self/net/snmp", "/proc/thread-self/net/netstat"):
        with open(path) as file:
            lines = file.read().splitlines()
        for names, values in zip(lines[::2], lines[1::2], strict=True):
            area, *keys = names.split()
            for key, value in zip(keys, values.split()[1:], strict=True):
                found[area.rstrip(":") + key] = int(value)
    return found
