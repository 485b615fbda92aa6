"""System calls of a script on this machine's kernel, in the thread that makes them.

Every method is one call: it returns the kernel's result or raises its `OSError`.  Handles are
Python's sockets and epoll objects; they block or not as the kernel's flags say.
"""

from __future__ import annotations

import array
import contextlib
import ctypes
import fcntl
import select
import socket as sockets
import struct
from typing import Any

from tcpcore.linux import tcp_info
from tcpcore.packetdrill.constants import SYMBOLS

_O_NONBLOCK = SYMBOLS["O_NONBLOCK"]
_TIMES = (SYMBOLS["SO_RCVTIMEO"], SYMBOLS["SO_SNDTIMEO"])
_ROOM_FOR_NOTES = 512


class KernelCalls:
    """See the module.  `congestion` is the congestion control that new sockets ask for."""

    def __init__(self, congestion: bytes = b"cubic") -> None:
        self._congestion = congestion
        self._epoll_data: dict[tuple[int, int], int] = {}

    def socket(self, family: int, flags: int) -> sockets.socket:
        made = sockets.socket(family, sockets.SOCK_STREAM | flags)
        with contextlib.suppress(OSError):  # some machines allow only what they list
            made.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_CONGESTION, self._congestion)
        return made

    def bind(self, handle: sockets.socket, address: str, port: int) -> None:
        handle.bind((_for(handle, address), port))

    def listen(self, handle: sockets.socket, backlog: int) -> None:
        libc = ctypes.CDLL(None, use_errno=True)  # Python's own makes 0 of a negative number
        if libc.listen(handle.fileno(), backlog) != 0:
            raise OSError(ctypes.get_errno(), "listen")

    def accept(self, handle: sockets.socket, flags: int) -> sockets.socket:
        made, _ = handle.accept()
        if flags & _O_NONBLOCK:
            fcntl.fcntl(made, fcntl.F_SETFL, fcntl.fcntl(made, fcntl.F_GETFL) | _O_NONBLOCK)
        return made

    def connect(self, handle: sockets.socket, address: str, port: int) -> None:
        handle.connect((_for(handle, address), port))

    def disconnect(self, handle: sockets.socket) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.connect(handle.fileno(), bytes(16), 16) != 0:
            number = ctypes.get_errno()
            raise OSError(number, "connect to AF_UNSPEC")

    def recv(self, handle: sockets.socket, size: int, flags: int) -> bytes:
        return handle.recv(size, flags)

    def nothing(self, handle: sockets.socket) -> int:
        return 0

    def recvmsg(
        self, handle: sockets.socket, size: int, flags: int
    ) -> tuple[bytes, int, list[tuple[int, int, int]]]:
        data, notes, shown, _ = handle.recvmsg(size, _ROOM_FOR_NOTES, flags)
        numbers = [
            (level, kind, struct.unpack("i", value[:4].ljust(4, b"\0"))[0])
            for level, kind, value in notes
        ]
        return data, shown, numbers

    def send(self, handle: sockets.socket, data: bytes, flags: int) -> int:
        return handle.send(data, flags)

    def sendto(
        self, handle: sockets.socket, data: bytes, flags: int, address: str, port: int
    ) -> int:
        return handle.sendto(data, flags, (_for(handle, address), port))

    def close(self, handle: sockets.socket | select.epoll) -> None:
        handle.close()

    def shutdown(self, handle: sockets.socket, how: int) -> None:
        handle.shutdown(how)

    def setsockopt(
        self, handle: sockets.socket, level: int, number: int, value: int | bytes | tuple[int, int]
    ) -> None:
        if isinstance(value, tuple):
            timed = level == sockets.SOL_SOCKET and number in _TIMES
            value = struct.pack("ll" if timed else "ii", *value)
        if isinstance(value, int):
            value = struct.pack("I", value & 0xFFFF_FFFF)
        handle.setsockopt(level, number, value)

    def getsockopt(
        self, handle: sockets.socket, level: int, number: int, size: int
    ) -> int | bytes | tuple[int, ...] | dict[str, int]:
        if (level, number) == (sockets.IPPROTO_TCP, sockets.TCP_INFO):
            return self.info(handle)
        if level == sockets.SOL_SOCKET and number == sockets.SO_LINGER:
            on, seconds = struct.unpack("ii", handle.getsockopt(level, number, 8))
            return int(on), int(seconds)
        found: int | bytes
        found = handle.getsockopt(level, number, *([] if size == 4 else [max(size, 1)]))
        return found

    def fcntl(self, handle: sockets.socket, command: int, argument: int) -> int:
        found = fcntl.fcntl(handle, command, argument)
        return int(found)

    def ioctl(self, handle: sockets.socket, request: int, value: int) -> int:
        number = array.array("i", [value])
        fcntl.ioctl(handle, request, number)
        return number[0]

    def poll(self, asked: list[tuple[Any, int]], timeout: int) -> list[int]:
        poller = select.poll()
        for handle, events in asked:
            poller.register(handle, events)
        found = dict(poller.poll(timeout))
        return [found.get(handle.fileno(), 0) for handle, _ in asked]

    def epoll_create(self) -> select.epoll:
        return select.epoll()

    def epoll_ctl(
        self, handle: select.epoll, operation: int, watched: Any, events: int, data: int
    ) -> None:
        if operation == SYMBOLS["EPOLL_CTL_DEL"]:
            handle.unregister(watched)
        elif operation == SYMBOLS["EPOLL_CTL_MOD"]:
            handle.modify(watched, events)
        else:
            handle.register(watched, events)
        self._epoll_data[handle.fileno(), watched.fileno()] = data

    def epoll_wait(self, handle: select.epoll, most: int, timeout: int) -> list[tuple[int, int]]:
        found = handle.poll(None if timeout < 0 else timeout / 1000, most)
        return [(events, self._epoll_data.get((handle.fileno(), fd), fd)) for fd, events in found]

    def info(self, handle: sockets.socket) -> dict[str, int]:
        raw = handle.getsockopt(sockets.IPPROTO_TCP, sockets.TCP_INFO, tcp_info.SIZE)
        return tcp_info.parse(raw)


def _for(handle: sockets.socket, address: str) -> str:
    """The address as a socket of this family takes it."""
    if handle.family == sockets.AF_INET or ":" in address:
        return address
    return "::" if address == "0.0.0.0" else f"::ffff:{address}"
