"""sendfile(2) and splice(2): bytes go from files and pipes to a socket, and from it into pipes.

A file goes through a pipe of 16 pages on its way, so at most 64 KiB are handed to the socket at
once; all but the last such piece say MSG_MORE, and the end of the file takes that back.
Source: splice_direct_to_actor(), splice_to_socket() in fs/splice.c; tcp_splice_read(),
tcp_splice_eof() in net/ipv4/tcp.c.
"""

from __future__ import annotations

from tcpcore import errors
from tcpcore.errors import socket_error
from tcpcore.host import transfer
from tcpcore.host.messages import MSG_DONTWAIT, MSG_MORE
from tcpcore.host.pipes import PAGE, SLOTS, File, PipeEnd
from tcpcore.host.sockets import Socket
from tcpcore.tcp import write_queue

SPLICE_F_NONBLOCK, SPLICE_F_MORE = 2, 4

Source = File | PipeEnd | Socket


async def sendfile(to: Socket | PipeEnd | File, source: File, place: int | None, size: int) -> int:
    """Send up to `size` bytes of a file, from `place`, or from where it was left; how many.

    A file that ends before has sent what it has.  A socket that may not block takes what fits.
    """
    if place is not None and not isinstance(source, File):
        raise socket_error(errors.ESPIPE)
    if isinstance(to, File):  # there is none that may be written
        raise socket_error(errors.EBADF)
    if not isinstance(source, File) or source.name == "/dev/null":
        raise socket_error(errors.EINVAL)
    begin = source.place if place is None else place
    done = 0
    while done < size:
        at = begin + done
        length = min(size - done, SLOTS * PAGE - at % PAGE)
        left = source.left(at)
        if left is not None:
            length = min(length, left)
        if not length:
            _push(to)
            break
        flags = MSG_MORE if done + length < size else 0
        try:
            count = await _give(to, bytes(length), flags)
        except OSError:
            if not done:
                raise
            break
        done += count
        if count < length:
            break
    if place is None:
        source.place += done
    return done


async def splice(
    source: Source,
    to: Source,
    source_place: int | None,
    to_place: int | None,
    size: int,
    flags: int,
) -> int:
    """Move up to `size` bytes; one of the two is a pipe, else EINVAL; ESPIPE for a place in it."""
    may_wait = not flags & SPLICE_F_NONBLOCK
    for end, place in ((source, source_place), (to, to_place)):
        if place is not None and not isinstance(end, File):
            raise socket_error(errors.ESPIPE if isinstance(end, PipeEnd) else errors.EINVAL)
    if not size:
        return 0
    if isinstance(source, PipeEnd):
        return await _from_pipe(source, to, size, flags, may_wait=may_wait)
    if not isinstance(to, PipeEnd):
        raise socket_error(errors.EINVAL)
    await to.wait_for_room(may_wait=may_wait)
    if isinstance(source, Socket):
        return await _from_socket(source, to, size)
    if source_place is not None:
        source.place = source_place
    return await to.write(await source.read(min(size, to.pipe.room * PAGE)))


async def _from_pipe(source: PipeEnd, to: Source, size: int, flags: int, *, may_wait: bool) -> int:
    pipe = source.require(writes=False)
    if not await source.wait_for_data(may_wait=may_wait):
        return 0
    if isinstance(to, PipeEnd):
        await to.wait_for_room(may_wait=may_wait)
    count = min(size, pipe.size)
    waiting = pipe.take(count)
    more = flags & SPLICE_F_MORE
    try:
        done = await _give(to, waiting, MSG_MORE if more else 0)
    except OSError:
        _back(source, waiting)
        raise
    _back(source, waiting[done:])
    return done


def _back(source: PipeEnd, data: bytes) -> None:
    """What nobody took lies in the pipe again."""
    if data:
        source.pipe.slots.appendleft(data)


async def _from_socket(source: Socket, to: PipeEnd, size: int) -> int:
    """As much as recv() would give, a buffer for each packet or page (tcp_splice_read())."""
    pipe = to.require(writes=True)
    c = source.connection
    until = transfer.deadline(source, "SO_RCVTIMEO")
    if c is None:
        raise socket_error(errors.ENOTCONN)
    while transfer.nothing_to_tell(c):
        if not await transfer.wait(source, until):
            raise socket_error(errors.EAGAIN)
    done = 0
    while done < size and pipe.room and c.receive_buffer:
        part = await source.recv(min(c.unread[0][0], size - done, PAGE), MSG_DONTWAIT)
        pipe.put(part)
        done += len(part)
    if not done:
        return len(await source.recv(1))  # the error, or the end of all
    return done


async def _give(to: Source, data: bytes, flags: int) -> int:
    return await to.send(data, flags) if isinstance(to, Socket) else await to.write(data)


def _push(to: Socket | PipeEnd) -> None:
    """The file has ended: what waited for more goes (tcp_splice_eof())."""
    c = to.connection if isinstance(to, Socket) else None
    if c is not None and isinstance(to, Socket) and c.write_end != c.snd_nxt:
        write_queue.push(c)
        to.host.transmit(c, c.push(to.host.now))
