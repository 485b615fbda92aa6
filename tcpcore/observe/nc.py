"""``nc`` (OpenBSD netcat) as a client on a virtual host: does the port answer?

    nc [-v] [-z] [-n] [-w SECONDS] ADDRESS PORT

As a command it lets virtual time run until nc is done; in the middle of a run, spawn `client`:
its second value has the lines once it has ended.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from tcpcore.errors import UsageError
from tcpcore.observe.command_line import Options, read
from tcpcore.observe.networks import parse
from tcpcore.units import MILLISECOND, SECOND

SERVICES = {
    21: "ftp",
    22: "ssh",
    23: "telnet",
    25: "smtp",
    53: "domain",
    80: "http",
    110: "pop3",
    443: "https",
    8080: "http-alt",
}
"""Ports that nc names (/etc/services)."""

HOUR = 3600 * SECOND

STEP = MILLISECOND
"""The network runs in such steps: it stops so much later at most than nc ends."""

Application = Callable[[Any], Coroutine[Any, None, None]]


def run(host: Any, words: list[str]) -> str:
    """What `nc` with these arguments prints; the network runs meanwhile, for an hour at most."""
    network = host.network
    if any(one.running is not None for one in network.hosts):
        raise UsageError("nc: an application cannot wait for it here: spawn nc.client(...).")
    application, lines = client(words)
    process = host.spawn(application, "nc")
    end = network.now + HOUR
    while not process.exited and network.now < end:
        before = network.now
        network.run(until=before + STEP)
        if network.now == before and not process.exited:
            break  # nothing is left to happen
    return "".join(lines)


def client(words: list[str] | str) -> tuple[Application, list[str]]:
    """``(application to spawn, what it prints)``."""
    given = read("nc", words.split() if isinstance(words, str) else words, "vzn", values="w")
    address, port = _target(given)
    lines: list[str] = []

    async def nc(host: Any) -> None:
        await _connect(host, given, address, port, lines)

    return nc, lines


def _target(given: Options) -> tuple[str, int]:
    if len(given.words) != 2 or not given.words[1].isdigit():
        raise UsageError("nc: it takes an address and a port, such as `nc -vz 10.0.0.2 80`.")
    parse(given.words[0], "nc")
    return given.words[0], int(given.words[1])


async def _connect(host: Any, given: Options, address: str, port: int, lines: list[str]) -> None:
    patience = given.number("nc", "w")
    socket = host.socket()
    what = f"nc: connect to {address} port {port} (tcp)"
    try:
        await socket.connect(address, port, None if patience is None else patience * SECOND)
    except OSError as error:
        if error.errno is None:  # our own patience, which connect() of the kernel does not have
            _say(given, lines, f"{what} timed out: Operation now in progress")
        else:
            _say(given, lines, f"{what} failed: {error.strerror}")
        return
    name = "*" if "n" in given else SERVICES.get(port, "*")
    _say(given, lines, f"Connection to {address} {port} port [tcp/{name}] succeeded!")
    if "z" not in given:
        while data := await socket.recv(16384):
            lines.append(data.decode("utf-8", "replace"))
    await socket.close()


def _say(given: Options, lines: list[str], text: str) -> None:
    if "v" in given:
        lines.append(f"{text}\n")
