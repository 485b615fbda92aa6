"""An application on the host of a `notation.Wire`: its sockets, and its calls that may block."""

from __future__ import annotations

import random
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

from tcpcore.errors import errno_name
from tcpcore.host import poll, tcp_info
from tcpcore.host.process import Process
from tcpcore.host.sockets import Socket
from tcpcore.tcp.connection import Connection

if TYPE_CHECKING:
    from tests.notation import Wire

HOST, PEER = "10.0.0.2", "10.0.0.1"
PORT, PEER_PORT = 8888, 40000
PEER_ISN = 0xFFFF_FC00
STREAM = random.Random(1).randbytes(1 << 18)
"""Byte n of either direction's data, by relative sequence number."""


ASKED = poll.POLLIN | poll.POLLPRI | poll.POLLOUT | poll.POLLRDHUP


class Call:
    """A system call that may block: look at `done`, `result`, `error`."""

    def __init__(self, wire: Wire, name: str) -> None:
        self.wire = wire
        self.name = name
        self.done = False
        self.result: Any = None
        self.error: str | None = None
        self.returned_at: int | None = None

    async def run(self, awaitable: Awaitable[Any], process: list[Process]) -> None:
        try:
            self.result = await awaitable
        except OSError as error:
            self.error = errno_name(error.errno)
        self.done = True
        self.returned_at = self.wire.now
        process[0].sockets.clear()  # the script goes on holding them
        self.wire.tell(self._outcome())

    def settle(self) -> None:
        """Give it the time that it needs when it does not block."""

    def blocks(self) -> None:
        """It has not returned."""
        self.wire.fail_unless(not self.done, f"{self.name}() still blocks", self._outcome())

    def returns(self, value: Any = None) -> None:
        """It has returned that."""
        as_expected = self.done and self.error is None and self.result == value
        self.wire.fail_unless(as_expected, f"{self.name}() = {value!r}", self._outcome())

    def fails(self, name: str) -> None:
        """It has failed with that errno."""
        as_expected = self.done and self.error == name
        self.wire.fail_unless(as_expected, f"{self.name}() fails: {name}", self._outcome())

    def _outcome(self) -> str:
        if not self.done:
            return "it blocks"
        result = self.result
        shown = f"{len(result)} bytes" if isinstance(result, bytes) else repr(result)
        return f"{self.name}() = {self.error or shown}"


class Sock:
    """A socket in the script's hands: every call starts now, and may go on as time does."""

    def __init__(self, wire: Wire, socket: Socket) -> None:
        self.wire = wire
        self.raw = socket
        self._written = 1
        self._read = 1

    @property
    def connection(self) -> Connection:
        assert self.raw.connection is not None
        return self.raw.connection

    @property
    def state(self) -> str:
        return self.connection.state

    def bind(self, port: int, address: str = HOST) -> None:
        self.raw.bind(port, address)

    def connect(self, address: str = PEER, port: int = PEER_PORT, **more: Any) -> Call:
        return self.wire.call("connect", self.raw.connect(address, port, **more))

    def accept(self) -> Sock:
        call = self.wire.call("accept", self.raw.accept())
        self.wire.fail_unless(call.done and not call.error, "accept() returns", call._outcome())
        return Sock(self.wire, call.result)

    def accepting(self) -> Call:
        return self.wire.call("accept", self.raw.accept())

    def write(self, size: int, flags: int = 0) -> Call:
        """Send the next `size` bytes of the stream."""
        data = STREAM[self._written : self._written + size]
        self._written += size
        return self._send(data, flags)

    def _send(self, data: bytes, flags: int = 0) -> Call:
        return self.wire.call(f"send({len(data)} bytes)", self.raw.send(data, flags))

    def read(self, expected: int, most: int = 1 << 20) -> None:
        """Read, and find the next `expected` bytes of the peer's stream (0: end of file)."""
        call = self.reading(most)
        call.settle()
        good = STREAM[self._read : self._read + expected]
        found = f"{len(call.result)} bytes" if call.done and not call.error else call._outcome()
        if call.result is not None and len(call.result) == expected and call.result != good:
            found = "other bytes"
        right = call.done and call.result == good
        self.wire.fail_unless(right, f"recv() gives {expected} bytes", found)
        self._read += expected

    def reading(self, most: int = 1 << 20, flags: int = 0) -> Call:
        return self.wire.call("recv", self.raw.recv(most, flags))

    @staticmethod
    def stream(first: int, end: int) -> bytes:
        """The peer's bytes from `first` to before `end`, as they are numbered."""
        return STREAM[first:end]

    def receives(self, first: int, end: int, *, most: int = 1 << 20, flags: int = 0) -> None:
        """A read returns the peer's bytes from `first` to before `end`."""
        self.reading(most, flags).returns(self.stream(first, end))

    def set(self, name: str, value: Any) -> None:
        self.raw.setsockopt(name, value)

    def get(self, name: str) -> Any:
        return self.raw.getsockopt(name)

    def never_block(self) -> None:
        self.raw.blocking = False

    def ready(self) -> int:
        """What poll() says at once, asked for all of `ASKED`."""
        return poll.mask(self.raw) & (ASKED | poll.POLLERR | poll.POLLHUP)

    def info(self) -> dict[str, int]:
        """TCP_INFO, by the fields' names without the kernel's prefix."""
        found = tcp_info.of(self.raw.connection, self.wire.now)
        if self.raw.listener is not None:
            found = tcp_info.of_listener(self.raw.listener)
        return {name.removeprefix("tcpi_"): value for name, value in found.items()}

    def memory(self) -> int:
        """What unread data takes of the receive buffer, as SO_MEMINFO counts it."""
        return self.connection.rmem

    def polling(self, events: int, timeout: int) -> Call:
        """poll() of this socket alone, for so many milliseconds."""
        asked = [(self.raw, events)]
        return self.wire.call("poll", poll.poll(self.wire.host, asked, timeout))

    def epoll(self, events: int) -> Epoll:
        return Epoll(self, events)

    def ioctl(self, request: int) -> int:
        return poll.ioctl(self.raw, request)

    def at_mark(self) -> bool:
        return bool(self.raw.at_mark())

    def shutdown(self, how: str = "write") -> Call:
        async def call() -> None:
            self.raw.shutdown(how)

        return self.wire.call(f"shutdown({how})", call())

    def disconnect(self) -> None:
        """connect() with AF_UNSPEC."""
        self.raw.disconnect()

    def close(self) -> Call:
        return self.wire.call("close", self.raw.close())


class Epoll:
    """An epoll that watches one socket, with 7 as its data."""

    def __init__(self, sock: Sock, events: int) -> None:
        self.sock = sock
        self.raw = poll.Epoll(sock.wire.host)
        self.raw.control(poll.EPOLL_CTL_ADD, sock.raw, events, 7)

    def change(self, events: int) -> None:
        self.raw.control(poll.EPOLL_CTL_MOD, self.sock.raw, events, 7)

    def events(self) -> list[int]:
        """What epoll_wait() finds at once."""
        call = self.sock.wire.call("epoll_wait", self.raw.wait(10, 0))
        return [events for events, data in call.result if data == 7]

    def error(self, what: str) -> str | None:
        """The errno with which adding, changing or deleting the socket fails; None: it works."""
        number = {"add": 1, "delete": 2, "change": 3}[what]
        try:
            self.raw.control(number, self.sock.raw, poll.POLLIN, 7)
        except OSError as error:
            return errno_name(error.errno)
        return None

    def waiting(self, timeout: int) -> Call:
        return self.sock.wire.call("epoll_wait", self.raw.wait(10, timeout))
