"""What the engine's host offers: the small services of RFC 862, 863 and 864, and HTTP.

Each connection gets a process of its own, as a forking server gives it.  Everything here uses only
the sockets of `host.sockets`, so it would run in any network of the engine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from tcpcore.errors import UsageError
from tcpcore.host.process import Application
from tcpcore.host.sockets import Socket
from tcpcore.linux.bridge import http, iperf

CHUNK = 65_536
"""Bytes that one call reads or writes."""

PATTERN = bytes(range(256)) * (CHUNK // 256)
"""What `/bytes/N` sends, again and again: the numbers 0 to 255."""

Handler = Callable[[Any, Socket], Coroutine[Any, None, None]]


def forking(port: int, handler: Handler) -> Application:
    """An application that listens on `port` and runs ``handler(host, connection)`` per connection.

    The handler leaves the socket to its process's exit, or closes it itself.
    """

    async def serve(host: Any) -> None:
        listener = host.socket().setsockopt("SO_REUSEADDR", 1).bind(port).listen(128)
        while True:
            connection = await listener.accept()

            async def child(host: Any, connection: Socket = connection) -> None:
                await listener.close()
                await handler(host, connection)
                await connection.close()

            host.fork(child, handler.__name__)
            await connection.close()

    return serve


async def echo(host: Any, connection: Socket) -> None:
    """Send back whatever comes, until the peer's FIN (RFC 862)."""
    while data := await connection.recv(CHUNK):
        await connection.send(data)


async def discard(host: Any, connection: Socket) -> None:
    """Read and forget (RFC 863)."""
    while await connection.recv(CHUNK):
        pass


async def chargen(host: Any, connection: Socket) -> None:
    """Send the printable characters, line by line, until the peer has enough (RFC 864)."""
    printable = bytes(range(32, 127))
    ring = printable * 2
    lines = b"".join(ring[first : first + 72] + b"\r\n" for first in range(len(printable)))
    while True:
        await connection.send(lines)


async def web(host: Any, connection: Socket) -> None:
    """HTTP/1.1: a greeting, `/bytes/N`, `/sha256` (what was posted), `/ss` (this connection)."""
    connection.setsockopt("TCP_NODELAY", 1)  # as web servers do
    stream = http.Stream(connection)
    while (request := await stream.request()) is not None:
        await _respond(host, stream, request)
        if not request.keep_alive:
            return


async def _respond(host: Any, stream: http.Stream, request: http.Request) -> None:
    """Answer one request; one that is not HTTP is answered 400."""
    head = request.method == "HEAD"
    if request.error:
        await stream.respond(400, f"{request.error}\n".encode(), request)
    elif request.method in ("PUT", "POST"):
        digest, length = hashlib.sha256(), 0
        async for part in stream.body(request):
            digest.update(part)
            length += len(part)
        await stream.respond(200, f"{digest.hexdigest()} {length}\n".encode(), request)
    elif request.method not in ("GET", "HEAD"):
        await stream.respond(405, b"GET, HEAD, PUT and POST are served here.\n", request)
    elif request.path == "/":
        await stream.respond(200, _greeting(host, stream.socket), request, "text/html", head)
    elif request.path == "/ss":
        await stream.respond(200, host.sh("ss -tin").encode(), request, head=head)
    elif (size := _size(request.path)) is not None:
        await stream.start(200, size, request, "application/octet-stream")
        for first in range(0, 0 if head else size, CHUNK):
            await stream.socket.send(PATTERN[: min(CHUNK, size - first)])
    else:
        await stream.respond(404, b"Here are /, /bytes/N, /sha256 (POST) and /ss.\n", request)


def _size(path: str) -> int | None:
    """N of ``/bytes/N``, at most 10^10."""
    number = path.removeprefix("/bytes/")
    return int(number) if number != path and number.isascii() and number.isdigit() and len(
        number
    ) <= 10 else None  # fmt: skip


def _greeting(host: Any, socket: Socket) -> bytes:
    connection = socket.connection
    remote = f"{connection.remote}:{connection.remote_port}" if connection is not None else "you"
    return (
        "<!doctype html>\n<html lang='en'><title>tcpcore</title>\n<h1>Hello</h1>\n"
        f"<p>This page came to {remote} from a TCP that is written in Python: the host "
        f"{host.name}, {host.address}, behaves like Linux.</p>\n"
    ).encode()


SERVICES: Mapping[str, tuple[int, Handler]] = {
    "echo": (7, echo),
    "discard": (9, discard),
    "chargen": (19, chargen),
    "http": (80, web),
}
"""Name of each service: its port and what handles a connection."""


NAMES = (*SERVICES, "iperf3")


def check(names: list[str]) -> None:
    """UsageError for a service that is not known."""
    for name in names:
        if name not in NAMES:
            raise UsageError(f"There is no service {name!r}; known are {', '.join(NAMES)}.")


def ports(names: list[str]) -> dict[int, str]:
    """The ports that services take, and whose they are."""
    return {SERVICES[name][0] if name in SERVICES else iperf.PORT: name for name in names}


def start(host: Any, names: list[str]) -> list[tuple[str, int]]:
    """Start services by name on the host; ``(name, port)`` of each.  UsageError: unknown name."""
    check(names)
    started = []
    for name in names:
        if name == "iperf3":
            host.spawn(iperf.server, name)
            started.append((name, iperf.PORT))
        else:
            port, handler = SERVICES[name]
            host.spawn(forking(port, handler), name)
            started.append((name, port))
    return started
