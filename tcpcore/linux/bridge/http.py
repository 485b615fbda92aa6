"""As much of HTTP/1.1 as the bridge speaks (RFC 9112): requests, responses, bodies with a length.

Both sides read with `Stream`, which keeps what came beyond the part that was asked for.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from tcpcore.host.sockets import Socket

CHUNK = 65_536
LONGEST_HEAD = 65_536
_REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed"}


class Request:
    """A request's head; `error` is a sentence when it was none."""

    __slots__ = ("chunked", "error", "expects", "keep_alive", "length", "method", "path")

    def __init__(self, head: bytes) -> None:
        lines = head.decode("latin-1").split("\r\n")
        words = lines[0].split(" ")
        good = len(words) == 3 and words[2] in ("HTTP/1.0", "HTTP/1.1")
        self.error = "" if good else f"{lines[0][:80]!r} is no request of HTTP/1."
        self.method, self.path, version = words if good else ("", "", "HTTP/1.0")
        fields = fields_of(lines[1:])
        length = fields.get("content-length", "0")
        if not (length.isascii() and length.isdigit() and len(length) < 16):
            self.error, length = f"Content-Length {length[:40]!r} is no number.", "0"
        self.length = int(length)
        self.chunked = fields.get("transfer-encoding", "").lower() == "chunked"
        self.expects = fields.get("expect", "").lower() == "100-continue"
        asked = fields.get("connection", "").lower()
        default = version == "HTTP/1.1" and not self.error
        self.keep_alive = "close" not in asked and (default or "keep-alive" in asked)


def fields_of(lines: list[str]) -> dict[str, str]:
    """Header fields by name in lower case."""
    pairs = (line.partition(":") for line in lines if ":" in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


class Stream:
    """A connection read head by head and body by body."""

    def __init__(self, socket: Socket) -> None:
        self.socket = socket
        self._ahead = b""

    async def head(self) -> bytes | None:
        """Everything up to the empty line, without it; None when the peer has closed before.

        ValueError when there is no end to it.
        """
        while (end := self._ahead.find(b"\r\n\r\n")) < 0:
            if len(self._ahead) > LONGEST_HEAD:
                raise ValueError("a head of more than 64 KiB")
            data = await self.socket.recv(CHUNK)
            if not data:
                return None
            self._ahead += data
        head, self._ahead = self._ahead[:end], self._ahead[end + 4 :]
        return head

    async def request(self) -> Request | None:
        """The next request; None: there is none any more, or what came was no end of a head."""
        try:
            head = await self.head()
        except ValueError:
            return None
        return None if head is None else Request(head)

    async def exactly(self, length: int) -> AsyncIterator[bytes]:
        """The next `length` bytes, in parts; fewer when the peer closes before."""
        left = length
        while left:
            data = self._ahead[:left]
            if data:
                self._ahead = self._ahead[len(data) :]
            else:
                data = await self.socket.recv(min(left, CHUNK))
                if not data:
                    return
            left -= len(data)
            yield data

    async def rest(self) -> AsyncIterator[bytes]:
        """Everything until the peer closes."""
        if self._ahead:
            data, self._ahead = self._ahead, b""
            yield data
        while data := await self.socket.recv(CHUNK):
            yield data

    async def body(self, request: Request) -> AsyncIterator[bytes]:
        """The request's body, in parts; says `100 Continue` first to a client that waits for it."""
        if request.expects:
            await self.socket.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        if not request.chunked:
            async for part in self.exactly(request.length):
                yield part
            return
        async for part in self._chunks():
            yield part

    async def _chunks(self) -> AsyncIterator[bytes]:
        """A chunked body (RFC 9112 §7.1); ends at a chunk whose size is none."""
        while True:
            line = await self._line()
            size = line.split(b";")[0].strip()
            if not size or len(size) > 8 or size.strip(b"0123456789abcdefABCDEF"):
                return
            count = int(size, 16)
            if not count:
                while await self._line():
                    pass
                return
            async for part in self.exactly(count):
                yield part
            await self._line()

    async def _line(self) -> bytes:
        while (end := self._ahead.find(b"\r\n")) < 0:
            data = await self.socket.recv(CHUNK)
            if not data or len(self._ahead) > LONGEST_HEAD:
                return b""
            self._ahead += data
        line, self._ahead = self._ahead[:end], self._ahead[end + 2 :]
        return line

    async def start(self, status: int, length: int, request: Request, kind: str) -> None:
        """Send the head of a response."""
        await self.socket.send(response_head(status, length, request, kind))

    async def respond(
        self,
        status: int,
        body: bytes,
        request: Request,
        kind: str = "text/plain; charset=utf-8",
        head: bool = False,
    ) -> None:
        """Send a whole response; of `head` only the head.

        In one call: a body in a second one would wait for the client's delayed ACK (Nagle).
        """
        first = response_head(status, len(body), request, kind)
        await self.socket.send(first if head else first + body)


def response_head(status: int, length: int, request: Request, kind: str) -> bytes:
    """The head of a response, with the empty line that ends it."""
    going = "keep-alive" if request.keep_alive else "close"
    return (
        f"HTTP/1.1 {status} {_REASONS[status]}\r\nServer: tcpcore\r\nContent-Type: {kind}\r\n"
        f"Content-Length: {length}\r\nConnection: {going}\r\n\r\n".encode()
    )


async def get(host: Any, address: str, port: int, path: str, take: Any) -> int:
    """Fetch a page as a client: each part of the body is given to `take`; the status code.

    OSError as the sockets raise it; ValueError when what answers does not speak HTTP.
    """
    socket = host.socket()
    await socket.connect(address, port)
    named = f"[{address}]" if ":" in address else address
    await socket.send(
        f"GET {path} HTTP/1.1\r\nHost: {named}:{port}\r\nUser-Agent: tcpcore\r\n"
        "Connection: close\r\n\r\n".encode()
    )
    stream = Stream(socket)
    head = await stream.head()
    lines = (head or b"").decode("latin-1").split("\r\n")
    words = lines[0].split(" ")
    if len(words) < 2 or not words[0].startswith("HTTP/1.") or not words[1].isdigit():
        raise ValueError(f"{lines[0][:80]!r} is no response of HTTP/1.")
    length = fields_of(lines[1:]).get("content-length")
    parts = stream.exactly(int(length)) if length and length.isdigit() else stream.rest()
    async for part in parts:
        take(part)
    await socket.close()
    return int(words[1])
