"""What a socket is told beside its data: the error queue, and who fills it.

    socket.notices                  None until an option asks for notices
    socket.notices.take(0, 512)     recvmsg(MSG_ERRQUEUE): the oldest report; EAGAIN without any

Reports come of finished zero-copy sends (`zerocopy`), of timestamps (`timestamping`), and of ICMP
errors.  A socket that has notices looks at its connection after everything that happens to it, as
whoever waits for the socket does; all others do not know of this module.
Source: sock_queue_err_skb(), sock_dequeue_err_skb() in net/core/skbuff.c, ip_recv_error() in
net/ipv4/ip_sockglue.c; Documentation/networking/msg_zerocopy.rst, timestamping.rst.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from tcpcore.errors import EAGAIN, socket_error
from tcpcore.host import timestamping, zerocopy
from tcpcore.host.ancillary import ROOM_OF_ERROR, ROOM_OF_ERROR_6, Note, Report
from tcpcore.host.messages import MSG_ERRQUEUE, MSG_OOB, MSG_PEEK, MSG_TRUNC, MSG_ZEROCOPY
from tcpcore.host.option import IPPROTO_TCP, SOL_IP, SOL_IPV6
from tcpcore.seqnum import MASK, distance, lt
from tcpcore.tcp import state
from tcpcore.tcp.connection import Connection

if TYPE_CHECKING:
    from tcpcore.host.sockets import Socket

ORIGIN_ICMP, ORIGIN_ICMP_6 = 2, 3
IP_RECVERR, IPV6_RECVERR, TCP_CM_INQ = 11, 25, 36
ASKING = frozenset(("IPV6_RECVERR", "IP_RECVERR", "SO_TIMESTAMP", "SO_TIMESTAMPING", "SO_ZEROCOPY"))
"""Options that make a socket have notices."""
_AF_INET6 = 10
_QUOTED = 20
"""Bytes of our segment that an ICMP error brings back: its TCP header."""


class Notices:
    """See the module.  `count` is how many reports there ever were (for edge-triggered epolls)."""

    __slots__ = ("asked_by_call", "buffers", "count", "queue", "socket", "stamps", "zerocopy")

    def __init__(self, socket: Socket) -> None:
        self.socket = socket
        self.queue: deque[Report] = deque()
        self.count = 0
        self.zerocopy = zerocopy.Sends()
        self.stamps = timestamping.Stamps()
        self.buffers: Sequence[int] = ()  # what the next send() is given: their sizes
        self.asked_by_call: int | None = None  # what sendmsg() itself asks for, of its last byte
        socket.waiters.watchers.insert(0, self.look)  # before anybody who would read them

    def look(self) -> None:
        """Something happened to the connection: report what it means."""
        c = self.socket.connection
        if c is None or self.socket.closed:
            return
        now, over = self.socket.host.now, c.state in (state.CLOSED, state.TIME_WAIT)
        for errno, kind, code, info in c.ip.take_errors():
            origin = ORIGIN_ICMP_6 if ":" in c.remote else ORIGIN_ICMP
            self.report(Report(origin, errno, kind, code, info, length=_QUOTED))
        flags = self.socket.options.get("SO_TIMESTAMPING", 0)
        acknowledged = self.stamps.acknowledged(c, flags, now, over=over)
        for part in self.zerocopy.finished(c, over=over):
            while acknowledged and lt(acknowledged[0][0], part.end):
                self.report(acknowledged.pop(0)[1])
            self._finished(part.low, part.high, part.copied)
        for _, report in acknowledged:
            self.report(report)
        for report in self.stamps.sent(c, flags, now):
            self.report(report)
        self.stamps.looked(c, flags, now)
        self.stamps.received(c, now)

    async def send(
        self, c: Connection, size: int, flags: int, writing: Coroutine[Any, Any, int]
    ) -> int:
        """Watch a send() of so many bytes, which `writing` does."""
        asked = self.socket.options.get("SO_TIMESTAMPING", 0) & timestamping.TX_ANY
        if self.asked_by_call is not None:
            asked, self.asked_by_call = self.asked_by_call, None
        replaced = self.stamps.begins(c)
        part = self.zerocopy.begin(c, size) if size and self._is_zerocopy(flags) else None
        if part is not None:
            zerocopy.fill_packets(c, self.buffers)
        self.buffers = ()
        before, room, written = c.write_end, self.zerocopy.room_behind(c), 0
        try:
            written = await writing
        finally:
            if part is not None:
                self.zerocopy.ends(part, distance(before, c.write_end))
            elif room:
                self.zerocopy.joined(min(room, distance(before, c.write_end)))
            self.stamps.ends(c, asked, replaced, written)
            self.look()
        return written

    def opens(self, c: Connection, flags: int) -> zerocopy.Range | None:
        """Watch a send() that opens the connection; for `opened`."""
        return self.zerocopy.opened(c) if self._is_zerocopy(flags) else None

    def opened(self, part: zerocopy.Range | None, written: int) -> None:
        """It returns, with so many bytes taken."""
        if part is not None:
            self.zerocopy.ends(part, written)
            self.look()

    def _is_zerocopy(self, flags: int) -> bool:
        return bool(flags & MSG_ZEROCOPY) and bool(self.socket.options.get("SO_ZEROCOPY"))

    def report(self, report: Report) -> None:
        """Put it into the queue."""
        self.queue.append(report)
        self.count += 1

    def _finished(self, low: int, high: int, copied: bool) -> None:
        """Zero-copy sends are finished; ranges that touch become one report."""
        self.count += 1
        self.socket.host.note(f"zero-copy sends {low} to {high} are finished")
        last = self.queue[-1] if self.queue else None
        if last is not None and last.origin == zerocopy.ORIGIN and last.data + 1 == low:
            last.data = high
        else:
            self.queue.append(Report(zerocopy.ORIGIN, code=int(copied), info=low, data=high))

    def take(self, most: int) -> tuple[bytes, int, list[Note]]:
        """The oldest report as data, flags and notes; EAGAIN when there is none."""
        if not self.queue:
            raise socket_error(EAGAIN)
        report = self.queue.popleft()
        if self.queue:
            self.count += 1  # whoever waits for errors is told of the rest
        self._settle(report)
        flags = MSG_ERRQUEUE | (MSG_TRUNC if report.length > most else 0)
        notes = timestamping.notes_of(self.socket.options, report)
        six = self.socket.family == _AF_INET6
        place = (SOL_IPV6, IPV6_RECVERR) if six else (SOL_IP, IP_RECVERR)
        size = ROOM_OF_ERROR_6 if six else ROOM_OF_ERROR
        notes.append(Note(*place, report.fields(), size))
        return bytes(min(report.length, most)), flags, notes

    def _settle(self, taken: Report) -> None:
        """The socket's error is that of the next ICMP error that waits; the last takes it away."""
        following = self.queue[0] if self.queue else None
        icmp = (ORIGIN_ICMP, ORIGIN_ICMP_6)
        error: int | None = None
        if following is not None and following.origin in icmp:
            error = following.errno
        elif taken.origin not in icmp:
            return
        self.socket.error = error if self.socket.connection is None else None
        if self.socket.connection is not None:
            self.socket.connection.error = error


