"""poll(2), epoll(7) and ioctl(2) on the sockets of a virtual host.

    ready = await poll.poll(host, [(socket, poll.POLLIN)], timeout=1000)     # [0] or [POLLIN]
    epoll = poll.Epoll(host)
    epoll.control(poll.EPOLL_CTL_ADD, socket, poll.POLLIN | poll.EPOLLET, data=7)
    found = await epoll.wait(10, timeout=-1)                                 # [(POLLIN, 7)]

Times are milliseconds, as for these calls; -1 waits for ever.
Source: tcp_poll(), tcp_ioctl() in net/ipv4/tcp.c; fs/eventpoll.c.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tcpcore import errors
from tcpcore.errors import socket_error
from tcpcore.host import notices
from tcpcore.host.process import Wait, WaitQueue
from tcpcore.seqnum import MASK, distance
from tcpcore.tcp import send_buffer, state, urgent, window
from tcpcore.tcp.connection import Connection
from tcpcore.units import MILLISECOND

if TYPE_CHECKING:
    from tcpcore.host.sockets import Socket
    from tcpcore.host.stack import Host

POLLIN, POLLPRI, POLLOUT, POLLERR, POLLHUP, POLLNVAL = 0x1, 0x2, 0x4, 0x8, 0x10, 0x20
POLLRDNORM, POLLWRNORM, POLLRDHUP = 0x40, 0x100, 0x2000
EPOLLEXCLUSIVE, EPOLLWAKEUP, EPOLLONESHOT, EPOLLET = 1 << 28, 1 << 29, 1 << 30, 1 << 31
EPOLL_CTL_ADD, EPOLL_CTL_DEL, EPOLL_CTL_MOD = 1, 2, 3
SIOCINQ, SIOCOUTQ, SIOCATMARK, SIOCOUTQNSD = 0x541B, 0x5411, 0x8905, 0x894B
SIOCGSTAMP, SIOCGSTAMPNS = 0x8906, 0x8907

_READABLE = POLLIN | POLLRDNORM
_WRITABLE = POLLOUT | POLLWRNORM
_ALWAYS = POLLERR | POLLHUP
_PRIVATE = EPOLLONESHOT | EPOLLET | EPOLLWAKEUP | EPOLLEXCLUSIVE
_EXCLUSIVE = _READABLE | _WRITABLE | _ALWAYS | EPOLLET | EPOLLWAKEUP | EPOLLEXCLUSIVE
"""What may stand beside EPOLLEXCLUSIVE (EPOLLEXCLUSIVE_OK_BITS)."""
_OVER = (state.CLOSED, state.TIME_WAIT)
_NESTED_MOST = 4
"""Epolls that may stand inside an epoll, one in another (EP_MAX_NESTS)."""


def mask(socket: Socket | Epoll) -> int:
    """What the socket is ready for, as POLL... bits (tcp_poll()); an epoll can be read, too."""
    if isinstance(socket, Epoll):
        return _READABLE if socket.has_news() else 0
    if socket.listener is not None:
        return _READABLE if socket.listener.accept_queue else 0
    c = socket.connection
    if c is None:
        if socket.deferred is not None:
            return _WRITABLE
        shut = _READABLE | POLLRDHUP if socket.shut[0] else 0
        bad = socket.error is not None or notices.waiting(socket)
        return POLLHUP | _WRITABLE | shut | (POLLERR if bad else 0)
    over = c.state in _OVER
    read_closed = over or c.rcv_closed or c.no_reader
    write_closed = over or c.fin_queued is not None or c.shut_early is not None or c.no_writer
    found = POLLHUP if read_closed and write_closed else 0
    if read_closed:
        found |= _READABLE | POLLRDHUP
    if over or c.may_send():
        found |= _ready(socket, c, write_closed)
    if c.error is not None or notices.waiting(socket):
        found |= POLLERR
    return found


def _ready(socket: Socket, c: Connection, write_closed: bool) -> int:
    target = socket.options.get("SO_RCVLOWAT", 1)
    if urgent.at_mark(c) and not c.urg_inline:
        target += 1
    waiting = len(c.receive_buffer)
    enough = waiting >= target or window.current(c) <= c.rcv_mss
    found = _READABLE if waiting and enough else 0
    if write_closed or send_buffer.writable(c, waking=True):
        found |= _WRITABLE
    else:
        c.lacks_space = True
    return found | (POLLPRI if c.urg_data & urgent.VALID else 0)


async def poll(host: Host, asked: Sequence[tuple[Socket | Epoll, int]], timeout: int) -> list[int]:
    """Wait until one of the sockets is ready for what was asked; what each is ready for."""
    until = None if timeout < 0 else host.now + timeout * MILLISECOND
    queue = WaitQueue()
    for socket, _ in asked:
        socket.waiters.watchers.append(queue.wake)
    try:
        while True:
            found = [mask(socket) & (events | _ALWAYS) for socket, events in asked]
            if any(found) or (until is not None and host.now >= until):
                return found
            await Wait(queue, until)
    finally:
        for socket, _ in asked:
            socket.waiters.watchers.remove(queue.wake)


class _Item:
    """A socket in an epoll's list; `seen` is what its last event saw (for EPOLLET)."""

    __slots__ = ("data", "epoll", "events", "seen", "socket")

    def __init__(self, epoll: Epoll, socket: Socket | Epoll, events: int, data: int) -> None:
        self.epoll = epoll
        self.socket = socket
        self.events = events
        self.data = data
        self.seen = _sight(socket)

    def woken(self) -> None:
        """Something happened to the socket: tell the epoll if it asked for news of that kind."""
        if self._news():
            self.epoll.tell(self)

    def _news(self) -> bool:
        before, self.seen = self.seen, _sight(self.socket)
        data, space, rest = (new != old for new, old in zip(self.seen, before, strict=True))
        asked = self.events
        if rest:
            return True
        return bool((data and asked & (_READABLE | POLLPRI)) or (space and asked & _WRITABLE))


