"""What comes to the engine's host goes on to a server of the kernel's: ``--forward PORT[=PORT]``.

As ``socat TCP-LISTEN:PORT,fork TCP:PEER:PORT`` would do it on the engine's host.  So any program
that speaks TCP, client and server, talks to the engine at both of its ends.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from tcpcore.errors import UsageError
from tcpcore.host.sockets import Socket
from tcpcore.linux.bridge import services

_PORTS = range(1, 65536)


def ports(pairs: list[str]) -> dict[int, int]:
    """``8022=22,6379``: the engine's ports, and the kernel's that they lead to.

    UsageError for what is no port, or is there twice.
    """
    found: dict[int, int] = {}
    for pair in (one for text in pairs for one in text.split(",") if one):
        here, _, there = pair.partition("=")
        numbers = [int(one) if one.isdecimal() else 0 for one in (here, there or here)]
        if any(one not in _PORTS for one in numbers):
            raise UsageError(f"--forward takes PORT or PORT=PORT from 1 to 65535, not {pair!r}.")
        if numbers[0] in found:
            raise UsageError(f"--forward has port {numbers[0]} twice.")
        found[numbers[0]] = numbers[1]
    return found


def start(host: Any, led: Mapping[int, int], to: str) -> list[tuple[str, int]]:
    """Forward each of the host's ports to one of the address `to`; ``(name, port)`` of each."""
    for here, there in led.items():
        host.spawn(services.forking(here, _to(to, there)), f"forward {here}")
    return [(f"forward to {to}:{there} at", here) for here, there in led.items()]


def _to(address: str, port: int) -> services.Handler:
    async def forward(host: Any, near: Socket) -> None:
        far = host.socket()
        try:
            await far.connect(address, port)
        except OSError:
            _abort(near)
            return

        async def back(host: Any) -> None:
            await _carry(far, near)

        host.fork(back, "back")
        await _carry(near, far)

    return forward


async def _carry(source: Socket, sink: Socket) -> None:
    """All bytes, then the FIN; a reset goes on as a reset."""
    try:
        while data := await source.recv(services.CHUNK):
            await sink.send(data)
        sink.shutdown("write")
    except OSError:
        _abort(sink)


def _abort(socket: Socket) -> None:
    """Let its last close() be a RST, and whoever still reads from it come to an end."""
    with contextlib.suppress(OSError):
        socket.setsockopt("SO_LINGER", (1, 0))
        socket.shutdown("read")
