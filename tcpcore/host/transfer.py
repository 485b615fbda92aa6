"""send() and recv() on a socket: what blocks, for how long, and what the flags change.

Source: tcp_sendmsg_locked(), sk_stream_wait_memory() and tcp_recvmsg_locked() in net/.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from tcpcore import errors
from tcpcore.errors import socket_error
from tcpcore.host.messages import (
    MSG_DONTWAIT,
    MSG_EOR,
    MSG_MORE,
    MSG_OOB,
    MSG_PEEK,
    MSG_WAITALL,
    shown,
)
from tcpcore.host.nowhere import Nowhere
from tcpcore.host.process import Wait
from tcpcore.tcp import admission, departure, rate, records, send_buffer, state, urgent
from tcpcore.tcp.connection import Connection
from tcpcore.wire.segment import Segment

if TYPE_CHECKING:
    from tcpcore.host.sockets import Socket
    from tcpcore.host.stack import Host

OPENING = (state.SYN_SENT, state.SYN_RECV)
_CLOSED = state.CLOSED


def deadline(socket: Socket, option: str, flags: int = 0) -> int | None:
    """Until when a call may block: a time, in us; None: for ever; 0: not at all."""
    if flags & MSG_DONTWAIT or not socket.blocking:
        return 0
    limit: int = socket.options.get(option, 0)
    return socket.host.now + limit if limit else None


async def wait(socket: Socket, until: int | None) -> bool:
    """Block until something happens to the socket; False: the time is up."""
    if until is not None and socket.host.now >= until:
        return False
    await Wait(socket.waiters, until)
    return True


async def send(socket: Socket, c: Connection, data: bytes, flags: int) -> int:
    """Hand over all of `data`, or what fits when the call may not block (that long)."""
    host = socket.host
    host.call(f"send({len(data)} bytes{shown(flags)})")
    try:
        writing = hand_over(socket, c, data, flags)
        if socket.notices is not None:
            writing = socket.notices.send(c, len(data), flags, writing)
        count = await writing
    except OSError as error:
        host.returned("send", errors.errno_name(error.errno))
        raise
    host.returned("send", "ok", "" if count == len(data) else f"send() returned {count}", count)
    return count


async def hand_over(socket: Socket, c: Connection, data: bytes, flags: int) -> int:
    """The work of `send`."""
    host, until = socket.host, deadline(socket, "SO_SNDTIMEO", flags)
    rate.check_app_limited(c)
    if c.state in OPENING:
        await _wait_until_open(socket, c, until)
    if isinstance(data, Nowhere) and data:
        c.send(b"", host.now)  # whatever else is wrong comes first
        data = bytes(data[: admission.copied(c, data.good, len(data))])
        if not data:
            raise socket_error(errors.EFAULT)
    oob = more = False
    if flags:
        oob, more = bool(flags & MSG_OOB), bool(flags & MSG_MORE)
    done = 0
    while True:
        left = len(data) - done
        room = admission.taken(c, left) if departure.takes_data(c) else left
        if done and (c.error is not None or not departure.takes_data(c)):
            return done  # the error is for the next call
        part = data[done : done + room] if room < len(data) else data
        last = done + len(part) == len(data)
        if last and part and flags & MSG_EOR:
            records.ends_after(c, len(part))
        now = host.network.now
        out = c.send(part, now, oob=oob, more=more and last, first=not done, last=last)
        host.transmit(c, out)
        done += len(part)
        if last:
            return done
        if done:
            host.transmit(c, c.push_before_waiting(host.now))
        while departure.takes_data(c) and not send_buffer.writable(c, waking=True):
            c.lacks_space = True
            if not await wait(socket, until):
                if done:
                    return done
                raise socket_error(errors.EAGAIN)


async def _wait_until_open(socket: Socket, c: Connection, until: int | None) -> None:
    """A send() on a socket that is still opening waits (sk_stream_wait_connect())."""
    while c.error is None and c.state in OPENING and not c.may_send():
        if not await wait(socket, until):
            raise socket_error(errors.EAGAIN)


def nothing_to_tell(c: Connection) -> bool:
    """Whether a plain recv() has to wait."""
    if c.receive_buffer or c.rcv_closed or c.no_reader:
        return False
    return c.error is None and c.state != _CLOSED


@lru_cache(maxsize=256)
def _received(length: int) -> str:
    return f"recv() returned {length} bytes"


def read(host: Host, c: Connection, most: int) -> bytes:
    """What a plain recv() does when there are bytes, and none of them urgent."""
    data, out = c.receive(most, host.network.now)
    if host.trace is not None:
        count = len(data)
        host.returned("recv", "ok", _received(count), count)
    if out:
        host.transmit(c, out)
    return data


async def receive(socket: Socket, c: Connection, most: int, flags: int) -> bytes:
    """Up to `most` bytes as soon as there are any; ``b""`` after the peer's FIN."""
    host = socket.host
    if flags & MSG_OOB:
        return _receive_urgent(socket, c, most, flags)
    until = deadline(socket, "SO_RCVTIMEO", flags)
    target = most if flags & MSG_WAITALL else min(socket.options.get("SO_RCVLOWAT", 1), most)
    data, out = b"", list[Segment]()
    while True:
        if c.receive_buffer and not (data and urgent.at_mark(c)):
            part, out = _take(socket, c, most - len(data), flags)
            data += part
        if data and (len(data) >= target or urgent.at_mark(c)):
            break
        if c.error is not None and not c.rcv_closed and not data:
            socket.report("recv", c)
        if c.rcv_closed or c.no_reader or c.state == state.CLOSED:
            break
        if not most and c.receive_buffer:
            break
        if out:
            host.note(f"recv() has {len(data)} bytes, and waits for more")
            host.transmit(c, out)
            out = []
        if not await wait(socket, until):
            if data:
                break
            host.returned("recv", "EAGAIN")
            raise socket_error(errors.EAGAIN)
        if flags & MSG_PEEK:
            data = b""
    if "SO_PEEK_OFF" in socket.options:
        _move_peeking(socket, len(data), flags)
    if not data and most and c.rcv_closed and not flags & MSG_PEEK:
        c.end_read = True
        if c.unread:  # the FIN's own packet
            c.rmem -= c.unread.pop()[1]
    _returned(socket, c, data, most)
    if out:
        host.transmit(c, out)
    return data


