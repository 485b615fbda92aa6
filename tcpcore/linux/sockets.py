"""The engine's application calls on real sockets: hosts, processes and blocking sockets.

Each application is a coroutine, as on the engine, but here it has a thread inside its host's
namespace and its calls really block: `await` never suspends.  `CallLog` keeps which call returned
when and with what.  Errors are the kernel's own `OSError`.
"""

from __future__ import annotations

import contextlib
import fcntl
import socket
import struct
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import TYPE_CHECKING, Any

from tcpcore.errors import UsageError, errno_name
from tcpcore.host import socket_options
from tcpcore.linux import outputs, tcp_info
from tcpcore.linux.machine import KernelMachine
from tcpcore.linux.namespace import read_counters, read_sysctls
from tcpcore.wire import codec
from tcpcore.wire.segment import Segment

if TYPE_CHECKING:
    from tcpcore.linux.world import KernelNetwork

Application = Callable[["KernelHost"], Coroutine[Any, Any, None]]

_LONGEST_OPTION = 32
_SIOCATMARK = 0x8905
_CONGESTION_CONTROL = b"cubic"
_DIRECTIONS = {"read": socket.SHUT_RD, "write": socket.SHUT_WR, "both": socket.SHUT_RDWR}
_TCP_INFO_STATES = (
    "", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT_1", "FIN_WAIT_2", "TIME_WAIT", "CLOSED",
    "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING",
)  # fmt: skip


class RunOver(BaseException):
    """Thrown into an application whose call was still waiting when the run ended."""


class KernelHost(KernelMachine):
    """A host of the recorded network: a namespace, an address, applications."""

    def __init__(
        self, network: KernelNetwork, index: int, name: str, address: str, sysctls: dict[str, Any]
    ) -> None:
        self.network = network
        self.index = index
        self.address = address
        super().__init__(f"{network.seed}:host:{index}:firewall", name, sysctls)
        self.namespace = self.boot()

    def socket(self) -> KernelSocket:
        """A new TCP socket; for the host's own applications, in whose thread it is made.

        It uses Linux's own default congestion control, whatever this machine's administrator chose:
        another one may pace, and send at other times.
        """
        real = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        with contextlib.suppress(OSError):  # some machines allow only what they list
            real.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, _CONGESTION_CONTROL)
        return KernelSocket(self, real)

    async def sleep(self, duration: int) -> None:
        """Wait so many microseconds."""
        with self.network.waiting("sleep"):
            self.network.over.wait(duration / 1_000_000)

    async def pause(self) -> None:
        """Wait for ever (`pause(2)`)."""
        with self.network.waiting("pause"):
            self.network.over.wait()

    async def look(self, command: str) -> str:
        """`sh` whose output stays in the recording; see `outputs`."""
        text = outputs.printed_by(self, command)
        self.network.outputs.append((self.network.now(), self.index, command, text))
        return text

    def inject(self, segment: Segment) -> None:
        """Send a segment that no socket made; its source may be anybody's."""
        self.network.inject(self, codec.encode(segment))

    @property
    def now(self) -> int:
        """Microseconds since the start of the run."""
        return self.network.now()

    def spawn(self, application: Application, name: str = "") -> KernelProcess:
        """Have `application(host)` run on this host from the start of the run on."""
        process = KernelProcess(self, application, name or application.__name__)
        self.network.processes.append(process)
        if self.network.running:
            process.start()
        return process

    @property
    def processes(self) -> list[KernelProcess]:
        """Those of this host."""
        return [process for process in self.network.processes if process.host is self]

    def fork(self, application: Application, name: str = "") -> KernelProcess:
        """The running application starts a child that holds all its sockets, too."""
        running = self.network.current.process
        if running is None:
            raise UsageError(f"fork() is for a running process of {self.name}.")
        return running.fork(application, name)

    def read_counters(self) -> dict[str, int]:
        """The counters of TCP that are not zero, by the names of `nstat`."""
        return self.namespace.call(read_counters)

    def read_sysctls(self) -> dict[str, int | str]:
        """The host's sysctls as its kernel has them, and the congestion control of its sockets."""
        found = self.namespace.call(read_sysctls)
        with (
            socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe,
            contextlib.suppress(OSError),
        ):
            probe.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, _CONGESTION_CONTROL)
            found["tcp_congestion_control"] = _CONGESTION_CONTROL.decode()
        return found


