"""What `ss` would have shown while a scenario ran on a real kernel: each socket's state, in time.

A record (`store`) holds what was on the wire; here is what was inside the hosts.  /proc/net/tcp of
each host is read every few milliseconds while the scenario runs, and what changed is kept.  So
times are those of the first look that saw the change, up to `_EVERY` late.
Recording needs what every recording needs (root, TUN); reading needs only the standard library.
"""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tcpcore.files import write_whole
from tcpcore.linux import record
from tcpcore.linux.store import STATES, file_name
from tcpcore.scenarios import registry

if TYPE_CHECKING:
    from tcpcore.linux.world import KernelNetwork

_EVERY = 0.004

# include/net/tcp_states.h; a half-open request shows as 03.
_STATES = {
    1: "ESTABLISHED", 2: "SYN_SENT", 3: "SYN_RECV", 4: "FIN_WAIT_1", 5: "FIN_WAIT_2",
    6: "TIME_WAIT", 7: "CLOSED", 8: "CLOSE_WAIT", 9: "LAST_ACK", 10: "LISTEN", 11: "CLOSING",
}  # fmt: skip


@dataclass(slots=True, frozen=True)
class Socket:
    """One line of /proc/net/tcp; `waiting` is a listener's accept queue, else unread bytes."""

    local: str
    peer: str
    state: str
    waiting: int


@dataclass(slots=True, frozen=True)
class Look:
    """All sockets of one host, from this time on (µs since the first segment)."""

    time: int
    host: int
    sockets: tuple[Socket, ...]


@dataclass(slots=True)
class States:
    """The looks at all hosts of one run, in order of time."""

    scenario: str
    parameters: dict[str, Any]
    kernel: str
    recorded: str
    looks: list[Look]


def parse(table: str) -> tuple[Socket, ...]:
    """The sockets in the text of /proc/net/tcp, ordered by address: see `proc(5)`."""
    sockets = []
    for line in table.splitlines()[1:]:
        fields = line.split()
        waiting = int(fields[4].split(":")[1], 16)
        sockets.append(
            Socket(_address(fields[1]), _address(fields[2]), _STATES[int(fields[3], 16)], waiting)
        )
    return tuple(sorted(sockets, key=lambda one: (one.state != "LISTEN", one.local, one.peer)))


def _address(text: str) -> str:
    """``0100000A:0050`` as ``10.0.0.1:80``; the kernel prints the address in its own byte order."""
    host, port = text.split(":")
    return f"{socket.inet_ntoa(struct.pack('=I', int(host, 16)))}:{int(port, 16)}"


class _Watcher(threading.Thread):
    """Looks at one host again and again until the run is over."""

    def __init__(self, network: KernelNetwork, host: int) -> None:
        super().__init__(daemon=True)
        self.network = network
        self.host = host
        self.seen: list[tuple[int, tuple[Socket, ...]]] = []

    def run(self) -> None:
        self.network.hosts[self.host].namespace.enter()
        while not self.network.over.is_set():
            sockets = parse(Path("/proc/thread-self/net/tcp").read_text(encoding="ascii"))
            if not self.seen or self.seen[-1][1] != sockets:
                self.seen.append((time.monotonic_ns() // 1000, sockets))
            time.sleep(_EVERY)


def watch(scenario: str, parameters: dict[str, Any] | None = None) -> States:
    """Play a scenario on this machine's kernel and look at its hosts' sockets all the while.

    Raises `UsageError` without root or TUN, and for unknown scenarios and parameters.
    """
    from tcpcore.linux.world import KernelNetwork  # only Linux has what it imports

    chosen = registry.get(scenario)
    full = chosen.check(parameters or {})
    with KernelNetwork() as network:
        chosen.build(network, **full)
        watchers = [_Watcher(network, host) for host in range(len(network.hosts))]
        for watcher in watchers:
            watcher.start()
        recording = network.run(until=round(chosen.until * record.LATENESS) + 500_000)
        for watcher in watchers:
            watcher.join(timeout=5)
    looks = [
        Look(max(moment - recording.zero, -1), watcher.host, sockets)
        for watcher in watchers
        for moment, sockets in watcher.seen
        if sockets or moment > recording.zero
    ]
    looks.sort(key=lambda look: (look.time, look.host))
    now = time.strftime("%Y-%m-%d", time.gmtime())
    return States(scenario, full, record.kernel_version(), now, looks)


def save(states: States, path: Path) -> None:
    """Write them, whole or not at all; `find` looks in `store.STATES`."""
    head = {name: value for name, value in asdict(states).items() if name != "looks"}
    looks = ",\n".join(
        "  " + json.dumps([look.time, look.host, [list(asdict(s).values()) for s in look.sockets]])
        for look in states.looks
    )
    path.parent.mkdir(exist_ok=True)
    write_whole(path, (json.dumps(head)[:-1] + f',\n "looks": [\n{looks}\n ]}}\n').encode())


def find(scenario: str, parameters: dict[str, Any], folder: Path = STATES) -> States | None:
    """What was seen of that scenario with exactly these (full) parameters, or None."""
    defaults = registry.get(scenario).check({})
    other = {name: value for name, value in parameters.items() if value != defaults.get(name)}
    with contextlib.suppress(FileNotFoundError):
        data = json.loads((folder / file_name(scenario, other)).read_text(encoding="utf-8"))
        looks = [
            Look(moment, host, tuple(Socket(*one) for one in sockets))
            for moment, host, sockets in data.pop("looks")
        ]
        if data["parameters"] == parameters:
            return States(**data, looks=looks)
    return None
