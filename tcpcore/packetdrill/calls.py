"""System calls of a script: what to ask the host for, and whether its answer is the expected one.

`prepare` turns a call into a method of the backend with its arguments, and a check of what comes
back.  A call's value is what C would return: a number, -1 with an errno, a new descriptor.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tcpcore import errors
from tcpcore.packetdrill import ancillary, file_calls, messages, name_calls, readiness
from tcpcore.packetdrill.constants import SYMBOLS
from tcpcore.packetdrill.evaluate import Meaningless, is_dots, value_of
from tcpcore.packetdrill.prepared import AF_INET, AF_INET6, Arguments, Context, Prepared
from tcpcore.packetdrill.syntax import Call
from tcpcore.packetdrill.system import IPV4, Unsupported

_KIND, _KINDS, _FAMILIES = 0xF, 11, 46
"""Bits of socket()'s type that are no flags; how many types and families there are (SOCK_MAX)."""


def prepare(call: Call, context: Context) -> Prepared:
    """What to ask the backend for; `Meaningless` or `Unsupported` with one sentence."""
    maker = _MAKERS.get(call.name)
    if maker is None:
        raise Unsupported(f"the system call {call.name}()")
    most = _MOST.get(call.name)
    if most is not None and len(call.arguments) > most:
        given = len(call.arguments)
        raise Meaningless(f"{call.name}() takes at most {most} arguments, not {given}")
    arguments = [value_of(one, context.definitions) for one in call.arguments]
    return maker(context, Arguments(call.name, arguments))


def _socket(context: Context, args: Arguments) -> Prepared:
    domain, kind, protocol = args.of(0), args.number(1), args.number(2, 0)
    wrong = _no_such_socket(domain, kind, protocol)
    if wrong:
        family = AF_INET if is_dots(domain) else domain
        return Prepared("no_socket", (family, kind, protocol, wrong))
    if not is_dots(domain) and domain not in (AF_INET, AF_INET6):
        raise Unsupported(f"socket() of address family {domain}")
    if kind & 0xF != 1 or protocol not in (0, 6):
        raise Unsupported("socket() of anything but TCP")
    if is_dots(domain):
        domain = AF_INET if context.settings.ip_version == IPV4 else AF_INET6
    return Prepared("socket", (domain, kind & ~0xF), gives_descriptor=True)


def _no_such_socket(domain: Any, kind: int, protocol: int) -> int:
    """The errno of a socket that there is not (inet_create(), __sock_create()); 0: there may be."""
    kind &= _KIND
    if not is_dots(domain) and not 0 <= domain < _FAMILIES:
        return errors.EAFNOSUPPORT
    if kind >= _KINDS:
        return errors.EINVAL
    internet = is_dots(domain) or domain in (AF_INET, AF_INET6)
    if internet and kind == SYMBOLS["SOCK_STREAM"] and protocol == SYMBOLS["IPPROTO_UDP"]:
        return errors.EPROTONOSUPPORT
    if internet and kind == SYMBOLS["SOCK_DGRAM"] and protocol == SYMBOLS["IPPROTO_TCP"]:
        return errors.EPROTONOSUPPORT
    return 0


def _bind(context: Context, args: Arguments) -> Prepared:
    address = args.address(1, context.settings, local=True)
    return Prepared("bind", (context.descriptors[args.number(0)], *address))


def _listen(context: Context, args: Arguments) -> Prepared:
    number = args.number(0)
    return Prepared("listen", (context.descriptors[number], args.number(1)), descriptor=number)


def _accept(context: Context, args: Arguments) -> Prepared:
    flags = args.number(3, 0) if args.name == "accept4" else 0
    handle = context.descriptors[args.number(0)]
    return Prepared("accept", (handle, flags), gives_descriptor=True)


def _connect(context: Context, args: Arguments) -> Prepared:
    value = args.of(1)
    handle = context.descriptors[args.number(0)]
    if isinstance(value, dict) and value.get("sa_family", value.get("sin_family")) == 0:
        return Prepared("disconnect", (handle,))
    return Prepared("connect", (handle, *args.address(1, context.settings, local=False)))


def _read(context: Context, args: Arguments) -> Prepared:
    flags = args.number(3, 0) if args.name in ("recv", "recvfrom") else 0
    handle = context.descriptors[args.number(0)]
    size = args.number(2)
    if messages.is_nowhere(args.of(1)) and size > 0:
        return Prepared("recv_nowhere", (handle, args.of(1), size, flags))
    if args.name == "read" and not size:  # sock_read_iter() asks nobody then
        return Prepared("nothing", (handle,))
    return Prepared("recv", (handle, size, flags), messages.same_bytes(args.of(1)))


def _readv(context: Context, args: Arguments) -> Prepared:
    size = messages.size_of(args.of(1))
    return Prepared(
        "recv", (context.descriptors[args.number(0)], size, 0), messages.same_bytes(None)
    )


def _write(context: Context, args: Arguments) -> Prepared:
    flags = args.number(3, 0) if args.name in ("send", "sendto") else 0
    handle = context.descriptors[args.number(0)]
    to: tuple[str, int] | None = None
    if args.name == "sendto" and len(args.values) > 4 and args.of(4) != 0:
        to = args.address(4, context.settings, local=False)
    if messages.is_nowhere(args.of(1)) and args.number(2):
        place = (handle, args.of(1), args.number(2), flags)
        if to is not None:
            return Prepared("sendto_nowhere", (*place, *to))
        return Prepared("send_nowhere", place)
    data = messages.payload(args.of(1), args.number(2))
    if to is not None:
        return Prepared("sendto", (handle, data, flags, *to))
    return Prepared("send", (handle, data, flags))


