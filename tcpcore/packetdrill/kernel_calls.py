"""System calls of a script on this machine's kernel, in the thread that makes them.

Every method is one call: it returns the kernel's result or raises its `OSError`.  Handles are
Python's sockets and epoll objects; they block or not as the kernel's flags say.
"""

from __future__ import annotations

import array
import contextlib
import ctypes
import errno
import fcntl
import os
import select
import socket as sockets
import struct
from pathlib import Path
from typing import Any

from tcpcore.host.ancillary import Note
from tcpcore.host.plain_options import MEMORY
from tcpcore.linux import tcp_info
from tcpcore.packetdrill import kernel_notes
from tcpcore.packetdrill.constants import SYMBOLS
from tcpcore.packetdrill.file_calls import DEVICES
from tcpcore.packetdrill.system import Unsupported

_O_NONBLOCK = SYMBOLS["O_NONBLOCK"]
_TIMES = (SYMBOLS["SO_RCVTIMEO"], SYMBOLS["SO_SNDTIMEO"])
_CHANGING = os.O_CREAT | os.O_TRUNC | os.O_APPEND
_MAY_OPEN = f"without --allow-shell only {', '.join(DEVICES)}, and files beside the script, to read"


class File:
    """A descriptor that is no socket: a file, or an end of a pipe."""

    def __init__(self, number: int) -> None:
        self.number = number

    def fileno(self) -> int:
        return self.number

    def close(self) -> None:
        number, self.number = self.number, -1
        if number >= 0:
            os.close(number)


