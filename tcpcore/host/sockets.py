"""BSD sockets for applications on a virtual host; blocking calls are awaited.

    listener = host.socket().bind(80).listen(backlog=2)
    connection = await listener.accept()
    data = await connection.recv(4096)          # b"" at the end of the peer's data
    await connection.send(b"hello")             # all of it
    await connection.close()

Errors are `OSError` with Linux's errno.  Times are microseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tcpcore import errors
from tcpcore.errors import socket_error
from tcpcore.host.listener import Listener
from tcpcore.host.process import Wait, WaitQueue, block
from tcpcore.tcp import state
from tcpcore.tcp.connection import Connection

if TYPE_CHECKING:
    from tcpcore.host.stack import Host

ANY_ADDRESS = "0.0.0.0"
_STILL_OPENING = (state.SYN_SENT, state.SYN_RECV)


class Socket:
    """One TCP socket, held by the process that made or accepted it."""

    __slots__ = ("address", "closed", "connection", "host", "listener", "port", "waiters")

    def __init__(self, host: Host, connection: Connection | None = None) -> None:
        self.host = host
        self.connection = connection
        self.listener: Listener | None = None
        self.address = ANY_ADDRESS
        self.port = 0
        self.closed = False
        self.waiters = WaitQueue()
        if connection is not None:
            self.address, self.port = connection.local, connection.local_port
            host.watch(connection, self.waiters)

    # --- calls that do not block -----------------------------------------------------------------

    def bind(self, port: int, address: str = ANY_ADDRESS) -> Socket:
        """Take a local port; EADDRINUSE when a listener has it."""
        if address not in (ANY_ADDRESS, self.host.address):
            raise socket_error(errors.EADDRNOTAVAIL)
        if port in self.host.listeners:
            raise socket_error(errors.EADDRINUSE)
        self.port, self.address = port, address
        return self

    def listen(self, backlog: int = 128) -> Socket:
        """Wait for connections: at most `backlog` + 1 of them not yet accepted."""
        if self.connection is not None:
            raise socket_error(errors.EINVAL)
        self.port = self.port or self.host.free_port()
        self.listener = self.host.start_listening(self.address, self.port, backlog)
        return self

    def shutdown(self, how: str) -> None:
        """Close a direction: "write" sends FIN, "read" only tells this end, "both" does both."""
        if how not in ("read", "write", "both"):
            raise ValueError(f"shutdown takes 'read', 'write' or 'both', not {how!r}")
        c = self._connected()
        self.host.call(f"shutdown({how})")
        if how != "read":
            self.host.transmit(c, c.shut_down_sending(self.host.now))
        self.host.returned("shutdown", "ok")

    # --- calls that may block --------------------------------------------------------------------

    async def connect(self, address: str, port: int, timeout: int | None = None) -> None:
        """Open a connection.  ECONNREFUSED, ETIMEDOUT ...; `TimeoutError` after `timeout`."""
        host = self.host
        if self.connection is not None:
            raise socket_error(errors.EISCONN)
        host.call(f"connect({address}:{port})")
        self.port = self.port or host.free_port()
        self.connection = c = host.open_connection(self.port, address, port)
        host.watch(c, self.waiters)
        deadline = None if timeout is None else host.now + timeout
        host.transmit(c, c.open_active(host.now))
        while c.state in _STILL_OPENING:
            if deadline is not None and host.now >= deadline:
                host.returned("connect", "timed out")
                raise TimeoutError(f"connect() took longer than {timeout} us")
            await block(Wait(self.waiters, deadline))
        self._report("connect", c.error)

    async def accept(self) -> Socket:
        """The next open connection from the accept queue."""
        listener = self.listener
        if listener is None:
            raise socket_error(errors.EINVAL)
        while not listener.accept_queue:
            await block(Wait(listener.waiters))
        c = listener.accept_queue.popleft()
        self.host.returned("accept", "ok", f"accept() returned {c.remote}:{c.remote_port}")
        return self.host.own(Socket(self.host, c))

    async def send(self, data: bytes) -> int:
        """Send all of `data`: it is queued, and goes out as the windows allow; its length."""
        c = self._connected()
        self.host.call(f"send({len(data)} bytes)")
        try:
            out = c.send(data, self.host.now)
        except OSError as error:
            self.host.returned("send", errors.errno_name(error.errno))
            raise
        self.host.transmit(c, out)
        self.host.returned("send", "ok")
        return len(data)

    async def recv(self, most: int) -> bytes:
        """Up to `most` bytes as soon as there are any; ``b""`` after the peer's FIN."""
        c = self._connected()
        while not c.receive_buffer:
            if c.error is not None:
                self._report("recv", c.error)
            if c.rcv_closed or c.state == state.CLOSED:
                self.host.returned("recv", "ok", "recv() returned end of file")
                return b""
            await block(Wait(self.waiters))
        data, out = c.receive(most, self.host.now)
        self.host.returned("recv", "ok", f"recv() returned {len(data)} bytes")
        self.host.transmit(c, out)
        return data

    async def close(self) -> None:
        """Let go of the socket: FIN, or RST when bytes were left unread."""
        if not self.closed:
            self.host.call("close()")
            self._close()
            self.host.returned("close", "ok")

    def close_at_exit(self) -> None:
        """The kernel closes the socket of a process that ended."""
        if not self.closed:
            self.host.call("exit: close()")
            self._close()

    # --- inside ----------------------------------------------------------------------------------

    def _close(self) -> None:
        self.closed = True
        if self.listener is not None:
            self.host.stop_listening(self.listener)
        c = self.connection
        if c is not None:
            self.host.transmit(c, c.close(self.host.now))

    def _connected(self) -> Connection:
        if self.closed:
            raise socket_error(errors.EBADF)
        if self.connection is None:
            raise socket_error(errors.ENOTCONN)
        return self.connection

    def _report(self, call: str, error: int | None) -> None:
        """Note what a call came to, and raise its error; an error is reported once."""
        if error is None:
            self.host.returned(call, "ok", f"{call}() returned")
            return
        name = errors.errno_name(error)
        self.host.returned(call, name, f"{call}() failed: {name}")
        assert self.connection is not None
        self.connection.raise_error()