def _writev(context: Context, args: Arguments) -> Prepared:
    handle, data = context.descriptors[args.number(0)], bytes(messages.size_of(args.of(1)))
    if messages.has_nowhere(args.of(1)):
        return _partly(handle, args.of(1), len(data), 0)
    return Prepared("send", (handle, data, 0))


def _partly(handle: Any, message: Any, size: int, flags: int) -> Prepared:
    """A write of several buffers, one of which is nowhere."""
    if good := messages.before_nowhere(message):
        return Prepared("send_partly", (handle, good, size, flags))
    return Prepared("send_nowhere", (handle, 0, max(size, 1), flags))


def _sendmsg(context: Context, args: Arguments) -> Prepared:
    message, flags = args.of(1), args.number(2, 0)
    data = bytes(messages.size_of(message))
    if messages.has_nowhere(message) and not flags & messages.MSG_FASTOPEN:
        return _partly(context.descriptors[args.number(0)], message, len(data), flags)
    notes, sizes = ancillary.to_send(message), messages.sizes_of(message)
    handle = context.descriptors[args.number(0)]
    if notes or (flags & messages.MSG_ZEROCOPY and not flags & messages.MSG_FASTOPEN):
        return Prepared("sendmsg", (handle, sizes, flags, notes))
    if flags & messages.MSG_FASTOPEN:
        settings = context.settings
        return Prepared("sendto", (handle, data, flags, settings.remote, settings.connect_port))
    return Prepared("send", (handle, data, flags))


def _recvmsg(context: Context, args: Arguments) -> Prepared:
    message, flags = args.of(1), args.number(2, 0)
    handle = context.descriptors[args.number(0)]
    size, room = messages.size_of(message), ancillary.room_for(message)
    tolerance = context.settings.tolerance
    check = messages.same_message(message, tolerance)
    return Prepared("recvmsg", (handle, size, flags, room), check)


def _close(context: Context, args: Arguments) -> Prepared:
    number = args.number(0)
    return Prepared("close", (context.descriptors[number],), descriptor=number)


def _shutdown(context: Context, args: Arguments) -> Prepared:
    return Prepared("shutdown", (context.descriptors[args.number(0)], args.number(1)))


def _setsockopt(context: Context, args: Arguments) -> Prepared:
    if messages.is_nowhere(args.of(3)):
        place = (context.descriptors[args.number(0)], args.number(1), args.number(2))
        return Prepared("setsockopt_nowhere", (*place, args.number(4)))
    value = messages.option_value(args.of(3))
    level, number = args.number(1), args.number(2)
    if len(args.values) > 4 and isinstance(args.of(4), int):
        value = messages.cut(value, args.number(4), timed=(level, number) in messages.TIMES)
    handle = context.descriptors[args.number(0)]
    return Prepared("setsockopt", (handle, level, number, value))


def _getsockopt(context: Context, args: Arguments) -> Prepared:
    handle = context.descriptors[args.number(0)]
    expected = args.of(3)
    level, number = args.number(1), args.number(2)
    size = messages.option_size(expected, args.of(4))
    return Prepared(
        "getsockopt", (handle, level, number, size), messages.same_option(expected, args.of(4))
    )


def _fcntl(context: Context, args: Arguments) -> Prepared:
    handle = context.descriptors[args.number(0)]
    if args.number(1) in (SYMBOLS["F_DUPFD"], SYMBOLS["F_DUPFD_CLOEXEC"]):
        return Prepared("dup", (handle,), gives_descriptor=True)
    return Prepared("fcntl", (handle, args.number(1), args.number(2, 0)))


def _ioctl(context: Context, args: Arguments) -> Prepared:
    handle = context.descriptors[args.number(0)]
    expected = args.of(2)
    given = expected[0] if isinstance(expected, list) and expected else 0
    value = given if isinstance(given, int) else 0
    return Prepared("ioctl", (handle, args.number(1), value), messages.same_number(expected))


def _poll(context: Context, args: Arguments) -> Prepared:
    asked = readiness.poll_list(args.of(0), context.descriptors)
    return Prepared("poll", (asked, args.number(2)), readiness.same_poll(args.of(0)))


def _epoll_create(context: Context, args: Arguments) -> Prepared:
    return Prepared("epoll_create", (), gives_descriptor=True)


def _epoll_ctl(context: Context, args: Arguments) -> Prepared:
    handles = context.descriptors
    number = args.number(2)
    events, data = readiness.epoll_event(args.of(3, {}), number)
    handle = handles[args.number(0)]
    return Prepared("epoll_ctl", (handle, args.number(1), handles[number], events, data))


def _epoll_wait(context: Context, args: Arguments) -> Prepared:
    handle = context.descriptors[args.number(0)]
    return Prepared(
        "epoll_wait", (handle, args.number(2), args.number(3)), readiness.same_epoll(args.of(1))
    )


_MOST = {
    "socket": 3, "bind": 3, "listen": 2, "accept": 3, "accept4": 4, "connect": 3, "read": 3,
    "recv": 4, "recvfrom": 6, "readv": 3, "recvmsg": 3, "write": 3, "send": 4, "sendto": 6,
    "writev": 3, "sendmsg": 3, "close": 1, "shutdown": 2, "setsockopt": 5, "getsockopt": 5,
    "fcntl": 3, "ioctl": 3, "poll": 3, "epoll_create": 1, "epoll_create1": 1, "epoll_ctl": 4,
    "epoll_wait": 4,
}  # fmt: skip
"""Arguments that a call has in C."""
_MAKERS: dict[str, Callable[[Context, Arguments], Prepared]] = {
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
    **file_calls.MAKERS,
    **name_calls.MAKERS,
}
