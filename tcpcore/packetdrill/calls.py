"""System calls of a script: what to ask the host for, and whether its answer is the expected one.

`prepare` turns a call into a method of the backend with its arguments, and a check of what comes
back.  A call's value is what C would return: a number, -1 with an errno, a new descriptor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tcpcore.packetdrill import messages, readiness
from tcpcore.packetdrill.constants import FAMILIES
from tcpcore.packetdrill.evaluate import Meaningless, is_dots, value_of
from tcpcore.packetdrill.syntax import Call
from tcpcore.packetdrill.system import IPV4, Settings, Unsupported
from tcpcore.wire import address

ANY = "0.0.0.0"
"""The address of whoever does not mind, of both IP versions."""
AF_INET, AF_INET6 = FAMILIES["AF_INET"], FAMILIES["AF_INET6"]
_MAPPED = bytes(10) + b"\xff\xff"


class Descriptors:
    """A script's file descriptors, and the backend's handles behind them."""

    def __init__(self) -> None:
        self._handles: dict[int, Any] = {}

    def __getitem__(self, number: Any) -> Any:
        if number not in self._handles:
            raise Meaningless(f"no call has returned the descriptor {number}")
        return self._handles[number]

    def items(self) -> list[tuple[int, Any]]:
        """Numbers and handles, oldest first."""
        return list(self._handles.items())

    def give(self, number: int, handle: Any) -> None:
        """The script calls this handle so from now on."""
        self._handles[number] = handle

    def forget(self, number: int) -> None:
        """The script has closed it."""
        self._handles.pop(number, None)


@dataclass(slots=True)
class Context:
    """What calls refer to."""

    settings: Settings
    descriptors: Descriptors = field(default_factory=Descriptors)
    definitions: Mapping[str, str] = field(default_factory=dict)


Check = Callable[[Any], tuple[Any, list[str]]]
"""From the backend's result: the value as C returns it, and what else is not as the script says."""


@dataclass(slots=True)
class Prepared:
    """A call of the backend; `gives_descriptor`: its result is a handle that gets a number.

    `descriptor` is the script's number of what listen() and close() are about.
    """

    method: str
    arguments: tuple[Any, ...]
    check: Check = lambda result: (0 if result is None else result, [])
    gives_descriptor: bool = False
    descriptor: int = -1


def prepare(call: Call, context: Context) -> Prepared:
    """What to ask the backend for; `Meaningless` or `Unsupported` with one sentence."""
    maker = _MAKERS.get(call.name)
    if maker is None:
        raise Unsupported(f"the system call {call.name}()")
    arguments = [value_of(one, context.definitions) for one in call.arguments]
    return maker(context, _Arguments(call.name, arguments))


class _Arguments:
    """The arguments of one call, with complaints that name the call."""

    def __init__(self, name: str, values: list[Any]) -> None:
        self.name = name
        self.values = values

    def of(self, index: int, default: Any = None) -> Any:
        if index < len(self.values):
            return self.values[index]
        if default is not None:
            return default
        raise Meaningless(f"{self.name}() takes at least {index + 1} arguments")

    def number(self, index: int, default: int | None = None) -> int:
        value = self.of(index, default)
        if is_dots(value) and default is not None:
            return default
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if not isinstance(value, int):
            raise Meaningless(f"argument {index + 1} of {self.name}() is a number, not {value!r}")
        return value

    def address(self, index: int, settings: Settings, *, local: bool) -> tuple[str, int]:
        """A socket address; ``...`` is the one of the run."""
        value = self.of(index)
        host = settings.local if local else settings.remote
        port = settings.bind_port if local else settings.connect_port
        if is_dots(value):
            return host, port
        if not isinstance(value, dict):
            raise Meaningless(f"argument {index + 1} of {self.name}() is an address or ...")
        given = value.get("sin_addr", value.get("sin6_addr"))
        if given in (0, None) or is_dots(given):
            given = ANY if local else host
        number = value.get("sin_port", value.get("sin6_port"))
        return self._host(str(given)), number if isinstance(number, int) else port

    def _host(self, text: str) -> str:
        """The address as the host has it: any one is 0.0.0.0, one mapped into IPv6 of IPv4."""
        try:
            packed = address.pack(text)
        except ValueError:
            raise Meaningless(f"{text!r} in {self.name}() is no IP address") from None
        if packed[:12] == _MAPPED:
            packed = packed[12:]
        return address.unpack(packed) if any(packed) else ANY