class KernelProcess:
    """One application in its thread; `error` is the `OSError` that ended it, if one did."""

    def __init__(self, host: KernelHost, application: Application, name: str) -> None:
        self.host = host
        self.application = application
        self.waiting: str | None = None
        self.error: OSError | None = None
        self.bug: BaseException | None = None
        self.finished = False
        self.killed = False
        self.parked = threading.Event()
        self.sockets: list[KernelSocket] = []
        self.thread = threading.Thread(target=self._run, name=f"{host.name} {name}", daemon=True)

    def start(self) -> None:
        """Start it and return as soon as it first waits: applications start in order."""
        self.thread.start()
        self.parked.wait()

    def fork(self, application: Application, name: str = "") -> KernelProcess:
        """Start a child that holds all our sockets, too: the kernel duplicates the descriptors."""
        child = KernelProcess(self.host, application, name or application.__name__)
        for shared in self.sockets:
            if self in shared.holders:
                shared.share(child)
        self.host.network.processes.append(child)
        child.start()
        return child

    def kill(self) -> None:
        """End the application and close its sockets, as ``kill -9`` does."""
        if self.finished:
            return
        self.killed = True
        for held in list(self.sockets):
            held.close_at_exit(self, wake=self.waiting not in (None, "sleep", "pause"))
        self.finished = True

    def vanish(self) -> None:
        """The host lost its power: the application stops, and nobody closes anything."""
        self.killed = self.finished = True

    def _run(self) -> None:
        self.host.network.current.process = self
        try:
            self.host.namespace.enter()
            try:
                self._drive(self.application(self.host))
            except OSError as error:
                self.error = error
            for left_open in self.sockets:
                left_open.close_at_exit(self)
        except RunOver:
            pass
        except BaseException as bug:  # noqa: BLE001 - handed to whoever called run()
            self.bug = bug
        finally:
            self.finished = True
            self.parked.set()

    def _drive(self, coroutine: Coroutine[Any, Any, None]) -> None:
        try:
            coroutine.send(None)
        except StopIteration:
            return
        coroutine.close()
        raise UsageError(f"the application on {self.host.name} awaited something not of its host.")