class KernelCalls:
    """See the module.  `congestion` is the congestion control that new sockets ask for.

    `any_file`: open() may open more than `file_calls` allows.  `start` is when the script began,
    in us of the clock that stamps packets.
    """

    def __init__(self, congestion: bytes = b"cubic", *, any_file: bool = False) -> None:
        self.congestion = congestion
        self._any_file = any_file
        self.start = 0
        self._epoll_data: dict[tuple[int, int], int] = {}

    def socket(self, family: int, flags: int) -> sockets.socket:
        made = sockets.socket(family, sockets.SOCK_STREAM | flags)
        with contextlib.suppress(OSError):  # some machines allow only what they list
            made.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_CONGESTION, self.congestion)
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

    def recv(self, handle: sockets.socket | File, size: int, flags: int) -> bytes:
        if isinstance(handle, File):
            return os.read(handle.number, size)
        if not size:  # Python would not ask
            _checked(_libc().recv(handle.fileno(), ctypes.create_string_buffer(1), 0, flags))
            return b""
        return handle.recv(size, flags)

    def nothing(self, handle: sockets.socket) -> int:
        return 0

    def recvmsg(
        self, handle: sockets.socket, size: int, flags: int, room: int
    ) -> tuple[bytes, int, list[Note]]:
        data, notes, shown, _ = handle.recvmsg(size, room, flags)
        return data, shown, [kernel_notes.read(*note, self.start) for note in notes]

    def send(self, handle: sockets.socket | File, data: bytes, flags: int) -> int:
        if isinstance(handle, File):
            return os.write(handle.number, data)
        return handle.send(data, flags)

    def sendmsg(
        self,
        handle: sockets.socket,
        sizes: list[int],
        flags: int,
        notes: list[tuple[int, int, int]],
    ) -> int:
        packed = [(level, kind, struct.pack("i", value)) for level, kind, value in notes]
        return handle.sendmsg([bytearray(size) for size in sizes], packed, flags)

    def sendto(
        self, handle: sockets.socket, data: bytes, flags: int, address: str, port: int
    ) -> int:
        return handle.sendto(data, flags, (_for(handle, address), port))

    def send_nowhere(self, handle: sockets.socket, place: int, size: int, flags: int) -> int:
        """send() from an address where no memory is."""
        return _checked(_libc().send(handle.fileno(), ctypes.c_void_p(place), size, flags))

    def send_partly(self, handle: sockets.socket, good: int, size: int, flags: int) -> int:
        """sendmsg() of two buffers, of which the second is where no memory is."""
        buffer = ctypes.create_string_buffer(good)
        parts = struct.pack("4N", ctypes.addressof(buffer), good, 0, size - good)
        vector = ctypes.create_string_buffer(parts, len(parts))
        message = struct.pack("7N", 0, 0, ctypes.addressof(vector), 2, 0, 0, 0)
        return _checked(_libc().sendmsg(handle.fileno(), message, flags))

    def sendto_nowhere(
        self, handle: sockets.socket, place: int, size: int, flags: int, address: str, port: int
    ) -> int:
        """sendto() from an address where no memory is."""
        to = _sockaddr(_for(handle, address), port)
        call = _libc().sendto
        return _checked(call(handle.fileno(), ctypes.c_void_p(place), size, flags, to, len(to)))

    def recv_nowhere(self, handle: sockets.socket, place: int, size: int, flags: int) -> int:
        """recv() to an address where no memory is."""
        return _checked(_libc().recv(handle.fileno(), ctypes.c_void_p(place), size, flags))

    def setsockopt_nowhere(
        self, handle: sockets.socket, level: int, number: int, size: int
    ) -> None:
        """setsockopt() with a value that is nowhere."""
        _checked(_libc().setsockopt(handle.fileno(), level, number, None, size))

    def no_socket(self, domain: int, kind: int, protocol: int, errno: int) -> None:
        """socket() that fails."""
        _checked(_libc().socket(domain, kind, protocol))

    def close(self, handle: sockets.socket | select.epoll | File) -> None:
        handle.close()

    def dup(self, handle: sockets.socket) -> sockets.socket:
        return sockets.socket(fileno=os.dup(handle.fileno()))  # its own would make it block

    def getsockname(self, handle: sockets.socket) -> tuple[str, int]:
        return _plain(handle.getsockname())

    def getpeername(self, handle: sockets.socket) -> tuple[str, int]:
        return _plain(handle.getpeername())

    def open(self, name: str, beside: Path | None, flags: int) -> File:
        if name in DEVICES or (beside is not None and not flags & (os.O_ACCMODE | _CHANGING)):
            return File(os.open(beside or name, flags & ~_CHANGING))
        if not self._any_file:
            raise Unsupported(f"open() of {name!r} ({_MAY_OPEN})")
        return File(os.open(name, flags & ~os.O_CREAT))

    def pipe(self, flags: int) -> tuple[File, File]:
        reading, writing = os.pipe2(flags)
        return File(reading), File(writing)

    def sendfile(self, handle: sockets.socket, source: File, place: int | None, size: int) -> int:
        return os.sendfile(handle.fileno(), source.fileno(), place, size)

    def splice(
        self,
        source: File | sockets.socket,
        to: File | sockets.socket,
        source_place: int | None,
        to_place: int | None,
        size: int,
        flags: int,
    ) -> int:
        places = source_place, to_place
        return os.splice(source.fileno(), to.fileno(), size, *places, flags)

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
        elif operation == SYMBOLS["EPOLL_CTL_ADD"]:
            handle.register(watched, events)
        else:
            raise OSError(errno.EINVAL, "epoll_ctl")
        self._epoll_data[handle.fileno(), watched.fileno()] = data

    def epoll_wait(self, handle: select.epoll, most: int, timeout: int) -> list[tuple[int, int]]:
        found = handle.poll(None if timeout < 0 else timeout / 1000, most)
        return [(events, self._epoll_data.get((handle.fileno(), fd), fd)) for fd, events in found]

    def info(self, handle: sockets.socket) -> dict[str, int]:
        raw = handle.getsockopt(sockets.IPPROTO_TCP, sockets.TCP_INFO, tcp_info.SIZE)
        packed = handle.getsockopt(sockets.SOL_SOCKET, SYMBOLS["SO_MEMINFO"], 4 * len(MEMORY))
        names = (f"SK_MEMINFO_{name}" for name in MEMORY)
        return tcp_info.parse(raw) | dict(zip(names, struct.unpack("9I", packed), strict=True))


def _plain(name: tuple[str, int]) -> tuple[str, int]:
    """Address and port as scripts compare them: of IPv4 even where a socket of IPv6 has it."""
    host = name[0].removeprefix("::ffff:")
    return "0.0.0.0" if host == "::" else host, name[1]


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(returned: int) -> int:
    if returned < 0:
        raise OSError(ctypes.get_errno(), "the call failed")
    return returned


def _for(handle: sockets.socket, address: str) -> str:
    """The address as a socket of this family takes it."""
    if handle.family == sockets.AF_INET or ":" in address:
        return address
    return "::" if address == "0.0.0.0" else f"::ffff:{address}"


def _sockaddr(address: str, port: int) -> bytes:
    """A `sockaddr_in` or `sockaddr_in6`, as C has it."""
    if ":" in address:
        packed = sockets.inet_pton(sockets.AF_INET6, address)
        return struct.pack("=H2s4x16s4x", sockets.AF_INET6, port.to_bytes(2, "big"), packed)
    packed = sockets.inet_pton(sockets.AF_INET, address)
    return struct.pack("=H2s4s8x", sockets.AF_INET, port.to_bytes(2, "big"), packed)