def _socket(context: Context, args: _Arguments) -> Prepared:
    domain, kind, protocol = args.of(0), args.number(1), args.number(2, 0)
    if not is_dots(domain) and domain not in (AF_INET, AF_INET6):
        raise Unsupported(f"socket() of address family {domain}")
    if kind & 0xF != 1 or protocol not in (0, 6):
        raise Unsupported("socket() of anything but TCP")
    if is_dots(domain):
        domain = AF_INET if context.settings.ip_version == IPV4 else AF_INET6
    return Prepared("socket", (domain, kind & ~0xF), gives_descriptor=True)


def _bind(context: Context, args: _Arguments) -> Prepared:
    address = args.address(1, context.settings, local=True)
    return Prepared("bind", (context.descriptors[args.number(0)], *address))


def _listen(context: Context, args: _Arguments) -> Prepared:
    number = args.number(0)
    return Prepared("listen", (context.descriptors[number], args.number(1)), descriptor=number)


def _accept(context: Context, args: _Arguments) -> Prepared:
    flags = args.number(3, 0) if args.name == "accept4" else 0
    handle = context.descriptors[args.number(0)]
    return Prepared("accept", (handle, flags), gives_descriptor=True)


def _connect(context: Context, args: _Arguments) -> Prepared:
    value = args.of(1)
    handle = context.descriptors[args.number(0)]
    if isinstance(value, dict) and value.get("sa_family", value.get("sin_family")) == 0:
        return Prepared("disconnect", (handle,))
    return Prepared("connect", (handle, *args.address(1, context.settings, local=False)))


def _read(context: Context, args: _Arguments) -> Prepared:
    flags = args.number(3, 0) if args.name in ("recv", "recvfrom") else 0
    handle = context.descriptors[args.number(0)]
    size = args.number(2)
    if args.name == "read" and not size:  # sock_read_iter() asks nobody then
        return Prepared("nothing", (handle,))
    return Prepared("recv", (handle, size, flags), messages.same_bytes(args.of(1)))


def _readv(context: Context, args: _Arguments) -> Prepared:
    size = messages.size_of(args.of(1))
    return Prepared(
        "recv", (context.descriptors[args.number(0)], size, 0), messages.same_bytes(None)
    )


def _write(context: Context, args: _Arguments) -> Prepared:
    flags = args.number(3, 0) if args.name in ("send", "sendto") else 0
    data = messages.payload(args.of(1), args.number(2))
    handle = context.descriptors[args.number(0)]
    if args.name == "sendto" and len(args.values) > 4 and args.of(4) != 0:
        return Prepared(
            "sendto", (handle, data, flags, *args.address(4, context.settings, local=False))
        )
    return Prepared("send", (handle, data, flags))


def _writev(context: Context, args: _Arguments) -> Prepared:
    data = bytes(messages.size_of(args.of(1)))
    return Prepared("send", (context.descriptors[args.number(0)], data, 0))


def _sendmsg(context: Context, args: _Arguments) -> Prepared:
    message, flags = args.of(1), args.number(2, 0)
    data = bytes(messages.size_of(message))
    messages.require_no_control(message)
    handle = context.descriptors[args.number(0)]
    if flags & messages.MSG_FASTOPEN:
        settings = context.settings
        return Prepared("sendto", (handle, data, flags, settings.remote, settings.connect_port))
    return Prepared("send", (handle, data, flags))


