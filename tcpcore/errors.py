"""Errors, by who is at fault.

The application gets an `OSError` with Linux's errno (`socket_error`).  Whoever wrote bad input (a
parameter, a capture, a file) gets a `UsageError`: one clear sentence.  A broken promise inside the
engine is an `EngineBug`, and ours.  The peer never raises anything.

Errno numbers are Linux's own, also where Python's `errno` has others (Emscripten).
"""

from __future__ import annotations

EPERM = 1
ENOENT = 2
EINTR = 4
EBADF = 9
EAGAIN = 11
ENOMEM = 12
EACCES = 13
EFAULT = 14
EBUSY = 16
EEXIST = 17
ENODEV = 19
EINVAL = 22
ENOTTY = 25
ESPIPE = 29
EPIPE = 32
EDOM = 33
ELOOP = 40
ENODATA = 61
ENONET = 64
EPROTO = 71
ENOMSG = 42
ENOTSOCK = 88
EDESTADDRREQ = 89
EMSGSIZE = 90
ENOPROTOOPT = 92
EPROTONOSUPPORT = 93
ESOCKTNOSUPPORT = 94
EOPNOTSUPP = 95
EAFNOSUPPORT = 97
EADDRINUSE = 98
EADDRNOTAVAIL = 99
ENETUNREACH = 101
ECONNABORTED = 103
ECONNRESET = 104
ENOBUFS = 105
EISCONN = 106
ENOTCONN = 107
ETIMEDOUT = 110
ECONNREFUSED = 111
EHOSTDOWN = 112
EHOSTUNREACH = 113
EALREADY = 114
EINPROGRESS = 115

_NAMES_AND_MESSAGES = {
    EPERM: ("EPERM", "Operation not permitted"),
    ENOENT: ("ENOENT", "No such file or directory"),
    EINTR: ("EINTR", "Interrupted system call"),
    EBADF: ("EBADF", "Bad file descriptor"),
    EAGAIN: ("EAGAIN", "Resource temporarily unavailable"),
    ENOMEM: ("ENOMEM", "Cannot allocate memory"),
    EACCES: ("EACCES", "Permission denied"),
    EFAULT: ("EFAULT", "Bad address"),
    EBUSY: ("EBUSY", "Device or resource busy"),
    EEXIST: ("EEXIST", "File exists"),
    ENODEV: ("ENODEV", "No such device"),
    EINVAL: ("EINVAL", "Invalid argument"),
    ENOTTY: ("ENOTTY", "Inappropriate ioctl for device"),
    ESPIPE: ("ESPIPE", "Illegal seek"),
    EPIPE: ("EPIPE", "Broken pipe"),
    ELOOP: ("ELOOP", "Too many levels of symbolic links"),
    EDOM: ("EDOM", "Numerical argument out of domain"),
    ENODATA: ("ENODATA", "No data available"),
    ENONET: ("ENONET", "Machine is not on the network"),
    EPROTO: ("EPROTO", "Protocol error"),
    ENOMSG: ("ENOMSG", "No message of desired type"),
    ENOTSOCK: ("ENOTSOCK", "Socket operation on non-socket"),
    EDESTADDRREQ: ("EDESTADDRREQ", "Destination address required"),
    EMSGSIZE: ("EMSGSIZE", "Message too long"),
    ENOPROTOOPT: ("ENOPROTOOPT", "Protocol not available"),
    EPROTONOSUPPORT: ("EPROTONOSUPPORT", "Protocol not supported"),
    ESOCKTNOSUPPORT: ("ESOCKTNOSUPPORT", "Socket type not supported"),
    EOPNOTSUPP: ("EOPNOTSUPP", "Operation not supported"),
    EAFNOSUPPORT: ("EAFNOSUPPORT", "Address family not supported by protocol"),
    EADDRINUSE: ("EADDRINUSE", "Address already in use"),
    EADDRNOTAVAIL: ("EADDRNOTAVAIL", "Cannot assign requested address"),
    ENETUNREACH: ("ENETUNREACH", "Network is unreachable"),
    ECONNABORTED: ("ECONNABORTED", "Software caused connection abort"),
    ECONNRESET: ("ECONNRESET", "Connection reset by peer"),
    ENOBUFS: ("ENOBUFS", "No buffer space available"),
    EISCONN: ("EISCONN", "Transport endpoint is already connected"),
    ENOTCONN: ("ENOTCONN", "Transport endpoint is not connected"),
    ETIMEDOUT: ("ETIMEDOUT", "Connection timed out"),
    ECONNREFUSED: ("ECONNREFUSED", "Connection refused"),
    EHOSTDOWN: ("EHOSTDOWN", "Host is down"),
    EHOSTUNREACH: ("EHOSTUNREACH", "No route to host"),
    EALREADY: ("EALREADY", "Operation already in progress"),
    EINPROGRESS: ("EINPROGRESS", "Operation now in progress"),
}


class SocketError(OSError):
    """What a system call on a socket reports; `errno` is Linux's number."""


class SocketTimedOut(SocketError, TimeoutError):
    """ETIMEDOUT."""


class SocketRefused(SocketError, ConnectionRefusedError):
    """ECONNREFUSED."""


class SocketReset(SocketError, ConnectionResetError):
    """ECONNRESET."""


class SocketBrokenPipe(SocketError, BrokenPipeError):
    """EPIPE."""


class SocketWouldBlock(SocketError, BlockingIOError):
    """EAGAIN."""


_CLASSES: dict[int, type[SocketError]] = {
    ETIMEDOUT: SocketTimedOut,
    ECONNREFUSED: SocketRefused,
    ECONNRESET: SocketReset,
    EPIPE: SocketBrokenPipe,
    EAGAIN: SocketWouldBlock,
}


class UsageError(Exception):
    """Bad input from a person: the message is one sentence saying what, where and what to do."""


class EngineBug(AssertionError):
    """An invariant of the engine does not hold; never the fault of a peer or of an application."""


def socket_error(number: int) -> SocketError:
    """The exception for a Linux errno, of the class Python users expect for it."""
    return _CLASSES.get(number, SocketError)(number, _NAMES_AND_MESSAGES[number][1])


def errno_name(number: int | None) -> str:
    """``ETIMEDOUT`` for 110; ``errno 200`` for a number that no socket call returns."""
    if number is None:
        return "no errno"
    known = _NAMES_AND_MESSAGES.get(number)
    return known[0] if known else f"errno {number}"
