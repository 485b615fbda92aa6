"""Which calls on a socket would not block: poll(2), epoll(7), and how much is queued (ioctl(2)).

Source: tcp_poll() and tcp_ioctl() in net/ipv4/tcp.c, fs/eventpoll.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tcpcore import errors
from tcpcore.errors import socket_error
from tcpcore.host.process import Wait, WaitQueue, block
from tcpcore.seqnum import distance
from tcpcore.tcp import send_buffer, state, urgent
from tcpcore.units import MILLISECOND

if TYPE_CHECKING:
    from tcpcore.host.sockets import Socket
    from tcpcore.host.stack import Host
    from tcpcore.tcp.connection import Connection

POLLIN, POLLPRI, POLLOUT, POLLERR, POLLHUP = 0x1, 0x2, 0x4, 0x8, 0x10
POLLRDNORM, POLLWRNORM, POLLRDHUP = 0x40, 0x100, 0x2000
_READABLE = POLLIN | POLLRDNORM
_WRITABLE = POLLOUT | POLLWRNORM
_ALWAYS = POLLERR | POLLHUP
"""Reported whether asked for or not."""

EPOLL_CTL_ADD, EPOLL_CTL_DEL, EPOLL_CTL_MOD = 1, 2, 3
EPOLLONESHOT, EPOLLET = 1 << 30, 1 << 31
_MODES = EPOLLONESHOT | EPOLLET | 1 << 28 | 1 << 29

SIOCINQ, SIOCOUTQ, SIOCOUTQNSD, SIOCATMARK = 0x541B, 0x5411, 0x894B, 0x8905


def events_of(socket: Socket) -> int:
    """Everything that is true of the socket now, as POLL bits (tcp_poll())."""
    if socket.listener is not None:
        return _READABLE if socket.listener.accept_queue else 0
    c = socket.connection
    if c is None:
        return _WRITABLE if socket.deferred is not None else _WRITABLE | POLLHUP
    return _of_connection(socket, c)


def _of_connection(socket: Socket, c: Connection) -> int:
    over = c.state in (state.CLOSED, state.TIME_WAIT)
    no_more_in = c.rcv_closed or c.no_reader or c.state == state.CLOSED
    no_more_out = c.fin_queued is not None or over
    found = 0
    if over or (no_more_in and no_more_out):
        found |= POLLHUP
    if no_more_in:
        found |= _READABLE | POLLRDHUP
    early = c.fast_open is not None and c.fast_open.passive
    if c.state != state.SYN_SENT and (c.state != state.SYN_RECV or early):
        if len(c.receive_buffer) >= max(socket.options.get("SO_RCVLOWAT", 1), 1):
            found |= _READABLE
        if no_more_out or send_buffer.writable(c):
            found |= _WRITABLE
        if c.urg_data & urgent.VALID:
            found |= POLLPRI
    if c.error is not None:
        found |= POLLERR
    return found


class _AnyOf(WaitQueue):
    """A queue that is woken when one of several is."""

    __slots__ = ()

    def __init__(self, queues: list[WaitQueue]) -> None:
        super().__init__()
        for queue in queues:
            queue.waiting.append(self)

    def ready(self) -> None:
        """One of them was woken."""
        self.wake()


def _queue_of(socket: Socket) -> WaitQueue:
    return socket.listener.waiters if socket.listener is not None else socket.waiters


async def poll(host: Host, asked: list[tuple[Socket, int]], timeout: int) -> list[int]:
    """The events of each socket, of those asked for; `timeout` in ms, below 0: for ever."""
    deadline = None if timeout < 0 else host.now + timeout * MILLISECOND
    while True:
        found = [events_of(socket) & (events | _ALWAYS) for socket, events in asked]
        if any(found) or (deadline is not None and host.now >= deadline):
            return found
        await block(Wait(_AnyOf([_queue_of(socket) for socket, _ in asked]), deadline))


class _Watched:
    """A socket in an epoll: what is asked, what is given back, what was last reported."""

    __slots__ = ("data", "events", "reported", "socket")

    def __init__(self, socket: Socket, events: int, data: int) -> None:
        self.socket = socket
        self.events = events
        self.data = data
        self.reported: tuple[int, Any] | None = None


class Epoll:
    """An epoll instance: the sockets that it watches, in the order in which they came."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._watched: list[_Watched] = []

    def control(self, operation: int, socket: Socket, events: int, data: int) -> None:
        """epoll_ctl(2): EEXIST, ENOENT, EINVAL as there."""
        known = next((one for one in self._watched if one.socket is socket), None)
        if operation == EPOLL_CTL_ADD:
            if known is not None:
                raise socket_error(errors.EEXIST)
            self._watched.append(_Watched(socket, events, data))
        elif known is None:
            raise socket_error(errors.ENOENT)
        elif operation == EPOLL_CTL_DEL:
            self._watched.remove(known)
        elif operation == EPOLL_CTL_MOD:
            known.events, known.data, known.reported = events, data, None
        else:
            raise socket_error(errors.EINVAL)

    async def wait(self, most: int, timeout: int) -> list[tuple[int, int]]:
        """``(events, data)`` of at most so many sockets; `timeout` in ms, below 0: for ever."""
        if most <= 0:
            raise socket_error(errors.EINVAL)
        host = self._host
        deadline = None if timeout < 0 else host.now + timeout * MILLISECOND
        while True:
            found = self._ready(most)
            if found or (deadline is not None and host.now >= deadline):
                return found
            queues = [_queue_of(one.socket) for one in self._watched]
            await block(Wait(_AnyOf(queues), deadline))

    def _ready(self, most: int) -> list[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        for one in list(self._watched):
            if one.socket.closed:
                self._watched.remove(one)
                continue
            asked = one.events & ~_MODES
            events = events_of(one.socket) & (asked | _ALWAYS) if one.events & ~EPOLLET else 0
            if one.events & EPOLLET and not self._is_news(one, events):
                continue
            if events and len(found) < most:
                found.append((events, one.data))
                if one.events & EPOLLONESHOT:
                    one.events = 0
        return found

    @staticmethod
    def _is_news(one: _Watched, events: int) -> bool:
        """Edge-triggered: something came since the last report, or another event is true."""
        c = one.socket.connection
        listener = one.socket.listener
        seen = c.rcv_nxt if c is not None else len(listener.accept_queue) if listener else 0
        news = one.reported is None or one.reported[1] != seen or bool(events & ~one.reported[0])
        one.reported = (events, seen)
        return news

    async def close(self) -> None:
        """Forget all sockets."""
        self._watched.clear()


def ioctl(socket: Socket, request: int) -> int:
    """Bytes unread, or written and not acknowledged, or not sent; whether at the urgent mark.

    EINVAL for a listener and for another request.
    """
    c = socket.connection
    if socket.listener is not None or request not in (SIOCINQ, SIOCOUTQ, SIOCOUTQNSD, SIOCATMARK):
        raise socket_error(errors.EINVAL)
    if c is None or c.state == state.SYN_SENT:
        return 0
    if request == SIOCATMARK:
        return int(urgent.at_mark(c))
    if request == SIOCINQ:
        return urgent.before_mark(c)
    if request == SIOCOUTQ:
        return distance(c.snd_una, c.write_end)
    return distance(c.snd_nxt, c.write_end) if not c.fin_sent else 0