_Sight = tuple[object, object, object]


def _sight(socket: Socket | Epoll) -> _Sight:
    """``(what came, when there was room again, everything else)``, to compare."""
    if isinstance(socket, Epoll):
        return object(), 0, None  # each event inside is news
    c = socket.connection
    if c is None:
        return object(), 0, None  # a listener is woken only when somebody arrived
    told = 0 if socket.notices is None else socket.notices.count
    return (c.rcv_nxt, c.urg_data), c.spaces, (c.state, c.error, c.rcv_closed, c.no_reader, told)


def _require_sense(operation: int, events: int, item: _Item | None) -> None:
    """EPOLLEXCLUSIVE is for EPOLL_CTL_ADD, and beside few other events (do_epoll_ctl())."""
    changes = operation == EPOLL_CTL_MOD
    wrong = changes or (operation == EPOLL_CTL_ADD and events & ~_EXCLUSIVE)
    if events & EPOLLEXCLUSIVE and wrong:
        raise socket_error(errors.EINVAL)
    if changes and item is not None and item.events & EPOLLEXCLUSIVE:
        raise socket_error(errors.EINVAL)


class Epoll:
    """An epoll instance of a host: sockets, what is asked of each, and which became ready."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._items: dict[Socket | Epoll, _Item] = {}
        self._ready: list[_Item] = []
        self._queue = self.waiters = WaitQueue()
        self.closed = False

    def control(
        self, operation: int, socket: Socket | Epoll, events: int = 0, data: int = 0
    ) -> None:
        """epoll_ctl(2).  EEXIST for a socket added twice, ENOENT for one not added.

        An epoll may watch another one (ELOOP for a circle or for too many of them), not itself.
        """
        item = self._items.get(socket)
        _require_sense(operation, events, item)
        if isinstance(socket, Epoll):
            self._require_nesting(operation, socket, events)
        if operation == EPOLL_CTL_ADD:
            if item is not None:
                raise socket_error(errors.EEXIST)
            item = self._items[socket] = _Item(self, socket, events, data)
            socket.waiters.watchers.append(item.woken)
        elif operation not in (EPOLL_CTL_DEL, EPOLL_CTL_MOD):
            raise socket_error(errors.EINVAL)
        elif item is None:
            raise socket_error(errors.ENOENT)
        elif operation == EPOLL_CTL_DEL:
            self._forget(socket)
            return
        else:
            item.events, item.data = events, data
        if mask(socket) & (item.events | _ALWAYS):
            self.tell(item)

    def _require_nesting(self, operation: int, inner: Epoll, events: int) -> None:
        """Whether an epoll may be watched (do_epoll_ctl(), ep_loop_check())."""
        if inner is self or (operation == EPOLL_CTL_ADD and events & EPOLLEXCLUSIVE):
            raise socket_error(errors.EINVAL)
        if operation == EPOLL_CTL_ADD and inner.depth(self) > _NESTED_MOST:
            raise socket_error(errors.ELOOP)

    def depth(self, outer: Epoll) -> int:
        """How many epolls stand below one another in here; too many if `outer` is among them."""
        inside = [one for one in self._items if isinstance(one, Epoll)]
        if outer is self or outer in inside:
            return _NESTED_MOST + 1
        return 1 + max((one.depth(outer) for one in inside), default=0)

    def tell(self, item: _Item) -> None:
        """Something happened to a socket of the list."""
        if item.events & ~_PRIVATE:
            if item not in self._ready:
                self._ready.append(item)
            self._queue.wake()

    def has_news(self) -> bool:
        """Whether `wait` would find something (ep_eventpoll_poll())."""
        return any(
            not item.socket.closed and mask(item.socket) & (item.events | _ALWAYS)
            for item in self._ready
        )

    async def wait(self, most: int, timeout: int) -> list[tuple[int, int]]:
        """epoll_wait(2): up to `most` ``(events, data)``, as soon as there are any."""
        if most <= 0:
            raise socket_error(errors.EINVAL)
        until = None if timeout < 0 else self._host.now + timeout * MILLISECOND
        while True:
            found = self._collect(most)
            if found or (until is not None and self._host.now >= until):
                return found
            await Wait(self._queue, until)

    def _collect(self, most: int) -> list[tuple[int, int]]:
        """What is ready now; what is not edge-triggered stays in the list (ep_send_events())."""
        found: list[tuple[int, int]] = []
        looked_at, self._ready = self._ready, []
        again: list[_Item] = []
        while looked_at and len(found) < most:
            item = looked_at.pop(0)
            events = 0 if item.socket.closed else mask(item.socket) & (item.events | _ALWAYS)
            if not events:
                continue
            found.append((events, item.data))
            if item.events & EPOLLONESHOT:
                item.events &= _PRIVATE
            elif not item.events & EPOLLET:
                again.append(item)
        self._ready = looked_at + again
        return found

    def _forget(self, socket: Socket | Epoll) -> None:
        item = self._items.pop(socket)
        socket.waiters.watchers.remove(item.woken)
        if item in self._ready:
            self._ready.remove(item)

    async def close(self) -> None:
        """close(2) of the epoll: its sockets are watched no more."""
        for socket in list(self._items):
            self._forget(socket)
        self.closed = True


def ioctl(socket: Socket, request: int) -> int:
    """SIOCINQ, SIOCOUTQ, SIOCOUTQNSD and SIOCATMARK; EINVAL for a listener (tcp_ioctl())."""
    c = socket.connection
    if request == SIOCATMARK:
        return int(c is not None and urgent.at_mark(c))
    if request in (SIOCGSTAMP, SIOCGSTAMPNS):  # TCP stamps messages, not sockets
        raise socket_error(errors.ENOENT)
    if request not in (SIOCINQ, SIOCOUTQ, SIOCOUTQNSD):
        raise socket_error(errors.ENOTTY)
    if socket.listener is not None:
        raise socket_error(errors.EINVAL)
    if c is None or c.state in (state.SYN_SENT, state.SYN_RECV):
        return 0
    if request == SIOCINQ:
        return urgent.before_mark(c)
    start = c.snd_una if request == SIOCOUTQ else c.snd_nxt
    return max(distance(start, (c.write_end + (c.fin_queued is not None)) & MASK), 0)
