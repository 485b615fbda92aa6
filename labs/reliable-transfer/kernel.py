"""Your endpoint against the real kernel: ``python kernel.py [ANSWER.py]``, as root on Linux.

The kernel's end is a socket in a network namespace of its own; the wire is a TUN device, and this
process, which loses packets as the other networks do, is your host.  It takes real time.
"""

from __future__ import annotations

import heapq
import random
import select
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "support"), str(HERE.parents[1])]

from labs.kit import Wrong, open_lab  # noqa: E402
from labs.kit.command import find_answer  # noqa: E402
from tcpcore.linux.namespace import Namespace, why_not, write_sysctl  # noqa: E402
from tcpcore.linux.tun import Tun  # noqa: E402
from tcpcore.units import SECOND  # noqa: E402
from tcpcore.wire import codec  # noqa: E402

LAB = open_lab(HERE)
WORLD = LAB.load("world.py")
SIZE, LOSS = 20_000, 0.05
TCP = 6


class Clock:
    """Real time in microseconds, and what is due; the part of a network that an endpoint needs."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._due: list[tuple[int, int, Any, Any]] = []

    @property
    def now(self) -> int:
        return round((time.monotonic() - self._start) * SECOND)

    def at(self, due: int, function: Any, argument: Any) -> None:
        heapq.heappush(self._due, (due, len(self._due), function, argument))

    def run_due(self) -> None:
        while self._due and self._due[0][0] <= self.now:
            _, _, function, argument = heapq.heappop(self._due)
            function(argument)


class KernelWorld(WORLD.World):  # type: ignore[misc, name-defined]
    """The same world with a real kernel at the other end."""

    def __init__(self, make: Any, seed: int) -> None:
        self.make, self.thing, self.irs = make, None, None
        self.net: Any = Clock()
        self.heard, self.sent, self.open_at = bytearray(), [], 0
        self._una = self._window = self._due = 0
        self._begun: list[Any] = []
        self._chance = random.Random(seed)
        self._namespace = Namespace()
        self.tun = Tun(self._namespace, "10.0.0.2", "10.0.0.1")
        self._namespace.call(write_sysctl, "tcp_timestamps", 0)
        self.listener = self._namespace.call(socket.create_server, ("10.0.0.2", WORLD.PORT))

    def _put(self, segment: Any) -> None:
        if self.irs is None or self._chance.random() >= LOSS:
            self.tun.write(codec.encode(segment))

    def run(self, done: Any, seconds: float) -> None:
        """Carry packets until ``done()``, or until time is over."""
        end = time.monotonic() + seconds
        while not done() and time.monotonic() < end:
            self.net.run_due()
            select.select([self.tun], [], [], 0.001)
            while (packet := self.tun.read()) is not None:
                if packet[0] >> 4 != 4 or packet[9] != TCP:
                    continue
                if self.irs is None or self._chance.random() >= LOSS:
                    self._receive(codec.decode(packet), None)

    def close(self) -> None:
        self.listener.close()
        self.tun.close()
        self._namespace.close()


def transfer(make: Any, seed: int, seconds: float = 120.0) -> tuple[bytes, bytes, bytes]:
    """Both ways at once: ``(what was sent, what the kernel's program got, what yours got)``."""
    data = random.Random(seed).randbytes(SIZE)
    got = bytearray()
    world = KernelWorld(make, seed)

    def serve() -> None:
        connection, _ = world.listener.accept()
        with connection:
            connection.sendall(data)
            while len(got) < SIZE and (piece := connection.recv(65536)):
                got.extend(piece)

    threading.Thread(target=serve, daemon=True).start()
    try:
        world.begin(lambda: world.do("write", data))
        world.run(lambda: len(got) == len(world.heard) == SIZE, seconds)
    finally:
        world.close()
    return data, bytes(got), bytes(world.heard)


def main(arguments: list[str]) -> int:
    """Try it, and say how it went."""
    if (reason := why_not()) is not None:
        print(reason.replace("recording", "the real kernel", 1), file=sys.stderr)
        return 2
    path = find_answer(LAB, arguments[0] if arguments else "")
    own = LAB.local(path.read_text(encoding="utf-8"), path.name)
    try:
        make = LAB.declared(1).run.__globals__["endpoint"](own(LAB.instance("demo")))
        begun = time.monotonic()
        data, got, heard = transfer(make, 7)
    except Wrong as error:
        print(f"{error.message} ({error.where})")
        return 1
    for who, found in (("The kernel's program", got), ("Your program", heard)):
        verdict = "every byte" if found == data else f"{len(found)} bytes, not all of them right"
        print(f"{who} has {verdict} of {SIZE}.")
    print(f"{time.monotonic() - begun:.1f} s, {LOSS:.0%} of the packets lost each way.")
    return 0 if got == heard == data else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
