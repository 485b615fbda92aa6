"""connect() and what opens a connection with data: what blocks, for how long, what comes back.

Source: __inet_stream_connect() in net/ipv4/af_inet.c and tcp_sendmsg_fastopen().
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tcpcore import errors
from tcpcore.errors import socket_error
from tcpcore.host import notices, ports, socket_options, successor, transfer
from tcpcore.tcp import state
from tcpcore.tcp.connection import Connection

if TYPE_CHECKING:
    from tcpcore.host.sockets import Socket

_STILL_OPENING = (state.SYN_SENT, state.SYN_RECV)


async def connect(socket: Socket, address: str, port: int, timeout: int | None) -> None:
    """See `Socket.connect`."""
    host = socket.host
    if socket.spoiled:
        raise socket_error(errors.EINVAL)
    await first_write(socket, errors.EISCONN)
    if socket.listener is not None or (socket.connection is not None and not socket.connecting):
        raise socket_error(errors.EISCONN)
    host.call(f"connect({address}:{port})")
    c, again = socket.connection, errors.EALREADY
    if c is None:
        fast = bool(socket.options.get("TCP_FASTOPEN_CONNECT"))
        if fast and host.fast_open.may_send_data(address, socket.options):
            socket.deferred = (address, port)
            host.returned("connect", "ok", "connect() returned: the first send() will open")
            return
        c, again = _start(socket, "connect", address, port, None, fast=fast), errors.EINPROGRESS
    until = transfer.deadline(socket, "SO_SNDTIMEO")
    limit = until if timeout is None else host.now + timeout
    if not await _opened(socket, c, limit):
        if timeout is None:
            _fail(socket, "connect", again)
        host.returned("connect", "timed out")
        raise TimeoutError(f"connect() took longer than {timeout} us")
    _finish(socket, "connect", c)


async def open_with_data(
    socket: Socket, call: str, address: str | None, port: int, data: bytes, flags: int = 0
) -> int:
    """Open with a SYN that may carry `data`; what it does not carry follows.  How much was taken.

    A socket that may not block takes only what the SYN carries: EINPROGRESS when that is nothing.
    """
    if address is None:
        raise socket_error(errors.EINVAL)
    host = socket.host
    until = transfer.deadline(socket, "SO_SNDTIMEO", flags)
    c = _start(socket, call, address, port, data, fast=True, waits=until != 0)
    part = socket.notices.opens(c, flags) if socket.notices is not None else None
    taken = carried = c.fast_open.carried if c.fast_open is not None else 0
    try:
        if await _opened(socket, c, until):
            _finish(socket, call, c, carried)
            rest = data[carried:] if carried else data
            taken += await transfer.hand_over(socket, c, rest, flags) if rest else 0
        else:
            if c.fast_open is not None:
                c.fast_open.writing = False
            if not carried:
                _fail(socket, call, errors.EINPROGRESS)
            host.returned(call, "ok", f"{call}() returned {carried}", carried)
    finally:
        if socket.notices is not None:
            socket.notices.opened(part, taken)
    return taken


async def finish_first(socket: Socket, call: str, flags: int) -> None:
    """What a sendto() with MSG_FASTOPEN does where something was opened before.

    It succeeds where connect() would (__inet_stream_connect()).
    """
    c = socket.connection
    if socket.spoiled:
        _fail(socket, call, errors.EINVAL)
    if c is None or not socket.connecting:
        _fail(socket, call, errors.EISCONN)
        return
    if c.fast_open is not None and c.fast_open.by_connect:  # it still has its request
        _fail(socket, call, errors.EALREADY)
    if not await _opened(socket, c, transfer.deadline(socket, "SO_SNDTIMEO", flags)):
        _fail(socket, call, errors.EALREADY)
    _finish(socket, call, c)


def shut(socket: Socket, c: Connection) -> None:
    """shutdown() where SYNs have crossed: no call learns how the opening ends (inet_shutdown())."""
    if socket.connecting and c.state == state.SYN_RECV:
        socket.spoiled = True
    else:
        socket.connecting = False


def disconnect(socket: Socket) -> None:
    """End the connection at once, and leave a socket that may connect again (tcp_disconnect()).

    What was open is reset, and the next call is told ECONNRESET, but for another connect().
    """
    host = socket.host
    host.call("connect(AF_UNSPEC)")
    if socket.listener is not None:
        listener, socket.listener = socket.listener, None
        host.stop_listening(listener)
    drop(socket)
    socket.spoiled = False
    host.returned("connect", "ok")


def drop(socket: Socket) -> None:
    """The connection is no more, nor the place that connect() noted: tcp_disconnect()."""
    host, c = socket.host, socket.connection
    successor.forget_options(socket)
    if socket.deferred is not None:
        socket.deferred, socket.error = None, errors.ECONNRESET
    if c is None:
        socket.waiters.wake()
        return
    if (c.state, state.ABORT) in state.NEXT or c.state == state.SYN_SENT:
        socket.error = errors.ECONNRESET
        host.transmit(c, c.disconnect(host.now))
    notices.waiting(socket)  # they outlive it
    socket.past, socket.connection, socket.connecting = c, None, False
    socket.shut = False, False
    _forget_port(socket)
    socket.waiters.wake()


def _forget_port(socket: Socket) -> None:
    """A port that bind() did not take is free again."""
    if not ports.holds(socket):
        socket.port = 0


async def first_write(socket: Socket, otherwise: int = errors.EAGAIN) -> None:
    """After a connect() that sent nothing, only a write() gets things going.

    What may not block reports `otherwise`.
    """
    while socket.deferred is not None and not socket.closed:
        if not await transfer.wait(socket, transfer.deadline(socket, "SO_RCVTIMEO")):
            raise socket_error(otherwise)


def _start(
    socket: Socket,
    call: str,
    address: str,
    port: int,
    data: bytes | None,
    *,
    fast: bool,
    waits: bool = True,
) -> Connection:
    """Send the SYN; with Fast Open it asks for a cookie, or carries one, and data.

    `waits`: the call is there when the answer comes, to hand over the rest.
    """
    host = socket.host
    try:
        socket.port = socket.port or ports.to_connect(host, socket.options, address, port)
        first = successor.first_number(socket.past)
        c = host.open_connection(socket.port, address, port, first)
    except OSError as error:  # every four-tuple is taken
        name = errors.errno_name(error.errno)
        host.returned(call, name, f"{call}() failed: {name}")
        raise
    socket.connection, socket.connecting, socket.error = c, True, None  # tcp_connect_init()
    socket_options.apply({"TCP_CONGESTION": socket.congestion, **socket.options}, c)
    if socket.past is not None:
        successor.inherit(c, socket.past)
    c.no_reader, c.no_writer = socket.shut
    if socket.options.get("TCP_MAXSEG"):
        c.snd_mss = c.mss_limit  # until the peer names its own
    c.pingpong = int(not socket.options.get("TCP_QUICKACK", 1))
    host.watch(c, socket.waiters)
    if fast:
        host.fast_open.start(c, data, socket.options)
    carried = b""
    if c.fast_open is not None:
        carried = c.fast_open.data
        c.fast_open.writing = c.fast_open.writing and waits
    host.transmit(c, c.open_active(host.now, carried))
    return c


async def _opened(socket: Socket, c: Connection, until: int | None) -> bool:
    """Block while it opens; False: the time is up."""
    while c.state in _STILL_OPENING:
        if not await transfer.wait(socket, until):
            return False
    return True


def _finish(socket: Socket, call: str, c: Connection, moved: int | None = None) -> None:
    """It is open, or will never be: then the socket is as good as new (tcp_disconnect())."""
    socket.connecting = False
    if c.state == state.CLOSED:
        notices.waiting(socket)
        socket.past, socket.connection = c, None
        successor.forget_options(socket)
        _forget_port(socket)
        if c.error is None:
            number, socket.error = socket.error or errors.ECONNABORTED, None
            _fail(socket, call, number)
    socket.report(call, c, moved)


def _fail(socket: Socket, call: str, number: int) -> None:
    name = errors.errno_name(number)
    socket.host.returned(call, name, f"{call}() failed: {name}")
    raise socket_error(number)