class KernelSocket:
    """A blocking TCP socket with the engine's calls (`send` sends everything).

    Each process that holds it has a descriptor of its own, so that the kernel counts them.
    """

    def __init__(self, host: KernelHost, real: socket.socket) -> None:
        self.host = host
        self._first = real
        self._descriptors: dict[KernelProcess | None, socket.socket] = {}
        self._hold(host.network.current.process, real)

    def _hold(self, process: KernelProcess | None, descriptor: socket.socket) -> None:
        self._descriptors[process] = descriptor
        self.host.network.track(descriptor)
        if process:
            process.sockets.append(self)

    @property
    def real(self) -> socket.socket:
        """The descriptor of the process that asks; after its close() a closed one (EBADF)."""
        return self._descriptors.get(self.host.network.current.process, self._first)

    @property
    def holders(self) -> list[KernelProcess | None]:
        """The processes whose descriptor is open."""
        return [process for process, one in self._descriptors.items() if one.fileno() >= 0]

    def share(self, process: KernelProcess) -> KernelSocket:
        """Let another process hold the socket, too."""
        self._hold(process, self.real.dup())
        return self

    def bind(self, port: int, address: str = "0.0.0.0") -> KernelSocket:
        """Take a local port (`bind(2)`); of these calls only a failure is logged."""
        network = self.host.network
        try:
            self.real.bind((address, port))
        except OSError as error:
            now = network.now()
            network.log_call(self.host.index, "bind", errno_name(error.errno), now)
            raise
        return self

    def listen(self, backlog: int = 128) -> KernelSocket:
        """Become a listener (`listen(2)`)."""
        self.real.listen(backlog)
        return self

    def setsockopt(self, name: str, value: int | bytes | tuple[int, int]) -> KernelSocket:
        """Set an option by its Linux name (`setsockopt(2)`)."""
        option = socket_options.find(name)
        if isinstance(value, tuple):
            value = struct.pack(option.form, *value)
        self.real.setsockopt(option.level, option.number, value)
        return self

    def getsockopt(self, name: str) -> int | bytes | tuple[int, ...]:
        """The value of an option (`getsockopt(2)`)."""
        option = socket_options.find(name)
        if option.form != "i":
            size = struct.calcsize(option.form)
            return struct.unpack(
                option.form, self.real.getsockopt(option.level, option.number, size)
            )
        if isinstance(option.default, bytes):
            return self.real.getsockopt(option.level, option.number, _LONGEST_OPTION)
        return self.real.getsockopt(option.level, option.number)

    @property
    def blocking(self) -> bool:
        """Whether calls wait (O_NONBLOCK is off)."""
        return self.real.getblocking()

    @blocking.setter
    def blocking(self, on: bool) -> None:
        self.real.setblocking(on)

    async def accept(self) -> KernelSocket:
        """The next established connection of this listener."""
        with self._call("accept"):
            connection, _ = self.real.accept()
        return KernelSocket(self.host, connection)

    async def connect(self, address: str, port: int, timeout: int | None = None) -> None:
        """Open a connection.  ECONNREFUSED, ETIMEDOUT ...; `TimeoutError` after `timeout` us."""
        with self._call("connect"):
            self.real.settimeout(None if timeout is None else timeout / 1_000_000)
            try:
                self.real.connect((address, port))
            finally:
                self.real.settimeout(None)

    async def send(self, data: bytes, flags: int = 0) -> int:
        """Hand over all of `data`; waits while the send buffer is full."""
        with self._call("send") as done:
            self.real.sendall(data, flags)
            done(len(data))
        return len(data)

    async def sendto(self, data: bytes, address: str, port: int) -> None:
        """Open a connection and send `data` with it (`sendto(2)` with MSG_FASTOPEN)."""
        with self._call("sendto") as done:
            done(self.real.sendto(data, socket.MSG_FASTOPEN, (address, port)))

    async def recv(self, size: int, flags: int = 0) -> bytes:
        """Up to `size` bytes, as soon as there are any; ``b""`` at the end of the stream."""
        with self._call("recv") as done:
            data = self.real.recv(size, flags)
            done(len(data))
        return data

    def at_mark(self) -> bool:
        """Whether the next byte to read is the urgent one, or its place (`sockatmark(3)`)."""
        answer = fcntl.ioctl(self.real, _SIOCATMARK, bytes(4))
        return bool(struct.unpack("i", answer)[0])

    def shutdown(self, how: str) -> None:
        """Close one direction or both: "read", "write" or "both" (`shutdown(2)`)."""
        if how not in _DIRECTIONS:
            raise ValueError(f"shutdown takes 'read', 'write' or 'both', not {how!r}")
        with self._call("shutdown"):
            self.real.shutdown(_DIRECTIONS[how])

    async def close(self) -> None:
        """Close the descriptor; the kernel takes leave by itself."""
        if self.real.fileno() >= 0:
            with self._call("close"):
                self.close_at_exit(self.host.network.current.process)

    def close_at_exit(self, process: KernelProcess | None, wake: bool = False) -> None:
        """Close the descriptor, as the kernel does for a process that ended.

        `wake` ends a call in which the process waits for the socket: the descriptor alone would
        keep it alive.  Whoever waits has nothing unread, so what goes out is the same.
        """
        descriptor = self._descriptors.get(process, self._first)
        self.host.network.forget(descriptor)
        if wake and self.holders == [process]:
            with contextlib.suppress(OSError):
                descriptor.shutdown(socket.SHUT_RDWR)
        descriptor.close()

    def info(self) -> dict[str, int | str]:
        """The kernel's `struct tcp_info`, by short names: the state by name, see `tcp_info`."""
        raw = self.real.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, tcp_info.SIZE)
        found = {name.removeprefix("tcpi_"): value for name, value in tcp_info.parse(raw).items()}
        return {**found, "state": _TCP_INFO_STATES[found["state"]]}

    @contextlib.contextmanager
    def _call(self, name: str) -> Iterator[Callable[[int], None]]:
        """Log one call: when it began and returned, its result, and how many bytes it moved."""
        network = self.host.network
        moved: list[int] = []
        began = network.now()
        try:
            with network.waiting(name):
                yield moved.append
        except OSError as error:
            timed_out = isinstance(error, TimeoutError) and error.errno is None
            result = "timed out" if timed_out else errno_name(error.errno)
            network.log_call(self.host.index, name, result, began)
            raise
        network.log_call(self.host.index, name, "ok", began, *moved)


def monotonic_us() -> int:
    """The real clock, in microseconds."""
    return time.monotonic_ns() // 1000