def _take(socket: Socket, c: Connection, most: int, flags: int) -> tuple[bytes, list[Segment]]:
    if flags & MSG_PEEK:
        skipped = max(socket.options.get("SO_PEEK_OFF", 0), 0)
        return urgent.peek(c, skipped + most)[skipped:], []
    return c.receive(most, socket.host.now)


def _move_peeking(socket: Socket, count: int, flags: int) -> None:
    """SO_PEEK_OFF: looking moves it on, reading back (sk_peek_offset_fwd(), ..._bwd())."""
    place = socket.options["SO_PEEK_OFF"]
    if place >= 0:
        moved = place + count if flags & MSG_PEEK else max(place - count, 0)
        socket.options["SO_PEEK_OFF"] = moved


def _returned(socket: Socket, c: Connection, data: bytes, most: int) -> None:
    if not data and most:
        socket.host.returned("recv", "ok", "recv() returned end of file", 0)
    elif socket.host.trace is not None:
        socket.host.returned("recv", "ok", _received(len(data)), len(data))


def _receive_urgent(socket: Socket, c: Connection, most: int, flags: int) -> bytes:
    host = socket.host
    try:
        byte = urgent.read_byte(c, most, peek=bool(flags & MSG_PEEK))
    except OSError as error:
        name = errors.errno_name(error.errno)
        host.returned("recv", name, f"recv(MSG_OOB) failed: {name}")
        raise
    host.returned("recv", "ok", f"recv(MSG_OOB) returned {len(byte)} bytes", len(byte))
    return byte
