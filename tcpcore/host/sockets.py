"""BSD sockets for applications on a virtual host; blocking calls are awaited.

    listener = host.socket().bind(80).listen(backlog=2)
    connection = await listener.accept()
    data = await connection.recv(4096)          # b"" at the end of the peer's data
    await connection.send(b"hello")             # all of it
    await connection.close()

Errors are `OSError` with Linux's errno.  Times are microseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tcpcore import errors
from tcpcore.errors import socket_error
from tcpcore.host import ancillary, fastopen, notices, opening, ports, socket_options, transfer
from tcpcore.host.listener import Listener
from tcpcore.host.messages import MSG_ERRQUEUE, MSG_FASTOPEN, MSG_OOB, shown
from tcpcore.host.plain_options import AF_INET
from tcpcore.host.process import Process, Wait, WaitQueue
from tcpcore.tcp import state, urgent
from tcpcore.tcp.connection import Connection

if TYPE_CHECKING:
    from tcpcore.host.stack import Host

ANY_ADDRESS = "0.0.0.0"
_WAITING = frozenset(("SO_PEEK_OFF", "SO_RCVTIMEO", "SO_RCVLOWAT"))
"""Options that change how long recv() waits, or what it looks at."""
_CLOSING = (state.FIN_WAIT_1, state.CLOSING, state.LAST_ACK)


class Socket:
    """One TCP socket, held by the process that made or accepted it, and by those that share it."""

    __slots__ = (
        "address",
        "blocking",
        "closed",
        "congestion",
        "connecting",
        "connection",
        "deferred",
        "error",
        "family",
        "holders",
        "host",
        "listener",
        "notices",
        "options",
        "past",
        "port",
        "shared",
        "shut",
        "spoiled",
        "waiters",
    )

    def __init__(self, host: Host, connection: Connection | None = None) -> None:
        self.host = host
        self.connection = connection
        self.listener: Listener | None = None
        self.address = ANY_ADDRESS
        self.port = 0
        self.family: int = AF_INET
        self.shut = False, False  # to read and to write, before there was a connection
        self.closed = False
        self.congestion = host.sysctl.tcp_congestion_control  # until TCP_CONGESTION says another
        self.blocking = True
        self.connecting = False
        self.past: Connection | None = None  # the one before, once it is disconnected
        self.error: int | None = None  # left behind by a connection that is gone
        self.holders: list[Process] = []
        self.shared = False
        self.spoiled = False  # shut down when its connect() had failed: it connects no more
        self.waiters = WaitQueue()
        quiet = host.sysctl.ip_no_pmtu_disc  # IP_PMTUDISC_DONT (inet_create())
        self.options: dict[str, Any] = {"IP_MTU_DISCOVER": 0} if quiet else {}
        self.notices: notices.Notices | None = None  # see there
        self.deferred: tuple[str, int] | None = None  # where the first send() will connect to
        if connection is not None:
            self.address, self.port = connection.local, connection.local_port
            host.watch(connection, self.waiters)

    # --- calls that do not block -----------------------------------------------------------------

    def bind(self, port: int, address: str = ANY_ADDRESS) -> Socket:
        """Take a local port; EADDRINUSE when another socket, or an old connection, has it.

        With SO_REUSEADDR on both, only a listener is in the way (inet_bind_conflict()).
        """
        c = self.connection
        if c is not None and c.state == state.CLOSED and not ports.holds(self):
            self.port = 0  # it went back with the connection (inet_put_port())
        if address not in (ANY_ADDRESS, self.host.address):
            raise socket_error(errors.EADDRNOTAVAIL)
        if self.port or (c is not None and c.state != state.CLOSED):
            raise socket_error(errors.EINVAL)
        try:
            ports.bind(self, port)
        except OSError as error:
            name = errors.errno_name(error.errno)
            self.host.call(f"bind({port})")
            self.host.returned("bind", name, f"bind() failed: {name}")
            raise
        self.address = address
        return self

    def listen(self, backlog: int = 128) -> Socket:
        """Wait for connections: at most `backlog` + 1 of them not yet accepted."""
        if self.connection is not None:
            raise socket_error(errors.EINVAL)
        if self.listener is not None:
            self.listener.set_backlog(backlog)
            return self
        self.port = self.port or ports.to_bind(self.host, self.options)
        fastopen.start_listening(self.host, self.options, backlog)
        self.listener = self.host.start_listening(self.address, self.port, backlog, self.options)
        self.listener.waiters = self.waiters
        self.listener.shut = self.shut
        return self

    def setsockopt(self, name: str, value: Any) -> Socket:
        """Set an option by its Linux name, such as "TCP_DEFER_ACCEPT"; see `socket_options`."""
        socket_options.set_option(self, name, value)
        return self

    def getsockopt(self, name: str) -> Any:
        """The value of an option, as Linux shows it."""
        return socket_options.get_option(self, name)

    def shutdown(self, how: str) -> None:
        """Close a direction: "write" sends FIN, "read" only tells this end, "both" does both."""
        if how not in ("read", "write", "both"):
            raise ValueError(f"shutdown takes 'read', 'write' or 'both', not {how!r}")
        if self.listener is not None and not self.closed:
            self._stop_listening(how)
            return
        self._require_open()
        c = self.connection
        opens = self.deferred is not None or (c is not None and c.state == state.SYN_SENT)
        if c is None and not opens:  # reported as ENOTCONN, but it holds (inet_shutdown())
            self.shut = self.shut[0] or how != "write", self.shut[1] or how != "read"
        if not opens and (c is None or c.state in (state.CLOSED, state.TIME_WAIT)):
            self.spoiled = self.spoiled or (c is not None and self.connecting)  # SS_DISCONNECTING
            raise socket_error(errors.ENOTCONN)
        self.host.call(f"shutdown({how})")
        if c is None or opens:  # there is nothing to shut down yet (inet_shutdown())
            opening.drop(self)
            self.host.returned("shutdown", "ok")
            return
        opening.shut(self, c)
        c.no_reader = c.no_reader or how != "write"
        if how != "read":
            self.host.transmit(c, c.shut_down_sending(self.host.now))
        self.waiters.wake()
        self.host.returned("shutdown", "ok")

    # --- calls that may block --------------------------------------------------------------------

    async def connect(self, address: str, port: int, timeout: int | None = None) -> None:
        """Open a connection.  ECONNREFUSED, ETIMEDOUT ...; `TimeoutError` after `timeout`.

        A socket that may not block reports EINPROGRESS, and EALREADY until it is open; then
        connect() succeeds once more.
        With TCP_FASTOPEN_CONNECT, and a cookie for the server, nothing is sent before send().
        """
        self._require_open()
        await opening.connect(self, address, port, timeout)

    def disconnect(self) -> None:
        """connect(2) with AF_UNSPEC: reset the connection; the socket is as good as new."""
        self._require_open()
        opening.disconnect(self)

    async def sendto(self, data: bytes, address: str | None, port: int = 0, flags: int = 0) -> int:
        """Open a connection and send `data` with it: sendto(2) with MSG_FASTOPEN (RFC 7413).

        Without an address it is send(2) with that flag, which opens only what connect() left to it.

        EOPNOTSUPP unless tcp_fastopen lets clients use it; else as connect() and send().
        """
        self.host.fast_open.require_client()
        flags |= MSG_FASTOPEN
        if self.deferred is not None:
            return await self.send(data, flags)
        if self.connection is not None or self.listener is not None:
            await opening.finish_first(self, "sendto", flags)
            return await transfer.send(self, self._connected(errors.EPIPE), data, flags)
        self.host.call(f"sendto({address}:{port}, {len(data)} bytes{shown(flags)})")
        return await opening.open_with_data(self, "sendto", address, port, data, flags)

    async def accept(self) -> Socket:
        """The next open connection from the accept queue; EAGAIN where the call may not block."""
        self._require_open()
        listener = self.listener
        if listener is None:
            raise socket_error(errors.EINVAL)
        until = transfer.deadline(self, "SO_RCVTIMEO")
        while not listener.accept_queue:
            if until is not None and self.host.now >= until:
                self.host.returned("accept", "EAGAIN")
                raise socket_error(errors.EAGAIN)
            await Wait(listener.waiters, until)
            if self.listener is not listener:
                raise socket_error(errors.EINVAL)
        c = listener.accept_queue.popleft()
        if c.fast_open is not None and c.state == state.SYN_RECV:
            c.fast_open.accepted = True
        self.host.returned("accept", "ok", f"accept() returned {c.remote}:{c.remote_port}")
        accepted = type(self)(self.host, c)
        accepted.family = self.family
        accepted.options = socket_options.inherited(self.options, c)
        notices.inherit(accepted)
        return self.host.own(accepted)

    async def send(self, data: bytes, flags: int = 0) -> int:
        """Send all of `data`: it is queued, and goes out as the windows allow; its length.

        A socket that may not block takes what fits, or reports EAGAIN.  `flags`: see `messages`.
        """
        if self.deferred is not None and not self.closed:
            address, port = self.deferred
            self.deferred = None
            self.host.call(f"send({len(data)} bytes{shown(flags)})")
            return await opening.open_with_data(self, "send", address, port, data, flags)
        return await transfer.send(self, self._connected(errors.EPIPE), data, flags)

    async def recv(self, most: int, flags: int = 0) -> bytes:
        """Up to `most` bytes as soon as there are any; ``b""`` after the peer's FIN.

        Urgent data ends what one call returns, and is apart: MSG_OOB reads it.
        """
        c = self.connection
        if c is not None and most and not flags and self._is_plain():
            while not c.receive_buffer and transfer.nothing_to_tell(c):
                await self.waiters
            if c.receive_buffer and not c.urg_data:
                return transfer.read(self.host, c, most)
        if self.deferred is not None:
            await opening.first_write(self)
        if flags & MSG_OOB and self.connection is None and self.listener is None:
            self._require_open()
            raise socket_error(errors.EINVAL)  # there is no urgent data
        unheard = self.connection is None and self.listener is None
        if unheard and self.shut[0] and self.error is None:
            self._require_open()
            return b""
        c = self._connected()
        return await transfer.receive(self, c, most, flags)

    async def sendmsg(
        self,
        data: bytes,
        flags: int = 0,
        given: Sequence[tuple[int, int, int]] = (),
        sizes: Sequence[int] = (),
    ) -> int:
        """send() with ancillary data: ``(level, type, number)``; SO_TIMESTAMPING for this call.

        `sizes` are those of the buffers that the data lies in, each at the begin of a page.
        """
        notices.prepare_call(self, given, sizes)
        return await self.send(data, flags)

    async def recvmsg(
        self, most: int, flags: int = 0, room: int = 512
    ) -> tuple[bytes, int, list[ancillary.Note]]:
        """recv(), with flags and notes; `room` bytes for these.  MSG_ERRQUEUE: see `notices`."""
        if flags & MSG_ERRQUEUE:
            self._require_open()
            if not notices.waiting(self) or self.notices is None:
                raise socket_error(errors.EAGAIN)
            data, shown, notes = self.notices.take(most)
        else:
            data = await self.recv(most, flags)
            shown, notes = flags & MSG_OOB, notices.beside(self, data, flags)
        kept, cut = ancillary.fit(notes, room)
        return data, shown | cut, kept

    def at_mark(self) -> bool:
        """Whether the next byte to read is the urgent one, or its place (sockatmark(3))."""
        return urgent.at_mark(self._connected())

    async def close(self) -> None:
        """Let go of the socket: FIN, or RST when bytes were left unread.

        While another process holds it, nothing is sent.
        """
        if not self.closed:
            self.host.call("close()")
            self._let_go(self.host.running)
            await self._linger()
            self.host.returned("close", "ok")

    def close_at_exit(self, process: Process) -> None:
        """The kernel closes the socket of a process that ended."""
        if not self.closed and process in self.holders:
            self.host.call("exit: close()")
            self._let_go(process)

    def share(self, process: Process) -> Socket:
        """Let another process hold the socket, too."""
        if self.inherit(process):
            process.hold(self)
        return self

    def inherit(self, process: Process) -> bool:
        """fork(2): a process has a descriptor of ours from its parent; False: it had before."""
        if self.closed or process in self.holders:
            return False
        self.shared = self.shared or bool(self.holders)
        self.holders.append(process)
        return True

    def _stop_listening(self, how: str) -> None:
        """shutdown() of a listener: nobody connects or accepts any more; "write" is nothing."""
        self.host.call(f"shutdown({how})")
        if self.listener is not None and how != "write":
            listener, self.listener = self.listener, None
            self.host.stop_listening(listener)
            listener.waiters.wake()
        self.host.returned("shutdown", "ok")

    # --- inside ----------------------------------------------------------------------------------

    def _let_go(self, process: Process | None) -> None:
        """A holder closes its descriptor; only the last one closes the connection (fput())."""
        if process in self.holders:
            self.holders.remove(process)
            process.release(self)
        elif self.shared and process is not None:
            return  # it closed its descriptor before
        if not self.shared or not self.holders:
            self._close()
            return
        names = ", ".join(holder.name for holder in self.holders)
        self.host.note(f"nothing is sent: {names} holds the socket, too")

    def _close(self) -> None:
        self.closed = True
        ports.give_back(self)
        if self.listener is not None:
            self.host.stop_listening(self.listener)
        c = self.connection
        if c is not None:
            self.host.transmit(c, c.close(self.host.now))

    async def _linger(self) -> None:
        """SO_LINGER with a time: close() waits until the peer has everything, or time is up."""
        c = self.connection
        if c is None or not c.linger or not c.orphan:
            return
        deadline = self.host.now + c.linger
        while c.state in _CLOSING and self.host.now < deadline:
            await Wait(self.waiters, deadline)

    def _require_open(self) -> None:
        """EBADF when the running process holds the socket no more."""
        running = self.host.running
        if self.closed or (self.shared and running and running not in self.holders):
            raise socket_error(errors.EBADF)

    def _is_plain(self) -> bool:
        """Whether calls block for ever, and the socket is open for whoever runs."""
        if self.closed or self.shared or not self.blocking:
            return False
        return not self.options or _WAITING.isdisjoint(self.options)

    def _connected(self, otherwise: int = errors.ENOTCONN) -> Connection:
        """The connection; a socket without one reports `otherwise`."""
        if self.closed or self.shared:
            self._require_open()
        if self.connection is None:
            self.raise_error()
            raise socket_error(otherwise)
        return self.connection

    def raise_error(self) -> None:
        """Report what a connection that is gone left behind, once."""
        if self.error is not None:
            number, self.error = self.error, None
            raise socket_error(number)

    def report(self, call: str, c: Connection, moved: int | None = None) -> None:
        """Note what a call came to, and raise its error; an error is reported once."""
        if c.error is None:
            self.host.returned(call, "ok", f"{call}() returned", moved)
            return
        name = errors.errno_name(c.error)
        self.host.returned(call, name, f"{call}() failed: {name}")
        c.raise_error()
