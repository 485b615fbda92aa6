"""Pipes, and files that hold nothing but zeros: what splice(2) and sendfile(2) need beside sockets.

No file of the machine is opened: a virtual host has none.  Source: fs/pipe.c.
"""

from __future__ import annotations

from collections import deque

from tcpcore import errors
from tcpcore.errors import socket_error
from tcpcore.host.process import WaitQueue

SLOTS = 16
"""Buffers of a pipe (PIPE_DEF_BUFFERS)."""
PAGE = 4096


class File:
    """An open file of `size` zeros; None: as many as anybody asks for, as /dev/zero has."""

    __slots__ = ("blocking", "name", "place", "size")

    def __init__(self, name: str, size: int | None) -> None:
        self.name = name
        self.size = size
        self.place = 0
        self.blocking = True

    def left(self, place: int) -> int | None:
        """Bytes from there to the end; None: there is none."""
        return None if self.size is None else max(self.size - place, 0)

    async def read(self, most: int) -> bytes:
        """Up to so many bytes."""
        left = self.left(self.place)
        count = most if left is None else min(most, left)
        self.place += count
        return bytes(count)

    async def write(self, data: bytes) -> int:
        """What is written is gone."""
        return len(data)

    async def close(self) -> None:
        """Nothing is left behind."""


class Pipe:
    """A pipe: buffers of at most a page, or what a packet held; both ends wait in one queue."""

    __slots__ = ("readers", "slots", "waiters", "writers")

    def __init__(self) -> None:
        self.slots: deque[bytes] = deque()
        self.readers = self.writers = 1
        self.waiters = WaitQueue()

    @property
    def room(self) -> int:
        """Free buffers."""
        return SLOTS - len(self.slots)

    @property
    def size(self) -> int:
        """Bytes in it."""
        return sum(map(len, self.slots))

    def put(self, data: bytes) -> None:
        """Fill a buffer."""
        if data:
            self.slots.append(data)
            self.waiters.wake()

    def take(self, most: int) -> bytes:
        """Remove and return up to so many bytes."""
        data = b""
        while self.slots and len(data) < most:
            slot = self.slots.popleft()
            part, rest = slot[: most - len(data)], slot[most - len(data) :]
            data += part
            if rest:
                self.slots.appendleft(rest)
        self.waiters.wake()
        return data


class PipeEnd:
    """One end of a pipe, as a descriptor has it."""

    __slots__ = ("blocking", "closed", "pipe", "writes")

    def __init__(self, pipe: Pipe, *, writes: bool, blocking: bool = True) -> None:
        self.pipe = pipe
        self.writes = writes
        self.blocking = blocking
        self.closed = False

    def require(self, *, writes: bool) -> Pipe:
        """The pipe; EBADF at the wrong end."""
        if self.writes != writes or self.closed:
            raise socket_error(errors.EBADF)
        return self.pipe

    async def wait_for_data(self, *, may_wait: bool = True) -> bool:
        """Block until there is something; False: nobody will write any more.  Else EAGAIN."""
        pipe = self.require(writes=False)
        while not pipe.slots:
            if not pipe.writers:
                return False
            if not (self.blocking and may_wait):
                raise socket_error(errors.EAGAIN)
            await pipe.waiters
        return True

    async def wait_for_room(self, *, may_wait: bool = True) -> None:
        """Block until a buffer is free; EPIPE when nobody will read, EAGAIN."""
        pipe = self.require(writes=True)
        while pipe.readers and not pipe.room:
            if not (self.blocking and may_wait):
                raise socket_error(errors.EAGAIN)
            await pipe.waiters
        if not pipe.readers:
            raise socket_error(errors.EPIPE)

    async def read(self, most: int) -> bytes:
        """Up to so many bytes, as soon as there are any; ``b""`` when nobody will write."""
        return self.pipe.take(most) if await self.wait_for_data() else b""

    async def write(self, data: bytes) -> int:
        """All of it, a page in each buffer; less when the call may not block."""
        done = 0
        while done < len(data):
            try:
                await self.wait_for_room()
            except OSError:
                if done:
                    return done
                raise
            self.pipe.put(data[done : done + PAGE])
            done += len(data[done : done + PAGE])
        return done

    async def close(self) -> None:
        """Let go of this end."""
        if self.closed:
            return
        self.closed = True
        if self.writes:
            self.pipe.writers -= 1
        else:
            self.pipe.readers -= 1
        self.pipe.waiters.wake()


def open_pipe(*, blocking: bool = True) -> tuple[PipeEnd, PipeEnd]:
    """pipe(2): the end to read from, the end to write to."""
    pipe = Pipe()
    ends = (PipeEnd(pipe, writes=writes, blocking=blocking) for writes in (False, True))
    return next(ends), next(ends)
