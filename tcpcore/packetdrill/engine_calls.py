"""System calls of a script on the engine's sockets.

The same methods as `kernel_calls`, as coroutines.  Handles are sockets of `host.sockets` and
epolls of `host.poll`.  An option or a flag that the engine does not know is `Unsupported`.
"""

from __future__ import annotations

from typing import Any

from tcpcore import errors
from tcpcore.errors import socket_error
from tcpcore.host import poll as polling
from tcpcore.host import socket_options, tcp_info
from tcpcore.host.sockets import Socket
from tcpcore.host.stack import Host
from tcpcore.packetdrill.constants import MESSAGE_FLAGS, SYMBOLS, option_name
from tcpcore.packetdrill.system import Unsupported

_O_NONBLOCK = SYMBOLS["O_NONBLOCK"]
_O_RDWR = SYMBOLS["O_RDWR"]
_HOW = {0: "read", 1: "write", 2: "both"}
_FASTOPEN = MESSAGE_FLAGS["MSG_FASTOPEN"]
_KNOWN_FLAGS = sum(
    MESSAGE_FLAGS[name]
    for name in (
        "MSG_OOB", "MSG_PEEK", "MSG_DONTWAIT", "MSG_WAITALL", "MSG_MORE", "MSG_NOSIGNAL",
        "MSG_TRUNC", "MSG_FASTOPEN", "MSG_EOR", "MSG_DONTROUTE", "MSG_CONFIRM",
    )
)  # fmt: skip


class EngineCalls:
    """See the module."""

    def __init__(self, host: Host) -> None:
        self._host = host

    async def socket(self, family: int, flags: int) -> Socket:
        made = self._host.socket()
        made.family = family
        made.blocking = not flags & _O_NONBLOCK
        return made

    async def bind(self, handle: Socket, address: str, port: int) -> None:
        handle.bind(port, address)

    async def listen(self, handle: Socket, backlog: int) -> None:
        handle.listen(backlog)

    async def accept(self, handle: Socket, flags: int) -> Socket:
        made = await handle.accept()
        made.blocking = not flags & _O_NONBLOCK
        return made

    async def connect(self, handle: Socket, address: str, port: int) -> None:
        await handle.connect(address, port)

    async def disconnect(self, handle: Socket) -> None:
        handle.disconnect()

    async def recv(self, handle: Socket, size: int, flags: int) -> bytes:
        _require_known(flags)
        return await handle.recv(size, flags)

    async def nothing(self, handle: Socket) -> int:
        return 0

    async def recvmsg(
        self, handle: Socket, size: int, flags: int
    ) -> tuple[bytes, int, list[tuple[int, int, int]]]:
        _require_known(flags)
        data = await handle.recv(size, flags)
        shown = flags & MESSAGE_FLAGS["MSG_OOB"]
        notes = []
        if handle.options.get("TCP_INQ") and handle.connection is not None:
            waiting = polling.readable(handle.connection)
            notes.append((SYMBOLS["SOL_TCP"], SYMBOLS["TCP_CM_INQ"], waiting))
        return data, shown, notes

    async def send(self, handle: Socket, data: bytes, flags: int) -> int:
        _require_known(flags)
        if flags & _FASTOPEN:
            return await handle.sendto(data, None, 0, flags)
        return await handle.send(data, flags)

    async def sendto(self, handle: Socket, data: bytes, flags: int, address: str, port: int) -> int:
        _require_known(flags)
        if flags & _FASTOPEN:
            return await handle.sendto(data, address, port, flags)
        return await handle.send(data, flags)

    async def close(self, handle: Any) -> None:
        await handle.close()

    async def shutdown(self, handle: Socket, how: int) -> None:
        if how not in _HOW:
            raise socket_error(errors.EINVAL)
        handle.shutdown(_HOW[how])

    async def setsockopt(
        self, handle: Socket, level: int, number: int, value: int | bytes | tuple[int, int]
    ) -> None:
        handle.setsockopt(_option(level, number), value)

    async def getsockopt(
        self, handle: Socket, level: int, number: int, size: int
    ) -> int | bytes | tuple[int, int] | dict[str, int]:
        if (level, number) == (SYMBOLS["SOL_TCP"], SYMBOLS["TCP_INFO"]):
            return self.info(handle, None)
        value: int | bytes | tuple[int, int] = handle.getsockopt(_option(level, number))
        return value

    async def fcntl(self, handle: Socket, command: int, argument: int) -> int:
        if command == SYMBOLS["F_GETFL"]:
            return _O_RDWR | (0 if handle.blocking else _O_NONBLOCK)
        if command == SYMBOLS["F_SETFL"]:
            handle.blocking = not argument & _O_NONBLOCK
            return 0
        raise Unsupported(f"fcntl() command {command}")

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
        if connection is None:
            for ends, endpoint in self._host.endpoints.items():
                if (ends[1], ends[3]) == ports:
                    connection = getattr(endpoint, "child", endpoint)
        listener = getattr(handle, "listener", None)
        if connection is None and listener is not None:
            return tcp_info.of_listener(listener)
        opens = getattr(handle, "deferred", None) is not None
        return tcp_info.of(connection, self._host.now, opens=opens)


def _option(level: int, number: int) -> str:
    name = option_name(level, number)
    if name is None or name not in socket_options.OPTIONS:
        raise Unsupported(f"the socket option {name or f'{number} of level {level}'}")
    return name


def _require_known(flags: int) -> None:
    if flags & ~_KNOWN_FLAGS:
        raise Unsupported(f"the message flags {flags & ~_KNOWN_FLAGS:#x}")