def of(socket: Socket) -> Notices:
    """The socket's notices; from now on it has some."""
    if socket.notices is None:
        socket.notices = Notices(socket)
    return socket.notices


def prepare_call(
    socket: Socket, given: Sequence[tuple[int, int, int]], sizes: Sequence[int]
) -> None:
    """sendmsg() is about to send: what its notes ask for, and the sizes of its buffers."""
    asked = timestamping.asked_by_call(given)
    if asked is not None:
        of(socket).asked_by_call = asked
    if socket.notices is not None:
        socket.notices.buffers = sizes


def beside(socket: Socket, data: bytes, flags: int) -> list[Note]:
    """What recvmsg() is told beside the data: when it came, and how much still waits."""
    c, found = socket.connection, list[Note]()
    if c is not None and data and socket.notices is not None and not flags & MSG_OOB:
        peeked = len(data) if flags & MSG_PEEK else 0
        time = socket.notices.stamps.time_of(timestamping.first_unread(c) + peeked & MASK)
        found = timestamping.notes_of_data(socket.options, time)
    if c is not None and socket.options.get("TCP_INQ"):
        waiting_ = len(c.receive_buffer) + int(c.rcv_closed)  # tcp_inq_hint()
        found.append(Note(IPPROTO_TCP, TCP_CM_INQ, waiting_))
    return found


def inherit(socket: Socket) -> None:
    """A socket that accept() gives has notices when its listener's options ask for them."""
    if not ASKING.isdisjoint(socket.options):
        stamps = of(socket).stamps
        stamps.receiving = timestamping.wants_arrivals(socket.options)
        stamps.arrived_before(socket.connection)


def waiting(socket: Socket) -> bool:
    """Whether the error queue has something; an ICMP error about a SYN is there unasked for."""
    c = socket.connection
    if socket.notices is None and c is not None and c.ip.errors:
        of(socket).look()
    return socket.notices is not None and bool(socket.notices.queue)
