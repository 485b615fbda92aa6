"""System calls of a script on the engine's sockets.

The same methods as `kernel_calls`, as coroutines.  Handles are sockets of `host.sockets` and
epolls of `host.poll`.  An option or a flag that the engine does not know is `Unsupported`.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

from tcpcore import errors
from tcpcore.errors import socket_error
from tcpcore.host import names, saved_syn, socket_options, splicing, tcp_info
from tcpcore.host import poll as polling
from tcpcore.host.ancillary import Note
from tcpcore.host.nowhere import Nowhere
from tcpcore.host.option import INT, SOL_IPV6
from tcpcore.host.pipes import File, PipeEnd, open_pipe
from tcpcore.host.plain_options import AF_INET, memory
from tcpcore.host.sockets import Socket
from tcpcore.host.stack import Host
from tcpcore.packetdrill.constants import MESSAGE_FLAGS, SYMBOLS, option_name
from tcpcore.packetdrill.file_calls import DEVICES
from tcpcore.packetdrill.prepared import ANY
from tcpcore.packetdrill.system import Unsupported

_O_NONBLOCK = SYMBOLS["O_NONBLOCK"]
_O_RDWR = SYMBOLS["O_RDWR"]
_KEPT = SYMBOLS["O_APPEND"] | SYMBOLS["O_ASYNC"]
_CHANGING = SYMBOLS["O_WRONLY"] | SYMBOLS["O_RDWR"] | SYMBOLS["O_CREAT"] | SYMBOLS["O_TRUNC"]
_MAY_OPEN = f"there are {', '.join(DEVICES)}, and files beside the script"
_HOW = {0: "read", 1: "write", 2: "both"}
_FASTOPEN, _ERRQUEUE = MESSAGE_FLAGS["MSG_FASTOPEN"], MESSAGE_FLAGS["MSG_ERRQUEUE"]


class EngineCalls:
    """See the module."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self.files: dict[str, int] = {}  # sizes of those that the script's shell has made
        self._closing_at_exec: dict[Any, int] = {}
        self._status: dict[Any, int] = {}  # flags that F_GETFL shows, and that change nothing
        self._more_holders: dict[Any, int] = {}  # descriptors beside the first one

    async def socket(self, family: int, flags: int) -> Socket:
        made = self._host.socket()
        made.family = family
        made.blocking = not flags & _O_NONBLOCK
        return made

    async def bind(self, handle: Socket, address: str, port: int) -> None:
        if _is_other_ip(handle, address):
            raise socket_error(errors.EINVAL)
        handle.bind(port, address)

    async def listen(self, handle: Socket, backlog: int) -> None:
        handle.listen(backlog)

    async def accept(self, handle: Socket, flags: int) -> Socket:
        made = await handle.accept()
        made.blocking = not flags & _O_NONBLOCK
        return made

    async def connect(self, handle: Socket, address: str, port: int) -> None:
        if _is_other_ip(handle, address):
            raise socket_error(errors.ENETUNREACH)
        await handle.connect(address, port)

    async def disconnect(self, handle: Socket) -> None:
        handle.disconnect()

    async def recv(self, handle: Socket | File | PipeEnd, size: int, flags: int) -> bytes:
        if not isinstance(handle, Socket):
            return await handle.read(size)
        if flags & _ERRQUEUE:
            return (await handle.recvmsg(size, flags, 0))[0]
        return await handle.recv(size, flags)

    async def nothing(self, handle: Socket) -> int:
        return 0

    async def recvmsg(
        self, handle: Socket, size: int, flags: int, room: int
    ) -> tuple[bytes, int, list[Note]]:
        return await handle.recvmsg(size, flags, room)

    async def sendmsg(
        self, handle: Socket, sizes: list[int], flags: int, notes: list[tuple[int, int, int]]
    ) -> int:
        for level, kind, _ in notes:
            if (level, kind) != (SYMBOLS["SOL_SOCKET"], SYMBOLS["SO_TIMESTAMPING"]):
                raise Unsupported(f"sendmsg() with a control message {kind} of level {level}")
        return await handle.sendmsg(bytes(sum(sizes)), flags, notes, sizes)

    async def send(self, handle: Socket | File | PipeEnd, data: bytes, flags: int) -> int:
        if not isinstance(handle, Socket):
            return await handle.write(data)
        if flags & _FASTOPEN:
            return await handle.sendto(data, None, 0, flags)
        return await handle.send(data, flags)

    async def sendto(self, handle: Socket, data: bytes, flags: int, address: str, port: int) -> int:
        if flags & _FASTOPEN:
            return await handle.sendto(data, address, port, flags & ~_FASTOPEN)
        return await handle.send(data, flags)

    async def send_nowhere(self, handle: Socket, place: int, size: int, flags: int) -> int:
        """A write from where no memory is: EFAULT, unless something else is wrong before."""
        return await handle.send(Nowhere(size), flags)

    async def send_partly(self, handle: Socket, good: int, size: int, flags: int) -> int:
        """A write of which only the first `good` bytes are anywhere."""
        data = Nowhere(size)
        data.good = good
        return await handle.send(data, flags)

    async def sendto_nowhere(
        self, handle: Socket, place: int, size: int, flags: int, address: str, port: int
    ) -> int:
        if flags & _FASTOPEN:
            return await handle.sendto(Nowhere(size), address, port, flags & ~_FASTOPEN)
        return await self.send_nowhere(handle, place, size, flags)

    async def recv_nowhere(self, handle: Socket, place: int, size: int, flags: int) -> int:
        """A read to where no memory is: the bytes stay."""
        if await handle.recv(size, flags | MESSAGE_FLAGS["MSG_PEEK"]):
            raise socket_error(errors.EFAULT)
        return 0

    async def setsockopt_nowhere(self, handle: Socket, level: int, number: int, size: int) -> None:
        """A value that is nowhere: EFAULT, once its size is enough."""
        _option(handle, level, number, setting=True)
        raise socket_error(errors.EFAULT if size >= INT else errors.EINVAL)

    async def no_socket(self, domain: int, kind: int, protocol: int, errno: int) -> None:
        """A socket() that fails."""
        raise socket_error(errno)

    async def dup(self, handle: Socket) -> Socket:
        """A second descriptor of the socket: only the last close() closes it."""
        self._more_holders[handle] = self._more_holders.get(handle, 0) + 1
        return handle

    async def getsockname(self, handle: Socket) -> tuple[str, int]:
        return names.own(handle)

    async def getpeername(self, handle: Socket) -> tuple[str, int]:
        return names.peer(handle)

    async def close(self, handle: Any) -> None:
        if self._more_holders.get(handle):
            self._more_holders[handle] -= 1
            return
        await handle.close()

    async def open(self, name: str, beside: Path | None, flags: int) -> File:
        if flags & _CHANGING:
            raise Unsupported(f"open() of {name!r} to write into it")
        if name in DEVICES:
            return File(name, 0 if name == "/dev/null" else None)
        if name in self.files:
            return File(name, self.files[name])
        if beside is not None:
            return File(name, beside.stat().st_size)
        raise Unsupported(f"open() of {name!r} ({_MAY_OPEN})")

    async def pipe(self, flags: int) -> tuple[PipeEnd, PipeEnd]:
        return open_pipe(blocking=not flags & _O_NONBLOCK)

    async def sendfile(self, handle: Socket, source: File, place: int | None, size: int) -> int:
        return await splicing.sendfile(handle, source, place, size)

    async def splice(
        self,
        source: Any,
        to: Any,
        source_place: int | None,
        to_place: int | None,
        size: int,
        flags: int,
    ) -> int:
        return await splicing.splice(source, to, source_place, to_place, size, flags)

    async def shutdown(self, handle: Socket, how: int) -> None:
        if how not in _HOW:
            raise socket_error(errors.EINVAL)
        handle.shutdown(_HOW[how])

    async def setsockopt(
        self, handle: Socket, level: int, number: int, value: int | bytes | tuple[int, int]
    ) -> None:
        name = _option(handle, level, number, setting=True)
        option = socket_options.OPTIONS[name]
        if isinstance(value, int) and (option.form != "i" or option.raw):
            value = struct.pack("<I", value & 0xFFFF_FFFF)  # four bytes, and no number
        handle.setsockopt(name, value)

    async def getsockopt(
        self, handle: Socket, level: int, number: int, size: int
    ) -> int | bytes | tuple[int, int] | dict[str, int]:
        if (level, number) == (SYMBOLS["SOL_TCP"], SYMBOLS["TCP_INFO"]):
            return self.info(handle, None)
        name = _option(handle, level, number)
        if name == "TCP_SAVED_SYN" and size < saved_syn.size(handle):
            raise socket_error(errors.EINVAL)  # and it is kept
        value: int | bytes | tuple[int, int] = handle.getsockopt(name)
        if isinstance(value, bytes):  # cut to what the call has room for
            return int.from_bytes(value[:INT], "little") if size == INT else value[: max(size, 1)]
        return value

    async def fcntl(self, handle: Socket, command: int, argument: int) -> int:
        if command == SYMBOLS["F_GETFL"]:
            blocking = 0 if handle.blocking else _O_NONBLOCK
            return _O_RDWR | blocking | self._status.get(handle, 0)
        if command == SYMBOLS["F_SETFL"]:
            handle.blocking = not argument & _O_NONBLOCK
            self._status[handle] = argument & _KEPT
            return 0
        if command == SYMBOLS["F_GETFD"]:
            return self._closing_at_exec.get(handle, 0)
        if command == SYMBOLS["F_SETFD"]:
            self._closing_at_exec[handle] = argument & SYMBOLS["FD_CLOEXEC"]
            return 0
        if command == SYMBOLS["F_GETOWN"]:
            return 0
        raise socket_error(errors.EINVAL)

    async def ioctl(self, handle: Socket, request: int, value: int) -> int:
        if request == SYMBOLS["FIONBIO"]:
            handle.blocking = not value
            return value
        return polling.ioctl(handle, request)

    async def poll(self, asked: list[tuple[Any, int]], timeout: int) -> list[int]:
        return await polling.poll(self._host, asked, timeout)

    async def epoll_create(self) -> polling.Epoll:
        return polling.Epoll(self._host)

    async def epoll_ctl(
        self, handle: polling.Epoll, operation: int, watched: Any, events: int, data: int
    ) -> None:
        handle.control(operation, watched, events, data)

    async def epoll_wait(
        self, handle: polling.Epoll, most: int, timeout: int
    ) -> list[tuple[int, int]]:
        return await handle.wait(most, timeout)

    def info(self, handle: Any, ports: tuple[int, int] | None) -> dict[str, int]:
        """The fields of tcp_info, of a socket or of a connection that nobody has accepted."""
        connection = getattr(handle, "connection", None)
        opens = getattr(handle, "deferred", None) is not None
        if connection is None and not opens:
            for ends, endpoint in self._host.endpoints.items():
                if (ends[1], ends[3]) == ports:
                    connection = getattr(endpoint, "child", endpoint)
        listener = getattr(handle, "listener", None)
        if connection is None and listener is not None:
            return tcp_info.of_listener(listener)
        past = getattr(handle, "past", None)
        found = tcp_info.of(connection, self._host.now, opens=opens, past=past)
        return found | memory(handle) if isinstance(handle, Socket) else found


def _option(handle: Socket, level: int, number: int, *, setting: bool = False) -> str:
    """The option's name; an errno for one that no kernel has."""
    name = option_name(level, number)
    if level == SOL_IPV6 and handle.family == AF_INET:
        raise socket_error(errors.ENOPROTOOPT if setting else errors.EOPNOTSUPP)
    if name == "TCP_INFO":
        raise socket_error(errors.ENOPROTOOPT)
    if name is None:
        raise socket_error(_unknown(level, setting))
    if name not in socket_options.OPTIONS:
        raise Unsupported(f"the socket option {name}")
    return name


def _is_other_ip(handle: Socket, address: str) -> bool:
    """Whether a socket that wants IPv6 only (IPV6_V6ONLY) gets an address of IPv4."""
    only = handle.options.get("IPV6_V6ONLY") and handle.family != AF_INET
    return bool(only and address != ANY and ":" not in address)


def _unknown(level: int, setting: bool) -> int:
    """What Linux says of a level or of a number that it does not know."""
    known = level in (SYMBOLS["SOL_SOCKET"], SYMBOLS["SOL_TCP"], SYMBOLS["SOL_IP"], SOL_IPV6)
    return errors.ENOPROTOOPT if known or setting else errors.EOPNOTSUPP