def _recvmsg(context: Context, args: _Arguments) -> Prepared:
    message, flags = args.of(1), args.number(2, 0)
    handle = context.descriptors[args.number(0)]
    size = messages.size_of(message)
    return Prepared("recvmsg", (handle, size, flags), messages.same_message(message))


def _close(context: Context, args: _Arguments) -> Prepared:
    number = args.number(0)
    return Prepared("close", (context.descriptors[number],), descriptor=number)


def _shutdown(context: Context, args: _Arguments) -> Prepared:
    return Prepared("shutdown", (context.descriptors[args.number(0)], args.number(1)))


def _setsockopt(context: Context, args: _Arguments) -> Prepared:
    value = messages.option_value(args.of(3))
    level, number = args.number(1), args.number(2)
    if len(args.values) > 4 and isinstance(args.of(4), int):
        value = messages.cut(value, args.number(4), timed=(level, number) in messages.TIMES)
    handle = context.descriptors[args.number(0)]
    return Prepared("setsockopt", (handle, level, number, value))


def _getsockopt(context: Context, args: _Arguments) -> Prepared:
    handle = context.descriptors[args.number(0)]
    expected = args.of(3)
    level, number = args.number(1), args.number(2)
    size = messages.option_size(expected, args.of(4))
    return Prepared(
        "getsockopt", (handle, level, number, size), messages.same_option(expected, args.of(4))
    )


def _fcntl(context: Context, args: _Arguments) -> Prepared:
    handle = context.descriptors[args.number(0)]
    return Prepared("fcntl", (handle, args.number(1), args.number(2, 0)))


def _ioctl(context: Context, args: _Arguments) -> Prepared:
    handle = context.descriptors[args.number(0)]
    expected = args.of(2)
    given = expected[0] if isinstance(expected, list) and expected else 0
    value = given if isinstance(given, int) else 0
    return Prepared("ioctl", (handle, args.number(1), value), messages.same_number(expected))


def _poll(context: Context, args: _Arguments) -> Prepared:
    asked = readiness.poll_list(args.of(0), context.descriptors)
    return Prepared("poll", (asked, args.number(2)), readiness.same_poll(args.of(0)))


def _epoll_create(context: Context, args: _Arguments) -> Prepared:
    return Prepared("epoll_create", (), gives_descriptor=True)


def _epoll_ctl(context: Context, args: _Arguments) -> Prepared:
    handles = context.descriptors
    number = args.number(2)
    events, data = readiness.epoll_event(args.of(3, {}), number)
    handle = handles[args.number(0)]
    return Prepared("epoll_ctl", (handle, args.number(1), handles[number], events, data))


def _epoll_wait(context: Context, args: _Arguments) -> Prepared:
    handle = context.descriptors[args.number(0)]
    return Prepared(
        "epoll_wait", (handle, args.number(2), args.number(3)), readiness.same_epoll(args.of(1))
    )


_MAKERS: dict[str, Callable[[Context, _Arguments], Prepared]] = {
    "socket": _socket,
    "bind": _bind,
    "listen": _listen,
    "accept": _accept,
    "accept4": _accept,
    "connect": _connect,
    "read": _read,
    "recv": _read,
    "recvfrom": _read,
    "readv": _readv,
    "recvmsg": _recvmsg,
    "write": _write,
    "send": _write,
    "sendto": _write,
    "writev": _writev,
    "sendmsg": _sendmsg,
    "close": _close,
    "shutdown": _shutdown,
    "setsockopt": _setsockopt,
    "getsockopt": _getsockopt,
    "fcntl": _fcntl,
    "ioctl": _ioctl,
    "poll": _poll,
    "epoll_create": _epoll_create,
    "epoll_create1": _epoll_create,
    "epoll_ctl": _epoll_ctl,
    "epoll_wait": _epoll_wait,
}
